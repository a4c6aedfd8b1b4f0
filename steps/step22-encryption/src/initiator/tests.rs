use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::dh::tests::{A, B};
use crate::limits::{INITIATOR_READS, MAX_PAD};
use crate::{Cipher, Method};

const SKEY: InfoHash = InfoHash(*b"an info-hash has 20b");

/// What another implementation makes of the keys A and B, a pad C of 5 bytes, both methods, and `a
/// handshake`.
const REQUEST: &str = "825cb308011f29011e857dcd88296d3ba048f84aa05b96d96a7e7a38f3a4989f\
                       ab5aaa080f595d02ddf2ebea540b208c3ec3fe8688a6664d23cb6c5143d7a50b\
                       9ba8c4bb74723971";

/// And what it answers: RC4, a pad D of 3 bytes, and `an answer`.
const ANSWER: &str = "3620b6a68f025dbe53707d1d8d934161431aad3f7e165ab31840";

/// One whose keys and pads are known, before anything has come.
fn known(offered: Methods) -> Initiator {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut initiator = Initiator::new(SKEY, offered, b"a handshake".to_vec(), rng).unwrap();
    initiator.private = A;
    initiator.pad_c = 5;
    initiator.outbox.clear();
    initiator
}

/// One that has read the key of B and sent its request.
fn has_asked(offered: Methods) -> Initiator {
    let mut initiator = known(offered);
    assert!(initiator.handle(&B.public().0).unwrap().is_none());
    assert!(initiator.poll_transmit().is_some());
    initiator
}

/// What B sends encrypted.
fn encrypted(bytes: &[u8]) -> Vec<u8> {
    let secret = B.agree(&A.public()).unwrap();
    let mut bytes = bytes.to_vec();
    Keystream::new(responders_key(&secret, SKEY)).apply(&mut bytes);
    bytes
}

/// Eight zeros, this selection, and the length of a pad.
fn selection(selected: u32, pad: u16) -> Vec<u8> {
    let clear = [&VC[..], &selected.to_be_bytes(), &pad.to_be_bytes()].concat();
    encrypted(&clear)
}

#[test]
fn it_begins_with_its_key_and_a_pad() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut initiator = Initiator::new(SKEY, Methods::BOTH, Vec::new(), rng).unwrap();
    let first = initiator.poll_transmit().unwrap();
    assert_eq!(first[..KEY_LEN], initiator.private.public().0);
    let outline = initiator.outline();
    assert_eq!(outline.pad_a, Some(first.len() - KEY_LEN));
    assert_eq!(outline.offered, Some(Methods::BOTH));
    assert_eq!(initiator.poll_transmit(), None);
}

#[test]
fn the_pads_are_of_all_lengths() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let lengths: Vec<usize> = (0..200).map(|_| random_pad_length(rng)).collect();
    assert!(lengths.iter().all(|&length| length <= MAX_PAD));
    assert!(lengths.iter().any(|&length| length < 50));
    assert!(lengths.iter().any(|&length| length > 460));
}

#[test]
fn the_request_is_what_another_implementation_makes() {
    let mut initiator = known(Methods::BOTH);
    assert!(initiator.handle(&B.public().0).unwrap().is_none());
    assert_eq!(hex::encode(initiator.poll_transmit().unwrap()), REQUEST);
}

#[test]
fn the_answer_of_another_implementation_is_understood() {
    let mut initiator = has_asked(Methods::BOTH);
    let answer = [b"B's pad", &hex::decode(ANSWER).unwrap()[..]].concat();
    let secured = initiator.handle(&answer).unwrap().unwrap();
    assert_eq!(secured.method, Method::Rc4);
    assert_eq!(secured.early, b"an answer");
    assert_eq!(secured.skey, SKEY);
    let outline = initiator.outline();
    assert_eq!((outline.pad_b, outline.pad_d), (Some(7), Some(3)));
    let mut more = *b"more of A";
    let mut write = secured.write;
    write.apply(&mut more);
    assert_eq!(hex::encode(more), "0b6d81b9ecf5a01266");
}

