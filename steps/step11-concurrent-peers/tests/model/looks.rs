//! What is true of the model, and must be of the picker.

use std::collections::BTreeSet;

use messages::{Bitfield, BlockRequest};
use picker::{END_GAME_REQUESTS, MOST_ASKED, PeerKey};

use super::{Model, PEERS};

impl Model {
    pub(super) fn copies(&self, piece: u32) -> usize {
        self.peers.values().filter(|has| has.get(piece)).count()
    }

    pub(super) fn may(&self, peer: PeerKey, piece: u32) -> bool {
        self.only.get(&piece).is_none_or(|&only| only == peer)
    }

    pub(super) fn is_free(&self, block: &BlockRequest) -> bool {
        !self.here.contains_key(block) && !self.asked.contains_key(block)
    }

    pub(super) fn is_whole(&self, piece: u32) -> bool {
        self.geometry
            .blocks(piece)
            .all(|block| self.here.contains_key(&block))
    }

    pub(super) fn nth_whole(&self, which: usize) -> Option<u32> {
        let whole: Vec<u32> = self
            .open
            .iter()
            .copied()
            .filter(|&p| self.is_whole(p))
            .collect();
        (!whole.is_empty()).then(|| whole[which % whole.len()])
    }

    /// Pieces, neither open nor here, that this peer could be asked for.
    pub(super) fn unopened(&self, peer: PeerKey) -> Vec<u32> {
        let has = &self.peers[&peer];
        (0..self.geometry.pieces())
            .filter(|piece| !self.have.contains(piece) && !self.open.contains(piece))
            .filter(|&piece| has.get(piece) && self.may(peer, piece))
            .filter(|piece| !self.left_out.contains(piece))
            .collect()
    }

    /// Whether an open piece has a free block that this peer could be asked for.
    pub(super) fn has_free_block(&self, peer: PeerKey) -> bool {
        !self.free_open(peer).is_empty()
    }

    /// The open pieces of which a block may be asked of this peer.
    pub(super) fn free_open(&self, peer: PeerKey) -> BTreeSet<u32> {
        let has = &self.peers[&peer];
        let open = self.open.iter().copied();
        open.filter(|&piece| has.get(piece) && self.may(peer, piece))
            .filter(|&piece| {
                let mut blocks = self.geometry.blocks(piece);
                blocks.any(|block| self.is_free(&block))
            })
            .collect()
    }

    /// Every block that could be had from anyone is asked for or here. Open pieces that are fetched
    /// from one peer alone are that peer's business.
    pub(super) fn end_game(&self) -> bool {
        let reserved = |piece| self.open.contains(&piece) && self.only.contains_key(&piece);
        let mut missing = (0..self.geometry.pieces())
            .filter(|&piece| !self.have.contains(&piece) && self.copies(piece) > 0)
            .filter(|piece| !self.left_out.contains(piece))
            .filter(|&piece| !reserved(piece));
        missing.all(|piece| {
            let mut blocks = self.geometry.blocks(piece);
            blocks.all(|block| !self.is_free(&block))
        })
    }

    /// The one who owes a block that others may be asked for is to deliver that first.
    pub(super) fn owes_yielded(&self, peer: PeerKey) -> bool {
        self.yielded.iter().any(|&(other, _)| other == peer)
    }

    /// The requests that are out, of a piece if need be.
    pub(super) fn out(&self, piece: Option<u32>) -> Vec<(PeerKey, BlockRequest)> {
        let all = self.ledgers.iter();
        let all = all.flat_map(|(&peer, out)| out.iter().map(move |&block| (peer, block)));
        all.filter(|(_, block)| piece.is_none_or(|piece| block.piece == piece))
            .collect()
    }

    pub(super) fn nothing_left_to_ask_again(&self, peer: PeerKey, has: &Bitfield) {
        let own = self.ledgers.get(&peer).map_or(0, Vec::len);
        assert!(
            own >= END_GAME_REQUESTS || self.to_ask_again(peer, has).is_empty(),
            "nobody waits in the end game"
        );
    }

    /// The blocks on their way that this peer may be asked for too, fewest asked first.
    pub(super) fn to_ask_again(&self, peer: PeerKey, has: &Bitfield) -> Vec<BlockRequest> {
        let may = |(block, askers): &(&BlockRequest, &BTreeSet<PeerKey>)| {
            has.get(block.piece)
                && !self.only.contains_key(&block.piece)
                && !askers.contains(&peer)
                && askers.len() < MOST_ASKED
        };
        let mut again: Vec<(usize, BlockRequest)> = self
            .asked
            .iter()
            .filter(may)
            .map(|(&block, askers)| (askers.len(), block))
            .collect();
        again.sort_unstable();
        again.into_iter().map(|(_, block)| block).collect()
    }

    /// What the picker claims of a peer is true.
    pub(super) fn has_nothing_for(&self, peer: PeerKey, has: &Bitfield) {
        if !self.picker.has_nothing_for(peer, has) || self.owes_yielded(peer) {
            return;
        }
        assert!(!self.has_free_block(peer), "{peer}: free blocks are left");
        let full = self.open.len() >= self.max_open;
        let none = self.unopened(peer).is_empty();
        assert!(full || none, "{peer}: pieces are left");
        if !self.picker.is_complete() && self.end_game() {
            let again = self.to_ask_again(peer, has);
            assert_eq!(again, [], "{peer}: it waits in the end game");
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        (0..self.geometry.pieces())
            .all(|piece| self.have.contains(&piece) || self.left_out.contains(&piece))
    }

    pub(super) fn nth_asked(&self, which: usize) -> Option<(BlockRequest, PeerKey)> {
        let mut all = self.out(None);
        all.sort_unstable_by_key(|&(peer, block)| (block, peer));
        let (peer, block) = *all.get(which.checked_rem(all.len())?)?;
        Some((block, peer))
    }

    pub(super) fn check(&self) {
        assert!(self.picker.open().eq(self.open.iter().copied()));
        let end_game = !self.picker.is_complete() && self.end_game();
        assert_eq!(self.picker.in_end_game(), end_game);
        assert!(self.picker.have().iter_ones().eq(self.have.iter().copied()));
        assert_eq!(
            self.picker.is_complete(),
            self.have.len() as u32 == self.geometry.pieces()
        );
        for (&peer, has) in &self.peers {
            self.has_nothing_for(peer, has);
        }
        self.the_books_agree();
    }

    /// Who was asked for what: the blocks, the ledgers and the model say the same.
    pub(super) fn the_books_agree(&self) {
        for peer in (0..PEERS).map(PeerKey) {
            let out = self.ledgers.get(&peer).map_or(&[][..], Vec::as_slice);
            let asked: Vec<BlockRequest> = self.picker.asked(peer).collect();
            assert_eq!(asked, out, "in the order of asking");
            assert_eq!(self.picker.asked_of(peer), out.len());
            for block in (0..self.geometry.pieces()).flat_map(|p| self.geometry.blocks(p)) {
                let asked = self.picker.is_asked(peer, block);
                assert_eq!(asked, out.contains(&block), "{block:?} of {peer}");
            }
        }
    }
}
