//! Ids, and how far they are from each other (BEP 5).

use std::fmt;

use metainfo::InfoHash;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

mod crc32c;
mod secure;

pub use crc32c::crc32c;
pub use secure::is_local;

/// The name of a node: 160 bits. Info-hashes are taken from the same numbers, and so it can be said
/// how far a node is from a torrent (BEP 5).
// ANCHOR: id
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id(pub [u8; 20]);

/// How far two ids are from each other: a number of 160 bits, the high byte first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Distance(pub [u8; 20]);

impl Id {
    /// How many bits an id has.
    pub const BITS: usize = 160;

    /// The distance to another id: the two, bit by bit, with *exclusive or* (BEP 5).
    pub fn distance(self, other: Id) -> Distance {
        Distance(std::array::from_fn(|i| self.0[i] ^ other.0[i]))
    }

    /// With how many bits both begin alike: 0 to 160.
    pub fn shared_bits(self, other: Id) -> usize {
        Id::BITS - self.distance(other).bits()
    }
}

impl Distance {
    /// How many bits it takes to write the distance: 0 if there is none, 160 if already the first bit
    /// differs. One bit less is half as far.
    pub fn bits(self) -> usize {
        // ANCHOR: yours_bits (chapter 20, "Near and far")
        match self.0.iter().position(|&byte| byte != 0) {
            Some(at) => Id::BITS - 8 * at - self.0[at].leading_zeros() as usize,
            None => 0,
        }
        // ANCHOR_END: yours_bits
    }
}
// ANCHOR_END: id

impl Id {
    /// Any id. Whoever has an address takes [`Id::for_address`].
    pub fn random(rng: &mut impl Rng) -> Id {
        Id(rng.random())
    }

    /// Any id that begins with exactly `bits` bits like this one: one of those that belong into bucket
    /// `bits` of its table. With 160 or more it is this one.
    pub fn random_beside(self, bits: usize, rng: &mut impl Rng) -> Id {
        let mut id = self.random_near(bits, rng);
        if bits < Id::BITS {
            id.set_bit(bits, !self.bit(bits));
        }
        id
    }

    /// Any id that begins with at least `bits` bits like this one.
    pub(crate) fn random_near(self, bits: usize, rng: &mut impl Rng) -> Id {
        let mut id = Id::random(rng);
        for bit in 0..bits.min(Id::BITS) {
            id.set_bit(bit, self.bit(bit));
        }
        id
    }

    /// The bit of this number, 0 is the first and highest.
    fn bit(self, at: usize) -> bool {
        self.0[at / 8] & (0x80 >> (at % 8)) != 0
    }

    fn set_bit(&mut self, at: usize, is_set: bool) {
        let mask = 0x80 >> (at % 8);
        match is_set {
            true => self.0[at / 8] |= mask,
            false => self.0[at / 8] &= !mask,
        }
    }
}

impl From<InfoHash> for Id {
    /// Where the peers of a torrent are to be found.
    fn from(info_hash: InfoHash) -> Id {
        Id(info_hash.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl fmt::Debug for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Distance({} bits)", self.bits())
    }
}

#[cfg(test)]
mod tests;
