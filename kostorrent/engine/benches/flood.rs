//! What a peer can make us do: the cost of each kind of message, sent again and again by one of 200
//! peers in the middle of a download. It must be no more than a small multiple of what it costs to
//! send it; a message that is parsed and dropped takes some 20 ns before it comes here.
//!
//! ```text
//! cargo bench -p kostorrent-engine --bench flood
//! ```

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use blocks::{BLOCK, Geometry};
use criterion::{Criterion, criterion_group, criterion_main};
use engine::{Config, ContentConfig, Encryption, Engine, Event, Time};
use handshake::{Handshake, Reserved};
use messages::{Bitfield, BlockRequest, Message};
use metainfo::InfoHash;
use peer_id::PeerId;
use picker::PeerKey;

/// The peers that are there besides the one that floods.
const PEERS: u32 = 199;

/// The one that floods.
const FLOODER: PeerKey = PeerKey(PEERS);

/// 2 GiB in pieces of 256 KiB; every second one is there.
fn engine() -> (Engine, Time) {
    let geometry = Geometry::new(2 << 30, 256 << 10).expect("a torrent");
    let mut have = Bitfield::new(geometry.pieces());
    (0..geometry.pieces()).step_by(2).for_each(|piece| {
        have.set(piece);
    });
    let config = Config {
        // Without anybody to ask it would give up at once.
        tiers: vec![vec!["http://tracker.example/announce".to_owned()]],
        ..Config::new(Some(ContentConfig::all(geometry, have)))
    };
    let now = Time::after_start(Duration::from_secs(1));
    let mut engine = Engine::new(config, Time::ZERO);
    for number in 0..=PEERS {
        let peer = PeerKey(number);
        let mut id = [0; 20];
        id[..4].copy_from_slice(&number.to_be_bytes());
        engine.handle(
            Event::Connected {
                peer,
                addr: SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], 6881)),
                // Those that we call: of callers fewer would be let in.
                incoming: false,
                encryption: Encryption::None,
                handshake: Handshake {
                    reserved: Reserved::none(),
                    info_hash: InfoHash([1; 20]),
                    peer_id: PeerId(id),
                },
            },
            now,
        );
        let has = Bitfield::full(geometry.pieces()).to_bytes();
        for message in [
            Message::Bitfield(has),
            Message::Interested,
            Message::Unchoke,
        ] {
            engine.handle(Event::Message { peer, message }, now);
        }
    }
    while engine.poll_action().is_some() {}
    let peers = engine.stats(now).peers;
    assert_eq!(peers, 200, "all of them are there");
    (engine, now)
}

fn block(piece: u32, number: u32) -> BlockRequest {
    BlockRequest {
        piece,
        offset: number * BLOCK,
        len: BLOCK,
    }
}

fn flood(c: &mut Criterion) {
    let (mut engine, start) = engine();
    let full = Bitfield::full(8192).to_bytes();
    let kinds: Vec<(&str, Vec<Message>)> = vec![
        ("keep-alive", vec![Message::KeepAlive]),
        ("unknown", vec![Message::Skipped(99)]),
        ("unchoke", vec![Message::Unchoke]),
        ("choke and unchoke", vec![Message::Choke, Message::Unchoke]),
        ("choke", vec![Message::Choke]),
        (
            "interested and not",
            vec![Message::NotInterested, Message::Interested],
        ),
        ("have", vec![Message::Have(7)]),
        ("bitfield of 8,192 pieces", vec![Message::Bitfield(full)]),
        ("request", vec![Message::Request(block(0, 0))]),
        ("cancel", vec![Message::Cancel(block(2, 1))]),
    ];
    let mut group = c.benchmark_group("a message");
    let mut now = start;
    for (name, messages) in kinds {
        group.bench_function(name, |b| {
            b.iter(|| {
                for message in &messages {
                    // A flood comes as fast as a line of a gigabit brings it.
                    now = now + Duration::from_nanos(100);
                    let (peer, message) = (FLOODER, message.clone());
                    engine.handle(Event::Message { peer, message }, now);
                    while let Some(action) = engine.poll_action() {
                        black_box(action);
                    }
                }
            });
        });
    }
    group.finish();
}

/// A peer that is served has thousands of requests waiting, and cancels them one by one.
fn requests(c: &mut Criterion) {
    let (mut engine, mut now) = engine();
    // The choker has to let it in: time passes, and nobody else is interested.
    for number in 0..PEERS {
        let message = Message::NotInterested;
        let peer = PeerKey(number);
        engine.handle(Event::Message { peer, message }, now);
    }
    now = now + Duration::from_secs(11);
    engine.handle(Event::Timeout, now);
    while engine.poll_action().is_some() {}
    let mut say = |message: Message| {
        let peer = FLOODER;
        engine.handle(Event::Message { peer, message }, now);
        while let Some(action) = engine.poll_action() {
            black_box(action);
        }
    };
    for number in 0..8_000 {
        say(Message::Request(block(2 * (number / 16), number % 16)));
    }
    c.bench_function("a request and its cancel, 8,000 waiting", |b| {
        b.iter(|| {
            say(Message::Request(block(4_000, 3)));
            say(Message::Cancel(block(4_000, 3)));
        });
    });
}

criterion_group!(benches, flood, requests);
criterion_main!(benches);
