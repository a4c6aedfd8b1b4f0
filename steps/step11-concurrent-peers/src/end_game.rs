//! The end game: the last blocks, asked of more than one peer.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

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
        // ANCHOR: yours_in_end_game (chapter 11, "The end game")
        let waits = |piece| self.rarity.is_available(piece) && !self.only.contains_key(&piece);
        !self.is_complete()
            && self.rarity.is_exhausted()
            && !self.hungry.iter().any(|&piece| waits(piece))
        // ANCHOR_END: yours_in_end_game
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
        // ANCHOR: yours_pick_in_end_game (chapter 11, "The end game")
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
        // ANCHOR_END: yours_pick_in_end_game
    }
    // ANCHOR_END: pick_in_end_game

    // ANCHOR: pick_again
    /// Adds to `out` up to `count` blocks that others were asked for, to be asked of this peer too:
    /// those that are expected last come first. It is the end game of who measures the rates of his
    /// peers: a second request for a block that is about to come is a block for nothing, and somebody
    /// else could have had it.
    ///
    /// `due` says how long it takes until a peer has sent a block before which it has to send so many
    /// others; `is_worth` whether a block that this peer would bring after the first of two times is
    /// to be asked of it, if it is expected after the second.
    ///
    /// It costs a look at all requests that are out.
    pub fn pick_again(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        due: impl Fn(PeerKey, usize) -> Duration,
        is_worth: impl Fn(Duration, Duration) -> bool,
        out: &mut Vec<BlockRequest>,
    ) {
        if count == 0 || self.owes_yielded(peer) {
            return;
        }
        let mut found = self.expected(peer, has, &due);
        found.sort_unstable_by_key(|&(expected, block)| (Reverse(expected), block));
        let before = self.asked_of(peer);
        for (place, (expected, block)) in found.into_iter().take(count).enumerate() {
            if !is_worth(due(peer, before + place), expected) {
                break;
            }
            if let Some(index) = self.geometry.index_of(block) {
                self.ask_again(block.piece, &[index], peer, out);
            }
        }
    }
    // ANCHOR_END: pick_again

    /// The blocks on their way from others that this peer may be asked for, each with the time after
    /// which the first of those that were asked is expected to have sent it.
    fn expected(
        &self,
        peer: PeerKey,
        has: &Bitfield,
        due: impl Fn(PeerKey, usize) -> Duration,
    ) -> Vec<(Duration, BlockRequest)> {
        // Who has yielded a block has it in his ledger and is not among its askers: nobody waits for him.
        let may = |other: PeerKey, block: &BlockRequest| {
            let askers = self.askers(*block);
            has.get(block.piece)
                && !self.only.contains_key(&block.piece)
                && askers.len() < MOST_ASKED
                && askers.contains(&other)
                && !askers.contains(&peer)
        };
        let mut soonest: BTreeMap<BlockRequest, Duration> = BTreeMap::new();
        for (&other, ledger) in self.ledgers.iter().filter(|(other, _)| **other != peer) {
            let out = ledger.out.iter().enumerate();
            for (place, block) in out.filter(|(_, block)| may(other, block)) {
                let expected = due(other, place);
                let entry = soonest.entry(*block).or_insert(expected);
                *entry = expected.min(*entry);
            }
        }
        soonest
            .into_iter()
            .map(|(block, expected)| (expected, block))
            .collect()
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