#[test]
fn after_plain_text_is_selected_nothing_is_changed_any_more() {
    let mut initiator = has_asked(Methods::BOTH);
    let answer = [&selection(1, 0)[..], b"an answer"].concat();
    let secured = initiator.handle(&answer).unwrap().unwrap();
    assert_eq!(secured.method, Method::Plain);
    assert_eq!(secured.early, b"an answer");
    assert!(matches!(secured.read, Cipher::Plain));
    assert!(matches!(secured.write, Cipher::Plain));
}

#[test]
fn a_choice_that_was_not_offered_is_refused() {
    let refused = [
        (Methods::RC4, 1),
        (Methods::PLAIN, 2),
        (Methods::BOTH, 0),
        (Methods::BOTH, 3),
        (Methods::BOTH, 4),
    ];
    for (offered, selected) in refused {
        let failed = has_asked(offered).handle(&selection(selected, 0));
        let selected = Methods(selected);
        assert_eq!(
            failed.unwrap_err(),
            Failure::NotOffered { selected, offered }
        );
    }
}

#[test]
fn bits_without_a_meaning_are_ignored() {
    let mut initiator = has_asked(Methods::BOTH);
    let secured = initiator.handle(&selection(0x8000_0002, 0)).unwrap();
    assert_eq!(secured.unwrap().method, Method::Rc4);
}

#[test]
fn a_pad_that_is_too_long_is_refused_before_it_comes() {
    let failed = has_asked(Methods::BOTH).handle(&selection(2, 513));
    assert_eq!(failed.unwrap_err(), Failure::Pad { length: 513 });
    let taken = has_asked(Methods::BOTH).handle(&selection(2, 512));
    assert!(taken.unwrap().is_none());
}

#[test]
fn a_peer_that_speaks_plain_text_is_known_by_its_first_bytes() {
    let mut initiator = known(Methods::BOTH);
    assert!(initiator.handle(&PROTOCOL[..19]).unwrap().is_none());
    let failed = initiator.handle(&PROTOCOL[19..]);
    assert_eq!(failed.unwrap_err(), Failure::PlainText);
}

#[test]
fn a_bad_key_is_refused() {
    let failed = known(Methods::BOTH).handle(&[0; KEY_LEN]);
    assert_eq!(failed.unwrap_err(), Failure::Key);
}

#[test]
fn junk_ends_after_what_the_longest_pad_would_take_and_is_not_kept() {
    let mut initiator = has_asked(Methods::BOTH);
    for n in 1.. {
        match initiator.handle(&[0x55]) {
            Ok(secured) => assert!(secured.is_none()),
            Err(failure) => {
                assert_eq!(failure, Failure::NoZeros);
                assert_eq!(KEY_LEN + n, INITIATOR_READS);
                break;
            }
        }
        assert!(initiator.inbox.len() < MAX_PAD + 8);
    }
    let kept = initiator.inbox.len();
    assert_eq!(initiator.handle(b"x").unwrap_err(), Failure::Over);
    assert_eq!(
        initiator.inbox.len(),
        kept,
        "what comes after the end is not kept"
    );
}

#[test]
fn the_zeros_are_found_behind_the_longest_pad_and_not_behind_a_longer_one() {
    let whole = |pad| [vec![0x55; pad], selection(2, 0)].concat();
    let secured = has_asked(Methods::BOTH).handle(&whole(MAX_PAD)).unwrap();
    assert!(secured.is_some());
    let failed = has_asked(Methods::BOTH).handle(&whole(MAX_PAD + 1));
    assert_eq!(failed.unwrap_err(), Failure::NoZeros);
}

#[test]
fn what_cannot_begin_is_said() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let too_long = Initiator::new(SKEY, Methods::RC4, vec![0; MAX_INITIAL + 1], rng);
    assert_eq!(
        too_long.unwrap_err().to_string(),
        "the first 65536 bytes do not fit into an exchange, which carries 65535"
    );
    assert!(Initiator::new(SKEY, Methods::RC4, vec![0; MAX_INITIAL], rng).is_ok());
    let nothing = Initiator::new(SKEY, Methods(4), Vec::new(), rng);
    assert_eq!(
        nothing.unwrap_err().to_string(),
        "an encrypted connection cannot go on in nothing we know"
    );
}
