//! The picker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use blocks::Geometry;
use messages::{Bitfield, BlockRequest};
use rand::Rng;

use crate::fellows::Fellows;
use crate::ledger::Ledger;
use crate::open::{Block, MOST_ASKED, Open, Tally};
use crate::rarity::Rarity;
use crate::{END_GAME_REQUESTS, Order, PeerKey};

/// While we have fewer pieces than this, any piece is opened, not the rarest.
pub const RANDOM_FIRST: u32 = 4;

/// What is missing of one torrent, and what was asked of whom.
///
/// A piece is on disk (`have`), or open, or in the order of rarity, in exactly one of the three; or it
/// is not wanted.
#[derive(Clone, Debug)]
pub struct Picker {
    pub(crate) geometry: Geometry,
    have: Bitfield,
    pub(crate) rarity: Rarity,
    pub(crate) open: BTreeMap<u32, Open>,
    /// The open pieces with free blocks, oldest first.
    pub(crate) hungry: VecDeque<u32>,
    /// The open pieces with blocks that were asked of one peer, of two, and so on: those that one
    /// peer more may be asked for.
    pub(crate) again: [BTreeSet<u32>; MOST_ASKED - 1],
    /// The pieces that are fetched from one peer alone.
    pub(crate) only: BTreeMap<u32, PeerKey>,
    /// What was asked of each peer.
    pub(crate) ledgers: BTreeMap<PeerKey, Ledger>,
    /// Blocks that stand in the ledger of a peer, but are free for others.
    pub(crate) yielded: BTreeSet<(BlockRequest, PeerKey)>,
    pub(crate) max_open: usize,
    pub(crate) order: Order,
    /// Who else fetches from the seeds.
    pub(crate) fellows: Fellows,
    /// Pieces that are opened before others.
    pub(crate) classes: Vec<Bitfield>,
    /// Counts what may bring work to a peer for which there was none. See [`Picker::news`].
    pub(crate) news: u64,
    /// Counts when pieces may have come among the unopened that a peer could not be asked for.
    pub(crate) returned: u64,
}

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
            hungry: VecDeque::new(),
            again: Default::default(),
            only: BTreeMap::new(),
            ledgers: BTreeMap::new(),
            yielded: BTreeSet::new(),
            max_open: max_open.max(1) as usize,
            order: Order::default(),
            fellows: Fellows::default(),
            classes: Vec::new(),
            news: 0,
            returned: 0,
        }
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

    /// From now on so many pieces (but at least one) may be open. When more are, none is opened
    /// until enough of them are closed.
    pub fn set_max_open(&mut self, max_open: u32) {
        self.max_open = max_open.max(1) as usize;
        self.news += 1;
    }

    /// This piece is on disk: it was found there, or has been verified and written. What was asked
    /// of it and has not come is void.
    pub fn set_have(&mut self, piece: u32) {
        if self.have.set(piece) {
            self.rarity.take(piece);
            self.only.remove(&piece);
            if self.remove_open(piece).is_none() {
                // It may have been the last that was not open: the end game begins.
                self.news += 1;
            }
        }
    }

    /// This piece is not wanted: it is not opened. One that is open is to be forgotten first.
    pub fn leave_out(&mut self, piece: u32) {
        self.rarity.take(piece);
        // It may have been the last that was not open: the end game begins.
        self.news += 1;
    }

    /// A piece that was left out is wanted after all.
    pub fn take_in(&mut self, piece: u32) {
        if !self.have.get(piece) && !self.is_open(piece) {
            self.rarity.put_back(piece);
            self.returned += 1;
            self.news += 1;
        }
    }

    /// A peer with these pieces is here. Its later `have`s go to [`Picker::peer_has`].
    pub fn peer_joined(&mut self, has: &Bitfield) {
        self.rarity.joined(has);
    }

    /// A peer is gone; `has` is all that it had in the end. Nothing that was asked of it will come:
    /// returns those requests, in the order of asking.
    pub fn peer_left(&mut self, peer: PeerKey, has: &Bitfield) -> Vec<BlockRequest> {
        let out = self.release_all(peer);
        self.ledgers.remove(&peer);
        self.fellows.remove(peer);
        self.rarity.left(has);
        // What nobody has any more keeps nobody from the end game.
        self.news += 1;
        out
    }

    /// A peer has got one piece more, which it did not have before.
    pub fn peer_has(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.rarity.add_copy(piece);
        }
    }

    /// A peer has lost a piece that it had.
    pub fn peer_lost(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.rarity.remove_copy(piece);
            self.news += 1;
        }
    }

    /// A piece is not on disk any more. If it is still wanted, it is to be opened like any other.
    pub fn lost(&mut self, piece: u32, is_wanted: bool) {
        if self.have.clear(piece) && is_wanted {
            self.rarity.put_back(piece);
            self.returned += 1;
            self.news += 1;
        }
    }

    // ANCHOR: pick
    /// Chooses up to `count` blocks to ask of `peer`, which has the pieces in `has`, and adds them
    /// to `out`. They count as asked from here on.
    ///
    /// It takes well under a microsecond a block for a peer that has everything. A peer that has
    /// little of what is missing costs a walk through its bitfield when it gets a new piece. One
    /// for which there is nothing costs that once: until [`Picker::news`], or until it has more
    /// pieces, it is known.
    pub fn pick(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        rng: &mut impl Rng,
        out: &mut Vec<BlockRequest>,
    ) {
        let end = out.len() + count;
        self.pick_missing(peer, has, count, rng, out);
        if out.len() < end && self.in_end_game() && !self.has_nothing_for(peer, has) {
            let more = END_GAME_REQUESTS.saturating_sub(self.asked_of(peer));
            let least = end.min(out.len() + more);
            self.pick_in_end_game(peer, has, least, out);
            if out.len() < least {
                self.ledgers.entry(peer).or_default().nothing = Some((has.count(), self.news));
            }
        }
    }

    // ANCHOR_END: pick

    // ANCHOR: pick_missing
    /// The same without the end game: nothing that anybody else was asked for. What is gained by a
    /// second request is known to who measures rates: see [`Picker::pick_again`].
    pub fn pick_missing(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        rng: &mut impl Rng,
        out: &mut Vec<BlockRequest>,
    ) {
        if count == 0 || self.has_nothing_for(peer, has) {
            return;
        }
        let end = out.len() + count;
        if self.is_in_crowd(has) {
            self.pick_uncopied(peer, end, rng, out);
            if self.rarity.has_uncopied() && self.open.len() < self.max_open {
                return;
            }
        }
        self.pick_rarer(peer, has, end, rng, out);
        self.pick_from_open(peer, has, end, out);
        while out.len() < end
            && let Some(piece) = self.next_piece(peer, has, rng)
        {
            self.open_piece(piece, peer, end, out);
        }
        if out.len() < end && !self.in_end_game() {
            self.ledgers.entry(peer).or_default().nothing = Some((has.count(), self.news));
        }
    }

    // ANCHOR_END: pick_missing

    /// The piece to be opened next for this peer, if there is room and it has one.
    fn next_piece(&mut self, peer: PeerKey, has: &Bitfield, rng: &mut impl Rng) -> Option<u32> {
        let known = Some((has.count(), self.returned));
        let nothing = |ledger: &Ledger| ledger.nothing_unopened == known;
        if self.open.len() >= self.max_open
            || self.rarity.is_exhausted()
            || self.ledgers.get(&peer).is_some_and(nothing)
        {
            return None;
        }
        let mut piece = None;
        for class in &self.classes {
            piece = piece.or_else(|| self.unopened(peer, &has.common_with(class), rng));
        }
        let piece = piece.or_else(|| self.unopened(peer, has, rng));
        if piece.is_none() {
            self.ledgers.entry(peer).or_default().nothing_unopened = known;
        }
        piece
    }

    // ANCHOR: unopened
    /// The unopened piece of those in `has` that comes first in our order.
    fn unopened(&self, peer: PeerKey, has: &Bitfield, rng: &mut impl Rng) -> Option<u32> {
        // ANCHOR: yours_unopened (chapter 11, "Rarest first")
        let may = |piece| self.may_ask(peer, piece);
        match self.order {
            Order::Rarest if self.have.count() >= RANDOM_FIRST => self.rarity.rarest(has, may, rng),
            Order::Rarest | Order::Random => self.rarity.any(has, may, rng),
            Order::Sequential => self.rarity.first(has, may),
        }
        // ANCHOR_END: yours_unopened
    }
    // ANCHOR_END: unopened

    /// Counts what may bring work to a peer for which `pick` had less than was wanted: blocks that
    /// were given up, room for a new piece, a piece put back, the end game. While it stays the
    /// same, and the peer has no new pieces, it is of no use to ask for that peer again.
    pub fn news(&self) -> u64 {
        self.news
    }

    /// This peer can be asked for other pieces than before, and perhaps for as many: what is known of there
    /// being nothing for it is forgotten.
    pub fn look_again(&mut self, peer: PeerKey) {
        if let Some(ledger) = self.ledgers.get_mut(&peer) {
            ledger.nothing = None;
            ledger.nothing_unopened = None;
        }
    }

    /// Whether it is known that there is nothing for this peer: it costs no look at any piece.
    pub fn has_nothing_for(&self, peer: PeerKey, has: &Bitfield) -> bool {
        let known = Some((has.count(), self.news));
        let ledger = self.ledgers.get(&peer);
        ledger.is_some_and(|ledger| ledger.nothing == known || ledger.yielded > 0)
    }

    // ANCHOR: pick_rarer
    /// Asks this peer for what few others have, though open pieces wait that are more common: those
    /// can be had elsewhere. Without it a lone seeder sends the swarm over and over what it has
    /// already, and everybody waits for the rest.
    ///
    /// Not before we have a few pieces, and not when half of the memory for open pieces is taken.
    fn pick_rarer(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        end: usize,
        rng: &mut impl Rng,
        out: &mut Vec<BlockRequest>,
    ) {
        if self.order != Order::Rarest
            || !self.classes.is_empty()
            || self.have.count() < RANDOM_FIRST
        {
            return;
        }
        while out.len() < end {
            let may = |piece| self.may_ask(peer, piece);
            let open = self.hungry.iter().copied();
            let open = open.filter(|&piece| has.get(piece) && may(piece));
            let Some(open) = open.min_by_key(|&piece| self.rarity.own_copies(piece)) else {
                return;
            };
            let copies = self.rarity.own_copies(open);
            let has_room = self.open.len() * 2 < self.max_open;
            let rarer = match has_room {
                true => self.rarity.rarer(has, copies, may, rng),
                false => None,
            };
            match rarer {
                Some(piece) => self.open_piece(piece, peer, end, out),
                None => self.ask(open, peer, end, out),
            }
        }
    }
    // ANCHOR_END: pick_rarer

    // ANCHOR: pick_from_open
    /// Asks for free blocks of the open pieces, until `out` has `end` requests.
    fn pick_from_open(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        end: usize,
        out: &mut Vec<BlockRequest>,
    ) {
        // ANCHOR: yours_pick_from_open (chapter 11, "Rarest first")
        let mut next = 0;
        while out.len() < end
            && let Some(&piece) = self.hungry.get(next)
        {
            if has.get(piece) && self.may_ask(peer, piece) {
                self.ask(piece, peer, end, out);
            }
            // A piece of which everything has been asked for has left the row.
            if self.hungry.get(next) == Some(&piece) {
                next += 1;
            }
        }
        // ANCHOR_END: yours_pick_from_open
    }
    // ANCHOR_END: pick_from_open

    /// Opens a piece and asks for its first blocks.
    pub(crate) fn open_piece(
        &mut self,
        piece: u32,
        peer: PeerKey,
        end: usize,
        out: &mut Vec<BlockRequest>,
    ) {
        self.rarity.take(piece);
        let open = Open::new(self.geometry.blocks_in(piece));
        self.open.insert(piece, open);
        self.hungry.push_back(piece);
        self.ask(piece, peer, end, out);
    }

    /// Asks for free blocks of one open piece, until `out` has `end` requests.
    pub(crate) fn ask(
        &mut self,
        piece: u32,
        peer: PeerKey,
        end: usize,
        out: &mut Vec<BlockRequest>,
    ) {
        let first = out.len();
        let geometry = self.geometry;
        self.change(piece, |open| {
            while out.len() < end
                && let Some(index) = open.ask_next(peer)
            {
                out.push(geometry.block(piece, index));
            }
        });
        self.note_asked(peer, &out[first..]);
    }

    /// Enters requests in the ledger of a peer.
    pub(crate) fn note_asked(&mut self, peer: PeerKey, blocks: &[BlockRequest]) {
        self.ledgers.entry(peer).or_default().asked(blocks);
    }

    /// The one door to an open piece: whatever happens to it, what is kept about all open pieces
    /// follows.
    pub(crate) fn change<T>(&mut self, piece: u32, how: impl FnOnce(&mut Open) -> T) -> Option<T> {
        let open = self.open.get_mut(&piece)?;
        let before = open.tally();
        let result = how(open);
        let after = open.tally();
        self.follow(piece, before, after);
        Some(result)
    }

    pub(crate) fn follow(&mut self, piece: u32, before: Tally, after: Tally) {
        for ((pieces, was), is) in self.again.iter_mut().zip(before.again).zip(after.again) {
            if was == 0 && is > 0 {
                pieces.insert(piece);
            } else if was > 0 && is == 0 {
                pieces.remove(&piece);
            }
        }
        let (was_hungry, is_hungry) = (before.free > 0, after.free > 0);
        if is_hungry && !was_hungry {
            self.hungry.push_front(piece);
            self.news += 1;
        } else if was_hungry && !is_hungry {
            let at = self.hungry.iter().position(|&other| other == piece);
            at.map(|at| self.hungry.remove(at));
        }
        // The end game may begin when the last free block is asked for, and it goes on with every
        // block that may be asked for again.
        let again = |tally: Tally| tally.again.iter().sum::<u32>();
        let begins = was_hungry && !is_hungry;
        let goes_on = again(after) > again(before) && self.in_end_game();
        if self.rarity.is_exhausted() && (begins || goes_on) {
            self.news += 1;
        }
    }

    // ANCHOR: received
    /// A whole block has come from `peer`. It need not be one that was asked of this peer, nor
    /// still be: what was given up and comes late is kept if it is missing.
    pub fn received(&mut self, peer: PeerKey, block: BlockRequest) -> Receipt {
        // ANCHOR: yours_received (chapter 11, "A block comes")
        let piece = block.piece;
        let Some(index) = self.geometry.index_of(block) else {
            return Receipt::Unwanted;
        };
        if !self.may_ask(peer, piece) {
            return Receipt::Unwanted;
        }
        let taken = self.change(piece, |open| {
            let others = open.receive(index, peer)?;
            Some((others, open.is_whole()))
        });
        let Some((mut also_asked, whole)) = taken.flatten() else {
            return Receipt::Unwanted;
        };
        let yielded = self.yielded_between(block, block).into_iter();
        also_asked.extend(
            yielded
                .map(|(other, _)| other)
                .filter(|&other| other != peer),
        );
        self.strike(peer, block);
        for &other in &also_asked {
            self.strike(other, block);
        }
        Receipt::Kept { whole, also_asked }
        // ANCHOR_END: yours_received
    }
    // ANCHOR_END: received

    /// Whether a block is here, or its piece is: the same bytes again are of no use.
    pub fn is_here(&self, block: BlockRequest) -> bool {
        let index = (block.offset / blocks::BLOCK) as usize;
        let open = self.open.get(&block.piece).map(Open::blocks);
        let state = open.and_then(|blocks| blocks.get(index));
        self.have.get(block.piece) || matches!(state, Some(Block::Here(_)))
    }

    /// Whether a piece is open.
    pub fn is_open(&self, piece: u32) -> bool {
        self.open.contains_key(&piece)
    }

    /// Fetches a piece from one peer alone from now on, so that it is known who sent it; `None`
    /// lifts that. It holds for open pieces and for others, until the piece is on disk.
    ///
    /// What is here of the piece stays. What others were asked for is void, and what they still
    /// send of it is unwanted: returns those requests, each with the peer that was asked, to be
    /// cancelled. When the peer cannot serve any more, it is the caller's to name another.
    #[must_use = "these requests are still out"]
    pub fn only_from(&mut self, piece: u32, peer: Option<PeerKey>) -> Vec<(PeerKey, BlockRequest)> {
        if self.have.get(piece) || piece >= self.geometry.pieces() {
            return Vec::new();
        }
        let before = match peer {
            Some(peer) => self.only.insert(piece, peer),
            None => self.only.remove(&piece),
        };
        if before != peer {
            self.news += 1;
            self.returned += 1;
        }
        let Some(peer) = peer else {
            return Vec::new();
        };
        let void = self.change(piece, |open| open.ask_only(peer));
        let geometry = self.geometry;
        let void = void.into_iter().flatten();
        let mut void: Vec<(PeerKey, BlockRequest)> = void
            .map(|(other, index)| (other, geometry.block(piece, index)))
            .collect();
        let yielded = self.yielded_of(piece).into_iter();
        void.extend(yielded.filter(|&(other, _)| other != peer));
        self.strike_all(&void);
        void
    }

    pub(crate) fn strike_all(&mut self, requests: &[(PeerKey, BlockRequest)]) {
        for &(peer, block) in requests {
            self.strike(peer, block);
        }
    }

    /// Who has yielded blocks of a piece, and which.
    pub(crate) fn yielded_of(&self, piece: u32) -> Vec<(PeerKey, BlockRequest)> {
        let block = |offset| BlockRequest {
            piece,
            offset,
            len: offset,
        };
        self.yielded_between(block(0), block(u32::MAX))
    }

    /// Whether the peer still owes a block that it has yielded.
    pub(crate) fn owes_yielded(&self, peer: PeerKey) -> bool {
        self.ledgers
            .get(&peer)
            .is_some_and(|ledger| ledger.yielded > 0)
    }

    /// Whether this piece may be fetched from this peer.
    pub(crate) fn may_ask(&self, peer: PeerKey, piece: u32) -> bool {
        self.only.get(&piece).is_none_or(|&only| only == peer)
    }
}

#[cfg(test)]
mod tests;
