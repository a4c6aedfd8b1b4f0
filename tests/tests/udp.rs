//! The client and trackers that are asked by UDP: good ones, silent ones, and those that somebody else pretends to be.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner as Peer, Seeder};
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::udp_tracker::{Manner, UdpTracker};
use kostorrent_tests::{json, kostorrent, ports, temp};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// A payload, a seeder of it that no torrent names, and a folder.
struct Swarm {
    payload: Payload,
    seeder: Seeder,
    folder: TempDir,
}

impl Swarm {
    fn new(name: &str) -> Swarm {
        Swarm::with(name, Peer::default())
    }

    fn with(name: &str, manner: Peer) -> Swarm {
        let payload = Payload::single(name, 16 * 65_536);
        let seeder = Seeder::start(&payload.torrent(65_536, &[]), payload.bytes(), manner);
        Swarm {
            payload,
            seeder,
            folder: temp(),
        }
    }

    fn peers(&self) -> Vec<SocketAddr> {
        vec![self.seeder.address()]
    }

    /// The torrent with these trackers, each a tier.
    fn torrent(&self, trackers: &[&str]) -> PathBuf {
        let tiers: Vec<&[&str]> = trackers.iter().map(std::slice::from_ref).collect();
        let path = self.folder.path().join("the.torrent");
        self.payload.torrent(65_536, &tiers).write(&path);
        path
    }

    fn download(&self, trackers: &[&str], options: &[&str]) -> Finished {
        let torrent = self.torrent(trackers);
        let mut command = kostorrent::download(&torrent, self.folder.path());
        Process::run("kostorrent download", command.args(options))
    }

    fn expect_complete(&self, finished: &Finished) {
        finished.expect_code(0);
        self.payload.assert_in(self.folder.path());
    }
}

