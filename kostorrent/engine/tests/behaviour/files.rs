//! Files that change under a running torrent.

use std::time::Duration;

use engine::*;
use messages::{Bitfield, BlockRequest, Ended, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, at, block, handshake};
use crate::*;

const PIECES: u32 = 10;

/// Ten pieces, of which we have these.
fn having(pieces: std::ops::Range<u32>) -> Config {
    let world = World::new(geometry(PIECES, 64 * 1024));
    let mut have = Bitfield::new(PIECES);
    pieces.for_each(|piece| {
        have.set(piece);
    });
    Config {
        keep_seeding: true,
        ..world.having(have)
    }
}

/// A seeder from the start: it has everything and fetches nothing.
fn seeding() -> ByHand {
    let mut config = having(0..PIECES);
    config.content.as_mut().unwrap().wanted = Bitfield::new(PIECES);
    ByHand::new(config)
}

/// A peer that calls, is interested and may ask.
fn join(hand: &mut ByHand, number: u32) -> Vec<Action> {
    let peer = PeerKey(number);
    let mut actions = hand.called_by(number);
    hand.room(peer, 500_000);
    actions.extend(hand.say(peer, Message::Interested));
    hand.pass_until(at(number as u64 + 1));
    actions
}

/// What is said to a peer, in words.
fn said(actions: &[Action], to: PeerKey) -> Vec<String> {
    let said = actions.iter().filter_map(|action| match action {
        Action::Send { peer, message } if *peer == to => Some(match message {
            Message::Bitfield(bytes) => {
                let has = Bitfield::from_bytes(PIECES, bytes).unwrap();
                format!("has {:?}", has.iter_ones().collect::<Vec<_>>())
            }
            Message::Have(piece) => format!("have {piece}"),
            Message::Choke => "choke".to_owned(),
            Message::Unchoke => "unchoke".to_owned(),
            other => format!("{other:?}"),
        }),
        Action::Upload { peer, block } if *peer == to => Some(format!("upload {}", block.piece)),
        Action::Close { peer, .. } if *peer == to => Some("close".to_owned()),
        _ => None,
    });
    said.collect()
}

#[test]
fn what_a_seeder_has_lost_it_offers_to_nobody_and_fetches_from_nobody() {
    let mut hand = seeding();
    let (one, two) = (PeerKey(0), PeerKey(1));
    join(&mut hand, 0);
    let all: Vec<u32> = (2..PIECES).collect();
    let actions = hand.tell(Event::Lost { pieces: vec![0, 1] });
    assert_eq!(said(&actions, one), [format!("has {all:?}")]);
    // Whoever still asks for it is not answered, and stays.
    let actions = hand.say(one, Message::Request(block(1, 0)));
    assert_eq!(said(&actions, one), [""; 0]);
    let actions = hand.say(one, Message::Request(block(2, 0)));
    assert_eq!(said(&actions, one), ["upload 2"]);
    // Who comes later hears it at once.
    let actions = join(&mut hand, 1);
    assert_eq!(said(&actions, two)[0], format!("has {all:?}"));
    // A seed is of no use: nothing is wanted.
    hand.called_by(2);
    let full = Bitfield::full(PIECES).to_bytes();
    let actions = hand.say(PeerKey(2), Message::Bitfield(full));
    assert_eq!(said(&actions, PeerKey(2)), ["close"]);
    let stats = hand.engine.stats(hand.now);
    assert_eq!((stats.pieces_have, stats.left), (8, 2 * 64 * 1024));
    let actions = hand.tell(Event::Found {
        pieces: vec![1, 0, 5],
    });
    assert_eq!(said(&actions, one), ["have 1", "have 0"]);
    assert_eq!(said(&actions, two), ["have 1", "have 0"]);
    let stats = hand.engine.stats(hand.now);
    assert_eq!((stats.pieces_have, stats.left), (10, 0));
}

#[test]
fn trackers_are_told_that_something_is_missing() {
    let mut config = having(0..PIECES);
    config.tiers = vec![vec!["http://t/".to_owned()]];
    config.content.as_mut().unwrap().wanted = Bitfield::new(PIECES);
    let mut hand = ByHand::new(config);
    hand.tell(Event::Lost { pieces: vec![3] });
    let reply = tracker::parse_reply(b"d8:intervali1800e5:peers0:e").unwrap();
    hand.tell(Event::Announced {
        tracker: "http://t/".to_owned(),
        told: Some(tracker::AnnounceEvent::Started),
        result: Ok(reply),
    });
    let left = hand.pass_until(at(1_800)).into_iter();
    let left = left.filter_map(|(_, action)| match action {
        Action::Announce { announcement, .. } => Some(announcement.left),
        _ => None,
    });
    assert_eq!(left.collect::<Vec<_>>(), [65_536]);
}

