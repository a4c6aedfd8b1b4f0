//! What is done to the picker, and to the model beside it.

use std::collections::BTreeSet;
use std::time::Duration;

use messages::BlockRequest;
use picker::{MOST_ASKED, PeerKey, RANDOM_FIRST, Receipt};

use super::Model;

impl Model {
    /// Takes a request out of all the books. Whether it was in them.
    pub(super) fn strike(&mut self, peer: PeerKey, block: BlockRequest) -> bool {
        if let Some(askers) = self.asked.get_mut(&block) {
            askers.remove(&peer);
            if askers.is_empty() {
                self.asked.remove(&block);
            }
        }
        self.yielded.remove(&(peer, block));
        let Some(ledger) = self.ledgers.get_mut(&peer) else {
            return false;
        };
        let before = ledger.len();
        ledger.retain(|&asked| asked != block);
        ledger.len() < before
    }

    pub(super) fn note_asked(&mut self, peer: PeerKey, block: BlockRequest) {
        self.asked.entry(block).or_default().insert(peer);
        self.ledgers.entry(peer).or_default().push(block);
    }

    pub(super) fn pick(&mut self, peer: PeerKey, count: usize) -> usize {
        let Some(has) = self.peers.get(&peer).cloned() else {
            return 0;
        };
        let mut picks = Vec::new();
        self.picker
            .pick(peer, &has, count, &mut self.rng, &mut picks);
        assert!(picks.len() <= count);
        for &block in &picks {
            let piece = block.piece;
            assert!(
                self.geometry.index_of(block).is_some(),
                "{block:?} is a block"
            );
            assert!(has.get(piece), "the peer has it");
            assert!(!self.have.contains(&piece), "it is missing");
            assert!(!self.left_out.contains(&piece), "it is wanted");
            assert!(self.may(peer, piece), "it may be asked of this peer");
            assert!(!self.here.contains_key(&block), "it is not here");
            if !self.open.contains(&piece) {
                self.opens(peer, piece);
            }
            if let Some(others) = self.asked.get(&block) {
                assert!(self.end_game(), "asked twice only in the end game");
                assert!(!others.contains(&peer), "never twice of one peer");
                assert!(others.len() < MOST_ASKED);
            }
            self.note_asked(peer, block);
        }
        if self.owes_yielded(peer) {
            assert_eq!(picks, [], "it owes one that others may be asked for");
            return 0;
        }
        if picks.len() < count {
            assert!(!self.has_free_block(peer), "free blocks are left");
            let full = self.open.len() >= self.max_open;
            assert!(full || self.unopened(peer).is_empty(), "pieces are left");
        }
        if picks.len() < count && self.end_game() {
            self.nothing_left_to_ask_again(peer, &has);
        }
        picks.len()
    }

    /// A piece is being opened for this peer: was it the right one?
    pub(super) fn opens(&mut self, peer: PeerKey, piece: u32) {
        assert!(self.open.len() < self.max_open, "the budget holds");
        let rarest = |pieces: BTreeSet<u32>| pieces.into_iter().map(|p| self.copies(p)).min();
        let few = (self.have.len() as u32) < RANDOM_FIRST;
        if let Some(copies) = rarest(self.free_open(peer)) {
            let rarer = !few && self.copies(piece) < copies && self.open.len() * 2 < self.max_open;
            assert!(rarer, "open pieces come first, but for what is rarer");
        }
        if !few {
            let unopened = self.unopened(peer).into_iter().collect();
            assert_eq!(
                Some(self.copies(piece)),
                rarest(unopened),
                "the rarest is opened"
            );
        }
        self.open.insert(piece);
    }

    pub(super) fn pick_again(&mut self, peer: PeerKey, slow: &[bool], count: usize) {
        let Some(has) = self.peers.get(&peer).cloned() else {
            return;
        };
        let slow = |peer: PeerKey| slow[peer.0 as usize];
        let mut expected = self.to_ask_again(peer, &has);
        expected.retain(|block| self.asked[block].iter().all(|&asker| slow(asker)));
        expected.sort_unstable();
        expected.truncate(count);
        if self.owes_yielded(peer) {
            expected.clear();
        }
        let mut picks = Vec::new();
        // Whoever is slow is so for every block: then they come by their numbers.
        let due = |other, _| Duration::from_secs(u64::from(other != peer && slow(other)));
        let sooner = |ours: Duration, theirs: Duration| ours.is_zero() && !theirs.is_zero();
        self.picker
            .pick_again(peer, &has, count, due, sooner, &mut picks);
        assert_eq!(picks, expected);
        for block in picks {
            self.note_asked(peer, block);
        }
    }

