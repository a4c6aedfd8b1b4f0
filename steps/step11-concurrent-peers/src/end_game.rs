//! The end game: the last blocks, asked of more than one peer.

use messages::{Bitfield, BlockRequest};

use crate::open::{MOST_ASKED, Open};
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

    // ANCHOR: pick_in_end_game
    /// Second requests, until `out` has `end` requests. Those that fewest were asked for come
    /// first, so that several peers do not all ask for the same.
    ///
    /// Only blocks that may be asked for again are looked at, and of those the ones that were asked
    /// of this very peer are passed by: fewer than [`END_GAME_REQUESTS`].
    pub(crate) fn pick_in_end_game(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        end: usize,
        out: &mut Vec<BlockRequest>,
    ) {
        for asked in 1..MOST_ASKED {
            let mut from = 0;
            while out.len() < end
                && let Some(&piece) = self.again[asked - 1].range(from..).next()
            {
                from = piece + 1;
                if !has.get(piece) || self.only.contains_key(&piece) {
                    continue;
                }
                let open = &self.open[&piece];
                let others = |&index: &u32| !open.askers(index).contains(&peer);
                let room = end - out.len();
                let blocks: Vec<u32> = open.asked_of(asked).filter(others).take(room).collect();
                self.ask_again(piece, &blocks, peer, out);
            }
        }
    }
    // ANCHOR_END: pick_in_end_game

    /// Adds to `out` up to `count` blocks that are on their way from peers that are all `slow`, to
    /// be asked of this one too; those that fewest were asked for come first. It is the way on when
    /// all memory is held by pieces that wait for a slow peer while a fast one has nothing to do.
    ///
    /// It costs a question for each peer that has requests out, and what the slow ones have out.
    pub fn pick_again(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        slow: impl Fn(PeerKey) -> bool,
        out: &mut Vec<BlockRequest>,
    ) {
        if count == 0 || self.owes_yielded(peer) {
            return;
        }
        let slow: Vec<PeerKey> = self
            .ledgers
            .keys()
            .copied()
            .filter(|&other| other != peer && self.asked_of(other) > 0 && slow(other))
            .collect();
        let mut found: Vec<(usize, BlockRequest)> = Vec::new();
        for block in slow.iter().flat_map(|&other| self.asked(other)) {
            let askers = self.askers(block);
            let all_slow = askers.iter().all(|asker| slow.binary_search(asker).is_ok());
            let may = has.get(block.piece) && !self.only.contains_key(&block.piece);
            if may && all_slow && (1..MOST_ASKED).contains(&askers.len()) {
                found.push((askers.len(), block));
            }
        }
        found.sort_unstable();
        found.dedup();
        for (_, block) in found.into_iter().take(count) {
            if let Some(index) = self.geometry.index_of(block) {
                self.ask_again(block.piece, &[index], peer, out);
            }
        }
    }

    /// Asks one peer more for blocks of an open piece.
    fn ask_again(
        &mut self,
        piece: u32,
        blocks: &[u32],
        peer: PeerKey,
        out: &mut Vec<BlockRequest>,
    ) {
        let ask = |open: &mut Open| blocks.iter().for_each(|&index| open.ask_again(index, peer));
        self.change(piece, ask);
        let first = out.len();
        let geometry = self.geometry;
        out.extend(blocks.iter().map(|&index| geometry.block(piece, index)));
        self.note_asked(peer, &out[first..]);
    }

    /// Who was asked for a block.
    fn askers(&self, block: BlockRequest) -> &[PeerKey] {
        let open = self.open.get(&block.piece);
        match (open, self.geometry.index_of(block)) {
            (Some(open), Some(index)) => open.askers(index),
            _ => &[],
        }
    }
}
