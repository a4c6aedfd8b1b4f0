//! The pieces still to be opened, rarest first.

use std::ops::Range;

use messages::Bitfield;
use rand::{Rng, RngExt};

use crate::fellows::Fellows;

/// How many pieces are looked at, from the rarest on, before [`Rarity::sweep`] takes over.
const GLANCE: u32 = 256;

/// How many pieces of a peer a sweep compares. Of more, the rarest of this many is chosen.
const SWEEP: u32 = 4096;

/// The place of a piece that is not in the order.
const AWAY: u32 = u32::MAX;

/// The unopened pieces, sorted by how many peers have each.
///
/// A sorted array, in which all pieces with the same number of copies stand together. When a piece
/// gets one copy more, it changes places with the last piece of its group, and the border of the
/// group moves by one: it is the first of the next group now. So a `have` costs the same for ten
/// pieces and for three million.
#[derive(Clone, Debug)]
pub(crate) struct Rarity {
    /// The unopened pieces, rarest first.
    order: Vec<u32>,
    /// Where in `order` each piece stands, or [`AWAY`].
    place: Vec<u32>,
    /// The same as a set.
    unopened: Bitfield,
    /// How many peers have each piece. Peers that have everything are not counted here.
    copies: Vec<u16>,
    /// Where in `order` the pieces with 0, 1, 2… copies begin.
    starts: Vec<u32>,
    /// How many peers have everything. They change no order, so they cost nothing.
    seeds: u32,
}

impl Rarity {
    /// `pieces` pieces that nobody has.
    pub fn new(pieces: u32) -> Rarity {
        Rarity {
            order: (0..pieces).collect(),
            place: (0..pieces).collect(),
            unopened: Bitfield::full(pieces),
            copies: vec![0; pieces as usize],
            starts: vec![0],
            seeds: 0,
        }
    }

    /// Whether some connected peer has this piece.
    pub fn is_available(&self, piece: u32) -> bool {
        self.seeds > 0 || self.copies[piece as usize] > 0
    }

    /// How many connected peers have this piece.
    pub fn copies(&self, piece: u32) -> u32 {
        self.seeds + self.own_copies(piece)
    }

    /// Whether there is no unopened piece that some connected peer has.
    pub fn is_exhausted(&self) -> bool {
        self.available().is_empty()
    }

    /// A peer with these pieces is here.
    pub fn joined(&mut self, has: &Bitfield) {
        if has.is_full() {
            self.seeds += 1;
        } else {
            has.iter_ones().for_each(|piece| self.add_copy(piece));
        }
    }

    /// A peer with these pieces is gone.
    ///
    /// A peer that joined without everything and got the rest was counted piece by piece. That does
    /// not matter: one seed less and one copy less of every piece are the same.
    pub fn left(&mut self, has: &Bitfield) {
        if has.is_full() && self.seeds > 0 {
            self.seeds -= 1;
        } else {
            has.iter_ones().for_each(|piece| self.remove_copy(piece));
        }
    }

    // ANCHOR: add_copy
    /// One more peer has this piece.
    pub fn add_copy(&mut self, piece: u32) {
        // ANCHOR: yours_add_copy (chapter 11, "An order that costs nothing to keep")
        let copies = &mut self.copies[piece as usize];
        let group = usize::from(*copies);
        let Some(more) = copies.checked_add(1) else {
            return;
        };
        *copies = more;
        if self.place[piece as usize] == AWAY {
            return;
        }
        self.make_group(group + 1);
        self.swap(self.place[piece as usize], self.starts[group + 1] - 1);
        self.starts[group + 1] -= 1;
        // ANCHOR_END: yours_add_copy
    }

    /// One peer less has this piece.
    pub fn remove_copy(&mut self, piece: u32) {
        let copies = &mut self.copies[piece as usize];
        let group = usize::from(*copies);
        *copies = copies.saturating_sub(1);
        if self.place[piece as usize] == AWAY || group == 0 {
            return;
        }
        self.swap(self.place[piece as usize], self.starts[group]);
        self.starts[group] += 1;
    }
    // ANCHOR_END: add_copy

    /// Takes a piece out of the order: it is open now, or we have it. From group to group it goes
    /// to the very end.
    pub fn take(&mut self, piece: u32) {
        let mut at = self.place[piece as usize];
        if at == AWAY {
            return;
        }
        for group in usize::from(self.copies[piece as usize])..self.starts.len() {
            let last = self.group(group).end - 1;
            self.swap(at, last);
            at = last;
            if let Some(next) = self.starts.get_mut(group + 1) {
                *next -= 1;
            }
        }
        self.order.pop();
        self.place[piece as usize] = AWAY;
        self.unopened.clear(piece);
    }

    /// Puts a piece back into the order, by the same way.
    pub fn put_back(&mut self, piece: u32) {
        if self.place[piece as usize] != AWAY {
            return;
        }
        let own = usize::from(self.copies[piece as usize]);
        self.make_group(own);
        let mut at = self.order.len() as u32;
        self.order.push(piece);
        self.place[piece as usize] = at;
        self.unopened.set(piece);
        for group in (own + 1..self.starts.len()).rev() {
            let first = self.starts[group];
            self.swap(at, first);
            at = first;
            self.starts[group] += 1;
        }
    }