    pub(super) fn receive(&mut self, peer: PeerKey, block: BlockRequest) {
        let receipt = self.picker.received(peer, block);
        let wanted = self.geometry.index_of(block).is_some()
            && self.open.contains(&block.piece)
            && self.may(peer, block.piece)
            && !self.here.contains_key(&block);
        if !wanted {
            assert_eq!(receipt, Receipt::Unwanted);
            return;
        }
        self.strike(peer, block);
        let others: BTreeSet<PeerKey> = self
            .out(Some(block.piece))
            .into_iter()
            .filter(|&(_, asked)| asked == block)
            .map(|(other, _)| other)
            .collect();
        for &other in &others {
            self.strike(other, block);
        }
        self.here.insert(block, peer);
        let Receipt::Kept { whole, also_asked } = receipt else {
            panic!("{block:?} is wanted");
        };
        assert_eq!(also_asked.into_iter().collect::<BTreeSet<_>>(), others);
        assert_eq!(whole, self.is_whole(block.piece));
    }

    /// The blocks of a piece are gone, and the requests for them.
    pub(super) fn drop_blocks(&mut self, piece: u32) {
        self.here.retain(|block, _| block.piece != piece);
        for (peer, block) in self.out(Some(piece)) {
            self.strike(peer, block);
        }
    }

    pub(super) fn release_all(&mut self, peer: PeerKey) {
        let out = self.ledgers.remove(&peer).unwrap_or_default();
        assert_eq!(self.picker.asked_of(peer), out.len());
        assert_eq!(self.picker.release_all(peer), out);
        self.released(peer, &out);
    }

    pub(super) fn released(&mut self, peer: PeerKey, out: &[BlockRequest]) {
        for &block in out {
            self.strike(peer, block);
        }
    }

    pub(super) fn close(&mut self, piece: u32) {
        let senders: Vec<PeerKey> = self.geometry.blocks(piece).map(|b| self.here[&b]).collect();
        assert_eq!(self.picker.contributors(piece), senders);
        self.picker.close(piece);
        self.has(piece);
    }

    pub(super) fn found(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.picker.set_have(piece);
            self.has(piece);
        }
    }

    pub(super) fn leave_out(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            if self.open.contains(&piece) {
                self.forget(piece);
            }
            self.picker.leave_out(piece);
            self.left_out.insert(piece);
        }
    }

    pub(super) fn take_in(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.picker.take_in(piece);
            self.left_out.remove(&piece);
        }
    }

    pub(super) fn has(&mut self, piece: u32) {
        self.drop_blocks(piece);
        self.open.remove(&piece);
        self.only.remove(&piece);
        self.have.insert(piece);
    }

    pub(super) fn forget(&mut self, piece: u32) {
        let out: BTreeSet<(PeerKey, BlockRequest)> =
            self.picker.forget(piece).into_iter().collect();
        assert_eq!(out, self.out(Some(piece)).into_iter().collect());
        self.drop_blocks(piece);
        self.open.remove(&piece);
    }

    pub(super) fn only_from(&mut self, piece: u32, peer: Option<PeerKey>) {
        let void = self.picker.only_from(piece, peer);
        let void: BTreeSet<(PeerKey, BlockRequest)> = void.into_iter().collect();
        let mut expected = BTreeSet::new();
        if self.have.contains(&piece) || piece >= self.geometry.pieces() {
            // Nobody is to be asked for it.
        } else if let Some(peer) = peer {
            self.only.insert(piece, peer);
            expected.extend(self.out(Some(piece)));
            expected.retain(|&(other, _)| other != peer);
        } else {
            self.only.remove(&piece);
        }
        assert_eq!(void, expected);
        for (other, block) in void {
            self.strike(other, block);
        }
    }

    pub(super) fn yields(&mut self, peer: PeerKey, block: BlockRequest) {
        let already = self.yielded.contains(&(peer, block));
        assert_eq!(self.picker.yield_to_others(peer, block), !already);
        self.yielded.insert((peer, block));
        if let Some(askers) = self.asked.get_mut(&block) {
            askers.remove(&peer);
            if askers.is_empty() {
                self.asked.remove(&block);
            }
        }
    }

    pub(super) fn release(&mut self, block: BlockRequest, peer: PeerKey) {
        assert!(self.picker.release(peer, block));
        assert!(!self.picker.release(peer, block), "it was taken back");
        assert!(self.strike(peer, block));
    }

    pub(super) fn leave(&mut self, peer: PeerKey) {
        if let Some(has) = self.peers.remove(&peer) {
            let out = self.ledgers.remove(&peer).unwrap_or_default();
            assert_eq!(self.picker.peer_left(peer, &has), out);
            self.released(peer, &out);
        }
    }
}
