//! The header of a part file: which piece is in which slot.
//!
//! All numbers are big-endian u32s: how many pieces the torrent has, how long they are, and for each
//! piece its slot, or 0xffffffff. The header is filled up with zeros to a multiple of 1 KiB; the
//! slots follow, each as long as a piece.

use std::collections::{BTreeMap, BTreeSet};

/// The header's length is a multiple of this, in bytes.
const ALIGNED: u64 = 1024;

/// The number for "not in here"; libtorrent takes all that are negative for it.
const NONE: u32 = u32::MAX;

/// What the header says of whose the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This torrent's, in good order.
    Ours,
    /// This torrent's, but not all of it can be true: the header has to be written anew before
    /// anything else is.
    Torn,
    /// Nobody's yet.
    Empty,
    /// It speaks of another torrent, or is something else.
    Another,
}

/// Which piece is in which slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    pieces: u32,
    piece_length: u32,
    /// The slot of each piece that has one. No slot is there twice.
    slots: BTreeMap<u32, u32>,
    /// Slots below `end` that no piece has.
    free: BTreeSet<u32>,
    /// One past the last slot in use.
    end: u32,
    pub whose: Whose,
}

impl Slots {
    /// For a torrent of so many pieces of `piece_length` bytes: none is in a slot.
    pub fn new(pieces: u32, piece_length: u32) -> Slots {
        Slots {
            pieces,
            piece_length,
            slots: BTreeMap::new(),
            free: BTreeSet::new(),
            end: 0,
            whose: Whose::Empty,
        }
    }

    /// The same with no piece in it, for a file that is to be made.
    pub fn none(&self) -> Slots {
        Slots::new(self.pieces, self.piece_length)
    }

    /// The length of the header, in bytes.
    pub fn header_len(&self) -> u64 {
        ((2 + u64::from(self.pieces)) * 4).next_multiple_of(ALIGNED)
    }

    /// What a header says, as far as it can be believed.
    ///
    /// One that is cut off is taken as far as it goes. A slot past the number of pieces is none. Of
    /// a slot that is named twice nobody can tell whose it is, so it is nobody's.
    pub fn parse(mut self, header: &[u8]) -> Slots {
        let mut words = header.chunks_exact(4).map(|word| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(word);
            u32::from_be_bytes(bytes)
        });
        self.whose = match (words.next(), words.next()) {
            (Some(pieces), Some(length))
                if (pieces, length) == (self.pieces, self.piece_length) =>
            {
                Whose::Ours
            }
            // Nothing was written yet, or it did not reach the disk.
            (None | Some(0), None | Some(0)) => Whose::Empty,
            _ => Whose::Another,
        };
        if self.whose != Whose::Ours {
            return self;
        }
        let mut pieces: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        for (piece, slot) in (0..self.pieces).zip(words) {
            if slot < self.pieces {
                let only = |named: &mut Option<u32>| *named = None;
                pieces.entry(slot).and_modify(only).or_insert(Some(piece));
                self.end = self.end.max(slot + 1);
            } else if slot <= i32::MAX as u32 {
                self.whose = Whose::Torn;
            }
        }
        for (slot, piece) in pieces {
            match piece {
                Some(piece) => drop(self.slots.insert(piece, slot)),
                None => self.whose = Whose::Torn,
            }
        }
        let used: BTreeSet<u32> = self.slots.values().copied().collect();
        self.free = (0..self.end).filter(|slot| !used.contains(slot)).collect();
        if (header.len() as u64) < self.header_len() {
            self.whose = Whose::Torn;
        }
        self
    }

    // ANCHOR: header
    /// The header as it has to be in the file.
    pub fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(self.header_len() as usize);
        header.extend(self.pieces.to_be_bytes());
        header.extend(self.piece_length.to_be_bytes());
        for piece in 0..self.pieces {
            header.extend(self.entry(piece).1);
        }
        header.resize(self.header_len() as usize, 0);
        header
    }
    // ANCHOR_END: header

    /// Where in the file the slot of a piece is noted, and what stands there.
    pub fn entry(&self, piece: u32) -> (u64, [u8; 4]) {
        let slot = self.slots.get(&piece).copied().unwrap_or(NONE);
        (8 + 4 * u64::from(piece), slot.to_be_bytes())
    }

    /// Where in the file the bytes of a piece begin; `None` if it has no slot.
    pub fn offset(&self, piece: u32) -> Option<u64> {
        let slot = u64::from(*self.slots.get(&piece)?);
        Some(self.header_len() + slot * u64::from(self.piece_length))
    }

    // ANCHOR: give
    /// Gives a piece a slot, if it has none: the first that is free.
    pub fn give(&mut self, piece: u32) {
        if piece < self.pieces && !self.has(piece) {
            let slot = self.free.pop_first().unwrap_or_else(|| {
                self.end += 1;
                self.end - 1
            });
            self.slots.insert(piece, slot);
        }
    }
    // ANCHOR_END: give

    /// Takes a piece's slot away; another may have it then.
    pub fn free(&mut self, piece: u32) {
        if let Some(slot) = self.slots.remove(&piece) {
            self.free.insert(slot);
        }
    }

    pub fn has(&self, piece: u32) -> bool {
        self.slots.contains_key(&piece)
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The pieces that have a slot, in order.
    pub fn pieces(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.keys().copied()
    }
}

#[cfg(test)]
mod tests;