#[test]
fn a_peer_is_found_by_a_udp_tracker_alone_which_is_told_how_it_goes() {
    let swarm = Swarm::new("datagrams.bin");
    let tracker = UdpTracker::start(Manner::Peers(swarm.peers()));
    let port = ports::free();
    let finished = swarm.download(&[&tracker.url()], &["--port", &port.to_string()]);
    swarm.expect_complete(&finished);
    assert_eq!(tracker.events(), ["started", "completed", "stopped"]);
    let seen = tracker.seen();
    assert_eq!(seen.connects, 1, "a connection id is used again");
    let lefts: Vec<u64> = seen.announces.iter().map(|one| one.left).collect();
    assert_eq!(lefts, [16 * 65_536, 0, 0]);
    let key = seen.announces[0].key;
    for announce in &seen.announces {
        assert_eq!(announce.url_data, "/announce?key=secret");
        assert_eq!((announce.port, announce.key), (port, key));
        // The socket has the listener's number.
        assert_eq!(announce.from, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    assert!(!finished.stdout.contains("secret"), "{}", finished.stdout);
}

#[test]
fn an_ipv6_tracker_is_asked_by_ipv6() {
    let swarm = Swarm::new("sixteen bytes.bin");
    let seeds = temp();
    swarm.payload.write(seeds.path());
    let torrent = seeds.path().join("without a tracker.torrent");
    swarm.payload.torrent(65_536, &[]).write(&torrent);
    let (_seeder, address) = kostorrent::start_seed(&torrent, seeds.path());
    let here: SocketAddr = "[::1]:0".parse().unwrap();
    let there = SocketAddr::new(here.ip(), address.port());
    let tracker = UdpTracker::start_at(here, Manner::Peers(vec![there]));
    let finished = swarm.download(&[&tracker.url()], &[]);
    swarm.expect_complete(&finished);
    assert_eq!(tracker.events(), ["started", "completed", "stopped"]);
    let seen = tracker.seen();
    assert!(seen.announces.iter().all(|one| one.from.ip() == here.ip()));
}

#[test]
fn a_silent_udp_tracker_is_not_waited_for() {
    let swarm = Swarm::new("silence.bin");
    let silent = [(); 2].map(|()| UdpTracker::start(Manner::Silence));
    let nobody = format!("udp://127.0.0.1:{}/announce", ports::free());
    let good = Tracker::naming(&swarm.peers());
    let finished = swarm.download(
        &[&silent[0].url(), &silent[1].url(), &nobody, &good.url()],
        &[],
    );
    swarm.expect_complete(&finished);
    // Nobody has waited so long that a tracker was given up.
    let events = json::events(&finished.stdout);
    assert!(!events.contains(&"tracker_failed".to_owned()), "{events:?}");
    assert_eq!(good.events(), ["started", "completed", "stopped"]);
    for silent in silent {
        assert_eq!(silent.seen().connects, 1);
    }
}

#[test]
fn nobody_who_has_not_heard_the_question_can_answer_it() {
    let swarm = Swarm::new("forged.bin");
    // Whoever believed a forger would call it, and get nothing but lies.
    let liar = Swarm::with(
        "forged.bin",
        Peer {
            lies: true,
            ..Peer::default()
        },
    );
    let manner = Manner::Forgers(swarm.peers(), liar.peers());
    let tracker = UdpTracker::start(manner);
    let finished = swarm.download(&[&tracker.url()], &[]);
    swarm.expect_complete(&finished);
    assert_eq!(liar.seeder.seen().connections, 0);
    assert_eq!(tracker.events(), ["started", "completed", "stopped"]);
    let events = json::events(&finished.stdout);
    assert!(!events.contains(&"tracker_failed".to_owned()), "{events:?}");
}

#[test]
fn a_refusal_is_told_in_the_trackers_words_and_the_next_tracker_is_asked() {
    let swarm = Swarm::new("refused.bin");
    let refuses = UdpTracker::start(Manner::Refusal("not on my list\x1b[2J".to_owned()));
    let good = UdpTracker::start(Manner::Peers(swarm.peers()));
    let finished = swarm.download(&[&refuses.url(), &good.url()], &[]);
    swarm.expect_complete(&finished);
    let failed = json::lines(&finished.stdout);
    let failed = failed
        .iter()
        .find(|line| line["event"] == "tracker_failed")
        .expect("a tracker that failed");
    assert_eq!(failed["tracker"], refuses.address().to_string());
    let why = failed["message"].as_str().unwrap_or_default();
    assert!(why.contains("the tracker refused: not on my list"), "{why}");
    assert!(!why.contains('\x1b') && !why.contains("secret"), "{why}");
    assert_eq!(refuses.events(), ["started"]);
}

#[test]
fn a_flood_of_datagrams_stops_neither_the_download_nor_its_goodbye() {
    let swarm = Swarm::new("flooded.bin");
    let tracker = UdpTracker::start(Manner::Flood(swarm.peers()));
    let torrent = swarm.torrent(&[&tracker.url()]);
    let mut command = kostorrent::download(&torrent, swarm.folder.path());
    let client = Process::start("kostorrent download", &mut command);
    let finished = client.finish_bounded(100 << 20);
    swarm.expect_complete(&finished);
    assert!(tracker.seen().flooded > 0);
    assert_eq!(tracker.until_event("stopped").left, 0);
}

#[test]
fn urls_that_lead_to_no_tracker_are_told_and_the_next_one_is_asked() {
    let swarm = Swarm::new("nowhere.bin");
    let good = Tracker::naming(&swarm.peers());
    let finished = swarm.download(
        &[
            "udp://127.0.0.1/secret",
            "udp://nobody.invalid:80/secret",
            "udp://0.0.0.0:80/secret",
            &good.url(),
        ],
        &[],
    );
    swarm.expect_complete(&finished);
    let lines = json::lines(&finished.stdout);
    let told: Vec<&str> = lines
        .iter()
        .filter(|line| line["event"] == "tracker_failed")
        .filter_map(|line| line["message"].as_str())
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    for part in [
        "names no port: write `udp://127.0.0.1:PORT/`",
        "cannot reach the tracker nobody.invalid:80",
        "there can be no tracker at 0.0.0.0:80",
    ] {
        assert!(told.iter().any(|why| why.contains(part)), "{told:?}");
    }
    assert!(!finished.stdout.contains("secret"), "{}", finished.stdout);
}

#[test]
fn where_the_udp_port_is_somebody_elses_trackers_are_asked_from_another() {
    let swarm = Swarm::new("taken.bin");
    let port = ports::free();
    let _taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    let tracker = UdpTracker::start(Manner::Peers(swarm.peers()));
    let finished = swarm.download(
        &[&tracker.url()],
        &["--port", &port.to_string(), "--log", "warn"],
    );
    swarm.expect_complete(&finished);
    for announce in tracker.seen().announces {
        assert_eq!(announce.port, port, "the listener's, which peers call");
        assert_ne!(announce.from.port(), port);
    }
    let told = finished.stderr.matches("no such UDP port").count();
    assert_eq!(told, 1, "{}", finished.stderr);
}
