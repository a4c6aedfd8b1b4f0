//! Whatever stands in a link and comes in `extended` messages is read or refused, and written again as it was read; and
//! whatever peers send, the metadata are fetched whole and right, or not at all.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use magnet::limits::{BLOCK, MAX_EXTENSIONS, MAX_LINK, MAX_PEERS, MAX_SOURCES, MAX_WINDOW};
use magnet::{
    ExtendedHandshake, Extensions, FetchAction, Heard, Magnet, MetadataFetch, MetadataMessage,
    MetadataServe, UT_METADATA, block_count, torrent_file,
};
use metainfo::InfoHash;
use picker::PeerKey;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        link(text);
        link(&format!("magnet:?xt=urn:btih:{}&{text}", "0".repeat(40)));
    }
    messages(bytes);
    converse(bytes);
});

fn link(text: &str) {
    let Ok((magnet, skipped)) = Magnet::parse(text) else {
        return;
    };
    assert!(text.trim().len() <= MAX_LINK && skipped.len() <= MAX_SOURCES);
    assert!(magnet.info_hash_v1.is_some() || magnet.info_hash_v2.is_some());
    for count in [
        magnet.trackers.len(),
        magnet.peers.len(),
        magnet.web_seeds.len(),
    ] {
        assert!(count <= MAX_SOURCES);
    }
    let again = magnet.to_string();
    // What was written without escapes may be too long with them.
    assert!(
        again.len() > MAX_LINK || again.parse().as_ref() == Ok(&magnet),
        "{again}"
    );
    assert!(bencode::decode(&torrent_file(b"de", &magnet)).is_ok());
}

fn messages(bytes: &[u8]) {
    if let Ok(handshake) = ExtendedHandshake::decode(bytes) {
        assert!(handshake.extensions.len() <= MAX_EXTENSIONS);
        let body = handshake.to_body();
        assert_eq!(ExtendedHandshake::decode(&body[1..]), Ok(handshake));
    }
    if let Ok(message) = MetadataMessage::decode(bytes) {
        let body = message.to_body(1);
        assert_eq!(MetadataMessage::decode(&body[1..]), Ok(message));
    }
    // One message after the other: a byte with its length, and its body.
    let mut extensions = Extensions::new([(UT_METADATA, 1)]);
    let mut rest = bytes;
    while let Some((&len, after)) = rest.split_first() {
        let (body, after) = after.split_at(after.len().min(len.into()));
        rest = after;
        if let Ok(Heard::Message { name, payload }) = extensions.hear(body) {
            assert_eq!((name, body), (UT_METADATA, &[&[1], payload].concat()[..]));
        }
        let theirs = extensions
            .theirs()
            .map_or(0, |theirs| theirs.extensions.len());
        assert!(theirs <= MAX_EXTENSIONS);
        assert_ne!(extensions.id(UT_METADATA), Some(0));
    }
}

/// A fetch of some blocks from a few peers, and one that gives what is right.
struct World {
    info: Vec<u8>,
    fetch: MetadataFetch,
    serve: MetadataServe,
    /// What each peer owes.
    owed: BTreeMap<PeerKey, BTreeSet<u32>>,
    now: Duration,
    is_finished: bool,
}

/// Reads the bytes as steps: a byte that says what happens, one that says to whom, and one that says how much.
fn converse(bytes: &[u8]) {
    let Some((&[blocks, tail], mut rest)) = bytes.split_first_chunk() else {
        return;
    };
    let size = usize::from(blocks % 12) * BLOCK + usize::from(tail) + 1;
    let info: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    let mut world = World {
        fetch: MetadataFetch::new(InfoHash::of(&info)),
        serve: MetadataServe::new(info.clone()),
        info,
        owed: BTreeMap::new(),
        now: Duration::ZERO,
        is_finished: false,
    };
    while let Some((&[what, who, much], after)) = rest.split_first_chunk() {
        rest = after;
        world.step(what, PeerKey(u32::from(who % 6)), much);
        world.drain();
    }
    // Whatever there was before, a peer that has them gives them.
    let good = PeerKey(1_000);
    world
        .fetch
        .joined(good, Some(world.info.len() as u64), world.now);
    for _ in 0..10_000 {
        world.drain();
        if world.is_finished {
            return;
        }
        let owed = world.owed.get_mut(&good).and_then(BTreeSet::pop_first);
        match owed {
            Some(piece) => world.give(good, piece),
            None => {
                world.now = world.fetch.poll_timeout().expect("somebody is to be asked");
                world.fetch.handle_timeout(world.now);
            }
        }
    }
    panic!("the metadata were not found");
}

impl World {
    fn step(&mut self, what: u8, peer: PeerKey, much: u8) {
        let size = self.info.len() as u64;
        let piece = u32::from(much) % (block_count(size) + 1);
        match what % 9 {
            0 => self.fetch.joined(peer, Some(size), self.now),
            1 => self.fetch.joined(peer, None, self.now),
            2 => {
                let claimed = u64::from(much) << (what / 9);
                self.fetch.joined(peer, Some(claimed), self.now);
            }
            3 => {
                self.owed.remove(&peer);
                self.fetch.left(peer, self.now);
            }
            4 => self.give(peer, piece),
            5 => {
                let len = magnet::block_len(size, piece);
                let block = vec![what; if what < 100 { len } else { usize::from(much) }];
                let total_size = (what % 2 == 0).then_some(size);
                let message = MetadataMessage::Data {
                    piece,
                    total_size,
                    block,
                };
                self.fetch.handle(peer, message, self.now);
            }
            6 => {
                let message = MetadataMessage::Reject { piece };
                self.fetch.handle(peer, message, self.now);
            }
            7 => {
                // All that it owes, at once.
                for piece in self.owed.remove(&peer).unwrap_or_default() {
                    self.give(peer, piece);
                }
            }
            _ => {
                self.now += Duration::from_millis(u64::from(much) * 200);
                self.fetch.handle_timeout(self.now);
                assert!(self.fetch.poll_timeout().is_none_or(|due| due > self.now));
            }
        }
    }

    /// A peer gives what is right, as somebody does who serves each as if it came for the first time.
    fn give(&mut self, peer: PeerKey, piece: u32) {
        self.serve.left(peer);
        if let Some(message) = self.serve.answer(peer, piece, self.now) {
            self.fetch.handle(peer, message, self.now);
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.fetch.poll_action() {
            match action {
                FetchAction::Request { peer, piece } => {
                    assert!(!self.is_finished);
                    let owed = self.owed.entry(peer).or_default();
                    owed.insert(piece);
                    assert!(self.owed.len() <= MAX_PEERS);
                }
                FetchAction::Finished { info } => {
                    assert_eq!(info, self.info);
                    assert!(!self.is_finished);
                    self.is_finished = true;
                }
                FetchAction::Leave { .. } => {}
                FetchAction::Ban { peer, .. } => assert_ne!(peer, PeerKey(1_000)),
            }
        }
        let (have, of) = self.fetch.progress().unwrap_or_default();
        assert!(have <= of && self.owed.values().all(|owed| owed.len() <= 64 * MAX_WINDOW));
    }
}
