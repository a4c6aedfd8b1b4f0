//! Peers that lie, stall and leave.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::world::{Vice, World, geometry, handshake};
use crate::*;

#[test]
fn a_liar_among_honest_peers_is_found_and_nobody_else_is_banned() {
    for seed in 0..10 {
        let mut world = World::new(geometry(30, 256 * 1024));
        world.bandwidth = Some(2_000_000);
        world.seeder();
        let liar = world.seeder();
        world.seeder();
        world.nodes[liar].vice = Vice::Lies;
        let leecher = world.leecher_with(seed);
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "seed {seed}");
        assert_eq!(
            world.banned(leecher),
            [World::addr(liar).ip()],
            "seed {seed}"
        );
        assert_eq!(world.held(leecher), 0);
    }
}

#[test]
fn a_liar_alone_is_banned_and_the_download_waits_for_better() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let liar = world.seeder();
    world.nodes[liar].vice = Vice::Lies;
    let leecher = world.leecher();
    world.run(200);
    assert_eq!(world.banned(leecher), [World::addr(liar).ip()]);
    assert_eq!(world.nodes[leecher].outcome, None);
    let honest = world.seeder();
    world.run_until(Duration::from_secs(4000), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(world.nodes[honest].alive);
}

#[test]
fn many_liars_cannot_keep_the_pieces_from_coming() {
    let mut world = World::new(geometry(20, 256 * 1024));
    world.bandwidth = Some(2_000_000);
    world.seeder();
    for _ in 0..6 {
        let liar = world.seeder();
        world.nodes[liar].vice = Vice::Lies;
    }
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(600), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(
        !world.banned(leecher).contains(&World::addr(0).ip()),
        "the honest one stays"
    );
}

#[test]
fn a_peer_that_stalls_gives_its_blocks_back() {
    let mut world = World::new(geometry(30, 256 * 1024));
    world.bandwidth = Some(1_000_000);
    world.seeder();
    let staller = world.seeder();
    world.nodes[staller].vice = Vice::Stalls;
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
}

#[test]
fn stallers_with_all_the_memory_do_not_stop_the_download() {
    // Two pieces may be open, and the stallers hold both before the seeder comes.
    let mut world = World::new(geometry(8, 20 * 1024 * 1024));
    for _ in 0..3 {
        let staller = world.seeder();
        world.nodes[staller].vice = Vice::Stalls;
    }
    let leecher = world.leecher();
    world.run(10);
    world.bandwidth = Some(50_000_000);
    let honest = world.seeder();
    world.run_until(Duration::from_secs(600), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(world.nodes[honest].alive);
}

#[test]
fn when_the_seeder_dies_another_one_finishes() {
    let mut world = World::new(geometry(60, 256 * 1024));
    world.bandwidth = Some(1_000_000);
    let first = world.seeder();
    let leecher = world.leecher();
    world.run(5);
    world.kill(first);
    let have = world.nodes[leecher].engine.stats(world.now).pieces_have;
    assert!(have > 0 && have < 60, "{have}");
    world.run(10);
    world.seeder();
    world.run_until(Duration::from_secs(4000), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
}

#[test]
fn without_a_way_forward_it_says_so_each_minute_and_goes_on() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let leecher = world.leecher();
    world.run(305);
    let said: Vec<_> = world.nodes[leecher]
        .reports
        .iter()
        .filter(|(_, report)| matches!(report, Report::NoWayForward { .. }))
        .collect();
    assert_eq!(said.len(), 5, "{said:?}");
    assert_eq!(world.nodes[leecher].outcome, None);
}

#[test]
fn with_nobody_left_to_ask_it_fails_and_says_why() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let config = Config {
        tiers: vec![vec!["udp://tracker.example:80".to_owned()]],
        peers: vec![World::addr(77)],
        ..world.config()
    };
    let leecher = world.add(config);
    world.run(600);
    let Some((at, Outcome::Failed(why))) = &world.nodes[leecher].outcome else {
        panic!("{:?}", world.nodes[leecher].outcome);
    };
    assert!(at.since_start() < Duration::from_secs(120));
    assert!(why.to_string().contains("--peer"), "{why}");
}

