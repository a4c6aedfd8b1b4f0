//! Giving: limits and slots.

use std::net::SocketAddr;
use std::time::Duration;

use messages::{Bitfield, BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;

use super::world::{World, geometry, handshake};
use crate::*;

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
    let mut engine = Engine::new(config, Time::ZERO);
    let peer = picker::PeerKey(0);
    let connected = Event::Connected {
        peer,
        addr: World::addr(5),
        incoming: true,
        handshake: handshake(5),
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

/// An engine that has everything, and what it wants done after each event.
fn seeding(world: &World) -> impl FnMut(Event, Time) -> Vec<Action> {
    let mut engine = Engine::new(
        Config {
            have: Bitfield::full(10),
            keep_seeding: true,
            max_peers: 10,
            ..world.config()
        },
        Time::ZERO,
    );
    move |event, now| {
        engine.handle(event, now);
        std::iter::from_fn(|| engine.poll_action()).collect()
    }
}

fn caller(number: u32) -> Event {
    Event::Connected {
        peer: PeerKey(number),
        addr: SocketAddr::from(([10, 1, 0, number as u8], 6881)),
        incoming: true,
        handshake: handshake(number as usize + 1),
    }
}

fn at(seconds: u64) -> Time {
    Time::after_start(Duration::from_secs(seconds))
}

#[test]
fn callers_that_take_nothing_make_room_for_others() {
    let world = World::new(geometry(10, 64 * 1024));
    let mut tell = seeding(&world);
    for number in 0..10 {
        tell(caller(number), at(0));
        let interested = Event::Message {
            peer: PeerKey(number),
            message: Message::Interested,
        };
        tell(interested, at(0));
    }
    let closed = |actions: Vec<Action>| -> Vec<PeerKey> {
        let closed = actions.into_iter().filter_map(|action| match action {
            Action::Close { peer, .. } => Some(peer),
            _ => None,
        });
        closed.collect()
    };
    assert_eq!(closed(tell(caller(10), at(100))), [PeerKey(10)], "full");
    assert_eq!(closed(tell(caller(11), at(120))), [PeerKey(0)], "of no use");
    assert_eq!(closed(tell(caller(12), at(121))), [PeerKey(1)]);
}

#[test]
fn what_was_not_sent_is_not_counted() {
    let world = World::new(geometry(10, 64 * 1024));
    let mut engine = Engine::new(
        Config {
            have: Bitfield::full(10),
            keep_seeding: true,
            ..world.config()
        },
        Time::ZERO,
    );
    let peer = PeerKey(0);
    let block = BlockRequest {
        piece: 0,
        offset: 0,
        len: 16_384,
    };
    let room = |bytes| Event::Room { peer, bytes };
    let say = |message| Event::Message { peer, message };
    for event in [
        caller(0),
        room(500_000),
        say(Message::Interested),
        Event::Timeout,
        say(Message::Request(block)),
    ] {
        engine.handle(event, at(1));
    }
    let actions: Vec<_> = std::iter::from_fn(|| engine.poll_action()).collect();
    assert!(actions.contains(&Action::Upload { peer, block }));
    assert_eq!(engine.stats(at(1)).uploaded, 0);
    engine.handle(room(10_000), at(2));
    assert_eq!(engine.stats(at(2)).uploaded, 10_000);
    engine.handle(room(6_384), at(2));
    assert_eq!(engine.stats(at(2)).uploaded, 16_384);
}

#[test]
fn a_peer_that_changes_its_mind_all_the_time_brings_about_few_rounds() {
    let world = World::new(geometry(10, 64 * 1024));
    let mut engine = Engine::new(
        Config {
            have: Bitfield::full(10),
            keep_seeding: true,
            ..world.config()
        },
        Time::ZERO,
    );
    engine.handle(caller(0), at(0));
    let peer = PeerKey(0);
    let mut answers = 0;
    for message in 0..1_000 {
        let now = at(1) + Duration::from_millis(message);
        let message = match message % 2 {
            0 => Message::Interested,
            _ => Message::NotInterested,
        };
        engine.handle(Event::Message { peer, message }, now);
        let actions = std::iter::from_fn(|| engine.poll_action());
        answers += actions
            .filter(|action| matches!(action, Action::Send { .. }))
            .count();
    }
    assert!((2..=12).contains(&answers), "{answers} in a second");
}
