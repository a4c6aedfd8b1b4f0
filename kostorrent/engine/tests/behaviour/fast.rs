//! The fast extension (BEP 6): each request is answered once, and a choke forgets nothing.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

use blocks::Geometry;
use engine::*;
use fast::Fast;
use handshake::{Handshake, Reserved};
use messages::{Bitfield, BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, asked, at, block, closed, handshake};

/// The fast extension, and nothing else.
pub(crate) fn both_speak() -> Reserved {
    Reserved::none().with_fast()
}

pub(crate) const PIECES: u32 = 40;
pub(crate) const PEER: PeerKey = PeerKey(1);

/// Two blocks a piece.
pub(crate) fn world() -> World {
    let mut world = World::new(Geometry::new(u64::from(PIECES) * 32_768, 32_768).unwrap());
    world.reserved = both_speak();
    world
}

/// A peer with this number that speaks so calls.
pub(crate) fn called(hand: &mut ByHand, number: u32, reserved: Reserved) -> Vec<Message> {
    let actions = hand.tell(Event::Connected {
        peer: PeerKey(number),
        addr: SocketAddr::from(([10, 1, 0, number as u8], 6881)),
        incoming: true,
        encryption: Encryption::None,
        handshake: Handshake {
            reserved,
            ..handshake(number)
        },
    });
    said(&actions)
}

pub(crate) fn said(actions: &[Action]) -> Vec<Message> {
    let said = actions.iter().filter_map(|action| match action {
        Action::Send { message, .. } => Some(message.clone()),
        _ => None,
    });
    said.collect()
}

/// The fast messages among these.
pub(crate) fn fast(messages: &[Message]) -> Vec<Fast> {
    let fast = messages.iter().filter_map(|message| match message {
        Message::Later { id, body } => Fast::read(*id, body, PIECES).unwrap(),
        _ => None,
    });
    fast.collect()
}

pub(crate) fn rejected(actions: &[Action]) -> Vec<BlockRequest> {
    let rejected = fast(&said(actions)).into_iter();
    let rejected = rejected.filter_map(|message| match message {
        Fast::Reject(block) => Some(block),
        _ => None,
    });
    rejected.collect()
}

/// A leecher to which a seed is connected that serves it; what was asked of the seed.
fn fetching() -> (ByHand, Vec<BlockRequest>) {
    let mut hand = ByHand::new(world().config());
    called(&mut hand, 1, both_speak());
    hand.say(PEER, Fast::HaveAll.into());
    let out = asked(&hand.say(PEER, Message::Unchoke));
    assert!(!out.is_empty());
    (hand, out)
}

#[test]
fn what_we_have_is_told_in_one_message_always() {
    let world = world();
    let mut some = Bitfield::new(PIECES);
    some.set(3);
    let some = world.having(some);
    for (config, expected) in [
        (world.config(), Message::from(Fast::HaveNone)),
        (world.seeding(), Fast::HaveAll.into()),
        (some.clone(), Message::Bitfield(vec![0x10, 0, 0, 0, 0])),
    ] {
        let mut hand = ByHand::new(config);
        assert_eq!(called(&mut hand, 1, both_speak())[..1], [expected]);
    }
    // Who does not speak it hears what BEP 3 knows.
    let mut hand = ByHand::new(world.config());
    assert_eq!(called(&mut hand, 1, Reserved::none()), []);
    let mut hand = ByHand::new(world.seeding());
    assert_eq!(
        called(&mut hand, 1, Reserved::none()),
        [Message::Bitfield(vec![0xff; 5])]
    );
}

#[test]
fn what_was_not_agreed_on_ends_the_connection() {
    let messages = [
        Fast::HaveAll,
        Fast::HaveNone,
        Fast::Suggest(1),
        Fast::AllowedFast(1),
        Fast::Reject(block(0, 0)),
    ];
    for message in messages {
        let mut hand = ByHand::new(world().config());
        called(&mut hand, 1, Reserved::none());
        assert_eq!(closed(&hand.say(PEER, message.into())), [PEER]);
        let mut hand = ByHand::new(world().config());
        called(&mut hand, 1, both_speak());
        assert_eq!(closed(&hand.say(PEER, message.into())), [], "{message:?}");
    }
    let mut hand = ByHand::new(world().config());
    called(&mut hand, 1, both_speak());
    let beyond = Message::Later {
        id: 17,
        body: PIECES.to_be_bytes().to_vec(),
    };
    assert_eq!(closed(&hand.say(PEER, beyond)), [PEER]);
}