#[test]
fn who_waits_for_what_is_lost_is_choked_once_so_that_it_asks_anew() {
    let mut hand = seeding();
    let peer = PeerKey(0);
    join(&mut hand, 0);
    // Its connection holds four blocks, and the rest waits here.
    for number in 0..36 {
        hand.say(peer, Message::Request(block(number / 4, number % 4)));
    }
    let actions = hand.tell(Event::Lost { pieces: vec![0, 8] });
    let words = said(&actions, peer);
    assert!(
        words.first().is_some_and(|word| word.starts_with("has [1")),
        "{actions:?}"
    );
    assert_eq!(said(&actions, peer).len(), 1, "it gets what is under way");
    let unsent = |number| Event::Unsent {
        peer,
        block: block(0, number),
    };
    for number in 0..2 {
        let actions = hand.tell(unsent(number));
        assert_eq!(said(&actions, peer), [""; 0], "nothing new is begun");
    }
    let before = hand.engine.stats(hand.now).uploaded;
    let mut words = Vec::new();
    for _ in 0..40 {
        words.extend(said(&hand.room(peer, 16_384), peer));
    }
    assert_eq!(words, ["choke", "unchoke"]);
    let sent = hand.engine.stats(hand.now).uploaded - before;
    assert_eq!(sent % 16_384, 0);
    assert_eq!(sent / 16_384, 2, "those that were read before");
    let actions = hand.say(peer, Message::Request(block(5, 0)));
    assert_eq!(said(&actions, peer), ["upload 5"]);
}

#[test]
fn a_block_that_could_not_be_read_is_not_counted_as_uploaded() {
    let mut hand = seeding();
    let peer = PeerKey(0);
    join(&mut hand, 0);
    hand.say(peer, Message::Request(block(3, 0)));
    let block = block(3, 0);
    let actions = hand.tell(Event::Unsent { peer, block });
    assert_eq!(said(&actions, peer), ["choke", "unchoke"]);
    assert_eq!(hand.engine.stats(hand.now).uploaded, 0);
}

#[test]
fn nothing_is_complete_before_the_files_were_looked_at() {
    let mut hand = ByHand::new(Config {
        keep_seeding: false,
        ..having(0..PIECES)
    });
    hand.pass_until(at(5));
    assert_eq!(hand.engine.poll_action(), None);
    let mut again = Engine::new(
        Config {
            keep_seeding: false,
            ..having(0..PIECES)
        },
        Time::ZERO,
    );
    assert_eq!(again.poll_action(), Some(Action::Settle));
    let actions = hand.tell(Event::Lost { pieces: vec![4] });
    assert!(!actions.contains(&Action::Report(Report::Complete)));
    let actions = hand.tell(Event::Settled);
    assert!(actions.is_empty(), "a piece is missing: {actions:?}");
    let actions = hand.tell(Event::Found { pieces: vec![4] });
    assert_eq!(actions, [Action::Settle]);
    let actions = hand.tell(Event::Settled);
    assert!(actions.contains(&Action::Report(Report::Complete)));
    // A tracker was asked meanwhile, and hears the goodbye.
    let then = hand.now + Duration::from_secs(10);
    let end = hand.pass_until(then).pop().map(|(_, action)| action);
    assert_eq!(end, Some(Action::Finished(Outcome::Complete)));
}

#[test]
fn what_is_found_while_it_is_fetched_is_not_fetched_to_the_end() {
    let mut hand = ByHand::new(having(0..0));
    let seed = PeerKey(0);
    hand.called_by(0);
    hand.say(seed, Message::Bitfield(Bitfield::full(PIECES).to_bytes()));
    let actions = hand.say(seed, Message::Unchoke);
    let asked = |actions: &[Action]| {
        let asked = actions.iter().filter_map(|action| match action {
            Action::Send {
                message: Message::Request(block),
                ..
            } => Some(block.piece),
            _ => None,
        });
        asked.collect::<Vec<u32>>()
    };
    let piece = asked(&actions)[0];
    let out = asked(&actions).iter().filter(|&&p| p == piece).count();
    let actions = hand.tell(Event::Found {
        pieces: vec![piece],
    });
    assert!(actions.contains(&Action::Forget { piece }), "{actions:?}");
    let cancelled = actions.iter().filter(|action| {
        matches!(action, Action::Send { message: Message::Cancel(block), .. } if block.piece == piece)
    });
    assert_eq!(cancelled.count(), out);
    assert_eq!(hand.engine.stats(hand.now).pieces_have, 1);
}

#[test]
fn what_is_lost_in_a_download_is_fetched_again_and_completion_is_told_once() {
    let mut world = World::new(geometry(PIECES, 64 * 1024));
    world.seeder();
    let config = Config {
        keep_seeding: true,
        ..world.config()
    };
    let leecher = world.add(config);
    let is_full = |w: &World| w.nodes[leecher].engine.have().unwrap().is_full();
    world.run_until(Duration::from_secs(60), is_full);
    world.run_to(100);
    // The seed and we have parted, and it is called again at once.
    world.tell(
        leecher,
        Event::Lost {
            pieces: (0..PIECES).collect(),
        },
    );
    assert!(!is_full(&world));
    world.run_to(130);
    assert!(is_full(&world));
    world.run_to(4_000);
    let completed = |told: &Option<_>| *told == Some(tracker::AnnounceEvent::Completed);
    assert_eq!(
        told(&world, leecher)
            .iter()
            .filter(|t| completed(t))
            .count(),
        1
    );
    let reports = world.nodes[leecher].reports.iter();
    assert_eq!(reports.filter(|(_, r)| *r == Report::Complete).count(), 2);
}

