//! The path that a good torrent takes.

use std::time::Duration;

use engine::*;
use messages::{BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::{Line, World};

use crate::by_hand::{ByHand, asked, block};
use crate::*;

#[test]
fn one_seeder_serves_one_leecher_and_the_tracker_hears_all_of_it() {
    let mut world = World::new(geometry(20, 256 * 1024));
    world.seeder();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    use tracker::AnnounceEvent::{Completed, Started, Stopped};
    assert_eq!(
        told(&world, leecher),
        [Some(Started), Some(Completed), Some(Stopped)]
    );
    assert_eq!(
        world.nodes[leecher].held(),
        0,
        "every buffer was kept and forgotten, or dropped"
    );
}

#[test]
fn pieces_may_be_of_any_size() {
    for piece_length in [1, 1000, 16 * 1024, 16 * 1024 + 1, 100_000, 3 * 1024 * 1024] {
        let mut world = World::new(geometry(5, piece_length));
        world.seeder();
        let leecher = world.leecher();
        world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "pieces of {piece_length}");
    }
}

#[test]
fn several_seeders_share_the_work() {
    let mut world = world(geometry(60, 256 * 1024), 1_000_000);
    let seeders: Vec<_> = (0..3).map(|_| world.seeder()).collect();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    for seeder in seeders {
        let sent = world.nodes[seeder].sent;
        assert!(
            sent > 3_000_000,
            "seeder {seeder} sent {sent} bytes of 15 million"
        );
    }
    let stats = world.nodes[leecher].engine.stats(world.now);
    assert!(
        stats.waste.total() < 1_000_000,
        "{} bytes came twice",
        stats.waste.total()
    );
}

#[test]
fn every_byte_that_comes_is_of_use_or_told_as_wasted() {
    let geometry = geometry(40, 256 * 1024);
    let mut world = world(geometry, 1_000_000);
    let vices = [Vice::None, Vice::None, Vice::LiesOnce];
    seeders(&mut world, vices);
    let leecher = world.add(engine::Config {
        keep_seeding: true,
        ..world.config()
    });
    world.run_to(120);
    assert!(world.nodes[leecher].engine.have().unwrap().is_full());
    let stats = world.nodes[leecher].engine.stats(world.now);
    assert_eq!(stats.downloaded, world.nodes[leecher].received);
    let of_use = stats.downloaded - stats.waste.total();
    assert_eq!(of_use, geometry.total_length(), "{:?}", stats.waste);
    assert_eq!(stats.waste.failed, 256 * 1024);
}

#[test]
fn what_is_here_already_is_told_from_what_nobody_asked_for() {
    let mut hand = ByHand::new(World::new(geometry(4, 64 * 1024)).config());
    let peer = PeerKey(0);
    hand.called_by(peer.0);
    hand.say(peer, Message::Bitfield(vec![0xf0]));
    let actions = hand.say(peer, Message::Unchoke);
    let (here, buf) = (asked(&actions)[0], BufKey(0));
    hand.tell(Event::Block {
        peer,
        block: here,
        buf,
    });
    let mut wasted = |block, bytes| {
        hand.tell(Event::Wasted { peer, block, bytes });
        let stats = hand.engine.stats(hand.now);
        let Waste {
            duplicate, unasked, ..
        } = stats.waste;
        (stats.downloaded, duplicate, unasked)
    };
    let one = u64::from(blocks::BLOCK);
    assert_eq!(wasted(Some(here), one), (2 * one, one, 0));
    // A part of it is no more of use, and another block is not here.
    let inside = BlockRequest {
        offset: 7,
        len: 3,
        ..here
    };
    assert_eq!(wasted(Some(inside), 3), (2 * one + 3, one + 3, 0));
    let other = Some(block(here.piece, here.offset / blocks::BLOCK + 1));
    assert_eq!(wasted(other, one), (3 * one + 3, one + 3, one));
    assert_eq!(wasted(None, 5), (3 * one + 8, one + 3, one + 5));
    let nowhere = BlockRequest {
        piece: u32::MAX,
        ..here
    };
    assert_eq!(wasted(Some(nowhere), 1).2, one + 6);
}

#[test]
fn leechers_trade_what_they_have() {
    let mut world = world(geometry(40, 256 * 1024), 500_000);
    let seeder = world.seeder();
    let leechers: Vec<_> = (0..4).map(|_| world.leecher()).collect();
    world.run_until(Duration::from_secs(300), |w| {
        leechers.iter().all(|&l| w.is_complete(l))
    });
    for &leecher in &leechers {
        assert!(world.is_complete(leecher), "leecher {leecher}");
    }
    let sent = world.nodes[seeder].sent;
    let all = 4 * 40 * 256 * 1024;
    assert!(
        sent < all * 3 / 4,
        "the seeder sent {sent} of {all} bytes: no trade"
    );
}

