//! The compression function: 64 bytes of message mixed into a state of five words.
//! Source: FIPS 180-4, sections 4.1.1, 4.2.1 and 6.1.2.

use std::ops::{BitAnd, BitXor, Not};

/// The state before the first block (FIPS 180-4, section 5.3.1).
pub const INITIAL: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

/// What the compression needs of a word: the logic, addition modulo 2³², rotation.
///
/// `u32` is one word of one message. [`Lanes`](crate::lanes::Lanes) is the same word of many messages.
pub trait Word: Copy + BitAnd<Output = Self> + BitXor<Output = Self> + Not<Output = Self> {
    /// The same constant in every lane.
    fn constant(value: u32) -> Self;
    /// Addition modulo 2³².
    fn plus(self, other: Self) -> Self;
    /// Rotation to the left by `bits`.
    fn rotate_left(self, bits: u32) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn constant(value: u32) -> u32 {
        value
    }

    #[inline(always)]
    fn plus(self, other: u32) -> u32 {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn rotate_left(self, bits: u32) -> u32 {
        u32::rotate_left(self, bits)
    }
}

/// Mixes one block of 16 words into the state.
#[inline(always)]
pub fn compress<W: Word>(state: &mut [W; 5], block: &[W; 16]) {
    let mut w = *block;
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for t in 0..80 {
        if t >= 16 {
            w[t % 16] =
                (w[(t + 13) % 16] ^ w[(t + 8) % 16] ^ w[(t + 2) % 16] ^ w[t % 16]).rotate_left(1);
        }
        let (f, k) = match t {
            0..20 => ((b & c) ^ (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) ^ (b & d) ^ (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6),
        };
        let next = a
            .rotate_left(5)
            .plus(f)
            .plus(e)
            .plus(W::constant(k))
            .plus(w[t % 16]);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (word, mixed) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.plus(mixed);
    }
}