#[test]
fn have_all_and_have_none_are_bitfields() {
    let mut hand = ByHand::new(world().config());
    called(&mut hand, 1, both_speak());
    assert_eq!(
        said(&hand.say(PEER, Fast::HaveAll.into())),
        [Message::Interested]
    );
    // A bitfield may come late. To say all or none in five bytes again and again is no news.
    let none = Message::Bitfield(vec![0; 5]);
    assert_eq!(said(&hand.say(PEER, none)), [Message::NotInterested]);
    assert_eq!(closed(&hand.say(PEER, Fast::HaveAll.into())), [PEER]);
}

#[test]
fn rejects_that_come_before_their_choke_are_no_refusals() {
    // As Transmission did until 4.1.
    let mut many = World::new(Geometry::new(2_000 * 16_384, 16_384).unwrap());
    many.reserved = both_speak();
    let mut hand = ByHand::new(many.config());
    called(&mut hand, 1, both_speak());
    hand.say(PEER, Fast::HaveAll.into());
    let mut waiting: VecDeque<BlockRequest> = asked(&hand.say(PEER, Message::Unchoke)).into();
    for buf in 0..400 {
        let block = waiting.pop_front().expect("more is asked for");
        let buf = BufKey(buf);
        let event = Event::Block {
            peer: PEER,
            block,
            buf,
        };
        waiting.extend(asked(&hand.tell(event)));
    }
    assert!(waiting.len() > 100, "{}", waiting.len());
    for block in waiting.drain(..) {
        let actions = hand.say(PEER, Fast::Reject(block).into());
        assert_eq!(closed(&actions), []);
    }
    hand.say(PEER, Message::Choke);
    let again = asked(&hand.say(PEER, Message::Unchoke));
    assert!(!again.is_empty(), "nothing of it rests");
}

#[test]
fn what_was_asked_before_a_choke_and_never_answered_is_asked_anew_after_it() {
    let (mut hand, out) = fetching();
    hand.say(PEER, Message::Choke);
    let actions = hand.say(PEER, Message::Unchoke);
    let words = said(&actions);
    for &block in &out {
        assert!(words.contains(&Message::Cancel(block)), "{block:?}");
    }
    assert_eq!(asked(&actions).len(), out.len());
}

#[test]
fn a_block_that_had_come_before_its_cancel_was_sent_is_its_answer() {
    let (mut hand, out) = fetching();
    // All but one request of a silent peer are taken back, and these blocks were on their way.
    hand.pass_until(at(30));
    for (buf, &block) in out.iter().enumerate() {
        hand.tell(Event::Block {
            peer: PEER,
            block,
            buf: BufKey(buf as u32),
        });
    }
    // A reject for one of them is for nothing that was asked.
    let strays =
        (1..1_000).find(|_| closed(&hand.say(PEER, Fast::Reject(out[1]).into())) == [PEER]);
    assert_eq!(strays, Some(64));
}

#[test]
fn a_choke_takes_nothing_back_and_each_reject_does() {
    let (mut hand, out) = fetching();
    assert_eq!(said(&hand.say(PEER, Message::Choke)), []);
    // Another seed has nothing else to do: what the first has still to answer is not asked of it.
    called(&mut hand, 2, both_speak());
    hand.say(PeerKey(2), Fast::HaveAll.into());
    let others = asked(&hand.say(PeerKey(2), Message::Unchoke));
    assert!(!others.is_empty());
    assert!(others.iter().all(|block| !out.contains(block)));
    // One is answered by its block, and another by a word: it is free then.
    let actions = hand.tell(Event::Block {
        peer: PEER,
        block: out[0],
        buf: BufKey(0),
    });
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Keep { .. }))
    );
    let actions = hand.say(PEER, Fast::Reject(out[1]).into());
    let told = Action::Rejected {
        peer: PEER,
        block: out[1],
    };
    assert!(actions.contains(&told), "{actions:?}");
    // It is not asked again who chokes us.
    let asked_of = |actions: &[Action], peer| {
        let of = |action: &&Action| matches!(action, Action::Send { peer: to, .. } if *to == peer);
        asked(&actions.iter().filter(of).cloned().collect::<Vec<_>>())
    };
    assert_eq!(asked_of(&actions, PEER), []);
    let again = hand.say(PEER, Message::Unchoke);
    assert!(asked_of(&again, PEER).contains(&out[1]), "{again:?}");
}

