//! One open piece: which of its blocks are here, which are asked for, which are free.

use std::mem;

use messages::Bitfield;

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

    /// With one peer more; the caller has seen that there is room.
    fn and(mut self, peer: PeerKey) -> Askers {
        self.keys[usize::from(self.count)] = peer;
        self.count += 1;
        self
    }

    /// Only those of the peers that `stay`; `Free` when nobody does.
    fn only(mut self, stay: impl Fn(PeerKey) -> bool) -> Block {
        let mut kept = 0;
        for at in 0..usize::from(self.count) {
            if stay(self.keys[at]) {
                self.keys[kept] = self.keys[at];
                kept += 1;
            }
        }
        self.count = kept as u8;
        match kept {
            0 => Block::Free,
            _ => Block::Asked(self),
        }
    }
}

/// A piece of which something has been asked for.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    blocks: Vec<Block>,
    /// No block before this one is free.
    first_free: usize,
    /// How many blocks are here.
    here: usize,
    tally: Tally,
    /// The blocks that were asked of one peer, of two, and so on, each as a set: those that may be
    /// asked of one peer more.
    again: [Bitfield; MOST_ASKED - 1],
}

/// What the picker must know of an open piece without a look at its blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many blocks are free.
    pub free: usize,
    /// How many were asked of one peer, of two, and so on.
    pub again: [u32; MOST_ASKED - 1],
}

impl Open {
    pub fn new(blocks: u32) -> Open {
        Open {
            blocks: vec![Block::Free; blocks as usize],
            first_free: 0,
            here: 0,
            tally: Tally {
                free: blocks as usize,
                again: Default::default(),
            },
            again: [(); MOST_ASKED - 1].map(|()| Bitfield::new(blocks)),
        }
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// How many blocks are free, and how many may be asked for again.
    pub fn tally(&self) -> Tally {
        self.tally
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
        self.here + self.tally.free < self.blocks.len()
    }

    /// Who was asked for a block; nobody for one that is free or here.
    pub fn askers(&self, index: u32) -> &[PeerKey] {
        #[cfg(test)]
        LOOKS.set(LOOKS.get() + 1);
        match &self.blocks[index as usize] {
            Block::Asked(askers) => askers.peers(),
            _ => &[],
        }
    }

    /// The blocks that were asked of just so many peers, fewer than [`MOST_ASKED`].
    pub fn asked_of(&self, peers: usize) -> impl Iterator<Item = u32> + '_ {
        self.again[peers - 1].iter_ones()
    }

    /// Asks `peer` for the first free block, and says which that is.
    pub fn ask_next(&mut self, peer: PeerKey) -> Option<u32> {
        if self.tally.free == 0 {
            return None;
        }
        while self.blocks[self.first_free] != Block::Free {
            self.first_free += 1;
        }
        let index = self.first_free as u32;
        self.put(index, Block::Asked(Askers::one(peer)));
        self.first_free += 1;
        Some(index)
    }

    /// Asks one peer more for a block of [`Open::asked_of`] that it was not asked for yet.
    pub fn ask_again(&mut self, index: u32, peer: PeerKey) {
        if let Block::Asked(askers) = self.blocks[index as usize] {
            self.put(index, Block::Asked(askers.and(peer)));
        }
    }

    /// Takes in a block from `peer`: who else was asked for it, or `None` if it is here already. A
    /// block that was given up and comes all the same is as good as any.
    pub fn receive(&mut self, index: u32, peer: PeerKey) -> Option<Vec<PeerKey>> {
        if let Block::Here(_) = self.blocks[index as usize] {
            return None;
        }
        let askers = self.askers(index).iter().copied();
        let others = askers.filter(|&other| other != peer).collect();
        self.put(index, Block::Here(peer));
        Some(others)
    }

    /// Takes back what was asked of `peer`. True if it was.
    pub fn release(&mut self, index: u32, peer: PeerKey) -> bool {
        match self.blocks[index as usize] {
            Block::Asked(askers) if askers.peers().contains(&peer) => {
                self.put(index, askers.only(|other| other != peer));
                true
            }
            _ => false,
        }
    }

    /// Takes back what was asked of others than `peer`: of whom, and which blocks.
    pub fn ask_only(&mut self, peer: PeerKey) -> Vec<(PeerKey, u32)> {
        let mut void = Vec::new();
        if !self.has_requests() {
            return void;
        }
        for index in 0..self.blocks.len() as u32 {
            let Block::Asked(askers) = self.blocks[index as usize] else {
                continue;
            };
            let others = askers.peers().iter().filter(|&&other| other != peer);
            void.extend(others.map(|&other| (other, index)));
            self.put(index, askers.only(|other| other == peer));
        }
        void
    }

    /// The one place where a block changes: the counts and the sets follow it.
    fn put(&mut self, index: u32, block: Block) {
        match mem::replace(&mut self.blocks[index as usize], block) {
            Block::Free => self.tally.free -= 1,
            Block::Asked(askers) => self.mark(index, askers, false),
            Block::Here(_) => self.here -= 1,
        }
        match block {
            Block::Free => {
                self.tally.free += 1;
                self.first_free = self.first_free.min(index as usize);
            }
            Block::Asked(askers) => self.mark(index, askers, true),
            Block::Here(_) => self.here += 1,
        }
    }

    /// Puts a block into the set of those that were asked of so many peers, or takes it out. Of
    /// those that were asked of enough there is no set.
    fn mark(&mut self, index: u32, askers: Askers, is_in: bool) {
        let place = usize::from(askers.count) - 1;
        if let Some(set) = self.again.get_mut(place) {
            match is_in {
                true => set.set(index),
                false => set.clear(index),
            };
            self.tally.again[place] = set.count();
        }
    }
}

#[cfg(test)]
std::thread_local! {
    /// How many times a block was looked at for who was asked for it.
    pub(crate) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