#[test]
fn what_is_there_already_is_not_fetched() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.seeder();
    let mut have = messages::Bitfield::full(10);
    have.clear(9);
    let leecher = world.add(world.having(have));
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let downloaded = world.nodes[leecher].engine.stats(world.now).downloaded;
    assert!(downloaded <= 64 * 1024, "{downloaded}");
}

#[test]
fn a_complete_torrent_ends_at_once_without_a_word_to_anybody() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let leecher = world.add(world.having(messages::Bitfield::full(10)));
    world.run_to(0);
    assert!(world.is_complete(leecher));
    assert_eq!(world.nodes[leecher].announces, []);
}

#[test]
fn open_pieces_stay_within_their_memory() {
    let mut world = world(geometry(80, 1024 * 1024), 20_000_000);
    for _ in 0..8 {
        world.seeder();
    }
    let leecher = world.leecher();
    let mut most = 0;
    while !world.is_complete(leecher) && world.step(Duration::from_secs(60)) {
        let now = world.now;
        let open = world.nodes[leecher].engine.stats(now).open_pieces;
        most = most.max(open as u64 * 1024 * 1024);
    }
    assert!(world.is_complete(leecher));
    assert!(most > 0 && most <= PIECE_MEMORY, "{most} bytes");
}

#[test]
fn two_that_call_each_other_at_once_keep_one_connection() {
    let mut world = world(geometry(200, 64 * 1024), 100_000);
    // Each knows the other from the start, so that their calls cross.
    let node = |have, other| Config {
        keep_seeding: true,
        tiers: Vec::new(),
        peers: vec![World::addr(other)],
        ..Config::new(Some(ContentConfig::all(geometry(200, 64 * 1024), have)))
    };
    world.records = true;
    world.add(node(messages::Bitfield::full(200), 1));
    world.add(node(messages::Bitfield::new(200), 0));
    world.run_to(5);
    for node in [0, 1] {
        let recording = world.nodes[node].recording.as_ref().unwrap();
        let calls = recording.actions.iter();
        let calls = calls.filter(|action| matches!(action, Action::Connect { .. }));
        assert!(calls.count() > 0, "node {node} has called");
        let peers = world.nodes[node].engine.stats(world.now).peers;
        assert_eq!(peers, 1, "node {node}");
    }
}

// ANCHOR: recording
#[test]
fn a_recording_played_again_gives_the_same_actions() {
    let mut world = World::new(geometry(20, 64 * 1024));
    world.records = true;
    world.seeder();
    world.seeder();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));

    let recording = world.nodes[leecher].recording.as_ref().unwrap();
    let mut engine = Engine::new(recording.config.clone(), recording.begun);
    let mut actions = Vec::from_iter(std::iter::from_fn(|| engine.poll_action()));
    for (at, event) in &recording.events {
        engine.handle(event.clone(), *at);
        actions.extend(std::iter::from_fn(|| engine.poll_action()));
    }
    assert!(
        actions == recording.actions,
        "the engine has no hidden source of chance"
    );
}
// ANCHOR_END: recording

#[test]
fn all_peers_are_done_at_the_same_time() {
    for seed in 0..5 {
        let mut world = World::new(geometry(256, 256 * 1024));
        // Who is far away is asked for more in advance.
        for (rate, millis) in [(4_000_000, 20), (3_000_000, 700), (2_000_000, 20)] {
            let seeder = world.seeder();
            world.nodes[seeder].line = Some(Line {
                latency: Duration::from_millis(millis),
                ..line(rate)
            });
        }
        let leecher = leecher_with(&mut world, seed);
        let mut all_had_work = Duration::ZERO;
        for step in 0..4_000 {
            let until = Duration::from_millis(step * 10);
            world.run_until(until, |w| w.is_complete(leecher));
            let peers = world.nodes[leecher].engine.details(world.now).peers;
            if peers.len() == 3 && peers.iter().all(|peer| peer.requests > 0) {
                all_had_work = until;
            }
        }
        assert!(world.is_complete(leecher));
        let done = world.nodes[leecher].completed.expect("it is complete");
        let alone = done.since_start().saturating_sub(all_had_work);
        println!("seed {seed}: {alone:?}");
        assert!(alone < Duration::from_millis(200), "seed {seed}: {alone:?}");
    }
}

#[test]
fn a_fast_line_never_stands_still_for_want_of_requests() {
    // Pieces come to disk while the window is nearly full, at any pace.
    for rate in [200, 400, 600, 800, 1_000, 1_500] {
        let mut world = World::new(geometry(300, 1024 * 1024));
        world.line = Line {
            latency: Duration::from_micros(50),
            up: Some(1_000_000_000),
            ..Line::default()
        };
        world.disk.rate = Some(rate * 1_000_000);
        world.seeder();
        let leecher = world.leecher();
        world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
        let took = world.now.since_start().as_millis();
        // The bytes at the slower of both, and the first calls; a stall would last until the next look,
        // a second.
        let bytes = 320_000 / u128::from(rate.min(1_000));
        assert!(took < bytes + 500, "{rate} MB/s: {took} ms");
    }
}