#[test]
fn a_piece_that_is_refused_is_asked_for_elsewhere_and_later_here() {
    let (mut hand, out) = fetching();
    let refused = out[0];
    let actions = hand.say(PEER, Fast::Reject(refused).into());
    assert!(!asked(&actions).contains(&refused), "{actions:?}");
    called(&mut hand, 2, both_speak());
    hand.say(PeerKey(2), Fast::HaveAll.into());
    assert!(asked(&hand.say(PeerKey(2), Message::Unchoke)).contains(&refused));

    // It sends all the others.
    let (mut hand, out) = fetching();
    let mut waiting: VecDeque<BlockRequest> = out[1..].iter().copied().collect();
    waiting.extend(asked(&hand.say(PEER, Fast::Reject(refused).into())));
    let mut buf = 0;
    while let Some(block) = waiting.pop_front() {
        assert!(block != refused);
        buf += 1;
        let buf = BufKey(buf);
        let actions = hand.tell(Event::Block {
            peer: PEER,
            block,
            buf,
        });
        waiting.extend(asked(&actions));
    }
    let asked_until = |hand: &mut ByHand, seconds| {
        let passed = hand.pass_until(at(seconds)).into_iter();
        asked(&passed.map(|(_, action)| action).collect::<Vec<_>>())
    };
    // It is asked again after a while, and after a longer one if it refuses again.
    assert_eq!(asked_until(&mut hand, 2), [refused]);
    assert_eq!(asked(&hand.say(PEER, Fast::Reject(refused).into())), []);
    assert_eq!(asked_until(&mut hand, 3), []);
    assert_eq!(asked_until(&mut hand, 5), [refused]);
    assert_eq!(asked(&hand.say(PEER, Fast::Reject(refused).into())), []);
    assert_eq!(asked_until(&mut hand, 8), []);
    assert_eq!(asked_until(&mut hand, 10), [refused]);
}

#[test]
fn who_rejects_for_ever_is_let_go() {
    let mut many = World::new(Geometry::new(200 * 16_384, 16_384).unwrap());
    many.reserved = both_speak();
    let mut hand = ByHand::new(many.config());
    called(&mut hand, 1, both_speak());
    hand.say(PEER, Fast::HaveAll.into());
    let mut out: BTreeSet<BlockRequest> = asked(&hand.say(PEER, Message::Unchoke))
        .into_iter()
        .collect();
    let over = (1..600).find(|&second| {
        while let Some(block) = out.pop_first() {
            let actions = hand.say(PEER, Fast::Reject(block).into());
            if closed(&actions) == [PEER] {
                return true;
            }
            out.extend(asked(&actions));
        }
        let passed = hand.pass_until(at(second)).into_iter();
        out.extend(asked(&passed.map(|(_, action)| action).collect::<Vec<_>>()));
        false
    });
    let over = over.expect("it goes on for ever");
    assert!((1..=200).contains(&over), "after {over} s");

    // And who rejects what nobody has asked for.
    let (mut hand, _) = fetching();
    let strays = (1..1_000).find(|_| {
        let stray = BlockRequest {
            piece: PIECES - 1,
            offset: 1,
            len: 7,
        };
        closed(&hand.say(PEER, Fast::Reject(stray).into())) == [PEER]
    });
    assert!(strays.is_some_and(|strays| strays > 10), "{strays:?}");
}

#[test]
fn the_answer_to_what_was_taken_back_is_not_that_to_what_was_asked_since() {
    let (mut hand, out) = fetching();
    // A silent peer is snubbed, and all but one request are taken back.
    let passed = hand.pass_until(at(30));
    let cancelled = |block: &BlockRequest| {
        let cancel = Message::Cancel(*block);
        passed
            .iter()
            .any(|(_, action)| matches!(action, Action::Send { message, .. } if *message == cancel))
    };
    let back: Vec<BlockRequest> = out.iter().copied().filter(cancelled).collect();
    assert!(!back.is_empty());
    // It is back, and is asked for them anew.
    let first = out.iter().find(|block| !cancelled(block)).copied().unwrap();
    let mut again = BTreeSet::new();
    let mut came = first;
    for buf in 0..20 {
        let actions = hand.tell(Event::Block {
            peer: PEER,
            block: came,
            buf: BufKey(buf),
        });
        again.extend(asked(&actions));
        match again.pop_first() {
            Some(next) if !back.contains(&next) => came = next,
            Some(next) => {
                again.insert(next);
                break;
            }
            None => break,
        }
    }
    let anew = again.iter().find(|block| back.contains(block)).copied();
    let anew = anew.expect("what was taken back is asked for again");
    // The reject is for the request that was taken back; the next one is for the other.
    let reject = || Message::from(Fast::Reject(anew));
    let told = Action::Rejected {
        peer: PEER,
        block: anew,
    };
    assert!(!hand.say(PEER, reject()).contains(&told));
    assert!(hand.say(PEER, reject()).contains(&told));
}

