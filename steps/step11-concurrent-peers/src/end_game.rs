//! The end game: the last blocks, asked of more than one peer.

use messages::{Bitfield, BlockRequest};

use crate::open::{Block, MOST_ASKED};
use crate::{PeerKey, Picker};

/// A peer with this many requests out is asked for no second copies. What is asked twice may be
/// sent twice, so this bounds the waste: half a MiB a peer.
pub const END_GAME_REQUESTS: usize = 32;

impl Picker {
    // ANCHOR: in_end_game
    /// Whether every missing block that some connected peer has is asked for. Then `pick` asks for
    /// blocks a second and a third time: BEP 3 calls it the end game. Without it the last blocks
    /// arrive when the slowest peer sends them.
    pub fn in_end_game(&self) -> bool {
        let waits = |piece| self.rarity.is_available(piece) && !self.only.contains_key(&piece);
        !self.is_complete()
            && self.rarity.is_exhausted()
            && !self.hungry.iter().any(|&piece| waits(piece))
    }
    // ANCHOR_END: in_end_game

    /// Second requests, at most so many that the peer has [`END_GAME_REQUESTS`] out.
    pub(crate) fn pick_in_end_game(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        out: &mut Vec<BlockRequest>,
    ) {
        let own = self.asked_of(peer);
        let count = count.min(END_GAME_REQUESTS.saturating_sub(own));
        self.pick_again(peer, has, count, |_| true, out);
    }

    /// Adds to `out` up to `count` blocks that are on their way from peers that are all `slow`, to
    /// be asked of this one too. Those that fewest were asked for come first, so that several peers
    /// do not all ask for the same.
    ///
    /// `pick` does this in the end game by itself. It is also the way on when all memory is held by
    /// pieces that wait for a slow peer while a fast one has nothing to do.
    pub fn pick_again(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        slow: impl Fn(PeerKey) -> bool,
        out: &mut Vec<BlockRequest>,
    ) {
        let end = out.len() + count;
        for asked in 1..MOST_ASKED {
            for (&piece, open) in &mut self.open {
                if !open.has_requests() || !has.get(piece) || self.only.contains_key(&piece) {
                    continue;
                }
                for index in 0..open.blocks().len() {
                    if out.len() >= end {
                        return;
                    }
                    let Block::Asked(askers) = open.blocks()[index] else {
                        continue;
                    };
                    let slow = askers.peers().iter().all(|&other| slow(other));
                    if askers.peers().len() == asked && slow && open.ask_again(index, peer) {
                        out.push(self.geometry.block(piece, index as u32));
                    }
                }
            }
        }
    }

    /// How many requests are out to this peer.
    pub fn asked_of(&self, peer: PeerKey) -> usize {
        let blocks = self.open.values().flat_map(|open| open.blocks());
        blocks
            .filter(|block| matches!(block, Block::Asked(askers) if askers.peers().contains(&peer)))
            .count()
    }
}
