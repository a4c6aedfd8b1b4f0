//! What a seed is asked for while others fetch the same: a crowd, and what only the seeds have.

use messages::{Bitfield, BlockRequest};
use rand::Rng;

use crate::fellows::Fellows;
use crate::{Order, PeerKey, Picker};

impl Picker {
    /// Our own peer id: with those of the others it decides who asks a seed for what. See
    /// [`Picker::set_fellow`].
    pub fn set_peer_id(&mut self, peer_id: &[u8; 20]) {
        self.fellows = Fellows::of(peer_id);
    }

    /// This peer fetches from the same seeds as we do: what only they have is shared out between all
    /// that do, by their peer ids. `ahead` of its pieces are left to it, because it is fetching them.
    pub fn set_fellow(&mut self, peer: PeerKey, peer_id: &[u8; 20], ahead: usize) {
        if self.fellows.set(peer, peer_id, ahead) {
            self.news += 1;
        }
    }

    /// This peer fetches from no seed, as far as is known, or has everything.
    pub fn remove_fellow(&mut self, peer: PeerKey) {
        if self.fellows.remove(peer) {
            self.news += 1;
        }
    }

    /// Whether no connected peer has this piece but those that had everything from the start.
    pub fn is_uncopied(&self, piece: u32) -> bool {
        self.rarity.own_copies(piece) == 0
    }

    /// Whether a piece is for this peer to take, as far as we are concerned: one that we take ourselves
    /// by our lot may be its as well.
    pub fn is_for(&self, peer: PeerKey, piece: u32) -> bool {
        self.fellows.is_taker(peer, piece)
    }

    /// Whether there is something to be opened that only seeds have, and others want it too; and this
    /// peer is a seed.
    pub(crate) fn is_in_crowd(&self, has: &Bitfield) -> bool {
        !self.fellows.is_empty()
            && self.order == Order::Rarest
            && self.classes.is_empty()
            && self.rarity.has_uncopied()
            && has.is_full()
    }

    // ANCHOR: pick_uncopied
    /// Asks a seed for what nobody else has: first for what we have begun, then for new pieces, each
    /// of us for [his own](Fellows). What the others have can be had of them, and all that a seed
    /// sends twice holds up the whole crowd.
    pub(crate) fn pick_uncopied(
        &mut self,
        peer: PeerKey,
        end: usize,
        rng: &mut impl Rng,
        out: &mut Vec<BlockRequest>,
    ) {
        let open = self.hungry.iter().copied();
        let begun: Vec<u32> = open
            .filter(|&piece| self.is_uncopied(piece) && self.may_ask(peer, piece))
            .collect();
        for piece in begun {
            if out.len() < end {
                self.ask(piece, peer, end, out);
            }
        }
        while out.len() < end && self.open.len() < self.max_open {
            let may = |piece| self.may_ask(peer, piece);
            let Some(piece) = self.rarity.uncopied(may, &self.fellows, rng) else {
                return;
            };
            self.open_piece(piece, peer, end, out);
        }
    }
    // ANCHOR_END: pick_uncopied
}
