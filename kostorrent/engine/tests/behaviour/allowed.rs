//! Allowed pieces (BEP 6, "Allowed Fast"): what is asked for and given though one is choked.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use engine::*;
use fast::{Fast, allowed_fast};
use messages::{Bitfield, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;

use crate::by_hand::{ByHand, asked, block, handshake};
use crate::fast::{PEER, PIECES, both_speak, called, fast, rejected, said, world};

/// The pieces that a newcomer with this number is allowed.
fn allowed(hand: &mut ByHand, number: u32) -> BTreeSet<u32> {
    called(hand, number, both_speak());
    let words = hand.say(PeerKey(number), Fast::HaveNone.into());
    let allowed = fast(&said(&words))
        .into_iter()
        .map(|message| match message {
            Fast::AllowedFast(piece) => piece,
            other => panic!("{other:?}"),
        });
    allowed.collect()
}

#[test]
fn what_is_allowed_is_asked_for_while_we_are_choked() {
    let mut hand = ByHand::new(world().config());
    called(&mut hand, 1, both_speak());
    for piece in [5, 9, 7] {
        assert_eq!(asked(&hand.say(PEER, Fast::AllowedFast(piece).into())), []);
    }
    // It has but two of them.
    let mut has = Bitfield::new(PIECES);
    for piece in [1, 5, 7] {
        has.set(piece);
    }
    let actions = hand.say(PEER, Message::Bitfield(has.to_bytes()));
    let mut blocks = asked(&actions);
    blocks.sort_unstable();
    assert_eq!(blocks, [block(5, 0), block(5, 1), block(7, 0), block(7, 1)]);
    // What it rejects all the same is not asked for again while it chokes us.
    let actions = hand.say(PEER, Fast::Reject(block(5, 0)).into());
    assert_eq!(asked(&actions), []);
    let actions = hand.say(PEER, Message::Unchoke);
    assert!(asked(&actions).contains(&block(5, 0)));
    assert!(asked(&actions).contains(&block(1, 0)));
}

#[test]
fn what_is_allowed_is_not_asked_for_before_what_comes_first() {
    let mut first = Bitfield::new(PIECES);
    first.set(7);
    let mut config = world().config();
    if let Some(content) = &mut config.content {
        content.first = vec![first];
    }
    let mut hand = ByHand::new(config);
    called(&mut hand, 1, both_speak());
    hand.say(PEER, Fast::HaveAll.into());
    for piece in [5, 7] {
        let mut blocks = asked(&hand.say(PEER, Fast::AllowedFast(piece).into()));
        blocks.sort_unstable();
        let expected = if piece == 7 {
            vec![block(7, 0), block(7, 1)]
        } else {
            vec![]
        };
        assert_eq!(blocks, expected);
    }
}

#[test]
fn who_has_next_to_nothing_is_served_some_pieces_choked_or_not() {
    let mut hand = ByHand::new(Config {
        upload_slots: 0,
        ..world().seeding()
    });
    let granted = Vec::from_iter(allowed(&mut hand, 1));
    hand.room(PEER, 512 * 1024);
    assert_eq!(granted.len(), 10);
    hand.say(PEER, Message::Interested);
    let uploads = |actions: &[Action]| {
        let uploads = actions.iter();
        uploads
            .filter(|action| matches!(action, Action::Upload { .. }))
            .count()
    };
    assert_eq!(
        uploads(&hand.say(PEER, Message::Request(block(granted[0], 0)))),
        1
    );
    let other = (0..PIECES).find(|piece| !granted.contains(piece)).unwrap();
    let actions = hand.say(PEER, Message::Request(block(other, 0)));
    assert_eq!(rejected(&actions), [block(other, 0)]);
    // It gets a piece twice at most, or it would have a slot of its own.
    for _ in 0..20 {
        hand.say(PEER, Message::Request(block(granted[0], 0)));
        hand.say(PEER, Message::Request(block(granted[0], 1)));
        hand.room(PEER, 0);
    }
    let actions = hand.say(PEER, Message::Request(block(granted[0], 0)));
    assert_eq!(rejected(&actions), [block(granted[0], 0)]);
    // With ten pieces it has something to trade with.
    for piece in 0..10 {
        hand.say(PEER, Message::Have(piece));
    }
    let actions = hand.say(PEER, Message::Request(block(granted[1], 0)));
    assert_eq!(rejected(&actions), [block(granted[1], 0)]);

    // Who comes with more than that is granted nothing.
    called(&mut hand, 2, both_speak());
    let has = Message::Bitfield(vec![0xff, 0xff, 0, 0, 0]);
    assert_eq!(fast(&said(&hand.say(PeerKey(2), has))), []);
}

#[test]
fn where_others_wait_a_newcomer_is_allowed_what_somebody_else_has_too() {
    let mut hand = ByHand::new(Config {
        upload_slots: 0,
        ..world().seeding()
    });
    // Nobody waits: what goes out to the first goes out once.
    assert_eq!(allowed(&mut hand, 1).len(), 10);
    hand.say(PEER, Message::Interested);
    // All are of one network, and have one set. Nobody but us has any of it.
    let addr = |number: u8| Ipv4Addr::new(10, 1, 0, number);
    let info_hash = handshake(1).info_hash;
    let set: BTreeSet<u32> = allowed_fast(addr(2), info_hash, PIECES, 10)
        .into_iter()
        .collect();
    assert_eq!(allowed(&mut hand, 2), BTreeSet::new());
    // The first has got half of the pieces.
    for piece in 0..PIECES / 2 {
        hand.say(PEER, Message::Have(piece));
    }
    let common: BTreeSet<u32> = set.range(..PIECES / 2).copied().collect();
    assert!(!common.is_empty() && common.len() < set.len(), "{set:?}");
    assert_eq!(allowed(&mut hand, 3), common);
    // It goes, and its pieces with it.
    let why = messages::Ended::HungUp;
    hand.tell(Event::Closed { peer: PEER, why });
    hand.say(PeerKey(2), Message::Interested);
    assert_eq!(allowed(&mut hand, 4), BTreeSet::new());
}
