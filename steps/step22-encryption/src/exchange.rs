//! What both sides of the exchange have in common.

use metainfo::InfoHash;
use rand::{Rng, RngExt};

use crate::cipher::{Cipher, Keystream};
use crate::limits::MAX_PAD;
use crate::{Failure, Method, Methods};

/// The verification constant, as it is before it is encrypted.
pub(crate) const VC: [u8; 8] = [0; 8];

// ANCHOR: secured
/// A connection after the exchange.
#[derive(Debug)]
pub struct Secured {
    /// For what will be read.
    pub read: Cipher,
    /// For what will be sent.
    pub write: Cipher,
    /// What was agreed on.
    pub method: Method,
    /// What the other side has sent already, decrypted. It begins with its handshake, or with a part
    /// of it; it may be empty.
    pub early: Vec<u8>,
    /// The torrent that both have proved to know.
    pub skey: InfoHash,
}
// ANCHOR_END: secured

/// What is known of an exchange so far, for who shows or logs it. Lengths are in bytes; what is not
/// known yet is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The pad behind the initiator's public key.
    pub pad_a: Option<usize>,
    /// The pad behind the responder's public key.
    pub pad_b: Option<usize>,
    /// The initiator's second pad, inside of what is encrypted.
    pub pad_c: Option<usize>,
    /// The responder's second pad.
    pub pad_d: Option<usize>,
    /// The initial payload.
    pub initial: Option<usize>,
    /// `crypto_provide`.
    pub offered: Option<Methods>,
    /// `crypto_select`.
    pub selected: Option<Method>,
}

/// How an exchange goes on after a look at what has come.
pub(crate) enum Next<S> {
    /// With this state, at once.
    Go(S),
    /// With this state, when more has come.
    Wait(S),
    /// It does not: it is complete.
    Done(Secured),
}

/// The keystreams of both directions.
pub(crate) struct Streams {
    pub read: Keystream,
    pub write: Keystream,
}

impl Streams {
    /// The connection, after the last byte of the exchange, with what else has come.
    pub fn secure(self, method: Method, skey: InfoHash, initial: Vec<u8>, rest: &[u8]) -> Secured {
        let (mut read, write) = match method {
            Method::Plain => (Cipher::Plain, Cipher::Plain),
            Method::Rc4 => (
                Cipher::Rc4(Box::new(self.read)),
                Cipher::Rc4(Box::new(self.write)),
            ),
        };
        let mut early = initial;
        let start = early.len();
        early.extend_from_slice(rest);
        read.apply(&mut early[start..]);
        Secured {
            read,
            write,
            method,
            early,
            skey,
        }
    }
}

/// The first bytes of what has come, if there are so many; they are taken away.
pub(crate) fn take(inbox: &mut Vec<u8>, count: usize) -> Option<Vec<u8>> {
    (inbox.len() >= count).then(|| inbox.drain(..count).collect())
}

/// The same for a number of bytes that is known beforehand.
pub(crate) fn take_array<const N: usize>(inbox: &mut Vec<u8>) -> Option<[u8; N]> {
    let array = *inbox.first_chunk()?;
    inbox.drain(..N);
    Some(array)
}

// ANCHOR: find
/// Where a pad ends, which `mark` follows.
pub(crate) enum Found {
    /// After so many bytes.
    At(usize),
    /// It cannot be said yet.
    NotYet,
    /// Nowhere within its greatest length.
    Never,
}

/// Looks for the mark behind a pad. No more than a pad and a mark are looked at.
pub(crate) fn find(mark: &[u8], inbox: &[u8]) -> Found {
    // ANCHOR: yours_find (chapter 22, "The caller")
    let longest = MAX_PAD + mark.len();
    let looked_at = &inbox[..inbox.len().min(longest)];
    let mut places = looked_at.windows(mark.len());
    match places.position(|place| place == mark) {
        Some(pad) => Found::At(pad),
        None if looked_at.len() < longest => Found::NotYet,
        None => Found::Never,
    }
    // ANCHOR_END: yours_find
}
// ANCHOR_END: find

/// The length of a pad, as it is announced.
pub(crate) fn pad_length(bytes: [u8; 2]) -> Result<usize, Failure> {
    let length = u16::from_be_bytes(bytes);
    match usize::from(length) {
        pad if pad <= MAX_PAD => Ok(pad),
        _ => Err(Failure::Pad { length }),
    }
}

/// A pad of random length and random bytes, so that no two exchanges are of the same size.
pub(crate) fn random_pad(rng: &mut impl Rng) -> Vec<u8> {
    let mut pad = vec![0; random_pad_length(rng)];
    rng.fill(&mut pad[..]);
    pad
}

/// The length of a pad.
pub(crate) fn random_pad_length(rng: &mut impl Rng) -> usize {
    rng.random_range(0..=MAX_PAD)
}
