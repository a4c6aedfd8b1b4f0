//! Other pieces are wanted than at the start.

use std::ops::Range;
use std::time::Duration;

use blocks::BlockDigests;
use engine::*;
use messages::{Bitfield, BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, asked, at, block};
use crate::*;

const PIECES: u32 = 12;
const SEED: PeerKey = PeerKey(0);

fn set(pieces: Range<u32>) -> Bitfield {
    let mut set = Bitfield::new(PIECES);
    pieces.for_each(|piece| {
        set.set(piece);
    });
    set
}

fn want(pieces: Range<u32>) -> Event {
    Event::Command(Command::Want {
        wanted: set(pieces).to_bytes(),
        first: Vec::new(),
    })
}

/// A download of these pieces that goes on seeding.
fn wanting(pieces: Range<u32>) -> Config {
    let world = World::new(geometry(PIECES, 64 * 1024));
    let mut config = Config {
        keep_seeding: true,
        ..world.config()
    };
    config.content.as_mut().unwrap().wanted = set(pieces);
    config
}

/// Such a download, with a peer that has everything and lets it ask; and what it asked for.
fn asking(pieces: Range<u32>) -> (ByHand, Vec<BlockRequest>) {
    let mut hand = ByHand::new(wanting(pieces));
    hand.called_by(SEED.0);
    let full = Bitfield::full(PIECES).to_bytes();
    hand.say(SEED, Message::Bitfield(full));
    let asked = asked(&hand.say(SEED, Message::Unchoke));
    (hand, asked)
}

fn come(hand: &mut ByHand, block: BlockRequest) -> Vec<Action> {
    hand.tell(Event::Block {
        peer: SEED,
        block,
        buf: BufKey(0),
    })
}

fn stored(hand: &mut ByHand, piece: u32, result: Stored) -> Vec<Action> {
    hand.tell(Event::Stored { piece, result })
}

const WRITTEN: Stored = Stored::Written { digests: None };

fn have(world: &World, node: usize) -> Vec<u32> {
    let have = world.nodes[node].engine.have().unwrap();
    have.iter_ones().collect()
}

fn completed(world: &World, node: usize) -> usize {
    let reports = world.nodes[node].reports.iter();
    let complete = reports.filter(|(_, report)| *report == Report::Complete);
    complete.count()
}

#[test]
fn what_is_wanted_later_is_fetched_too_from_those_who_were_let_go() {
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    world.seeder();
    let leecher = world.add(wanting(2..5));
    world.run_to(60);
    assert_eq!(have(&world, leecher), [2, 3, 4]);
    assert_eq!(completed(&world, leecher), 1);
    world.tell(leecher, want(4..9));
    world.run_to(120);
    let all: Vec<u32> = (2..9).collect();
    assert_eq!(have(&world, leecher), all, "what is there stays");
    assert_eq!(completed(&world, leecher), 2);
    // What is there already is complete, and is no news.
    world.tell(leecher, want(2..4));
    let stats = world.nodes[leecher].engine.stats(world.now);
    assert_eq!((stats.left, stats.total), (0, 2 * 64 * 1024));
    assert!(stats.complete);
    world.run_to(180);
    assert_eq!(completed(&world, leecher), 2);
    assert_eq!(world.nodes[leecher].held(), 0);
}

#[test]
fn what_is_not_wanted_any_more_is_given_up() {
    let (mut hand, out) = asking(0..PIECES);
    let first = out[0];
    assert!(out.iter().any(|block| block.piece != first.piece));
    let came = *out.iter().find(|b| b.piece != first.piece).unwrap();
    come(&mut hand, came);
    let actions = hand.tell(want(first.piece..first.piece + 1));
    // What has come of others is dropped, and everything else taken back.
    let forgets = Action::Forget { piece: came.piece };
    assert!(actions.contains(&forgets));
    for block in out.iter().filter(|&&block| block != came) {
        let cancel = Action::Send {
            peer: SEED,
            message: Message::Cancel(*block),
        };
        let is_wanted = block.piece == first.piece;
        assert_eq!(actions.contains(&cancel), !is_wanted, "{block:?}");
    }
    let stats = hand.engine.stats(hand.now);
    assert_eq!((stats.left, stats.total), (64 * 1024, 64 * 1024));
    // What comes of it all the same is not kept.
    let late = out.iter().find(|b| b.piece != first.piece && **b != came);
    let dropped = Action::Drop { buf: BufKey(0) };
    if let Some(&late) = late {
        assert!(come(&mut hand, late).contains(&dropped));
    }
    for number in 0..4 {
        let actions = come(&mut hand, block(first.piece, number));
        assert!(asked(&actions).iter().all(|b| b.piece == first.piece));
    }
    let actions = stored(&mut hand, first.piece, WRITTEN);
    assert!(actions.contains(&Action::Settle));
    let actions = hand.tell(Event::Settled);
    assert!(actions.contains(&Action::Report(Report::Complete)));
}

