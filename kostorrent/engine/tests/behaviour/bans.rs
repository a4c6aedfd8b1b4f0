//! Wrong data from peers that are needed: doubts, bans, and what comes after them.

use std::time::Duration;

use engine::*;
use messages::{Bitfield, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::{Disk, Vice, World};

use crate::by_hand::ByHand;
use crate::*;

/// A leecher that knows these peers and no tracker.
fn leecher_of(world: &mut World, peers: &[usize]) -> usize {
    let config = Config {
        tiers: Vec::new(),
        peers: peers.iter().map(|&peer| World::addr(peer)).collect(),
        ..world.config()
    };
    world.add(config)
}

fn pieces_of(world: &World, node: usize) -> u32 {
    let have = world.nodes[node].engine.have();
    have.map_or(0, |have| have.count())
}

/// What a node told its user about peers, in order: when, in seconds, and what.
fn said(world: &World, node: usize) -> Vec<(u64, &'static str)> {
    let reports = world.nodes[node].reports.iter();
    let told = reports.filter_map(|(at, report)| {
        let what = match report {
            Report::PeerDoubted { .. } => "doubted",
            Report::PeerBanned { .. } => "banned",
            Report::BansLifted { peers: 1 } => "lifted",
            Report::BansLifted { .. } => "several lifted",
            _ => return None,
        };
        Some((at.since_start().as_secs(), what))
    });
    told.collect()
}

/// When and with which sentence a node's work failed.
fn failure(world: &World, node: usize) -> (Duration, String) {
    match &world.nodes[node].outcome {
        Some((at, Outcome::Failed(why))) => (at.since_start(), why.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_only_seeder_is_forgiven_a_wrong_piece_after_good_ones() {
    for seed in 0..10 {
        let mut world = world(geometry(40, 64 * 1024), 200_000);
        let [seeder] = seeders(&mut world, [Vice::None]);
        let leecher = leecher_of(&mut world, &[seeder]);
        world.run_until(Duration::from_secs(10), |w| pieces_of(w, leecher) > seed);
        world.nodes[seeder].vice = Vice::LiesOnce;
        world.run_until(Duration::from_secs(20), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "seed {seed}");
        let said = said(&world, leecher);
        assert_eq!(
            said.iter().map(|said| said.1).collect::<Vec<_>>(),
            ["doubted"]
        );
        assert_eq!(world.nodes[leecher].held(), 0);
    }
}

#[test]
fn the_only_seeder_that_begins_with_a_wrong_piece_may_come_again_after_a_minute() {
    let mut world = world(geometry(16, 64 * 1024), 200_000);
    let [seeder] = seeders(&mut world, [Vice::LiesOnce]);
    let leecher = leecher_of(&mut world, &[seeder]);
    world.run_to(120);
    assert!(world.is_complete(leecher));
    assert_eq!(said(&world, leecher), [(0, "banned"), (60, "lifted")]);
}

#[test]
fn the_only_seeder_is_forgiven_when_good_pieces_are_still_at_the_disk() {
    let world = World::new(geometry(10, 64 * 1024));
    let mut hand = ByHand::new(world.having(Bitfield::new(10)));
    let seed = PeerKey(0);
    hand.called_by(0);
    hand.say(seed, Message::Bitfield(Bitfield::full(10).to_bytes()));
    let mut asked = Vec::new();
    let mut stored = Vec::new();
    let mut actions = hand.say(seed, Message::Unchoke);
    while stored.len() < 2 {
        for action in actions.drain(..) {
            match action {
                Action::Send {
                    message: Message::Request(block),
                    ..
                } => asked.push(block),
                Action::Store { piece, .. } => stored.push(piece),
                _ => {}
            }
        }
        if stored.len() < 2 {
            let (block, buf) = (asked.remove(0), BufKey(0));
            let peer = seed;
            actions = hand.tell(Event::Block { peer, block, buf });
        }
    }
    let wrong = |piece| Event::Stored {
        piece,
        result: Stored::Wrong { digests: None },
    };
    let told = hand.tell(wrong(stored[0]));
    let is_doubt = |action: &Action| matches!(action, Action::Report(Report::PeerDoubted { .. }));
    assert!(told.iter().any(is_doubt), "{told:?}");
    let told = hand.tell(wrong(stored[1]));
    let is_ban = |action: &Action| matches!(action, Action::Report(Report::PeerBanned { .. }));
    assert!(told.iter().any(is_ban), "nothing was good: {told:?}");
}

#[test]
fn a_seeder_with_one_piece_that_is_always_wrong_gives_all_others() {
    for seed in 0..10 {
        let mut world = world(geometry(16, 64 * 1024), 200_000);
        let [seeder] = seeders(&mut world, [Vice::LiesAbout(5)]);
        let config = Config {
            seed,
            tiers: Vec::new(),
            peers: vec![World::addr(seeder)],
            ..world.config()
        };
        let leecher = world.add(config);
        world.run_to(1_000);
        let (at, why) = failure(&world, leecher);
        assert!(at < Duration::from_secs(200), "seed {seed}: {at:?}");
        assert!(why.contains("wrong data came from the only peer"), "{why}");
        assert_eq!(pieces_of(&world, leecher), 15, "seed {seed}");
        assert!(failed_pieces(&world, leecher) <= 6, "seed {seed}");
    }
}

#[test]
fn a_liar_alone_has_three_chances_and_the_download_ends() {
    let mut world = world(geometry(16, 64 * 1024), 200_000);
    let [liar] = seeders(&mut world, [Vice::Lies]);
    let leecher = leecher_of(&mut world, &[liar]);
    world.run_to(1_000);
    let told = said(&world, leecher);
    let expected = [
        (0, "banned"),
        (60, "lifted"),
        (60, "banned"),
        (180, "lifted"),
        (181, "banned"),
    ];
    assert_eq!(told, expected);
    let (at, why) = failure(&world, leecher);
    assert_eq!(at.as_secs(), 181);
    assert!(why.contains("--peer"), "{why}");
    assert_eq!(failed_pieces(&world, leecher), 3);
}

#[test]
fn nobody_is_forgiven_while_somebody_else_has_what_is_missing() {
    let mut world = world(geometry(60, 64 * 1024), 200_000);
    let [honest, liar] = seeders(&mut world, [Vice::None; 2]);
    let leecher = leecher_of(&mut world, &[honest, liar]);
    world.run_until(Duration::from_secs(60), |w| pieces_of(w, leecher) >= 20);
    world.nodes[liar].vice = Vice::Lies;
    world.run_to(120);
    assert!(world.is_complete(leecher));
    let said = said(&world, leecher);
    assert_eq!(
        said.iter().map(|said| said.1).collect::<Vec<_>>(),
        ["banned"]
    );
}

#[test]
fn a_piece_that_was_put_off_comes_from_whoever_else_has_it() {
    let mut world = world(geometry(60, 64 * 1024), 200_000);
    let [doubtful] = seeders(&mut world, [Vice::None]);
    let leecher = leecher_of(&mut world, &[doubtful]);
    world.run_until(Duration::from_secs(60), |w| pieces_of(w, leecher) >= 5);
    world.nodes[doubtful].vice = Vice::LiesOnce;
    world.run_until(Duration::from_secs(60), |w| failed_pieces(w, leecher) == 1);
    let failed = world.nodes[leecher].reports.iter();
    let mut failed = failed.filter_map(|(_, report)| match report {
        Report::PieceFailed { piece, .. } => Some(*piece),
        _ => None,
    });
    let piece = failed.next_back().unwrap();
    // It would be asked for that piece again in the end, and lie; but another one comes.
    world.nodes[doubtful].vice = Vice::LiesAbout(piece);
    let helper = Config {
        tiers: Vec::new(),
        peers: vec![World::addr(leecher)],
        ..world.seeding()
    };
    world.add(helper);
    world.run_to(60);
    assert!(world.is_complete(leecher));
    assert_eq!(failed_pieces(&world, leecher), 1);
}

#[test]
fn bad_memory_of_our_own_is_not_endless() {
    let mut world = world(geometry(16, 64 * 1024), 200_000);
    let [one, other] = seeders(&mut world, [Vice::None; 2]);
    let leecher = leecher_of(&mut world, &[one, other]);
    world.nodes[leecher].disk = Some(Disk {
        spoils: true,
        ..Disk::default()
    });
    world.run_to(1_000);
    let (at, why) = failure(&world, leecher);
    assert!(at < Duration::from_secs(300), "{at:?}");
    assert!(why.contains("all 2 peers"), "{why}");
    assert!(why.contains("test the memory of this computer"), "{why}");
}

#[test]
fn with_a_tracker_the_user_is_told_that_whoever_is_known_is_banned() {
    let mut world = World::new(geometry(16, 64 * 1024));
    seeders(&mut world, [Vice::Lies]);
    let leecher = world.leecher();
    world.run_to(1_000);
    assert_eq!(world.nodes[leecher].outcome, None);
    let reports = world.nodes[leecher].reports.iter();
    let last = reports.rev().find_map(|(_, report)| match report {
        Report::NoWayForward { why } => Some(why.to_string()),
        _ => None,
    });
    let last = last.expect("a reason");
    assert!(
        last.ends_with("one peer is banned because it sent wrong data"),
        "{last}"
    );
}
