//! How an open piece ends: it is on disk, it is begun anew, or it is given up.

use messages::BlockRequest;

use crate::open::{Block, Open, Tally};
use crate::{PeerKey, Picker};

impl Picker {
    /// A whole piece has been verified and is on disk: we have it, and its memory is free.
    pub fn close(&mut self, piece: u32) {
        self.set_have(piece);
    }

    /// A whole piece did not match its hash. All its blocks are missing again. It stays open, ahead
    /// of the others: its memory is reserved already, and a piece someone has spoilt is to be
    /// mended before new ones are begun.
    pub fn failed(&mut self, piece: u32) {
        if self.remove_open(piece).is_some() {
            let open = Open::new(self.geometry.blocks_in(piece));
            self.open.insert(piece, open);
            self.hungry.push_front(piece);
            self.news += 1;
        }
    }

    /// Who sent each block of a whole open piece, in order. Of a piece that is not whole: who sent
    /// the blocks that are here.
    pub fn contributors(&self, piece: u32) -> Vec<PeerKey> {
        let open = self.open.get(&piece);
        let blocks = open.map_or(&[][..], Open::blocks).iter();
        blocks
            .filter_map(|block| match block {
                Block::Here(peer) => Some(*peer),
                _ => None,
            })
            .collect()
    }

    /// How many bytes of an open piece are here.
    pub fn bytes_here(&self, piece: u32) -> u64 {
        let open = self.open.get(&piece);
        let blocks = open.map_or(&[][..], Open::blocks).iter();
        let here = self.geometry.blocks(piece).zip(blocks);
        let here = here.filter(|(_, state)| matches!(state, Block::Here(_)));
        here.map(|(block, _)| u64::from(block.len)).sum()
    }

    /// An open piece that keeps the others from being opened: all pieces that may be open are, no
    /// block of this one is on its way, and nobody `can_serve` it. Of several, the one of which
    /// least would be lost.
    pub fn stuck_open(&self, can_serve: impl Fn(u32) -> bool) -> Option<u32> {
        if self.open.len() < self.max_open {
            return None;
        }
        let waits = |open: &Open| !open.is_whole() && !open.has_requests();
        let stuck = self
            .open
            .iter()
            .filter(|&(&piece, open)| waits(open) && !can_serve(piece));
        stuck
            .min_by_key(|(_, open)| open.here())
            .map(|(&piece, _)| piece)
    }

    /// Gives up an open piece: its blocks are dropped, its memory is free, and it is to be opened
    /// again like any other. Returns the requests that are still out, each with the peer that was
    /// asked, to be cancelled.
    #[must_use = "these requests are still out"]
    pub fn forget(&mut self, piece: u32) -> Vec<(PeerKey, BlockRequest)> {
        let Some(asked) = self.remove_open(piece) else {
            return Vec::new();
        };
        self.rarity.put_back(piece);
        self.returned += 1;
        self.news += 1;
        asked
    }

    /// A piece is open no more. The requests that were out are struck from the ledgers.
    pub(crate) fn remove_open(&mut self, piece: u32) -> Option<Vec<(PeerKey, BlockRequest)>> {
        let full = self.open.len() >= self.max_open;
        let open = self.open.remove(&piece)?;
        if full && !self.rarity.is_exhausted() {
            self.news += 1;
        }
        let mut asked = Vec::new();
        if open.has_requests() {
            for (block, state) in self.geometry.blocks(piece).zip(open.blocks()) {
                if let Block::Asked(askers) = state {
                    asked.extend(askers.peers().iter().map(|&peer| (peer, block)));
                }
            }
        }
        self.follow(piece, open.tally(), Tally::default());
        asked.extend(self.yielded_of(piece));
        self.strike_all(&asked);
        Some(asked)
    }
}
