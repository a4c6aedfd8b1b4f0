//! The picker.

use std::collections::BTreeMap;

use blocks::Geometry;
use messages::{Bitfield, BlockRequest};
use rand::Rng;

use crate::PeerKey;
use crate::open::{Block, Open};
use crate::rarity::Rarity;

/// While we have fewer pieces than this, any piece is opened, not the rarest.
pub const RANDOM_FIRST: u32 = 4;

// ANCHOR: picker
/// What is missing of one torrent, and what was asked of whom.
///
/// A piece is on disk (`have`), or open, or in the order of rarity; in exactly one of the three.
#[derive(Clone, Debug)]
pub struct Picker {
    pub(crate) geometry: Geometry,
    have: Bitfield,
    pub(crate) rarity: Rarity,
    pub(crate) open: BTreeMap<u32, Open>,
    /// The open pieces with free blocks, oldest first.
    pub(crate) hungry: Vec<u32>,
    /// The pieces that are fetched from one peer alone.
    pub(crate) only: BTreeMap<u32, PeerKey>,
    max_open: usize,
}
// ANCHOR_END: picker

/// What to do with a block that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Drop it: it is here already, or its piece is, or is not open.
    Unwanted,
    /// Keep it.
    Kept {
        /// Whether it was the last block of its piece, which is to be verified now.
        whole: bool,
        /// Who else was asked for it, and gets a `cancel`.
        also_asked: Vec<PeerKey>,
    },
}

impl Picker {
    /// A picker for a torrent of which nothing is here, and which nobody has. At most `max_open`
    /// pieces (but at least one) are open at a time; memory for them is what the download needs.
    pub fn new(geometry: Geometry, max_open: u32) -> Picker {
        Picker {
            geometry,
            have: Bitfield::new(geometry.pieces()),
            rarity: Rarity::new(geometry.pieces()),
            open: BTreeMap::new(),
            hungry: Vec::new(),
            only: BTreeMap::new(),
            max_open: max_open.max(1) as usize,
        }
    }

    /// At most so many pieces (but at least one) may be open from now on. Those that are open stay.
    pub fn set_max_open(&mut self, max_open: u32) {
        self.max_open = max_open.max(1) as usize;
    }

    /// The pieces on disk.
    pub fn have(&self) -> &Bitfield {
        &self.have
    }

    /// Whether every piece is on disk.
    pub fn is_complete(&self) -> bool {
        self.have.is_full()
    }