/// A download of one piece that is whole, and at the disk.
fn at_the_disk() -> ByHand {
    let (mut hand, out) = asking(3..4);
    assert!(out.iter().all(|block| block.piece == 3));
    let actions: Vec<Action> = (0..4).flat_map(|n| come(&mut hand, block(3, n))).collect();
    let store = Action::Store {
        piece: 3,
        digests: BlockDigests::Never,
    };
    assert!(actions.contains(&store));
    hand
}

#[test]
fn a_piece_at_the_disk_is_kept_if_it_is_right() {
    let mut hand = at_the_disk();
    let actions = hand.tell(want(5..6));
    assert!(!actions.contains(&Action::Forget { piece: 3 }));
    let actions = stored(&mut hand, 3, WRITTEN);
    assert!(actions.contains(&Action::Forget { piece: 3 }));
    assert!(hand.engine.have().unwrap().get(3));
    assert_eq!(hand.engine.stats(hand.now).left, 64 * 1024);
}

#[test]
fn a_piece_at_the_disk_that_is_wrong_is_not_fetched_again() {
    let mut hand = at_the_disk();
    hand.tell(want(5..6));
    let wrong = Stored::Wrong { digests: None };
    let actions = stored(&mut hand, 3, wrong);
    let ended = by_hand::closed(&actions);
    assert_eq!(ended, [SEED], "all of it came from one peer");
    hand.called_by(1);
    let full = Bitfield::full(PIECES).to_bytes();
    hand.say(PeerKey(1), Message::Bitfield(full));
    let actions = hand.say(PeerKey(1), Message::Unchoke);
    let asked = asked(&actions);
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|block| block.piece == 5), "{asked:?}");
    // Until somebody wants it again.
    let actions = hand.tell(want(3..4));
    assert!(self::asked(&actions).iter().all(|block| block.piece == 3));
    assert_eq!(self::asked(&actions).len(), 4);
}

#[test]
fn peers_are_told_whether_they_have_anything_for_us_now() {
    let mut hand = ByHand::new(wanting(0..4));
    hand.called_by(SEED.0);
    hand.say(SEED, Message::Bitfield(set(4..8).to_bytes()));
    let says = |message| Action::Send {
        peer: SEED,
        message,
    };
    let actions = hand.tell(want(2..6));
    assert!(actions.contains(&says(Message::Interested)));
    let actions = hand.tell(want(2..4));
    assert!(actions.contains(&says(Message::NotInterested)));
}

#[test]
fn the_first_class_is_fetched_first() {
    let mut hand = ByHand::new(wanting(0..4));
    hand.tell(Event::Command(Command::Want {
        wanted: set(0..PIECES).to_bytes(),
        first: vec![set(7..8).to_bytes()],
    }));
    hand.called_by(SEED.0);
    hand.say(SEED, Message::Bitfield(Bitfield::full(PIECES).to_bytes()));
    let asked = asked(&hand.say(SEED, Message::Unchoke));
    assert!(asked[..4].iter().all(|block| block.piece == 7), "{asked:?}");
}

#[test]
fn a_choice_during_a_pause_is_fetched_after_it() {
    let (mut hand, _) = asking(0..2);
    hand.tell(Event::Command(Command::Pause));
    let mut actions = hand.tell(want(6..8));
    actions.extend(hand.pass_until(at(10)).into_iter().map(|(_, said)| said));
    assert_eq!(asked(&actions), []);
    let asked = asked(&hand.tell(Event::Command(Command::Resume)));
    assert_eq!(asked.len(), 8);
    assert!(asked.iter().all(|block| (6..8).contains(&block.piece)));
}

#[test]
fn what_cannot_be_pieces_of_the_torrent_changes_nothing() {
    let (mut hand, _) = asking(0..2);
    let before = hand.engine.stats(hand.now);
    for (wanted, first) in [
        (vec![0xff; 3], vec![]),
        (vec![0xff, 0xff], vec![]),
        (vec![], vec![]),
        (vec![0xff, 0xf0], vec![vec![0]]),
    ] {
        let actions = hand.tell(Event::Command(Command::Want { wanted, first }));
        assert_eq!(actions, []);
    }
    assert_eq!(hand.engine.stats(hand.now), before);
    assert!(hand.now.since_start() < Duration::from_secs(1));
}
