//! From the files that are wanted to the pieces they need.

use std::ops::Range;

use layout::{Kind, Layout};

use crate::selection::{Priority, Selection};

/// The pieces that a selection needs, and what comes along with them.
///
/// A piece is good only as a whole, and does not end where a file does. So whoever wants a file gets
/// the end of the file before it and the beginning of the next one too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// How much each piece is wanted: as much as the file in it that is wanted most.
    pub pieces: Vec<Priority>,
    /// Bytes of the files that are wanted.
    pub wanted: u64,
    /// Bytes of files that are not wanted, in pieces that are needed.
    pub along: u64,
    /// Whose bytes those are, in the torrent's order.
    pub files: Vec<Along>,
}

/// A file that is not wanted, and of which something comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// Its number in the layout.
    pub file: usize,
    /// How many of its bytes.
    pub bytes: u64,
}

impl Needs {
    // ANCHOR: needs
    /// What a selection needs. It takes time for each file and each piece once.
    pub fn of(layout: &Layout, selection: &Selection) -> Needs {
        // ANCHOR: yours_of (chapter 15, "The pieces")
        let mut needs = Needs {
            pieces: vec![Priority::Skip; layout.geometry().pieces() as usize],
            wanted: 0,
            along: 0,
            files: Vec::new(),
        };
        for (file, entry) in layout.files().iter().enumerate() {
            let priority = selection.priority(file);
            if priority != Priority::Skip {
                needs.wanted += entry.length;
                for piece in &mut needs.pieces[pieces_of(layout, file)] {
                    *piece = priority.max(*piece);
                }
            }
        }
        for (file, entry) in layout.files().iter().enumerate() {
            if entry.kind != Kind::Padding && !selection.is_wanted(file) {
                let bytes = needs.along_of(layout, file);
                if bytes > 0 {
                    needs.along += bytes;
                    needs.files.push(Along { file, bytes });
                }
            }
        }
        needs
        // ANCHOR_END: yours_of
    }
    // ANCHOR_END: needs

    // ANCHOR: along
    /// How many bytes of a file lie in needed pieces. If nobody wants it, those between its first
    /// and its last piece are its own, and not needed.
    fn along_of(&self, layout: &Layout, file: usize) -> u64 {
        // ANCHOR: yours_along_of (chapter 15, "The pieces")
        let (entry, length) = (&layout.files()[file], layout.geometry().piece_length());
        let pieces = pieces_of(layout, file);
        let ends = [pieces.start, pieces.end.saturating_sub(1)];
        let ends = &ends[..pieces.len().min(2)];
        let needed = ends
            .iter()
            .filter(|&&piece| self.pieces[piece] != Priority::Skip);
        let bytes = needed.map(|&piece| {
            let start = piece as u64 * u64::from(length);
            let end = (start + u64::from(length)).min(entry.end());
            end - start.max(entry.offset)
        });
        bytes.sum()
        // ANCHOR_END: yours_along_of
    }
    // ANCHOR_END: along

    /// The pieces that are needed, in order.
    pub fn needed(&self) -> impl Iterator<Item = u32> + '_ {
        let pieces = self.pieces.iter().zip(0..);
        pieces.filter_map(|(&piece, number)| (piece != Priority::Skip).then_some(number))
    }

    /// How many pieces are needed.
    pub fn count(&self) -> u32 {
        self.needed().count() as u32
    }

    // ANCHOR: in_order
    /// The pieces that are needed, those that are wanted most first, and among equals in order.
    pub fn in_order(&self) -> Vec<u32> {
        // ANCHOR: yours_in_order (chapter 15, "Which piece next")
        let mut pieces: Vec<u32> = self.needed().collect();
        pieces.sort_by_key(|&piece| std::cmp::Reverse(self.pieces[piece as usize]));
        pieces
        // ANCHOR_END: yours_in_order
    }
    // ANCHOR_END: in_order
}

/// The pieces that a file lies in; none for an empty one.
fn pieces_of(layout: &Layout, file: usize) -> Range<usize> {
    let pieces = layout.all_pieces_of(file);
    pieces.start as usize..pieces.end as usize
}

#[cfg(test)]
mod tests;
