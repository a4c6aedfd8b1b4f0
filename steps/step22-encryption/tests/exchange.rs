//! Both sides against each other, over a line that cuts what is sent as it likes; what each makes of
//! junk; and what the exchange does not protect from.

use encryption::limits::{INITIATOR_READS, MAX_INITIAL, RESPONDER_READS};
use encryption::{
    Answer, Failure, Initiator, Method, Methods, Opening, Policy, PrivateKey, Responder, Secured,
    Setback, SkeyHash, SkeyIndex, Way,
};
use metainfo::InfoHash;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SKEY: InfoHash = InfoHash(*b"an info-hash has 20b");

fn find(hash: SkeyHash) -> Option<InfoHash> {
    let others = (0..20).map(|n| InfoHash([n; 20]));
    let ours: SkeyIndex = others.chain([SKEY]).collect();
    ours.find(hash)
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A connection, and two who talk over it: after the exchange each says something at once.
struct Line {
    caller: Initiator,
    called: Responder,
    caller_has: Option<Secured>,
    called_has: Option<Secured>,
    to_called: Vec<u8>,
    to_caller: Vec<u8>,
}

impl Line {
    fn new(offered: Methods, taken: Methods, initial: &[u8], rng: &mut ChaCha8Rng) -> Line {
        Line {
            caller: Initiator::new(SKEY, offered, initial.to_vec(), rng).unwrap(),
            called: Responder::new(taken, rng),
            caller_has: None,
            called_has: None,
            to_called: Vec::new(),
            to_caller: Vec::new(),
        }
    }

    /// Puts what both want to send on the line.
    fn send(&mut self) {
        while let Some(bytes) = self.caller.poll_transmit() {
            self.to_called.extend(bytes);
        }
        while let Some(bytes) = self.called.poll_transmit() {
            self.to_caller.extend(bytes);
        }
    }

    /// Brings a part of it to the caller, who says this when the exchange is complete.
    fn bring_to_caller(&mut self, count: usize, says: &[u8]) -> Result<(), Failure> {
        let part = cut(&mut self.to_caller, count);
        match &mut self.caller_has {
            Some(secured) => hear(secured, part),
            None => {
                self.caller_has = self.caller.handle(&part)?;
                self.send();
                if let Some(secured) = &mut self.caller_has {
                    self.to_called.extend(say(secured, says));
                }
            }
        }
        Ok(())
    }

    /// The same for the called.
    fn bring_to_called(&mut self, count: usize, says: &[u8]) -> Result<(), Failure> {
        let part = cut(&mut self.to_called, count);
        match &mut self.called_has {
            Some(secured) => hear(secured, part),
            None => {
                self.called_has = self.called.handle(&part, find)?;
                self.send();
                if let Some(secured) = &mut self.called_has {
                    self.to_caller.extend(say(secured, says));
                }
            }
        }
        Ok(())
    }

    /// Runs until nothing is on its way, in parts of at most so many bytes.
    fn run(&mut self, longest: usize, rng: &mut ChaCha8Rng) -> Result<(), Failure> {
        self.send();
        while self.to_called.len() + self.to_caller.len() > 0 {
            self.bring_to_called(rng.random_range(0..=longest), b"I have it")?;
            self.bring_to_caller(rng.random_range(0..=longest), b"I want it")?;
        }
        Ok(())
    }

    /// What each has understood, with what it was agreed on: the called, and the caller.
    fn ended(self) -> ((Method, Vec<u8>), (Method, Vec<u8>)) {
        let [called, caller] = [self.called_has, self.caller_has].map(|has| {
            let has = has.expect("the exchange is complete");
            assert_eq!(has.skey, SKEY);
            assert_eq!(has.read.is_plain(), has.method == Method::Plain);
            assert_eq!(has.write.is_plain(), has.method == Method::Plain);
            (has.method, has.early)
        });
        (called, caller)
    }
}

/// The first bytes, as many as there are of so many.
fn cut(bytes: &mut Vec<u8>, count: usize) -> Vec<u8> {
    bytes.drain(..count.min(bytes.len())).collect()
}

fn say(secured: &mut Secured, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    secured.write.apply(&mut bytes);
    bytes
}

/// Adds to what has been understood.
fn hear(secured: &mut Secured, mut bytes: Vec<u8>) {
    secured.read.apply(&mut bytes);
    secured.early.extend(bytes);
}

fn methods() -> impl Strategy<Value = Methods> {
    prop::sample::select(vec![Methods::PLAIN, Methods::RC4, Methods::BOTH])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_sides_understand_each_other_however_the_line_cuts(
        seed: u64,
        longest in prop::sample::select(vec![1usize, 2, 7, 50, 97, 700, 100_000]),
        offered in methods(),
        taken in methods(),
        initial in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let rng = &mut rng(seed);
        let mut line = Line::new(offered, taken, &initial, rng);
        let Some(method) = offered.and(taken).cheapest() else {
            let failure = line.run(longest, rng).unwrap_err();
            prop_assert_eq!(failure, Failure::NoMethod { offered, taken });
            return Ok(());
        };
        line.run(longest, rng).unwrap();
        let [a, b] = [line.caller.outline(), line.called.outline()];
        prop_assert_eq!(a, b, "both know all of it");
        let (called, caller) = line.ended();
        prop_assert_eq!(called, (method, [&initial[..], b"I want it"].concat()));
        prop_assert_eq!(caller, (method, b"I have it".to_vec()));
    }

    #[test]
    fn a_caller_of_junk_is_turned_away_in_bounded_time(
        seed: u64,
        key: [u8; 96],
        junk in prop::collection::vec(any::<u8>(), RESPONDER_READS..RESPONDER_READS + 100),
        longest in 1usize..100,
    ) {
        let bytes = [&key[..], &junk].concat();
        let mut called = Responder::new(Methods::BOTH, &mut rng(seed));
        let mut read = 0;
        let failed = bytes.chunks(longest).find_map(|part| {
            read += part.len();
            called.handle(part, find).err()
        });
        prop_assert_eq!(failed, Some(Failure::NoSyncMark));
        prop_assert!(read < RESPONDER_READS + longest);
    }

    #[test]
    fn a_peer_that_answers_junk_is_given_up_in_bounded_time(
        seed: u64,
        key: [u8; 96],
        junk in prop::collection::vec(any::<u8>(), INITIATOR_READS..INITIATOR_READS + 100),
        longest in 1usize..100,
    ) {
        let bytes = [&key[..], &junk].concat();
        let mut caller = Initiator::new(SKEY, Methods::BOTH, vec![], &mut rng(seed)).unwrap();
        let mut read = 0;
        let failed = bytes.chunks(longest).find_map(|part| {
            read += part.len();
            caller.handle(part).err()
        });
        prop_assert_eq!(failed, Some(Failure::NoZeros));
        prop_assert!(read < INITIATOR_READS + longest);
    }

    #[test]
    fn bytes_changed_on_the_way_never_do_worse_than_end_the_call(
        seed: u64,
        at in 0usize..2_000,
        by in 1u8..,
        to_called: bool,
    ) {
        let rng = &mut rng(seed);
        let mut line = Line::new(Methods::RC4, Methods::RC4, b"a handshake", rng);
        line.send();
        let mut passed = 0;
        let mut failed = false;
        while !failed && line.to_called.len() + line.to_caller.len() > 0 {
            let bytes = if to_called { &mut line.to_called } else { &mut line.to_caller };
            if (passed..passed + bytes.len()).contains(&at) {
                bytes[at - passed] ^= by;
            }
            passed += bytes.len();
            failed = line.bring_to_called(usize::MAX, b"").is_err()
                || line.bring_to_caller(usize::MAX, b"").is_err();
        }
        // What does not fail either waits for more or has agreed on what both sides take.
        if let (Some(caller), Some(called)) = (&line.caller_has, &line.called_has) {
            prop_assert_eq!(caller.method, Method::Rc4);
            prop_assert_eq!(called.method, Method::Rc4);
        }
    }
}

/// A call with these policies on both sides: which ways are tried, and what comes of it.
fn call(ours: Policy, theirs: Policy) -> (Vec<Way>, Option<Option<Method>>) {
    let mut tried = Vec::new();
    let mut way = Some(ours.first(None));
    while let Some(this) = way {
        tried.push(this);
        let rng = &mut rng(7);
        let opening = match this {
            Way::Plain => Opening::of(b"\x13BitTorrent protocol and so on"),
            Way::Encrypted => Opening::of(&PrivateKey::draw(rng).public().0),
        };
        match theirs.answer(opening) {
            Answer::Plain => return (tried, Some(None)),
            Answer::Encrypted => {
                let mut line = Line::new(ours.methods(), theirs.methods(), b"", rng);
                line.run(100, rng).unwrap();
                let ((method, _), _) = line.ended();
                return (tried, Some(Some(method)));
            }
            Answer::Refuse(_) => way = ours.second(this, Setback::HungUp),
            Answer::Wait => unreachable!("it has seen enough"),
        }
        assert!(tried.len() < 3);
    }
    (tried, None)
}

#[test]
fn all_policies_meet_as_they_should() {
    use Policy::{Allow, Off, Require};
    use Way::{Encrypted, Plain};
    let table = [
        (Allow, Allow, vec![Plain], Some(None)),
        (
            Allow,
            Require,
            vec![Plain, Encrypted],
            Some(Some(Method::Rc4)),
        ),
        (Allow, Off, vec![Plain], Some(None)),
        (Require, Allow, vec![Encrypted], Some(Some(Method::Rc4))),
        (Require, Require, vec![Encrypted], Some(Some(Method::Rc4))),
        (Require, Off, vec![Encrypted], None),
        (Off, Allow, vec![Plain], Some(None)),
        (Off, Require, vec![Plain], None),
        (Off, Off, vec![Plain], Some(None)),
    ];
    for (ours, theirs, tried, agreed) in table {
        assert_eq!(call(ours, theirs), (tried, agreed), "{ours} calls {theirs}");
    }
}

#[test]
fn two_exchanges_have_nothing_in_common() {
    let sent = |seed| {
        let mut line = Line::new(Methods::RC4, Methods::RC4, b"a handshake", &mut rng(seed));
        line.send();
        line.to_called
    };
    let [a, b] = [sent(1), sent(2)];
    assert_ne!(a.len(), b.len());
    let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    assert!(same < 10, "one in 256 is the same by chance: {same}");
}

#[test]
fn the_longest_initial_payload_arrives() {
    let rng = &mut rng(1);
    let initial = vec![7; MAX_INITIAL];
    let mut line = Line::new(Methods::RC4, Methods::BOTH, &initial, rng);
    line.run(1_000, rng).unwrap();
    let ((_, heard), _) = line.ended();
    assert_eq!(heard, [&initial[..], b"I want it"].concat());
}

// What it is not.

#[test]
fn nobody_notices_a_bit_that_was_turned_on_the_way() {
    let rng = &mut rng(1);
    let mut line = Line::new(Methods::RC4, Methods::RC4, b"", rng);
    line.run(1_000, rng).unwrap();
    let mut called = line.called_has.unwrap();
    let mut caller = line.caller_has.unwrap();
    let mut bytes = say(&mut called, b"left: 100");
    bytes[6] ^= b'1' ^ b'9';
    caller.read.apply(&mut bytes);
    assert_eq!(bytes, b"left: 900");
}

#[test]
fn two_bits_turned_in_the_selection_part_the_sides_if_both_methods_are_offered() {
    let change = |offered| {
        let rng = &mut rng(1);
        let mut line = Line::new(offered, Methods::RC4, b"", rng);
        line.send();
        line.bring_to_called(usize::MAX, b"").unwrap();
        line.bring_to_caller(usize::MAX, b"").unwrap();
        line.bring_to_called(usize::MAX, b"I have it").unwrap();
        // Behind eight zeros stands the selection, in four bytes: RC4, a 2, becomes plain text, a 1.
        line.to_caller[11] ^= 3;
        let heard = line.bring_to_caller(usize::MAX, b"I want it");
        heard.map(|()| line)
    };
    let mut line = change(Methods::BOTH).unwrap();
    assert_eq!(line.to_called, b"I want it", "for anybody to read");
    line.bring_to_called(usize::MAX, b"").unwrap();
    let ((called, heard), (caller, answer)) = line.ended();
    assert_eq!((called, caller), (Method::Rc4, Method::Plain));
    // They do not understand each other, and that ends the connection.
    assert_ne!(heard, b"I want it");
    assert_ne!(answer, b"I have it");

    // Who offers RC4 alone is told.
    let failure = Failure::NotOffered {
        selected: Methods::PLAIN,
        offered: Methods::RC4,
    };
    assert_eq!(change(Methods::RC4).err(), Some(failure));
}

// ANCHOR: in_between
#[test]
fn who_knows_the_info_hash_can_sit_in_between_and_read_all_of_it() {
    let rng = &mut rng(1);
    let mut caller = Initiator::new(SKEY, Methods::RC4, b"a handshake".to_vec(), rng).unwrap();
    let mut called = Responder::new(Methods::RC4, rng);
    // To the caller it is the called, and to the called the caller.
    let mut to_caller = Responder::new(Methods::RC4, rng);
    let pass = |from: &mut Initiator, to: &mut Responder| loop {
        let sent = from.poll_transmit().unwrap();
        if let Some(secured) = to.handle(&sent, find).unwrap() {
            let answer = to.poll_transmit().unwrap();
            return (from.handle(&answer).unwrap().unwrap(), secured);
        }
        let answer = to.poll_transmit().unwrap();
        assert!(from.handle(&answer).unwrap().is_none());
    };
    let (mut caller_has, mut left) = pass(&mut caller, &mut to_caller);
    let mut to_called = Initiator::new(SKEY, Methods::RC4, left.early.clone(), rng).unwrap();
    let (mut right, mut called_has) = pass(&mut to_called, &mut called);

    assert_eq!(called_has.early, b"a handshake");
    let mut bytes = *b"a request";
    caller_has.write.apply(&mut bytes);
    left.read.apply(&mut bytes);
    assert_eq!(bytes, *b"a request", "and this is read on the way");
    right.write.apply(&mut bytes);
    called_has.read.apply(&mut bytes);
    assert_eq!(bytes, *b"a request");
}
// ANCHOR_END: in_between
