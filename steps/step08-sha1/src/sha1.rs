//! One message: cut into blocks, padded at the end. Source: FIPS 180-4, sections 5.1.1, 5.2.1 and
//! 6.1.

use crate::Digest;
use crate::compress::{INITIAL, State, compress};

// ANCHOR: sha1
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
    state: State,
    /// A block that is not whole yet; `length % 64` bytes of it are in use.
    partial: [u8; 64],
    /// Bytes of the message so far.
    length: u64,
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
        // ANCHOR: yours_update (chapter 8, "The client's own")
        while !bytes.is_empty() {
            let used = (self.length % 64) as usize;
            let (now, later) = bytes.split_at(bytes.len().min(64 - used));
            self.partial[used..used + now.len()].copy_from_slice(now);
            self.length += now.len() as u64;
            if self.length.is_multiple_of(64) {
                compress(&mut self.state, &words(&self.partial));
            }
            bytes = later;
        }
        // ANCHOR_END: yours_update
    }

    /// Pads the message and gives its digest.
    pub fn finish(mut self) -> Digest {
        self.update(&padding(self.length));
        to_digest(&self.state)
    }
}

/// SHA-1 of one message that is whole in memory.
pub fn sha1(message: &[u8]) -> Digest {
    let mut hash = Sha1::new();
    hash.update(message);
    hash.finish()
}
// ANCHOR_END: sha1

impl Default for Sha1 {
    fn default() -> Sha1 {
        Sha1::new()
    }
}

// ANCHOR: padding
/// What follows a message of `length` bytes: one bit, then zeros up to 8 bytes before the end of a
/// block, then the message's length in bits.
pub fn padding(length: u64) -> Vec<u8> {
    // ANCHOR: yours_padding (chapter 8, "The client's own")
    let zeros = (64 + 55 - length % 64) % 64;
    let mut padding = vec![0x80];
    padding.resize(1 + zeros as usize, 0);
    padding.extend((length * 8).to_be_bytes());
    padding
    // ANCHOR_END: yours_padding
}
// ANCHOR_END: padding

// ANCHOR: bytes
/// A block's 16 words: four bytes each, the most significant first.
fn words(block: &[u8; 64]) -> [u32; 16] {
    let (words, _) = block.as_chunks();
    std::array::from_fn(|t| u32::from_be_bytes(words[t]))
}

/// The state's five words as bytes, the most significant first.
pub fn to_digest(state: &State) -> Digest {
    let mut digest = [0; 20];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}
// ANCHOR_END: bytes

#[cfg(test)]
mod tests;
