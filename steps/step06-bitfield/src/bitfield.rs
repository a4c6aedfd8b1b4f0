//! A set of pieces, one bit each.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bits in a word.
const WORD: u32 = u64::BITS;

// ANCHOR: bitfield
/// A set of pieces: who has what. On the wire it is one bit for each piece, the
/// first piece in the highest bit of the first byte (BEP 3, `bitfield`).
///
/// In memory the bits stand in 64-bit words in that same order, so that two sets
/// are compared 64 pieces at a time, and the number of pieces in the set is kept,
/// not counted.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitfield {
    words: Vec<u64>,
    len: u32,
    count: u32,
}
// ANCHOR_END: bitfield

/// Why bytes are not the bitfield of a torrent with this many pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum BitfieldError {
    /// Too few or too many bytes.
    #[error("a bitfield for {pieces} pieces is {expected} bytes long, this one has {found}")]
    WrongSize {
        /// How many pieces the torrent has.
        pieces: u32,
        /// The bytes that takes.
        expected: usize,
        /// The bytes that came.
        found: usize,
    },
    /// A bit after the last piece is set.
    #[error("the bitfield claims pieces after the last: the torrent has {pieces}")]
    SpareBits {
        /// How many pieces the torrent has.
        pieces: u32,
    },
}

// ANCHOR: place
/// Where a piece's bit stands: in which word, and which bit of it.
fn place(piece: u32) -> (usize, u64) {
    // ANCHOR: yours_place (chapter 6, "A set of pieces")
    let word = (piece / WORD) as usize;
    let bit = 1 << (WORD - 1 - piece % WORD);
    (word, bit)
    // ANCHOR_END: yours_place
}
// ANCHOR_END: place

impl Bitfield {
    /// The empty set, for a torrent of `len` pieces.
    pub fn new(len: u32) -> Bitfield {
        Bitfield {
            words: vec![0; len.div_ceil(WORD) as usize],
            len,
            count: 0,
        }
    }

    /// All of `len` pieces: what a seeder has.
    pub fn full(len: u32) -> Bitfield {
        let mut words = vec![u64::MAX; len.div_ceil(WORD) as usize];
        if let Some(last) = words.last_mut() {
            *last <<= spare_bits(len);
        }
        Bitfield {
            words,
            len,
            count: len,
        }
    }

    /// How many bytes the bitfield of `len` pieces takes on the wire.
    pub fn byte_len(len: u32) -> usize {
        len.div_ceil(8) as usize
    }

    // ANCHOR: from_bytes
    /// Reads a bitfield as it came from a peer.
    ///
    /// # Errors
    ///
    /// Its size must be that of `len` pieces, and the spare bits at its end must be
    /// zero. BEP 3 asks for both; a peer that gets them wrong means another
    /// torrent.
    pub fn from_bytes(len: u32, bytes: &[u8]) -> Result<Bitfield, BitfieldError> {
        // ANCHOR: yours_from_bytes (chapter 6, "A set of pieces")
        if bytes.len() != Bitfield::byte_len(len) {
            return Err(BitfieldError::WrongSize {
                pieces: len,
                expected: Bitfield::byte_len(len),
                found: bytes.len(),
            });
        }
        let words: Vec<u64> = bytes.chunks(8).map(word_from_bytes).collect();
        let spare = !(u64::MAX << spare_bits(len));
        if words.last().is_some_and(|last| last & spare != 0) {
            return Err(BitfieldError::SpareBits { pieces: len });
        }
        let count = words.iter().map(|word| word.count_ones()).sum();
        Ok(Bitfield { words, len, count })
        // ANCHOR_END: yours_from_bytes
    }
    // ANCHOR_END: from_bytes

