//! Peers that lie, stall and leave.

use std::time::Duration;

use engine::*;
use messages::{BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::{Vice, World};

use crate::by_hand::{ByHand, at, closed};
use crate::*;

#[test]
fn a_liar_among_honest_peers_is_found_and_nobody_else_is_banned() {
    for seed in 0..10 {
        let mut world = world(geometry(30, 256 * 1024), 2_000_000);
        let vices = [Vice::None, Vice::Lies, Vice::None];
        let [_, liar, _] = seeders(&mut world, vices);
        let leecher = leecher_with(&mut world, seed);
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "seed {seed}");
        assert_eq!(
            world.banned(leecher),
            [World::addr(liar).ip()],
            "seed {seed}"
        );
        assert_eq!(world.nodes[leecher].held(), 0);
    }
}

#[test]
fn a_liar_alone_is_banned_and_the_download_waits_for_better() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let [liar] = seeders(&mut world, [Vice::Lies]);
    let leecher = world.leecher();
    world.run_to(200);
    assert_eq!(world.banned(leecher), [World::addr(liar).ip()]);
    assert_eq!(world.nodes[leecher].outcome, None);
    let honest = world.seeder();
    world.run_until(Duration::from_secs(4000), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(world.nodes[honest].alive);
}

#[test]
fn many_liars_cannot_keep_the_pieces_from_coming() {
    let mut world = world(geometry(20, 256 * 1024), 2_000_000);
    let [honest] = seeders(&mut world, [Vice::None]);
    seeders(&mut world, [Vice::Lies; 6]);
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(600), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(
        !world.banned(leecher).contains(&World::addr(honest).ip()),
        "the honest one stays"
    );
}

#[test]
fn a_peer_that_stalls_gives_its_blocks_back() {
    let mut world = world(geometry(30, 256 * 1024), 1_000_000);
    seeders(&mut world, [Vice::None, Vice::Stalls]);
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
}

#[test]
fn stallers_with_all_the_memory_do_not_stop_the_download() {
    // Two pieces may be open, and the stallers hold both before the seeder comes.
    let mut world = World::new(geometry(8, 20 * 1024 * 1024));
    seeders(&mut world, [Vice::Stalls; 3]);
    let leecher = world.leecher();
    world.run_to(10);
    world.line.up = Some(50_000_000);
    let honest = world.seeder();
    world.run_until(Duration::from_secs(600), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(world.nodes[honest].alive);
}

#[test]
fn when_the_seeder_dies_another_one_finishes() {
    let mut world = world(geometry(60, 256 * 1024), 1_000_000);
    let first = world.seeder();
    let leecher = world.leecher();
    world.run_to(5);
    world.kill(first);
    let have = world.nodes[leecher].engine.stats(world.now).pieces_have;
    assert!(have > 0 && have < 60, "{have}");
    world.run_to(10);
    world.seeder();
    world.run_until(Duration::from_secs(4000), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
}

#[test]
fn without_a_way_forward_it_says_so_each_minute_and_goes_on() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let leecher = world.leecher();
    world.run_to(305);
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
        tiers: vec![vec!["wss://tracker.example".to_owned()]],
        peers: vec![World::addr(77)],
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_to(600);
    let Some((at, Outcome::Failed(why))) = &world.nodes[leecher].outcome else {
        panic!("{:?}", world.nodes[leecher].outcome);
    };
    assert!(at.since_start() < Duration::from_secs(120));
    assert!(why.to_string().contains("--peer"), "{why}");
}

#[test]
fn a_message_that_cannot_be_right_ends_the_connection() {
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
        let mut leecher = ByHand::new(World::new(geometry(10, 64 * 1024)).config());
        leecher.called_by(5);
        let actions = leecher.say(PeerKey(5), message.clone());
        assert_eq!(closed(&actions), [PeerKey(5)], "{message:?}");
    }
}

#[test]
fn a_bitfield_may_come_late_and_again() {
    let mut leecher = ByHand::new(World::new(geometry(10, 64 * 1024)).config());
    let peer = PeerKey(5);
    leecher.called_by(5);
    let mut say = |message| leecher.say(peer, message);
    say(Message::Have(9));
    assert_eq!(say(Message::Bitfield(vec![0x80, 0x00])), [], "late");
    assert_eq!(say(Message::Bitfield(vec![0x80, 0x00])), [], "again");
    say(Message::Bitfield(vec![0xc0, 0x00]));
    // Three pieces are known now, each counted once: 0, 1 and 9.
    assert_eq!(leecher.engine.stats(Time::ZERO).seeds, 0);
    let why = messages::Ended::HungUp;
    leecher.tell(Event::Closed { peer, why });
    assert_eq!(leecher.engine.stats(Time::ZERO).peers, 0);
}

#[test]
fn a_liar_is_reported_once() {
    for seed in 0..10 {
        let mut world = world(geometry(10, 64 * 1024), 500_000);
        seeders(&mut world, [Vice::None, Vice::Lies]);
        let leecher = leecher_with(&mut world, seed);
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        let reports = world.nodes[leecher].reports.iter();
        let bans = reports.filter(|(_, report)| matches!(report, Report::PeerBanned { .. }));
        assert_eq!(bans.count(), 1, "seed {seed}");
    }
}

#[test]
fn a_failed_piece_is_not_left_to_a_peer_that_has_delivered_nothing() {
    for seed in 0..10 {
        let mut world = world(geometry(10, 256 * 1024), 500_000);
        seeders(&mut world, [Vice::None, Vice::Lies, Vice::Stalls]);
        let leecher = leecher_with(&mut world, seed);
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
        let mut world = world(geometry(6, 256 * 1024), 500_000);
        let vices = [Vice::None, Vice::Lies, Vice::None];
        let [_, _, other] = seeders(&mut world, vices);
        let leecher = leecher_with(&mut world, seed);
        // From the first failed piece on, the third peer chokes and stays.
        world.run_until(Duration::from_secs(60), |w| failed_pieces(w, leecher) > 0);
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
        world.nodes[slow].line = Some(line(1_000));
    }
    let leecher = world.leecher();
    world.run_to(15);
    world.line.up = Some(10_000_000);
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

#[test]
fn a_peer_that_chokes_us_owes_us_nothing_and_stays() {
    let mut leecher = ByHand::new(World::new(geometry(10, 64 * 1024)).config());
    let peer = PeerKey(5);
    leecher.called_by(5);
    leecher.say(peer, Message::Bitfield(vec![0xff, 0xc0]));
    let mut asked = leecher.say(peer, Message::Unchoke);
    assert!(asked.len() > 1, "{asked:?}");
    // For longer than a stall it sends nothing. Then it chokes, and is heard of now and then.
    let mut closed_at = Vec::new();
    for second in (0..300).step_by(5) {
        let passed = leecher.pass_until(at(second));
        closed_at.extend(
            passed
                .into_iter()
                .filter(|(_, action)| matches!(action, Action::Close { .. })),
        );
        leecher.say(peer, Message::KeepAlive);
        match second {
            30 => drop(leecher.say(peer, Message::Choke)),
            280 => asked = leecher.say(peer, Message::Unchoke),
            _ => {}
        }
    }
    assert_eq!(closed_at, []);
    let request = |action: &&Action| {
        matches!(
            action,
            Action::Send {
                message: Message::Request(_),
                ..
            }
        )
    };
    assert!(
        asked.iter().filter(request).count() > 1,
        "it begins anew: {asked:?}"
    );
}
