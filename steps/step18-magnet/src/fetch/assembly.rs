//! Metadata that are coming: the blocks that are here, and from whom.

use std::collections::BTreeMap;

use metainfo::InfoHash;
use picker::PeerKey;
use sha1::{Digest, Sha1};

use crate::{block_count, block_len};

/// A copy of metadata of a claimed size. It takes no memory but for the blocks that have come.
#[derive(Clone, Debug)]
pub(super) struct Assembly {
    size: u64,
    blocks: BTreeMap<u32, Block>,
    /// All blocks below this one are here.
    whole_below: u32,
}

#[derive(Clone, Debug)]
struct Block {
    from: PeerKey,
    bytes: Vec<u8>,
}

impl Assembly {
    pub(super) fn new(size: u64) -> Assembly {
        Assembly {
            size,
            blocks: BTreeMap::new(),
            whole_below: 0,
        }
    }

    /// The blocks that are not here, in ascending order.
    pub(super) fn missing(&self) -> impl Iterator<Item = u32> {
        let all = self.whole_below..block_count(self.size);
        all.filter(|piece| !self.blocks.contains_key(piece))
    }

    pub(super) fn is_whole(&self) -> bool {
        self.blocks.len() == block_count(self.size) as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// How many blocks are here.
    pub(super) fn len(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// Takes a block of the right length, unless it is here already.
    pub(super) fn put(&mut self, piece: u32, from: PeerKey, bytes: Vec<u8>) {
        debug_assert_eq!(bytes.len(), block_len(self.size, piece));
        self.blocks.entry(piece).or_insert(Block { from, bytes });
        while self.blocks.contains_key(&self.whole_below) {
            self.whole_below += 1;
        }
    }

    /// Takes all blocks of a peer out, for a copy of its own.
    pub(super) fn take_from(&mut self, peer: PeerKey) -> Assembly {
        let blocks = std::mem::take(&mut self.blocks);
        let (its, others) = blocks
            .into_iter()
            .partition(|(_, block)| block.from == peer);
        (self.blocks, self.whole_below) = (others, 0);
        Assembly {
            blocks: its,
            ..Assembly::new(self.size)
        }
    }

    /// Who has given how many blocks.
    pub(super) fn givers(&self) -> BTreeMap<PeerKey, u32> {
        let mut givers = BTreeMap::new();
        for block in self.blocks.values() {
            *givers.entry(block.from).or_default() += 1;
        }
        givers
    }

    /// Who has given each block, and its SHA-1.
    pub(super) fn digests(&self) -> impl Iterator<Item = (u32, PeerKey, [u8; 20])> {
        let blocks = self.blocks.iter();
        blocks.map(|(&piece, block)| (piece, block.from, digest(&block.bytes)))
    }

    /// The info-hash of what is here.
    pub(super) fn info_hash(&self) -> InfoHash {
        let mut sha1 = Sha1::new();
        let blocks = self.blocks.values();
        blocks.for_each(|block| sha1.update(&block.bytes));
        InfoHash(sha1.finalize().into())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        let blocks = self.blocks.into_values().map(|block| block.bytes);
        blocks.collect::<Vec<_>>().concat()
    }
}

/// The SHA-1 of a block.
pub(super) fn digest(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}
