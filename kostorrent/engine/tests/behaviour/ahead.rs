//! What whoever is called hears along with our handshake.

use std::net::SocketAddr;

use blocks::Geometry;
use engine::*;
use messages::{Bitfield, BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, asked, at, handshake};

const PIECES: u32 = 40;
const PEER: PeerKey = PeerKey(1);

fn addr(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 1, 0, number], 6881))
}

/// A leecher that knows two peers by address, with so many of its pieces there already.
fn leecher(have: u32) -> (Engine, Vec<Action>) {
    let world = World::new(Geometry::new(u64::from(PIECES) * 16_384, 16_384).unwrap());
    let mut config = Config {
        tiers: Vec::new(),
        peers: vec![addr(1), addr(2)],
        ..world.config()
    };
    let content = config.content.as_mut().unwrap();
    for piece in 0..have {
        content.have.set(piece);
    }
    let mut engine = Engine::new(config, Time::ZERO);
    let actions = std::iter::from_fn(|| engine.poll_action()).collect();
    (engine, actions)
}

fn along(actions: &[Action]) -> Vec<Vec<Message>> {
    let along = actions.iter().filter_map(|action| match action {
        Action::Connect { along, .. } => Some(along.clone()),
        _ => None,
    });
    along.collect()
}

fn said(actions: &[Action]) -> Vec<Message> {
    let said = actions.iter().filter_map(|action| match action {
        Action::Send { message, .. } => Some(message.clone()),
        _ => None,
    });
    said.collect()
}

fn answered(hand: &mut ByHand, number: u8) -> Vec<Message> {
    said(&hand.tell(Event::Connected {
        peer: PeerKey(number.into()),
        addr: addr(number),
        incoming: false,
        encryption: Encryption::None,
        handshake: handshake(number.into()),
    }))
}

#[test]
fn a_newcomer_is_interested_before_it_knows_in_what() {
    let (engine, actions) = leecher(0);
    let nothing = Message::Bitfield(vec![0; 5]);
    let words = vec![nothing, Message::Interested];
    assert_eq!(along(&actions), [words.clone(), words]);
    let mut hand = ByHand { engine, now: at(1) };
    // It is not said again: not at the handshake, not when the peer tells what it has.
    assert_eq!(answered(&mut hand, 1), []);
    let all = Message::Bitfield(Bitfield::full(PIECES).to_bytes());
    assert_eq!(said(&hand.say(PEER, all)), []);
    assert!(!asked(&hand.say(PEER, Message::Unchoke)).is_empty());
}

#[test]
fn who_has_nothing_hears_soon_that_we_are_not_interested() {
    let (engine, _) = leecher(0);
    let mut hand = ByHand { engine, now: at(1) };
    assert_eq!(answered(&mut hand, 1), []);
    let later: Vec<Action> = hand.pass_until(at(4)).into_iter().map(|(_, a)| a).collect();
    assert_eq!(said(&later), [Message::NotInterested]);
    // And again, when it has something.
    assert_eq!(
        said(&hand.say(PEER, Message::Have(3))),
        [Message::Interested]
    );
}

#[test]
fn what_has_come_since_the_call_is_told_piece_by_piece() {
    let (engine, _) = leecher(0);
    let mut hand = ByHand { engine, now: at(1) };
    answered(&mut hand, 1);
    hand.say(PEER, Message::Bitfield(Bitfield::full(PIECES).to_bytes()));
    let first = asked(&hand.say(PEER, Message::Unchoke))[0];
    comes(&mut hand, first);
    assert_eq!(answered(&mut hand, 2), [Message::Have(first.piece)]);
}

/// The whole piece that this block is comes from the peer, and is right.
fn comes(hand: &mut ByHand, block: BlockRequest) {
    hand.tell(Event::Block {
        peer: PEER,
        block,
        buf: BufKey(0),
    });
    hand.tell(Event::Stored {
        piece: block.piece,
        result: Stored::Written { digests: None },
    });
}

#[test]
fn with_something_of_its_own_it_waits_for_the_answer() {
    let (engine, actions) = leecher(3);
    assert_eq!(along(&actions), [vec![], vec![]]);
    let mut hand = ByHand { engine, now: at(1) };
    assert!(matches!(answered(&mut hand, 1)[..], [Message::Bitfield(_)]));
}
