use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::SkeyIndex;
use crate::dh::tests::{A, B};
use crate::limits::{MAX_INITIAL, MAX_PAD, RESPONDER_READS};

const SKEY: InfoHash = InfoHash(*b"an info-hash has 20b");

/// What another implementation sends with the keys A and B: `pad of A`, a pad C of 5 bytes, both
/// methods, and `a handshake`.
const REQUEST: &str = "825cb308011f29011e857dcd88296d3ba048f84aa05b96d96a7e7a38f3a4989f\
                       ab5aaa080f595d02ddf2ebea540b208c3ec3fe8688a6664d23cb6c5143d7a50b\
                       9ba8c4bb74723971";

/// And the answer that it expects: RC4, a pad D of 3 bytes, and `an answer`.
const ANSWER: &str = "3620b6a68f025dbe53707d1d8d934161431aad3f7e165ab31840";

/// One whose keys and pads are known.
fn known(taken: Methods) -> Responder {
    let mut responder = Responder::new(taken, &mut ChaCha8Rng::seed_from_u64(1));
    responder.private = B;
    responder.pad_b = b"B's pad".to_vec();
    responder.pad_d = 3;
    responder
}

fn find(hash: SkeyHash) -> Option<InfoHash> {
    let ours: SkeyIndex = [InfoHash([1; 20]), SKEY].into_iter().collect();
    ours.find(hash)
}

/// What A sends: its key, a mark, the hash of a torrent, and this, encrypted for another, or the same.
fn call(named: InfoHash, key_of: InfoHash, clear: &[u8]) -> Vec<u8> {
    let secret = A.agree(&B.public()).unwrap();
    let mut encrypted = clear.to_vec();
    Keystream::new(initiators_key(&secret, key_of)).apply(&mut encrypted);
    let mut call = A.public().0.to_vec();
    call.extend(sync_mark(&secret));
    call.extend(SkeyHash::of(named).mask(&secret).0);
    call.extend(encrypted);
    call
}

/// An offer, and the length of a pad.
fn offer(offered: u32, pad: u16) -> Vec<u8> {
    [&VC[..], &offered.to_be_bytes(), &pad.to_be_bytes()].concat()
}

#[test]
fn a_call_of_another_implementation_is_understood_and_answered() {
    let mut responder = known(Methods::RC4);
    let first = [&A.public().0[..], b"pad of A"].concat();
    assert!(responder.handle(&first, find).unwrap().is_none());
    let answer = responder.poll_transmit().unwrap();
    assert_eq!(answer, [&B.public().0[..], b"B's pad"].concat());

    let request = [&hex::decode(REQUEST).unwrap()[..]].concat();
    let secured = responder.handle(&request, find).unwrap().unwrap();
    assert_eq!(secured.skey, SKEY);
    assert_eq!(secured.early, b"a handshake");
    assert_eq!(secured.method, Method::Rc4);
    let outline = responder.outline();
    assert_eq!((outline.pad_a, outline.pad_c), (Some(8), Some(5)));

    let mut sent = responder.poll_transmit().unwrap();
    let mut more = *b"an answer";
    let mut write = secured.write;
    write.apply(&mut more);
    sent.extend(more);
    assert_eq!(hex::encode(sent), ANSWER);
}

#[test]
fn of_two_methods_plain_text_is_selected() {
    let call = call(SKEY, SKEY, &[&offer(3, 0)[..], &[0, 0]].concat());
    let call = [&call[..], b"later, in the clear"].concat();
    let secured = known(Methods::BOTH).handle(&call, find).unwrap().unwrap();
    assert_eq!(secured.method, Method::Plain);
    assert_eq!(secured.early, b"later, in the clear");
    assert!(secured.read.is_plain() && secured.write.is_plain());
}