#[test]
fn a_message_that_cannot_be_right_ends_the_connection() {
    use messages::{BlockRequest, Message};
    let bad = [
        Message::Have(10),
        Message::Bitfield(vec![0xff]),
        Message::Bitfield(vec![0xff, 0xff]),
        Message::Request(BlockRequest {
            piece: 10,
            offset: 0,
            len: 1,
        }),
        Message::Request(BlockRequest {
            piece: 0,
            offset: 65_000,
            len: 16_384,
        }),
        Message::Request(BlockRequest {
            piece: 0,
            offset: u32::MAX,
            len: u32::MAX,
        }),
        Message::Request(BlockRequest {
            piece: 0,
            offset: 0,
            len: 0,
        }),
    ];
    for message in bad {
        let world = World::new(geometry(10, 64 * 1024));
        let mut engine = Engine::new(world.config(), Time::ZERO);
        let peer = picker::PeerKey(0);
        let addr = World::addr(5);
        let connected = Event::Connected {
            peer,
            addr,
            incoming: true,
            handshake: handshake(5),
        };
        engine.handle(connected, Time::ZERO);
        while engine.poll_action().is_some() {}
        engine.handle(
            Event::Message {
                peer,
                message: message.clone(),
            },
            Time::ZERO,
        );
        let mut actions = std::iter::from_fn(|| engine.poll_action());
        assert!(
            actions.any(|action| matches!(action, Action::Close { .. })),
            "{message:?}"
        );
    }
}

#[test]
fn a_bitfield_may_come_late_and_again() {
    use messages::Message;
    let world = World::new(geometry(10, 64 * 1024));
    let mut engine = Engine::new(world.config(), Time::ZERO);
    let peer = picker::PeerKey(0);
    let connected = Event::Connected {
        peer,
        addr: World::addr(5),
        incoming: true,
        handshake: handshake(5),
    };
    engine.handle(connected, Time::ZERO);
    let mut say = |message: Message| {
        engine.handle(Event::Message { peer, message }, Time::ZERO);
        std::iter::from_fn(|| engine.poll_action()).collect::<Vec<_>>()
    };
    say(Message::Have(9));
    assert_eq!(say(Message::Bitfield(vec![0x80, 0x00])), [], "late");
    assert_eq!(say(Message::Bitfield(vec![0x80, 0x00])), [], "again");
    say(Message::Bitfield(vec![0xc0, 0x00]));
    // Three pieces are known now, each counted once: 0, 1 and 9.
    let closed = Event::Closed {
        peer,
        why: messages::Ended::HungUp,
    };
    assert_eq!(engine.stats(Time::ZERO).seeds, 0);
    engine.handle(closed, Time::ZERO);
    assert_eq!(engine.stats(Time::ZERO).peers, 0);
}

#[test]
fn a_liar_is_reported_once() {
    for seed in 0..10 {
        let mut world = World::new(geometry(10, 64 * 1024));
        world.bandwidth = Some(500_000);
        world.seeder();
        let liar = world.seeder();
        world.nodes[liar].vice = Vice::Lies;
        let leecher = world.leecher_with(seed);
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        let reports = world.nodes[leecher].reports.iter();
        let bans = reports.filter(|(_, report)| matches!(report, Report::PeerBanned { .. }));
        assert_eq!(bans.count(), 1, "seed {seed}");
    }
}

#[test]
fn a_failed_piece_is_not_left_to_a_peer_that_has_delivered_nothing() {
    for seed in 0..10 {
        let mut world = World::new(geometry(10, 256 * 1024));
        world.bandwidth = Some(500_000);
        world.seeder();
        let liar = world.seeder();
        world.nodes[liar].vice = Vice::Lies;
        let staller = world.seeder();
        world.nodes[staller].vice = Vice::Stalls;
        let leecher = world.leecher_with(seed);
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
        // The honest peer alone takes 5.2 seconds; a stall would cost 20.
        assert!(
            at.since_start() < Duration::from_secs(15),
            "seed {seed}: {at:?}"
        );
    }
}

#[test]
fn a_peer_that_chokes_does_not_keep_the_piece_it_had_alone() {
    for seed in 0..10 {
        let mut world = World::new(geometry(6, 256 * 1024));
        world.bandwidth = Some(500_000);
        world.seeder();
        let liar = world.seeder();
        world.nodes[liar].vice = Vice::Lies;
        let other = world.seeder();
        let leecher = world.leecher_with(seed);
        // From the first failed piece on, the third peer chokes and stays.
        world.run_until(Duration::from_secs(60), |w| {
            let mut reports = w.nodes[leecher].reports.iter();
            reports.any(|(_, report)| matches!(report, Report::PieceFailed { .. }))
        });
        world.choke_everybody(other);
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "seed {seed}");
    }
}

#[test]
fn slow_peers_with_all_the_memory_do_not_hold_a_fast_one_up() {
    // Two pieces of 16 MiB may be open. Slow peers owe blocks of both when the fast one comes, and
    // each of them takes minutes for a block, but never so long that it is snubbed.
    let mut world = World::new(geometry(16, 16 * 1024 * 1024));
    for _ in 0..12 {
        let slow = world.seeder();
        world.slow.insert(slow, 1_000);
    }
    let leecher = world.leecher();
    world.run(15);
    world.bandwidth = Some(10_000_000);
    world.seeder();
    let begun = world.now;
    world.run_until(Duration::from_secs(300), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    let took = at.since(begun);
    assert!(
        took < Duration::from_secs(50),
        "{took:?} for what takes 27 seconds"
    );
}
