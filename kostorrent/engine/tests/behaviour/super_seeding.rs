//! Super-seeding (BEP 16).

use std::time::Duration;

use engine::*;
use messages::{Bitfield, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, at, block};
use crate::*;

const ADA: PeerKey = PeerKey(0);
const BEN: PeerKey = PeerKey(1);
const PIECES: u32 = 10;

/// A super-seeder of ten pieces of one block each, that Ada and Ben have called.
fn scene() -> (ByHand, Vec<u32>, Vec<u32>) {
    let mut seeder = ByHand::new(Config {
        super_seed: true,
        ..World::new(geometry(PIECES, blocks::BLOCK)).seeding()
    });
    let ada = shown(&seeder.called_by(0), ADA);
    let ben = shown(&seeder.called_by(1), BEN);
    (seeder, ada, ben)
}

/// The pieces that a peer is told of one by one.
fn shown(actions: &[Action], to: PeerKey) -> Vec<u32> {
    let pieces = actions.iter().filter_map(|action| match action {
        Action::Send {
            peer,
            message: Message::Have(piece),
        } if *peer == to => Some(*piece),
        _ => None,
    });
    pieces.collect()
}

/// Who is told of everything at once.
fn told_all(actions: &[Action]) -> Vec<PeerKey> {
    let full = Bitfield::full(PIECES).to_bytes();
    let peers = actions.iter().filter_map(|action| match action {
        Action::Send {
            peer,
            message: Message::Bitfield(bytes),
        } if *bytes == full => Some(*peer),
        _ => None,
    });
    peers.collect()
}

#[test]
fn each_is_shown_two_pieces_and_no_two_the_same() {
    let (_, ada, ben) = scene();
    assert_eq!((ada.len(), ben.len()), (2, 2));
    assert!(ada.iter().all(|piece| !ben.contains(piece)));
}

#[test]
fn what_was_not_shown_is_not_given() {
    let (mut seeder, ada, ben) = scene();
    seeder.room(ADA, 1_000_000);
    seeder.say(ADA, Message::Interested);
    seeder.pass_until(at(1));
    let uploads = |actions: Vec<Action>| {
        let is_upload = |action: &Action| matches!(action, Action::Upload { .. });
        actions.into_iter().filter(is_upload).count()
    };
    let hidden = seeder.say(ADA, Message::Request(block(ben[0], 0)));
    assert_eq!(uploads(hidden), 0);
    let known = seeder.say(ADA, Message::Request(block(ada[0], 0)));
    assert_eq!(uploads(known), 1);
}

#[test]
fn who_has_passed_a_piece_on_is_shown_another() {
    let (mut seeder, ada, ben) = scene();
    assert_eq!(
        shown(&seeder.say(ADA, Message::Have(ada[0])), ADA),
        [0_u32; 0]
    );
    let next = shown(&seeder.say(BEN, Message::Have(ada[0])), ADA);
    assert_eq!(next.len(), 1);
    assert!(!ada.contains(&next[0]) && !ben.contains(&next[0]));
}

#[test]
fn an_idle_line_shows_more_and_twice_as_many_each_time() {
    let (mut seeder, _, _) = scene();
    // However often it says so: one walk over the pieces a second.
    let mut at_once = 0;
    for _ in 0..50 {
        for said in [Message::Interested, Message::NotInterested] {
            at_once += shown(&seeder.say(ADA, said), ADA).len();
        }
    }
    assert_eq!(at_once, 0);
    let mut more_until = |second| {
        let passed = seeder.pass_until(at(second));
        let actions: Vec<Action> = passed.into_iter().map(|(_, action)| action).collect();
        shown(&actions, ADA).len()
    };
    let counts: Vec<usize> = (1..=7).map(&mut more_until).collect();
    assert_eq!(
        counts,
        [0, 1, 2, 4, 1, 0, 0],
        "the last is all that is left"
    );
}

#[test]
fn when_everything_has_come_out_all_see_all() {
    let (mut seeder, ..) = scene();
    let last = PIECES - 1;
    for piece in 0..last {
        assert!(told_all(&seeder.say(ADA, Message::Have(piece))).is_empty());
    }
    let actions = seeder.say(BEN, Message::Have(last));
    assert_eq!(told_all(&actions), [ADA, BEN]);
    assert!(actions.contains(&Action::Report(Report::SuperSeeded)));
    assert_eq!(told_all(&seeder.called_by(2)), [PeerKey(2)], "and others");
}

#[test]
fn another_seed_ends_it() {
    let (mut seeder, ..) = scene();
    let full = Message::Bitfield(Bitfield::full(PIECES).to_bytes());
    assert_eq!(told_all(&seeder.say(BEN, full)), [ADA]);
}

#[test]
fn a_piece_that_is_lost_ends_it() {
    let (mut seeder, ..) = scene();
    let actions = seeder.tell(Event::Lost { pieces: vec![3] });
    assert!(actions.contains(&Action::Report(Report::SuperSeeded)));
}

#[test]
fn who_has_not_everything_shows_what_it_has() {
    let mut world = World::new(geometry(20, 64 * 1024));
    let config = Config {
        super_seed: true,
        ..world.config()
    };
    let half = world.add(config);
    world.seeder();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(half));
    assert!(world.is_complete(half));
    let over = |(_, report): &(_, Report)| *report == Report::SuperSeeded;
    assert!(!world.nodes[half].reports.iter().any(over));
}

#[test]
fn every_swarm_ends_well_that_has_one_or_many_of_them() {
    for (seeds, leechers) in [(1, 1), (1, 2), (1, 12), (3, 1), (3, 6)] {
        let mut world = world(geometry(40, 64 * 1024), 500_000);
        for _ in 0..seeds {
            let config = Config {
                super_seed: true,
                ..world.seeding()
            };
            world.add(config);
        }
        let leechers: Vec<usize> = (0..leechers).map(|_| world.leecher()).collect();
        world.run_until(Duration::from_secs(300), |w| {
            leechers.iter().all(|&l| w.is_complete(l))
        });
        let late = leechers.iter().filter(|&&l| !world.is_complete(l)).count();
        assert_eq!(late, 0, "{seeds} seeds, {} leechers", leechers.len());
    }
}
