//! Whatever comes by datagram, both sides read or refuse it, and write again what they have read; and whatever a tracker and
//! those who pretend to be one send, each request ends once and in time.
#![no_main]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use metainfo::InfoHash;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tracker::AnnounceReply;
use tracker::limits::{MAX_INTERVAL, MAX_PEERS, MAX_TEXT, MAX_TRACKER_ID, MIN_INTERVAL};
use udp_tracker::limits::{MAX_DATAGRAM, MAX_REQUESTS};
use udp_tracker::{
    Announce, Announced, Answer, Ask, Client, Failure, Family, Lookup, Reply, Request, RequestId,
    Said, Scraped, Server,
};

fuzz_target!(|bytes: &[u8]| {
    decode(bytes);
    converse(bytes);
});

/// A tracker with a few peers of both families.
struct Peers;

impl Lookup for Peers {
    fn announce(&mut self, from: SocketAddr, _: &Announce) -> Result<Announced, String> {
        Ok(Announced {
            interval: 60,
            leechers: 1,
            seeders: 2,
            peers: vec![from; 500],
        })
    }

    fn scrape(&mut self, torrents: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        Err(format!("{} torrents", torrents.len()))
    }
}

fn decode(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(Request::decode(&request.encode()).as_ref(), Ok(&request));
    }
    for family in [Family::V4, Family::V6] {
        let Ok(reply) = Reply::decode(bytes, family) else {
            continue;
        };
        match &reply.said {
            Said::Refused(reason) => {
                assert!(!reason.is_empty() && reason.chars().count() <= MAX_TEXT + 1);
                assert!(!reason.contains(char::is_control));
            }
            Said::Announced(announced) => check(&AnnounceReply::from(announced.clone())),
            Said::Connected(_) | Said::Scraped(_) => {}
        }
        // A peer that is IPv4 in the clothes of IPv6 is not written over IPv6; nor is a text that was cut the same again.
        if matches!(reply.said, Said::Connected(_) | Said::Scraped(_)) || family == Family::V4 {
            let again = Reply::decode(&reply.encode(family), family);
            let is_text = matches!(reply.said, Said::Refused(_));
            assert!(is_text || again.as_ref() == Ok(&reply), "{reply:?}");
        }
    }
    let server = Server::new(&mut ChaCha8Rng::seed_from_u64(1));
    let now = Duration::from_secs(1);
    for from in ["192.0.2.9:9", "[2001:db8::9]:9"] {
        let from = from.parse().expect("an address");
        let answer = server.answer(from, bytes, now, &mut Peers);
        assert!(answer.is_none_or(|answer| answer.len() <= bytes.len()));
    }
}

fn check(reply: &AnnounceReply) {
    assert!((MIN_INTERVAL..=MAX_INTERVAL).contains(&reply.interval));
    assert!(reply.peers.len() <= MAX_PEERS);
    assert!(reply.peers.iter().all(|peer| peer.port() != 0));
    assert!(
        reply
            .tracker_id
            .as_ref()
            .is_none_or(|id| id.len() <= MAX_TRACKER_ID)
    );
}

/// A client among four trackers, and what its requests are to come to.
struct World {
    client: Client,
    rng: ChaCha8Rng,
    now: Duration,
    open: BTreeMap<RequestId, Duration>,
    /// What the client has sent last to each tracker, and a good tracker's answer to it.
    last: BTreeMap<SocketAddr, Vec<u8>>,
    server: Server,
}

/// Reads the bytes as steps: a byte that says what happens, one that says where or how much, one with the length of a
/// datagram, and that.
fn converse(bytes: &[u8]) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut world = World {
        client: Client::new(),
        server: Server::new(&mut rng),
        rng,
        now: Duration::ZERO,
        open: BTreeMap::new(),
        last: BTreeMap::new(),
    };
    let mut rest = bytes;
    while let Some((&[what, which, len], after)) = rest.split_first_chunk() {
        let (datagram, after) = after.split_at(after.len().min(len.into()));
        rest = after;
        world.step(what, which, datagram);
        world.drain();
    }
    // Nothing is left open when all patience is over.
    world.now += Duration::from_secs(10_000);
    world.client.handle_timeout(world.now, &mut world.rng);
    world.drain();
    assert!(world.open.is_empty());
}

impl World {
    fn step(&mut self, what: u8, which: u8, datagram: &[u8]) {
        let tracker = match which % 4 {
            n @ 0..2 => SocketAddr::from(([192, 0, 2, n], 6969)),
            n => SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, n.into()], 6969)),
        };
        match what % 6 {
            0 => self.start(tracker, which, datagram),
            1 => self.client.handle(tracker, datagram, self.now),
            // The same from there with the number of its question, which only somebody on the way knows.
            2 => {
                let number = self.last.get(&tracker).and_then(|last| last.get(12..16));
                let mut datagram = datagram.to_vec();
                if let (Some(number), Some(place)) = (number, datagram.get_mut(4..8)) {
                    place.copy_from_slice(number);
                }
                self.client.handle(tracker, &datagram, self.now);
            }
            3 => {
                self.now += Duration::from_secs(which.into());
                self.client.handle_timeout(self.now, &mut self.rng);
                assert!(self.client.poll_timeout().is_none_or(|due| due > self.now));
            }
            4 => {
                let open = self
                    .open
                    .keys()
                    .nth(usize::from(which) % self.open.len().max(1));
                if let Some(&id) = open {
                    self.client.cancel(id);
                    self.open.remove(&id);
                }
            }
            _ => {
                let us = match tracker {
                    SocketAddr::V4(_) => "192.0.2.9:9".parse().expect("an address"),
                    SocketAddr::V6(_) => "[2001:db8::9]:9".parse().expect("an address"),
                };
                let last = self.last.get(&tracker);
                let answer =
                    last.and_then(|last| self.server.answer(us, last, self.now, &mut Peers));
                if let Some(answer) = answer {
                    assert!(answer.len() <= MAX_DATAGRAM);
                    self.client.handle(tracker, &answer, self.now);
                }
            }
        }
    }

    fn start(&mut self, tracker: SocketAddr, which: u8, datagram: &[u8]) {
        let ask = match Request::decode(datagram) {
            Ok(Request::Ask { ask, .. }) => ask,
            _ => Ask::Scrape(vec![InfoHash([which; 20])]),
        };
        let patience = Duration::from_secs(u64::from(which) * 30);
        let started = self
            .client
            .start(tracker, ask, patience, self.now, &mut self.rng);
        if let Ok(id) = started {
            assert!(self.open.insert(id, self.now + patience).is_none());
        }
        assert!(self.open.len() <= MAX_REQUESTS);
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            assert!(Request::decode(&transmit.bytes).is_ok());
            assert!(transmit.bytes.len() <= 1_496);
            self.last.insert(transmit.to, transmit.bytes);
        }
        while let Some(ended) = self.client.poll_event() {
            let due = self.open.remove(&ended.id).expect("each ends once");
            match ended.result {
                Ok(Answer::Announced(reply)) => check(&reply),
                Err(Failure::TimedOut { .. }) => assert!(due <= self.now),
                Ok(Answer::Scraped(_)) | Err(Failure::Refused { .. }) => {}
            }
        }
    }
}