#[test]
fn who_chokes_rejects_what_waits_and_what_comes_later() {
    let mut hand = ByHand::new(world().seeding());
    called(&mut hand, 1, both_speak());
    let mut many = Bitfield::new(PIECES);
    for piece in 20..PIECES {
        many.set(piece);
    }
    hand.say(PEER, Message::Bitfield(many.to_bytes()));
    // Choked, and asking all the same.
    let early = hand.say(PEER, Message::Request(block(0, 0)));
    assert_eq!(rejected(&early), [block(0, 0)]);
    let served = hand.say(PEER, Message::Interested);
    assert!(said(&served).contains(&Message::Unchoke));
    // Its connection takes nothing yet: what it asks for waits.
    for number in 0..4 {
        let actions = hand.say(PEER, Message::Request(block(number, 0)));
        assert_eq!(rejected(&actions), []);
    }
    let actions = hand.say(PEER, Message::Cancel(block(2, 0)));
    assert_eq!(rejected(&actions), [block(2, 0)]);
    let paused = hand.tell(Event::Command(Command::Pause));
    let words = said(&paused);
    assert_eq!(
        words[0],
        Message::Choke,
        "first the choke, then the rejects"
    );
    assert_eq!(rejected(&paused), [block(0, 0), block(1, 0), block(3, 0)]);
}

#[test]
fn a_block_that_is_on_its_way_is_the_answer_to_its_cancel() {
    let mut hand = ByHand::new(world().seeding());
    called(&mut hand, 1, both_speak());
    hand.room(PEER, 512 * 1024);
    hand.say(PEER, Message::Interested);
    let actions = hand.say(PEER, Message::Request(block(0, 0)));
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Upload { .. }))
    );
    assert_eq!(said(&hand.say(PEER, Message::Cancel(block(0, 0)))), []);
    // One that cannot be read is not.
    let actions = hand.tell(Event::Unsent {
        peer: PEER,
        block: block(0, 0),
    });
    assert_eq!(rejected(&actions), [block(0, 0)]);
}

#[test]
fn what_we_do_not_have_is_rejected() {
    let world = world();
    let mut some = Bitfield::new(PIECES);
    some.set(3);
    let mut hand = ByHand::new(world.having(some));
    called(&mut hand, 1, both_speak());
    hand.say(PEER, Fast::HaveNone.into());
    hand.say(PEER, Message::Interested);
    assert_eq!(rejected(&hand.say(PEER, Message::Request(block(3, 0)))), []);
    assert_eq!(
        rejected(&hand.say(PEER, Message::Request(block(4, 0)))),
        [block(4, 0)]
    );
    // And to who does not speak it nothing is said.
    called(&mut hand, 2, Reserved::none());
    let actions = hand.say(PeerKey(2), Message::Request(block(4, 0)));
    assert_eq!(said(&actions), []);
}

#[test]
fn a_pause_serves_nobody() {
    let mut hand = ByHand::new(Config {
        upload_slots: 0,
        ..world().seeding()
    });
    called(&mut hand, 1, both_speak());
    let granted = fast(&said(&hand.say(PEER, Fast::HaveNone.into())));
    let Some(Fast::AllowedFast(piece)) = granted.first().copied() else {
        panic!("{granted:?}");
    };
    hand.say(PEER, Message::Interested);
    hand.say(PEER, Message::Request(block(piece, 0)));
    let actions = hand.tell(Event::Command(Command::Pause));
    assert_eq!(rejected(&actions), [block(piece, 0)]);
    let actions = hand.say(PEER, Message::Request(block(piece, 1)));
    assert_eq!(rejected(&actions), [block(piece, 1)]);
}

#[test]
fn a_lost_piece_is_rejected_and_nothing_else_is() {
    let mut hand = ByHand::new(world().seeding());
    called(&mut hand, 1, both_speak());
    hand.say(PEER, Message::Interested);
    for piece in 0..3 {
        hand.say(PEER, Message::Request(block(piece, 0)));
    }
    let actions = hand.tell(Event::Lost { pieces: vec![1] });
    assert_eq!(rejected(&actions), [block(1, 0)]);
    assert!(!said(&actions).contains(&Message::Choke), "{actions:?}");
}