    /// The bitfield as it goes to a peer, spare bits zero.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|w| w.to_be_bytes()).collect();
        bytes.truncate(Bitfield::byte_len(self.len));
        bytes
    }

    /// How many pieces the torrent has.
    #[expect(
        clippy::len_without_is_empty,
        reason = "`is_empty` would be read as `has no piece`, which is `count() == 0`"
    )]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// How many pieces are in the set. Kept, so it costs nothing.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether every piece is in the set.
    pub fn is_full(&self) -> bool {
        self.count == self.len
    }

    // ANCHOR: get_set
    /// Whether `piece` is in the set. A piece beyond the end is not.
    pub fn get(&self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        self.words.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Puts `piece` into the set. True when it is new there; a piece beyond the end
    /// changes nothing.
    pub fn set(&mut self, piece: u32) -> bool {
        // ANCHOR: yours_set (chapter 6, "A set of pieces")
        if piece >= self.len || self.get(piece) {
            return false;
        }
        let (word, bit) = place(piece);
        self.words[word] |= bit;
        self.count += 1;
        true
        // ANCHOR_END: yours_set
    }
    // ANCHOR_END: get_set

    /// Takes `piece` out of the set. True when it was there.
    pub fn clear(&mut self, piece: u32) -> bool {
        if !self.get(piece) {
            return false;
        }
        let (word, bit) = place(piece);
        self.words[word] &= !bit;
        self.count -= 1;
        true
    }

    /// The pieces in the set, from the first to the last.
    pub fn iter_ones(&self) -> impl Iterator<Item = u32> + '_ {
        ones(self.words.iter().copied())
    }

    /// The pieces that are not in the set, from the first to the last.
    pub fn iter_zeros(&self) -> impl Iterator<Item = u32> + '_ {
        ones(self.words.iter().map(|word| !word)).take_while(|&piece| piece < self.len)
    }

    // ANCHOR: missing
    /// Whether this set has any piece that is missing from `have`. With a peer's
    /// pieces here and ours in `have`, this is the question "is this peer
    /// interesting?".
    pub fn has_any_missing_from(&self, have: &Bitfield) -> bool {
        debug_assert_eq!(self.len, have.len, "two bitfields of one torrent");
        let mut pairs = self.words.iter().zip(&have.words);
        pairs.any(|(theirs, ours)| theirs & !ours != 0)
    }

    /// The pieces of this set that are missing from `have`, from the first to the
    /// last.
    pub fn missing_from<'a>(&'a self, have: &'a Bitfield) -> impl Iterator<Item = u32> + 'a {
        debug_assert_eq!(self.len, have.len, "two bitfields of one torrent");
        let pairs = self.words.iter().zip(&have.words);
        ones(pairs.map(|(theirs, ours)| theirs & !ours))
    }
    // ANCHOR_END: missing

    /// How many pieces of this set are missing from `have`.
    pub fn count_missing_from(&self, have: &Bitfield) -> u32 {
        debug_assert_eq!(self.len, have.len, "two bitfields of one torrent");
        let pairs = self.words.iter().zip(&have.words);
        pairs.map(|(a, b)| (a & !b).count_ones()).sum()
    }

    /// The pieces that are in this set and in `other`.
    pub fn common_with(&self, other: &Bitfield) -> Bitfield {
        debug_assert_eq!(self.len, other.len, "two bitfields of one torrent");
        let pairs = self.words.iter().zip(&other.words);
        let words: Vec<u64> = pairs.map(|(a, b)| a & b).collect();
        Bitfield {
            count: words.iter().map(|word| word.count_ones()).sum(),
            words,
            len: self.len,
        }
    }

    /// The words themselves, for whoever must look at 64 pieces at a time: piece `p` is bit
    /// `63 - p % 64` of word `p / 64`, and the spare bits of the last word are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

/// How many bits of the last word stand for no piece.
fn spare_bits(len: u32) -> u32 {
    (WORD - len % WORD) % WORD
}

/// Up to eight bytes as the high end of a word.
fn word_from_bytes(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_be_bytes(word)
}

/// The numbers of the bits that are set in a row of words: a word of zeros costs
/// one look, whatever its 64 pieces.
fn ones(words: impl Iterator<Item = u64>) -> impl Iterator<Item = u32> {
    (0..).zip(words).flat_map(|(index, mut word): (u32, u64)| {
        std::iter::from_fn(move || {
            if word == 0 {
                return None;
            }
            let first = word.leading_zeros();
            word &= !(1 << (WORD - 1 - first));
            Some(index * WORD + first)
        })
    })
}

/// `Bitfield(3 of 10)`: printing every bit of a large torrent helps nobody.
impl fmt::Debug for Bitfield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bitfield({} of {})", self.count, self.len)
    }
}

#[cfg(test)]
mod tests;
