//! The path that a good torrent takes.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::world::{World, geometry};
use crate::*;

#[test]
fn one_seeder_serves_one_leecher_and_the_tracker_hears_all_of_it() {
    let mut world = World::new(geometry(20, 256 * 1024));
    world.seeder();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let told: Vec<_> = world.nodes[leecher]
        .announces
        .iter()
        .map(|(_, e)| *e)
        .collect();
    use tracker::AnnounceEvent::{Completed, Started, Stopped};
    assert_eq!(told, [Some(Started), Some(Completed), Some(Stopped)]);
    assert_eq!(
        world.held(leecher),
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
    let mut world = World::new(geometry(60, 256 * 1024));
    world.bandwidth = Some(1_000_000);
    let seeders: Vec<_> = (0..3).map(|_| world.seeder()).collect();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    for seeder in seeders {
        let sent: u64 = world.nodes[seeder]
            .sent
            .iter()
            .map(|(_, bytes)| bytes)
            .sum();
        assert!(
            sent > 3_000_000,
            "seeder {seeder} sent {sent} bytes of 15 million"
        );
    }
    let stats = world.nodes[leecher].engine.stats(world.now);
    assert!(
        stats.wasted < 1_000_000,
        "{} bytes came twice",
        stats.wasted
    );
}

#[test]
fn leechers_trade_what_they_have() {
    let mut world = World::new(geometry(40, 256 * 1024));
    world.bandwidth = Some(500_000);
    let seeder = world.seeder();
    let leechers: Vec<_> = (0..4).map(|_| world.leecher()).collect();
    world.run_until(Duration::from_secs(300), |w| {
        leechers.iter().all(|&l| w.is_complete(l))
    });
    for &leecher in &leechers {
        assert!(world.is_complete(leecher), "leecher {leecher}");
    }
    let sent: u64 = world.nodes[seeder]
        .sent
        .iter()
        .map(|(_, bytes)| bytes)
        .sum();
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
    let mut config = world.config();
    for piece in 0..9 {
        config.have.set(piece);
    }
    let leecher = world.add(config);
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let downloaded = world.nodes[leecher].engine.stats(world.now).downloaded;
    assert!(downloaded <= 64 * 1024, "{downloaded}");
}

#[test]
fn a_complete_torrent_ends_at_once_without_a_word_to_anybody() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let mut config = world.config();
    config.have = messages::Bitfield::full(10);
    let leecher = world.add(config);
    assert!(world.is_complete(leecher));
    assert_eq!(world.nodes[leecher].announces, []);
}

#[test]
fn open_pieces_stay_within_their_memory() {
    let mut world = World::new(geometry(80, 1024 * 1024));
    world.bandwidth = Some(20_000_000);
    for _ in 0..8 {
        world.seeder();
    }
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let most = world.nodes[leecher].most_open as u64 * 1024 * 1024;
    assert!(most <= PIECE_MEMORY, "{most} bytes");
}

#[test]
fn two_that_call_each_other_at_once_keep_one_connection() {
    let mut world = World::new(geometry(200, 64 * 1024));
    world.bandwidth = Some(100_000);
    // Each knows the other from the start, so that their calls cross.
    let node = |have, other| Config {
        have,
        keep_seeding: true,
        tiers: Vec::new(),
        peers: vec![World::addr(other)],
        ..Config::new(geometry(200, 64 * 1024))
    };
    world.expect_nodes(2);
    world.add(node(messages::Bitfield::full(200), 1));
    world.add(node(messages::Bitfield::new(200), 0));
    world.run(5);
    for node in [0, 1] {
        let calls = world.nodes[node].actions.iter();
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
    world.seeder();
    world.seeder();
    let config = Config {
        seed: 7,
        ..world.config()
    };
    let leecher = world.add(config.clone());
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    let node = &world.nodes[leecher];
    // `add` makes the seed and the peer id its own.
    let config = Config {
        seed: 7 + leecher as u64,
        peer_id: [leecher as u8; 20],
        ..config
    };
    let mut engine = Engine::new(config, Time::ZERO);
    let mut actions = Vec::new();
    for (at, event) in &node.recording {
        engine.handle(event.clone(), *at);
        actions.extend(std::iter::from_fn(|| engine.poll_action()));
    }
    assert!(
        actions == node.actions,
        "the engine has no hidden source of chance"
    );
}
// ANCHOR_END: recording