    /// The open pieces, by number: those that take up memory.
    pub fn open(&self) -> impl Iterator<Item = u32> + '_ {
        self.open.keys().copied()
    }

    /// This piece is on disk: it was found there, or has been verified and written.
    pub fn set_have(&mut self, piece: u32) {
        if self.have.set(piece) {
            self.rarity.take(piece);
            self.remove_open(piece);
            self.only.remove(&piece);
        }
    }

    /// A peer with these pieces is here. Its later `have`s go to [`Picker::peer_has`].
    pub fn peer_joined(&mut self, has: &Bitfield) {
        self.rarity.joined(has);
    }

    /// A peer is gone; `has` is all that it had in the end. What was asked of it is a matter of
    /// [`Picker::release_all`].
    pub fn peer_left(&mut self, has: &Bitfield) {
        self.rarity.left(has);
    }

    /// A peer has got one piece more, which it did not have before.
    pub fn peer_has(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.rarity.add_copy(piece);
        }
    }

    // ANCHOR: pick
    /// Chooses up to `count` blocks to ask of `peer`, which has the pieces in `has`, and adds them
    /// to `out`. They count as asked from here on.
    ///
    /// It takes well under a microsecond a block for a peer that has everything. A peer that has
    /// little of what is missing costs a walk through its bitfield when it gets a new piece.
    pub fn pick(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        rng: &mut impl Rng,
        out: &mut Vec<BlockRequest>,
    ) {
        let end = out.len() + count;
        self.pick_from_open(peer, has, end, out);
        while out.len() < end && self.open.len() < self.max_open {
            let Some(piece) = self.next_piece(peer, has, rng) else {
                break;
            };
            self.open_piece(piece, peer, end, out);
        }
        if out.len() < end && self.in_end_game() {
            self.pick_in_end_game(peer, has, end - out.len(), out);
        }
    }

    /// The piece to be opened next for this peer.
    fn next_piece(&self, peer: PeerKey, has: &Bitfield, rng: &mut impl Rng) -> Option<u32> {
        let may = |piece| self.may_ask(peer, piece);
        if self.have.count() < RANDOM_FIRST {
            self.rarity.any(has, may, rng)
        } else {
            self.rarity.rarest(has, may, rng)
        }
    }
    // ANCHOR_END: pick

    // ANCHOR: pick_from_open
    /// Asks for free blocks of the open pieces, until `out` has `end` requests.
    fn pick_from_open(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        end: usize,
        out: &mut Vec<BlockRequest>,
    ) {
        let mut next = 0;
        while out.len() < end && next < self.hungry.len() {
            let piece = self.hungry[next];
            if has.get(piece) && self.may_ask(peer, piece) {
                self.ask(piece, peer, end, out);
            }
            if self.open[&piece].has_free() {
                next += 1;
            } else {
                self.hungry.remove(next);
            }
        }
    }
    // ANCHOR_END: pick_from_open

    /// Opens a piece and asks for its first blocks.
    fn open_piece(&mut self, piece: u32, peer: PeerKey, end: usize, out: &mut Vec<BlockRequest>) {
        self.rarity.take(piece);
        let open = Open::new(self.geometry.blocks_in(piece));
        self.open.insert(piece, open);
        self.ask(piece, peer, end, out);
        if self.open[&piece].has_free() {
            self.hungry.push(piece);
        }
    }

    /// Asks for free blocks of one open piece, until `out` has `end` requests.
    fn ask(&mut self, piece: u32, peer: PeerKey, end: usize, out: &mut Vec<BlockRequest>) {
        let Some(open) = self.open.get_mut(&piece) else {
            return;
        };
        while out.len() < end {
            let Some(index) = open.ask_next(peer) else {
                break;
            };
            out.push(self.geometry.block(piece, index));
        }
    }

    // ANCHOR: received
    /// A whole block has come from `peer`. It need not be one that was asked of this peer, nor
    /// still be: what was given up and comes late is kept if it is missing.
    pub fn received(&mut self, peer: PeerKey, block: BlockRequest) -> Receipt {
        let piece = block.piece;
        let Some(index) = self.geometry.index_of(block) else {
            return Receipt::Unwanted;
        };
        if !self.may_ask(peer, piece) {
            return Receipt::Unwanted;
        }
        let Some(open) = self.open.get_mut(&piece) else {
            return Receipt::Unwanted;
        };
        let hungry = open.has_free();
        let Some(also_asked) = open.receive(index as usize, peer) else {
            return Receipt::Unwanted;
        };
        let whole = open.is_whole();
        if hungry && !open.has_free() {
            self.hungry.retain(|&other| other != piece);
        }
        Receipt::Kept { whole, also_asked }
    }
    // ANCHOR_END: received

    /// A block that was asked of `peer` will not come: it was too slow. Others may be asked.
    pub fn release(&mut self, peer: PeerKey, block: BlockRequest) {
        if let (Some(index), Some(open)) = (
            self.geometry.index_of(block),
            self.open.get_mut(&block.piece),
        ) {
            let hungry = open.has_free();
            if open.release(index as usize, peer) && !hungry {
                self.hungry.insert(0, block.piece);
            }
        }
    }

    /// Nothing that was asked of `peer` will come: it choked us, or is gone. Others may be asked.
    /// Returns how many requests that were.
    pub fn release_all(&mut self, peer: PeerKey) -> usize {
        let mut released = 0;
        for (&piece, open) in &mut self.open {
            if !open.has_requests() {
                continue;
            }
            let hungry = open.has_free();
            for index in 0..open.blocks().len() {
                let asked =
                    |block| matches!(block, Block::Asked(askers) if askers.peers().contains(&peer));
                if asked(open.blocks()[index]) {
                    open.release(index, peer);
                    released += 1;
                }
            }
            if open.has_free() && !hungry {
                self.hungry.insert(0, piece);
            }
        }
        released
    }

    /// A whole piece has been verified and is on disk: we have it, and its memory is free.
    pub fn close(&mut self, piece: u32) {
        self.set_have(piece);
    }

    /// A whole piece did not match its hash. All its blocks are missing again. It stays open, ahead
    /// of the others: its memory is reserved already, and a piece someone has spoilt is to be
    /// mended before new ones are begun.
    pub fn failed(&mut self, piece: u32) {
        if let Some(open) = self.open.get_mut(&piece) {
            *open = Open::new(self.geometry.blocks_in(piece));
            self.hungry.retain(|&other| other != piece);
            self.hungry.insert(0, piece);
        }
    }

    /// Fetches a piece from one peer alone from now on, so that it is known who sent it; `None`
    /// lifts that. It holds for open pieces and for others, until the piece is on disk.
    ///
    /// What is here of the piece stays. What others were asked for is void, and what they still
    /// send of it is unwanted. When the peer cannot serve any more, it is the caller's to name
    /// another.
    pub fn only_from(&mut self, piece: u32, peer: Option<PeerKey>) {
        let Some(peer) = peer else {
            self.only.remove(&piece);
            return;
        };
        if self.have.get(piece) || piece >= self.geometry.pieces() {
            return;
        }
        self.only.insert(piece, peer);
        if let Some(open) = self.open.get_mut(&piece) {
            let hungry = open.has_free();
            open.ask_only(peer);
            if open.has_free() && !hungry {
                self.hungry.insert(0, piece);
            }
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

    // ANCHOR: forget
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
    pub fn forget(&mut self, piece: u32) -> Vec<(PeerKey, BlockRequest)> {
        let Some(open) = self.remove_open(piece) else {
            return Vec::new();
        };
        self.rarity.put_back(piece);
        let mut asked = Vec::new();
        for (block, state) in self.geometry.blocks(piece).zip(open.blocks()) {
            if let Block::Asked(askers) = state {
                asked.extend(askers.peers().iter().map(|&peer| (peer, block)));
            }
        }
        asked
    }
    // ANCHOR_END: forget

    fn remove_open(&mut self, piece: u32) -> Option<Open> {
        self.hungry.retain(|&other| other != piece);
        self.open.remove(&piece)
    }

    /// Whether this piece may be fetched from this peer.
    fn may_ask(&self, peer: PeerKey, piece: u32) -> bool {
        self.only.get(&piece).is_none_or(|&only| only == peer)
    }
}

#[cfg(test)]
mod tests;