#[test]
fn an_offer_of_nothing_that_we_take_is_refused() {
    for (taken, offered) in [
        (Methods::RC4, 1),
        (Methods::PLAIN, 2),
        (Methods::BOTH, 0xf0),
    ] {
        let call = call(SKEY, SKEY, &offer(offered, 0));
        let offered = Methods(offered);
        let failed = known(taken).handle(&call, find);
        assert_eq!(failed.unwrap_err(), Failure::NoMethod { offered, taken });
    }
    let failure = Failure::NoMethod {
        offered: Methods::PLAIN,
        taken: Methods::RC4,
    };
    assert_eq!(
        failure.to_string(),
        "the caller would go on in plain text, and we take RC4"
    );
}

#[test]
fn a_torrent_that_we_do_not_have_is_refused() {
    let other = InfoHash([9; 20]);
    let failed = known(Methods::BOTH).handle(&call(other, other, &offer(3, 0)), find);
    assert_eq!(failed.unwrap_err(), Failure::UnknownTorrent);
}

#[test]
fn who_repeats_a_hash_and_does_not_know_the_torrent_is_refused() {
    let call = call(SKEY, InfoHash([9; 20]), &offer(3, 0));
    let failed = known(Methods::BOTH).handle(&call, find);
    assert_eq!(failed.unwrap_err(), Failure::WrongKey);
}

#[test]
fn a_pad_that_is_too_long_is_refused_before_it_comes() {
    let failed = known(Methods::BOTH).handle(&call(SKEY, SKEY, &offer(3, 513)), find);
    assert_eq!(failed.unwrap_err(), Failure::Pad { length: 513 });
    let taken = known(Methods::BOTH).handle(&call(SKEY, SKEY, &offer(3, 512)), find);
    assert!(taken.unwrap().is_none());
}

#[test]
fn the_longest_initial_payload_is_taken() {
    let clear = [&offer(3, 0)[..], &[0xff, 0xff], &[7; MAX_INITIAL]].concat();
    let call = call(SKEY, SKEY, &clear);
    let (last, most) = call.split_last().unwrap();
    let mut responder = known(Methods::BOTH);
    assert!(responder.handle(most, find).unwrap().is_none());
    let secured = responder.handle(&[*last], find).unwrap().unwrap();
    assert_eq!(secured.early, [7; MAX_INITIAL]);
}

#[test]
fn a_caller_in_plain_text_is_told_from_others_all_the_same() {
    let failed = known(Methods::BOTH).handle(&PROTOCOL, find);
    assert_eq!(failed.unwrap_err(), Failure::PlainText);
}

#[test]
fn a_bad_key_is_refused_before_anything_is_sent() {
    let mut responder = known(Methods::BOTH);
    let failed = responder.handle(&[0xff; KEY_LEN], find);
    assert_eq!(failed.unwrap_err(), Failure::Key);
    assert_eq!(responder.poll_transmit(), None);
}

#[test]
fn nothing_is_sent_before_a_key_has_come() {
    let mut responder = known(Methods::BOTH);
    assert!(
        responder
            .handle(&A.public().0[..95], find)
            .unwrap()
            .is_none()
    );
    assert_eq!(responder.poll_transmit(), None);
}

#[test]
fn junk_ends_after_what_the_longest_pad_would_take_and_is_not_kept() {
    let mut responder = known(Methods::BOTH);
    assert!(responder.handle(&A.public().0, find).unwrap().is_none());
    for n in 1.. {
        match responder.handle(&[0x55], find) {
            Ok(secured) => assert!(secured.is_none()),
            Err(failure) => {
                assert_eq!(failure, Failure::NoSyncMark);
                assert_eq!(KEY_LEN + n, RESPONDER_READS);
                break;
            }
        }
        assert!(responder.inbox.len() < MAX_PAD + 20);
    }
    let kept = responder.inbox.len();
    assert_eq!(responder.handle(b"x", find).unwrap_err(), Failure::Over);
    assert_eq!(
        responder.inbox.len(),
        kept,
        "what comes after the end is not kept"
    );
}
