//! One open piece: which of its blocks are here, which are asked for, which are free.

use crate::PeerKey;

// ANCHOR: block
/// Where a block of an open piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// It has to be asked for.
    Free,
    /// It was asked of these peers: of one, or in the end game of a few.
    Asked(Askers),
    /// It came from this peer.
    Here(PeerKey),
}
// ANCHOR_END: block

/// How many peers one block is asked of at most.
pub const MOST_ASKED: usize = 3;

/// The peers that one block was asked of: at least one, at most [`MOST_ASKED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Askers {
    keys: [PeerKey; MOST_ASKED],
    count: u8,
}

impl Askers {
    fn one(peer: PeerKey) -> Askers {
        Askers {
            keys: [peer; MOST_ASKED],
            count: 1,
        }
    }

    /// The peers.
    pub fn peers(&self) -> &[PeerKey] {
        &self.keys[..usize::from(self.count)]
    }

    /// Adds a peer; the caller has seen that there is room.
    fn add(&mut self, peer: PeerKey) {
        self.keys[usize::from(self.count)] = peer;
        self.count += 1;
    }

    /// Only those of the peers that `stay`.
    fn retain(&mut self, stay: impl Fn(PeerKey) -> bool) {
        let mut kept = 0;
        for at in 0..usize::from(self.count) {
            if stay(self.keys[at]) {
                self.keys[kept] = self.keys[at];
                kept += 1;
            }
        }
        self.count = kept as u8;
    }
}

// ANCHOR: open
/// A piece of which something has been asked for.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    blocks: Vec<Block>,
    /// How many blocks are free.
    free: usize,
    /// No block before this one is free.
    first_free: usize,
    /// How many blocks are here.
    here: usize,
}
// ANCHOR_END: open

impl Open {
    pub fn new(blocks: u32) -> Open {
        let blocks = vec![Block::Free; blocks as usize];
        Open {
            free: blocks.len(),
            first_free: 0,
            here: 0,
            blocks,
        }
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether some block is neither here nor asked for.
    pub fn has_free(&self) -> bool {
        self.free > 0
    }

    /// How many blocks are here.
    pub fn here(&self) -> usize {
        self.here
    }

    /// Whether every block is here.
    pub fn is_whole(&self) -> bool {
        self.here == self.blocks.len()
    }

    /// Whether a block of it is on its way.
    pub fn has_requests(&self) -> bool {
        self.here + self.free < self.blocks.len()
    }

    // ANCHOR: ask_next
    /// Asks `peer` for the first free block, and says which that is.
    pub fn ask_next(&mut self, peer: PeerKey) -> Option<u32> {
        if self.free == 0 {
            return None;
        }
        while self.blocks[self.first_free] != Block::Free {
            self.first_free += 1;
        }
        let index = self.first_free;
        self.blocks[index] = Block::Asked(Askers::one(peer));
        self.free -= 1;
        self.first_free += 1;
        Some(index as u32)
    }
    // ANCHOR_END: ask_next

    /// Asks one peer more for a block that is on its way. False when that is not so, or the peer
    /// or enough others were asked.
    pub fn ask_again(&mut self, index: usize, peer: PeerKey) -> bool {
        match &mut self.blocks[index] {
            Block::Asked(askers)
                if askers.peers().len() < MOST_ASKED && !askers.peers().contains(&peer) =>
            {
                askers.add(peer);
                true
            }
            _ => false,
        }
    }

    /// Takes in a block from `peer`: who else was asked for it, or `None` if it is here already. A
    /// block that was given up and comes all the same is as good as any.
    pub fn receive(&mut self, index: usize, peer: PeerKey) -> Option<Vec<PeerKey>> {
        let mut others = Vec::new();
        match &self.blocks[index] {
            Block::Here(_) => return None,
            Block::Free => self.free -= 1,
            Block::Asked(askers) => {
                others.extend(askers.peers().iter().filter(|&&other| other != peer));
            }
        }
        self.blocks[index] = Block::Here(peer);
        self.here += 1;
        Some(others)
    }

    /// Takes back what was asked of `peer`, if it was. True when the block is free now.
    pub fn release(&mut self, index: usize, peer: PeerKey) -> bool {
        let Block::Asked(askers) = &mut self.blocks[index] else {
            return false;
        };
        askers.retain(|other| other != peer);
        if askers.peers().is_empty() {
            self.set_free(index);
            return true;
        }
        false
    }

    /// Takes back what was asked of others than `peer`.
    pub fn ask_only(&mut self, peer: PeerKey) {
        for index in 0..self.blocks.len() {
            if let Block::Asked(askers) = &mut self.blocks[index] {
                askers.retain(|other| other == peer);
                if askers.peers().is_empty() {
                    self.set_free(index);
                }
            }
        }
    }

    fn set_free(&mut self, index: usize) {
        self.blocks[index] = Block::Free;
        self.free += 1;
        self.first_free = self.first_free.min(index);
    }
}
