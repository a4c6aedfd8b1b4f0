//! One message: cut into blocks, padded at the end.

use crate::Digest;
use crate::compress::{INITIAL, compress};

/// SHA-1 of one message that may arrive in parts of any size.
///
/// ```
/// let mut hash = hashing::Sha1::new();
/// hash.update(b"a");
/// hash.update(b"bc");
/// assert_eq!(hash.finish()[..4], [0xa9, 0x99, 0x3e, 0x36]);
/// ```
#[derive(Clone, Debug)]
pub struct Sha1 {
    state: [u32; 5],
    /// The start of a block that is not whole yet: `length % 64` bytes of it are in use.
    partial: [u8; 64],
    /// Bytes of the message so far.
    length: u64,
}

impl Default for Sha1 {
    fn default() -> Sha1 {
        Sha1::new()
    }
}

impl Sha1 {
    /// A message of no bytes yet.
    pub fn new() -> Sha1 {
        Sha1 {
            state: INITIAL,
            partial: [0; 64],
            length: 0,
        }
    }

    /// Adds `bytes` to the end of the message.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let filled = (self.length % 64) as usize;
            let taken = bytes.len().min(64 - filled);
            self.partial[filled..filled + taken].copy_from_slice(&bytes[..taken]);
            self.length += taken as u64;
            bytes = &bytes[taken..];
            if filled + taken == 64 {
                compress(&mut self.state, &words(&self.partial));
            }
        }
    }

    /// Pads the message and gives its digest.
    ///
    /// FIPS 180-4, section 5.1.1: a one bit, zeros until 8 bytes of the block are left, the length in bits.
    pub fn finish(mut self) -> Digest {
        let bits = self.length.wrapping_mul(8);
        self.update(&[0x80]);
        while self.length % 64 != 56 {
            self.update(&[0]);
        }
        self.update(&bits.to_be_bytes());
        to_bytes(&self.state)
    }
}

/// SHA-1 of one message that is whole in memory.
pub fn sha1(message: &[u8]) -> Digest {
    let mut hash = Sha1::new();
    hash.update(message);
    hash.finish()
}

/// The 16 words of a block: four bytes each, the most significant first.
fn words(block: &[u8; 64]) -> [u32; 16] {
    std::array::from_fn(|t| {
        u32::from_be_bytes([
            block[4 * t],
            block[4 * t + 1],
            block[4 * t + 2],
            block[4 * t + 3],
        ])
    })
}

/// The digest: the five words of the state, the most significant byte first.
pub(crate) fn to_bytes(state: &[u32; 5]) -> Digest {
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}
