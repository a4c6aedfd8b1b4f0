//! Whatever comes by datagram, it is read or refused, and written again as it was read; and whatever others send to a node,
//! it sends nothing that is too long or goes to nobody, not more to an asker than came from him, and each lookup ends once.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use dht::krpc::{Body, Message};
use dht::limits::{MAX_DATAGRAM, MAX_FOUND, MAX_QUESTIONS};
use dht::{Announcing, Config, Event, Family, LookupId, Node, Search};
use libfuzzer_sys::fuzz_target;
use metainfo::InfoHash;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

fuzz_target!(|bytes: &[u8]| {
    decode(bytes);
    converse(bytes);
});

fn decode(bytes: &[u8]) {
    if let Ok(message) = Message::decode(bytes) {
        let written = message.encode();
        assert!(bencode::decode(&written).is_ok(), "canonical");
        assert_eq!(Message::decode(&written), Ok(message));
    }
}

/// Somebody who only asks, and never answers.
const ASKER: &str = "198.51.100.66:4660";

/// A node among four others, which the input speaks for, and somebody who only asks.
struct World {
    node: Node,
    now: Duration,
    open: BTreeSet<LookupId>,
    found: BTreeMap<LookupId, BTreeSet<SocketAddr>>,
    /// The number of the last question to each address.
    last: BTreeMap<SocketAddr, Vec<u8>>,
    /// The bytes that came from the asker, and went to him.
    came: usize,
    went: usize,
}

/// Reads the bytes as steps: a byte that says what happens, one that says where or how much, one with the length of a
/// datagram, and that.
fn converse(bytes: &[u8]) {
    let is_public = bytes.first().is_some_and(|byte| byte % 2 == 1);
    let config = Config {
        v6: true,
        ..if is_public {
            Config::PUBLIC
        } else {
            Config::LOCAL
        }
    };
    let mut world = World {
        node: Node::new(config, Duration::ZERO, &mut ChaCha8Rng::seed_from_u64(1)),
        now: Duration::ZERO,
        open: BTreeSet::new(),
        found: BTreeMap::new(),
        last: BTreeMap::new(),
        came: 0,
        went: 0,
    };
    let mut rest = bytes;
    while let Some((&[what, which, len], after)) = rest.split_first_chunk() {
        let (datagram, after) = after.split_at(after.len().min(len.into()));
        rest = after;
        world.step(what, which, datagram);
        world.drain();
    }
    // If somebody has named him, he is asked on his account.
    let asker = [198, 51, 100, 66];
    let is_named = bytes.windows(4).any(|window| window == asker);
    assert!(
        world.went <= world.came || is_named,
        "{} bytes for {}",
        world.went,
        world.came
    );
    // Nobody answers any more: all that is under way comes to an end.
    for _ in 0..10_000 {
        if world.open.is_empty() {
            break;
        }
        world.now = world.node.poll_timeout().expect("something is under way");
        world.node.handle_timeout(world.now);
        world.drain();
    }
    assert!(world.open.is_empty(), "each lookup ends");
}

impl World {
    fn step(&mut self, what: u8, which: u8, datagram: &[u8]) {
        let there = match which % 4 {
            n @ 0..2 => SocketAddr::from(([203, 0, n, 7], 6881)),
            n => SocketAddr::from(([0x2001, 0xdb8, n.into(), 0, 0, 0, 0, 1], 6881)),
        };
        match what / 2 % 8 {
            0 => self.node.handle(there, datagram, self.now),
            // The same with the number of our question, which only somebody on the way knows.
            1 => {
                if let (Some(number), Ok(mut message)) =
                    (self.last.get(&there), Message::decode(datagram))
                {
                    message.transaction.clone_from(number);
                    self.node.handle(there, &message.encode(), self.now);
                }
            }
            2 => {
                self.came += datagram.len();
                let asker = ASKER.parse().expect("an address");
                self.node.handle(asker, datagram, self.now);
            }
            3 => {
                self.now += Duration::from_millis(u64::from(which) * 300);
                self.node.handle_timeout(self.now);
                assert!(self.node.poll_timeout().is_none_or(|due| due > self.now));
            }
            4 => self.node.add_seed(there, self.now),
            5 => self.search(which, there),
            6 => {
                if let Some(&id) = self.open.first() {
                    self.node.cancel(id);
                    self.open.remove(&id);
                }
            }
            _ => {
                let saved = self.node.save(self.now);
                self.node.restore(&saved, self.now).expect("its own");
                let _ = self.node.restore(datagram, self.now);
                let _ = self.node.snapshot(self.now);
            }
        }
    }

    fn search(&mut self, which: u8, there: SocketAddr) {
        let announce = Announcing {
            port: u16::from(which),
            implied_port: which & 1 == 0,
            seed: which & 2 == 0,
        };
        let search = Search {
            announce: Some(announce).filter(|_| which & 4 == 0),
            scrape: which & 8 == 0,
            noseed: which & 16 == 0,
            ..Search::of(InfoHash([which; 20]), Family::from(there))
        };
        if let Ok(id) = self.node.search(search, self.now) {
            assert!(self.open.insert(id));
        }
    }

    fn drain(&mut self) {
        while let Some(sent) = self.node.poll_transmit() {
            assert!(sent.bytes.len() <= MAX_DATAGRAM);
            assert!(
                sent.to.port() != 0
                    && !sent.to.ip().is_unspecified()
                    && !sent.to.ip().is_multicast()
            );
            let message = Message::decode(&sent.bytes).expect("our own");
            if sent.to == ASKER.parse().expect("an address") {
                self.went += sent.bytes.len();
            }
            if let Body::Query(_) = message.body {
                self.last.insert(sent.to, message.transaction);
            }
        }
        while let Some(event) = self.node.poll_event() {
            match event {
                Event::Peers { lookup, peers, .. } => {
                    let found = self.found.entry(lookup).or_default();
                    for peer in peers {
                        assert!(found.insert(peer), "each peer once");
                    }
                    assert!(found.len() <= MAX_FOUND);
                }
                Event::Heard { lookup, .. } => assert!(self.open.contains(&lookup)),
                Event::Ended { lookup, summary } => {
                    assert!(self.open.remove(&lookup), "each ends once");
                    assert!(summary.answered <= summary.asked && summary.asked <= MAX_QUESTIONS);
                }
                Event::Moved { ip, id } => assert!(id.fits(ip)),
            }
        }
    }
}
