//! Whatever comes instead of an encrypted connection, from who knows nothing and from who knows the info-hash and the
//! secret: both sides of the exchange end it in bounded bytes, or agree on what they have offered and taken.
#![no_main]

use encryption::limits::{INITIATOR_READS, KEY_LEN, MAX_INITIAL, MAX_PAD, RESPONDER_READS};
use encryption::{
    Failure, Initiator, Keystream, Methods, Opening, PrivateKey, PublicKey, Responder, Secret,
    Secured, SkeyHash,
};
use libfuzzer_sys::fuzz_target;
use metainfo::InfoHash;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sha1::{Digest as _, Sha1};

const SKEY: InfoHash = InfoHash(*b"an info-hash has 20b");
const THEIRS: PrivateKey = PrivateKey(*b"a private key has 20");

fuzz_target!(|bytes: &[u8]| {
    opening(bytes);
    let [what, cut, rest @ ..] = bytes else {
        return;
    };
    let cut = usize::from(*cut).max(1);
    let methods = Methods((what >> 4 & 3).into());
    match what % 4 {
        0 => strange_caller(rest, cut, methods),
        1 => strange_peer(rest, cut, methods),
        2 => knowing_caller(rest, cut, methods),
        _ => knowing_peer(rest, cut, methods),
    }
});

fn opening(bytes: &[u8]) {
    let whole = Opening::of(bytes);
    for n in 0..bytes.len().min(24) {
        let part = Opening::of(&bytes[..n]);
        assert!(part == whole || part == Opening::NeedMore, "{n}");
    }
}

fn find(hash: SkeyHash) -> Option<InfoHash> {
    (hash == SkeyHash::of(SKEY)).then_some(SKEY)
}

fn hash(parts: &[&[u8]]) -> [u8; 20] {
    Sha1::digest(parts.concat()).into()
}

/// Each input meets another private key. With one and the same the fuzzer would look over our shoulder, and learn what it
/// cannot know: the mark that its bytes are compared with.
fn chances(input: &[u8]) -> ChaCha8Rng {
    let [a, b, c, d, e, f, g, h, ..] = hash(&[input]);
    ChaCha8Rng::seed_from_u64(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

fn responder(taken: Methods, input: &[u8]) -> Responder {
    Responder::new(taken, &mut chances(input))
}

/// One that has sent its key, and the key.
fn initiator(offered: Methods, input: &[u8]) -> Option<(Initiator, PublicKey)> {
    let rng = &mut chances(input);
    let made = Initiator::new(SKEY, offered, b"a handshake".to_vec(), rng);
    assert_eq!(made.is_err(), offered == Methods::NONE);
    let mut initiator = made.ok()?;
    let first = initiator.poll_transmit().expect("it begins");
    assert!(first.len() <= KEY_LEN + MAX_PAD);
    Some((initiator, PublicKey(*first.first_chunk().expect("a key"))))
}

fn strange_caller(bytes: &[u8], cut: usize, taken: Methods) {
    let mut responder = responder(taken, bytes);
    let (secured, read) = feed(bytes, cut, |part| responder.handle(part, find));
    match secured {
        Ok(secured) => {
            assert!(secured.is_none(), "nobody knows the secret by chance");
            assert!(read < RESPONDER_READS);
        }
        Err(_) => assert!(read < RESPONDER_READS + cut),
    }
}

fn strange_peer(bytes: &[u8], cut: usize, offered: Methods) {
    let Some((mut initiator, _)) = initiator(offered, bytes) else {
        return;
    };
    let (secured, read) = feed(bytes, cut, |part| initiator.handle(part));
    match secured {
        Ok(secured) => {
            assert!(secured.is_none(), "nobody knows the secret by chance");
            assert!(read < INITIATOR_READS);
        }
        Err(_) => assert!(read < INITIATOR_READS + cut),
    }
}

/// A caller that does all as it should until it comes to what is encrypted: that is the input.
fn knowing_caller(bytes: &[u8], cut: usize, taken: Methods) {
    let mut responder = responder(taken, bytes);
    let ours = THEIRS.public();
    assert!(matches!(responder.handle(&ours.0, find), Ok(None)));
    let answer = responder.poll_transmit().expect("its key");
    let secret = agree(&answer);
    let mask = hash(&[b"req3", &secret.0]);
    let mut call = hash(&[b"req1", &secret.0]).to_vec();
    call.extend(SkeyHash::of(SKEY).0.iter().zip(mask).map(|(a, b)| a ^ b));
    let encrypted = call.len();
    call.extend(bytes);
    Keystream::new(hash(&[b"keyA", &secret.0, &SKEY.0])).apply(&mut call[encrypted..]);

    let (secured, read) = feed(&call, cut, |part| responder.handle(part, find));
    match secured {
        Ok(None) => assert!(read < 40 + 16 + MAX_PAD + MAX_INITIAL),
        Ok(Some(secured)) => check(&secured, bytes, taken),
        Err(failure) => assert!(failure != Failure::NoSyncMark && failure != Failure::Over),
    }
}

/// The same of a peer that is called.
fn knowing_peer(bytes: &[u8], cut: usize, offered: Methods) {
    let Some((mut initiator, key)) = initiator(offered, bytes) else {
        return;
    };
    let secret = THEIRS.agree(&key).expect("a key that was drawn");
    let mut answer = bytes.to_vec();
    // Where the input does not begin as it should, the zeros are not found.
    Keystream::new(hash(&[b"keyB", &secret.0, &SKEY.0])).apply(&mut answer);
    let answer = [&THEIRS.public().0[..], &answer].concat();
    let (secured, read) = feed(&answer, cut, |part| initiator.handle(part));
    match secured {
        Ok(None) => assert!(read < INITIATOR_READS + 6 + MAX_PAD),
        Ok(Some(secured)) => check(&secured, bytes, offered),
        Err(failure) => assert!(failure != Failure::Over),
    }
}

fn agree(answer: &[u8]) -> Secret {
    let key = PublicKey(*answer.first_chunk().expect("a key"));
    THEIRS.agree(&key).expect("a key that was drawn")
}

/// Hands bytes in until something comes of it, and says how many were.
fn feed(
    bytes: &[u8],
    cut: usize,
    mut handle: impl FnMut(&[u8]) -> Result<Option<Secured>, Failure>,
) -> (Result<Option<Secured>, Failure>, usize) {
    let mut read = 0;
    for part in bytes.chunks(cut) {
        read += part.len();
        match handle(part) {
            Ok(None) => {}
            ended => {
                assert!(matches!(handle(b"more"), Err(Failure::Over)));
                return (ended, read);
            }
        }
    }
    (Ok(None), read)
}

fn check(secured: &Secured, bytes: &[u8], may: Methods) {
    assert!(may.contain(secured.method));
    assert_eq!(secured.skey, SKEY);
    assert!(secured.early.len() <= bytes.len());
}