#[test]
fn what_was_lost_before_anybody_came_is_still_fetched() {
    // Every crash of the files, at every moment of a small download.
    for moment in 0..60 {
        let mut world = world(geometry(PIECES, 64 * 1024), 400_000);
        world.seeder();
        let leecher = world.leecher();
        world.run_until(Duration::from_millis(moment * 50), |_| false);
        let pieces = (0..PIECES).collect();
        world.tell(leecher, Event::Lost { pieces });
        world.run_until(Duration::from_secs(120), |w| w.is_complete(leecher));
        let over = &world.nodes[leecher].outcome;
        assert!(world.is_complete(leecher), "{moment}: {over:?}");
    }
}

/// A peer joins, gets a block of each of these pieces, says that it `has` some of them, and hangs up.
fn hang_up(hand: &mut ByHand, number: u32, gets: &[u32], has: &[u32]) -> Vec<u32> {
    let peer = PeerKey(number);
    join(hand, number);
    for &piece in gets {
        hand.say(peer, Message::Request(block(piece, 0)));
        hand.room(peer, 16_384);
    }
    for &piece in has {
        hand.say(peer, Message::Have(piece));
    }
    let why = Ended::NotReading;
    checks(hand.tell(Event::Closed { peer, why }))
}

/// The pieces that are to be looked at.
fn checks(actions: Vec<Action>) -> Vec<u32> {
    let checks = actions.into_iter().filter_map(|action| match action {
        Action::Check { piece } => Some(piece),
        _ => None,
    });
    checks.collect()
}

#[test]
fn a_peer_that_hangs_up_on_a_piece_brings_it_into_doubt() {
    let mut hand = seeding();
    assert_eq!(hang_up(&mut hand, 0, &[3, 4, 5], &[3, 5]), [4]);
    hand.now = at(10);
    assert_eq!(hang_up(&mut hand, 11, &[3, 4, 5], &[3, 5]), [4]);
}

#[test]
fn all_pieces_of_a_pipeline_are_doubted() {
    let mut hand = seeding();
    let all: Vec<u32> = (0..PIECES).collect();
    assert_eq!(hang_up(&mut hand, 0, &all, &[]), all);
}

#[test]
fn what_is_doubted_soon_after_another_piece_is_looked_at_a_little_later() {
    let mut hand = seeding();
    assert_eq!(hang_up(&mut hand, 0, &[4], &[]), [4]);
    assert_eq!(hang_up(&mut hand, 1, &[6, 7, 8], &[8]), [0; 0]);
    hand.tell(Event::Lost { pieces: vec![7] });
    // Nobody is there any more.
    let later = hand.pass_until(at(60));
    let times: Vec<Time> = later.iter().map(|(time, _)| *time).collect();
    let actions = later.into_iter().map(|(_, action)| action);
    assert_eq!((checks(actions.collect()), times), (vec![6], vec![at(3)]));
}

#[test]
fn a_torrent_of_empty_files_is_complete_at_once() {
    let content = ContentConfig::all(
        blocks::Geometry::new(0, 64 * 1024).unwrap(),
        Bitfield::new(0),
    );
    let mut engine = Engine::new(Config::new(Some(content)), Time::ZERO);
    assert_eq!(engine.poll_action(), Some(Action::Settle));
    engine.handle(Event::Settled, Time::ZERO);
    let actions: Vec<_> = std::iter::from_fn(|| engine.poll_action()).collect();
    assert!(
        actions.contains(&Action::Finished(Outcome::Complete)),
        "{actions:?}"
    );
}

#[test]
fn a_peer_may_take_pieces_back_by_another_bitfield() {
    let mut hand = ByHand::new(having(0..0));
    let peer = PeerKey(0);
    hand.tell(Event::Connected {
        peer,
        addr: "10.0.0.1:6881".parse().unwrap(),
        incoming: true,
        encryption: Encryption::None,
        handshake: handshake(0),
    });
    let mut has = Bitfield::full(PIECES);
    hand.say(peer, Message::Bitfield(has.to_bytes()));
    for piece in 1..PIECES {
        has.clear(piece);
    }
    hand.say(peer, Message::Bitfield(has.to_bytes()));
    let actions = hand.say(peer, Message::Unchoke);
    let asked: Vec<BlockRequest> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Send {
                message: Message::Request(block),
                ..
            } => Some(*block),
            _ => None,
        })
        .collect();
    assert_eq!(asked, (0..4).map(|part| block(0, part)).collect::<Vec<_>>());
    has.clear(0);
    let actions = hand.say(peer, Message::Bitfield(has.to_bytes()));
    assert_eq!(said(&actions, peer), ["NotInterested"]);
}
