//! Giving: limits and slots.

use std::time::Duration;

use super::world::{World, geometry};
use crate::engine::*;

#[test]
fn the_upload_limit_holds() {
    let mut world = World::new(geometry(20, 64 * 1024));
    let config = Config {
        have: messages::Bitfield::full(20),
        keep_seeding: true,
        limit_up: Some(100_000),
        ..world.config()
    };
    let seeder = world.add(config);
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    let bytes: u64 = world.nodes[seeder]
        .sent
        .iter()
        .map(|(_, bytes)| bytes)
        .sum();
    let rate = bytes as f64 / at.since_start().as_secs_f64();
    assert!(
        (80_000.0..=110_000.0).contains(&rate),
        "{rate} bytes a second"
    );
}

#[test]
fn the_download_limit_holds() {
    let mut world = World::new(geometry(20, 64 * 1024));
    world.seeder();
    let config = Config {
        limit_down: Some(100_000),
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    let rate = 20.0 * 65_536.0 / at.since_start().as_secs_f64();
    assert!(
        (80_000.0..=110_000.0).contains(&rate),
        "{rate} bytes a second"
    );
}

#[test]
fn an_upload_limit_is_shared_by_all() {
    let mut world = World::new(geometry(40, 64 * 1024));
    let config = Config {
        have: messages::Bitfield::full(40),
        keep_seeding: true,
        limit_up: Some(200_000),
        ..world.config()
    };
    world.add(config);
    let leechers: Vec<_> = (0..3)
        .map(|_| {
            let alone = Config {
                tiers: Vec::new(),
                peers: vec![World::addr(0)],
                ..world.config()
            };
            world.add(alone)
        })
        .collect();
    world.run(20);
    for leecher in leechers {
        let downloaded = world.nodes[leecher].engine.stats(world.now).downloaded;
        assert!(downloaded > 800_000, "leecher {leecher}: {downloaded}");
    }
}

#[test]
fn a_request_larger_than_a_burst_is_answered_under_a_limit() {
    let world = World::new(geometry(4, 256 * 1024));
    let config = Config {
        have: messages::Bitfield::full(4),
        keep_seeding: true,
        limit_up: Some(50_000),
        ..world.config()
    };
    let mut engine = Engine::new(config);
    let peer = picker::PeerKey(0);
    let connected = Event::Connected {
        peer,
        addr: World::addr(5),
        incoming: true,
        peer_id: [5; 20],
    };
    let block = messages::BlockRequest {
        piece: 0,
        offset: 0,
        len: 128 * 1024,
    };
    engine.handle(connected, Time::ZERO);
    let bytes = 512 * 1024;
    engine.handle(Event::Room { peer, bytes }, Time::ZERO);
    for message in [
        messages::Message::Interested,
        messages::Message::Request(block),
        messages::Message::Request(block),
    ] {
        engine.handle(Event::Message { peer, message }, Time::ZERO);
    }
    let mut answered = Vec::new();
    let mut now = Time::ZERO;
    while answered.len() < 2 && now < Time::after_start(Duration::from_secs(60)) {
        while let Some(action) = engine.poll_action() {
            if matches!(action, Action::Upload { .. }) {
                answered.push(now);
            }
        }
        now = engine.poll_timeout().unwrap();
        engine.handle(Event::Timeout, now);
    }
    assert_eq!(answered.len(), 2, "{answered:?}");
}

#[test]
fn a_download_limit_with_nothing_left_to_ask_for_is_no_endless_loop() {
    // One piece, all of it asked for or at the disk: the limit lets more through than there is.
    for pieces in [1, 2, 3] {
        let mut world = World::new(geometry(pieces, 4 * 1024 * 1024));
        world.bandwidth = Some(50_000_000);
        world.seeder();
        let config = Config {
            limit_down: Some(2_000_000),
            ..world.config()
        };
        let leecher = world.add(config);
        world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "{pieces} pieces");
    }
}

#[test]
fn more_leechers_than_slots_are_all_served() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.bandwidth = Some(300_000);
    world.seeder();
    let leechers: Vec<_> = (0..20).map(|_| world.leecher()).collect();
    world.run_until(Duration::from_secs(900), |w| {
        leechers.iter().all(|&l| w.is_complete(l))
    });
    for leecher in leechers {
        assert!(world.is_complete(leecher), "leecher {leecher}");
    }
}