    /// The rarest unopened piece of those in `has` that `may` be opened.
    pub fn rarest(
        &self,
        has: &Bitfield,
        may: impl Fn(u32) -> bool,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        let mut looks = 0;
        let first = if self.seeds > 0 { 0 } else { 1 };
        for group in first..self.starts.len() {
            for piece in self.walk_round(self.group(group), rng) {
                if has.get(piece) && may(piece) {
                    return Some(piece);
                }
                looks += 1;
                if looks == GLANCE {
                    return self.sweep(has, may, rng);
                }
            }
        }
        None
    }

    /// An unopened piece of those in `has` that `may` be opened and that has fewer copies than
    /// these; the rarest of those that a glance finds.
    pub fn rarer(
        &self,
        has: &Bitfield,
        copies: u32,
        may: impl Fn(u32) -> bool,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        // What no peer has but those that have everything, nobody else has.
        let first = if has.is_full() { 0 } else { 1 };
        let last = self.starts.len().min(copies as usize);
        let mut looks = GLANCE;
        for group in first..last {
            for piece in self.walk_round(self.group(group), rng).take(looks as usize) {
                if has.get(piece) && may(piece) {
                    return Some(piece);
                }
                looks -= 1;
            }
        }
        None
    }

    /// Whether there is an unopened piece that nobody has but those that have everything.
    pub fn has_uncopied(&self) -> bool {
        self.seeds > 0 && !self.group(0).is_empty()
    }

    /// Of these pieces, of those that a glance finds and that `may` be opened, the one that is for us
    /// to take, as [`Fellows::choose`] says.
    pub fn uncopied(
        &self,
        may: impl Fn(u32) -> bool,
        fellows: &Fellows,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        let pieces = self.walk_round(self.group(0), rng).take(GLANCE as usize);
        fellows.choose(pieces.filter(|&piece| may(piece)))
    }

    /// How many peers have this piece, without those that have had everything from the start.
    pub fn own_copies(&self, piece: u32) -> u32 {
        self.copies.get(piece as usize).map_or(0, |&own| own.into())
    }

    /// Any unopened piece of those in `has` that `may` be opened.
    pub fn any(
        &self,
        has: &Bitfield,
        may: impl Fn(u32) -> bool,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        let mut pieces = self.walk_round(self.available(), rng);
        let found = pieces
            .by_ref()
            .take(GLANCE as usize)
            .find(|&piece| has.get(piece) && may(piece));
        let more = pieces.next().is_some();
        match found {
            None if more => self.sweep(has, may, rng),
            found => found,
        }
    }

    /// The unopened piece with the lowest number of those in `has` that `may` be opened.
    pub fn first(&self, has: &Bitfield, may: impl Fn(u32) -> bool) -> Option<u32> {
        let mut unopened = self.unopened.iter_ones();
        unopened.find(|&piece| has.get(piece) && may(piece))
    }

    /// A part of the order, from some place in it around to the same place.
    fn walk_round<R: Rng>(
        &self,
        part: Range<u32>,
        rng: &mut R,
    ) -> impl Iterator<Item = u32> + use<'_, R> {
        let from = if part.len() > 1 {
            rng.random_range(part.clone())
        } else {
            part.start
        };
        let places = (from..part.end).chain(part.start..from);
        places.map(|at| self.order[at as usize])
    }

    /// The rarest piece in `has` again, when the peer has so few that it pays to walk through what
    /// it has, 64 pieces at a time, and not through the order.
    fn sweep(&self, has: &Bitfield, may: impl Fn(u32) -> bool, rng: &mut impl Rng) -> Option<u32> {
        let (theirs, ours) = (has.words(), self.unopened.words());
        let count = theirs.len().min(ours.len());
        let (mut best, mut copies, mut equal, mut looks) = (None, u16::MAX, 0, 0);
        let start = rng.random_range(0..count.max(1));
        for index in (start..count).chain(0..start.min(count)) {
            let mut bits = theirs[index] & ours[index];
            while bits != 0 {
                let bit = bits.leading_zeros();
                bits &= !(1 << 63 >> bit);
                let piece = index as u32 * u64::BITS + bit;
                let own = self.copies[piece as usize];
                looks += 1;
                if own > copies || !may(piece) {
                    continue;
                }
                equal = if own < copies { 1 } else { equal + 1 };
                copies = own;
                // The last of n equals replaces the one before with a chance of 1 in n: then each
                // of them has the same chance.
                if equal == 1 || rng.random_range(0..equal) == 0 {
                    best = Some(piece);
                }
            }
            if looks >= SWEEP && best.is_some() {
                break;
            }
        }
        best
    }

    /// The part of the order that some connected peer has.
    fn available(&self) -> Range<u32> {
        let nobodys = if self.seeds > 0 { 0 } else { self.group(0).end };
        nobodys..self.order.len() as u32
    }

    /// The part of the order with this many copies.
    fn group(&self, copies: usize) -> Range<u32> {
        let end = self.order.len() as u32;
        let border = |group: usize| self.starts.get(group).copied().unwrap_or(end);
        border(copies)..border(copies + 1)
    }

    /// Sees to it that the group with this many copies exists, even if it is empty.
    fn make_group(&mut self, copies: usize) {
        if self.starts.len() <= copies {
            self.starts.resize(copies + 1, self.order.len() as u32);
        }
    }

    /// Exchanges two pieces in the order.
    fn swap(&mut self, a: u32, b: u32) {
        self.order.swap(a as usize, b as usize);
        self.place[self.order[a as usize] as usize] = a;
        self.place[self.order[b as usize] as usize] = b;
    }
}

#[cfg(test)]
mod tests;
