//! The client's way in: one digest, or many, by whatever is fastest here.

use crate::Digest;
use sha1::Digest as _;

/// SHA-1 of one message, given in parts of any size.
pub fn digest(parts: &[&[u8]]) -> Digest {
    let mut hash = sha1::Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// SHA-1 of many messages, each in parts of any size: the digests in the order of the messages.
pub fn digest_many(messages: &[Vec<&[u8]>]) -> Vec<Digest> {
    messages.iter().map(|parts| digest(parts)).collect()
}

/// Many messages that grow side by side, as when pieces are read from a disk in chunks.
#[derive(Clone)]
pub struct Batch {
    hashes: Vec<sha1::Sha1>,
}

impl Batch {
    /// `count` messages of no bytes yet.
    pub fn new(count: usize) -> Batch {
        Batch {
            hashes: vec![sha1::Sha1::new(); count],
        }
    }

    /// Adds `chunks[i]` to the end of message `i`. Chunks may differ in length and may be empty.
    pub fn update(&mut self, chunks: &[&[u8]]) {
        for (hash, chunk) in self.hashes.iter_mut().zip(chunks) {
            hash.update(chunk);
        }
    }

    /// The digests, in the order of the messages.
    pub fn finish(self) -> Vec<Digest> {
        self.hashes
            .into_iter()
            .map(|hash| hash.finalize().into())
            .collect()
    }
}
