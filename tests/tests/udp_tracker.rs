//! Announcing by UDP to a real tracker: with the library over a socket, and with the step's program.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use kostorrent_tests::clients::OpenTracker;
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{self, Process};
use kostorrent_tests::{programs, temp, wait};
use metainfo::InfoHash;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tracker::{AnnounceEvent, AnnounceReply, AnnounceRequest};
use udp_tracker::{Announce, Answer, Ask, Client, Failure, Scraped};

const PATIENCE: Duration = Duration::from_secs(60);

/// The client over a socket.
struct Line {
    tracker: SocketAddr,
    client: Client,
    socket: UdpSocket,
    rng: ChaCha8Rng,
    begun: Instant,
    /// How many datagrams went out.
    sent: usize,
}

impl Line {
    fn new(tracker: SocketAddr) -> Line {
        Line {
            tracker,
            client: Client::new(),
            socket: UdpSocket::bind("127.0.0.1:0").unwrap(),
            rng: ChaCha8Rng::seed_from_u64(1),
            begun: Instant::now(),
            sent: 0,
        }
    }

    fn ask(&mut self, ask: Ask) -> Result<Answer, Failure> {
        let now = self.begun.elapsed();
        let started = self
            .client
            .start(self.tracker, ask, PATIENCE, now, &mut self.rng);
        started.unwrap();
        let mut buffer = [0; 2_048];
        loop {
            while let Some(transmit) = self.client.poll_transmit() {
                self.socket.send_to(&transmit.bytes, transmit.to).unwrap();
                self.sent += 1;
            }
            if let Some(ended) = self.client.poll_event() {
                return ended.result;
            }
            let due = self.client.poll_timeout().unwrap();
            let wait = due.saturating_sub(self.begun.elapsed());
            let wait = wait.max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(wait)).unwrap();
            if let Ok((n, from)) = self.socket.recv_from(&mut buffer) {
                let now = self.begun.elapsed();
                self.client.handle(from, &buffer[..n], now);
            }
            self.client
                .handle_timeout(self.begun.elapsed(), &mut self.rng);
        }
    }

    fn announce(
        &mut self,
        info_hash: [u8; 20],
        port: u16,
        left: u64,
        event: AnnounceEvent,
    ) -> AnnounceReply {
        let request = AnnounceRequest {
            info_hash: InfoHash(info_hash),
            peer_id: PeerId::generate(&mut self.rng),
            port,
            uploaded: 0,
            downloaded: 0,
            left,
            event: Some(event),
            numwant: None,
            key: port.into(),
            tracker_id: None,
        };
        let url_data = Some(b"/announce".to_vec());
        match self.ask(Ask::Announce(Announce { request, url_data })) {
            Ok(Answer::Announced(reply)) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn scrape(&mut self, torrents: &[[u8; 20]]) -> Vec<Scraped> {
        let torrents = torrents.iter().copied().map(InfoHash).collect();
        match self.ask(Ask::Scrape(torrents)) {
            Ok(Answer::Scraped(scraped)) => scraped,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_real_tracker_is_asked_by_datagrams() {
    let Some(port) = OpenTracker::available() else {
        return;
    };
    let torrents = [[1; 20], [2; 20]];
    let address = port.udp_address();
    let tracker = port.start(&torrents);
    let mut line = Line::new(address);

    let alone = line.announce(torrents[0], 5_001, 0, AnnounceEvent::Started);
    assert_eq!((alone.complete, alone.incomplete), (Some(1), Some(0)));
    let both = line.announce(torrents[0], 5_002, 7, AnnounceEvent::Started);
    assert_eq!((both.complete, both.incomplete), (Some(1), Some(1)));
    assert!(
        both.peers.contains(&"127.0.0.1:5001".parse().unwrap()),
        "{both:?}"
    );
    assert!(both.interval >= Duration::from_secs(60), "{both:?}");

    let scraped = line.scrape(&torrents);
    let counts: Vec<(u32, u32)> = scraped
        .iter()
        .map(|one| (one.seeders, one.leechers))
        .collect();
    assert_eq!(counts, [(1, 1), (0, 0)]);
    // HTTP and UDP are two doors to one room.
    assert_eq!(tracker.counts(torrents[0]), Some((1, 1)));

    line.announce(torrents[0], 5_001, 0, AnnounceEvent::Stopped);
    assert_eq!(line.scrape(&torrents[..1])[0].seeders, 0);
    assert_eq!(line.sent, 6, "a connection id is asked for once");
}

#[test]
fn the_steps_program_announces_to_a_real_tracker_and_leaves() {
    let Some(port) = OpenTracker::available() else {
        return;
    };
    let payload = Payload::single("by datagram.bin", 100_000);
    let described = payload.torrent(
        32_768,
        &[&["http://127.0.0.1:9/announce"], &[&port.udp_url()]],
    );
    let folder = temp();
    let torrent = folder.path().join("the.torrent");
    described.write(&torrent);
    let info_hash = described.info_hash();
    let address = port.udp_address();
    let tracker = port.start(&[info_hash]);
    Line::new(address).announce(info_hash, 5_001, 0, AnnounceEvent::Started);

    let mut command = process::command(programs::step("step17-udp-tracker"));
    let finished = Process::run(
        "step17-udp-tracker",
        command.arg(&torrent).args(["--port", "5002"]),
    );
    finished.expect_code(0);
    assert_eq!(finished.stderr, "");
    for part in [
        "action 0: connect",
        "seeders       1\n",
        "\n    127.0.0.1:5001\n",
        "event: stopped",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    wait::until_true("the program to be forgotten", || {
        tracker.counts(info_hash) == Some((1, 0))
    });
}
