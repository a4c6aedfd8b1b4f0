//! Whose is a file that is in the way of a download?
//!
//! A file is the torrent's if a piece in it is. One that has bytes and no such piece is somebody
//! else's, and must not be overwritten: notes of the same name, another edition of the same thing.
//! What a download of ours has left behind is told from it, even where no piece of a file is whole:
//! it lays out all files at their full length, and writes one piece after the other.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use layout::{Kind, Layout, Span};
use storage::{Checker, DiskError, Hashes, PieceState};

/// Looks at the files of a torrent whose pieces were checked.
pub(super) struct Foreign<'a> {
    root: &'a Path,
    layout: &'a Arc<Layout>,
    states: &'a [PieceState],
    checker: Checker,
    /// Whether anything of the torrent is there at all, once that is known.
    anything: Option<bool>,
    /// Whether every file is there, at its full length.
    laid_out: Option<bool>,
}

impl<'a> Foreign<'a> {
    /// `states` has all pieces of the torrent.
    pub fn new(
        root: &'a Path,
        layout: &'a Arc<Layout>,
        hashes: &Hashes,
        states: &'a [PieceState],
    ) -> Foreign<'a> {
        Foreign {
            root,
            layout,
            states,
            checker: Checker::new(root, layout.clone(), hashes.clone()),
            anything: None,
            laid_out: None,
        }
    }

    /// Whether a file that is to be written to is somebody else's.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if it cannot be read.
    pub fn is(&mut self, file: usize) -> Result<bool, DiskError> {
        let entry = &self.layout.files()[file];
        let Ok(found) = fs::metadata(self.root.join(&entry.path)) else {
            return Ok(false);
        };
        if !found.is_file() || found.len() == 0 || self.has_good(file)? {
            return Ok(false);
        }
        // What is longer would be cut, even if it were zeros.
        if found.len() > entry.length {
            return Ok(true);
        }
        let written = self.written(file)?;
        match (&written, found.len() < entry.length) {
            (Written::Nothing, _) => Ok(false),
            (_, true) | (Written::Foreign, _) => Ok(true),
            (Written::Unfinished(pieces), _) => Ok(!self.is_begun(*pieces)?),
        }
    }

    /// Whether a piece that is good has bytes in this file. Zeros are no proof.
    fn has_good(&mut self, file: usize) -> Result<bool, DiskError> {
        for piece in self.pieces(file) {
            if self.is_good(piece)
                && let Some(span) = self.span(file, piece)
                && self.checker.has_data(span)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is in a file of which no piece is good.
    fn written(&mut self, file: usize) -> Result<Written, DiskError> {
        let mut unfinished = 0;
        for piece in self.pieces(file) {
            let Some(span) = self.span(file, piece) else {
                continue;
            };
            if !self.checker.has_data(span)? {
                continue;
            }
            if !self.is_unfinished(piece, span)? {
                return Ok(Written::Foreign);
            }
            unfinished += 1;
        }
        Ok(match unfinished {
            0 => Written::Nothing,
            pieces => Written::Unfinished(pieces),
        })
    }

    /// Whether a piece with bytes in this span is not whole, which explains why it is not good: in
    /// another of its files it has no bytes, or wrong ones, or none at its end.
    fn is_unfinished(&mut self, piece: u32, span: Span) -> Result<bool, DiskError> {
        let others: Vec<Span> = self.layout.piece_spans(piece).collect();
        for other in others {
            let is_padding = self.layout.files()[other.file].kind == Kind::Padding;
            if !is_padding
                && other.file != span.file
                && (!self.checker.has_data(other)? || self.is_wrong(other.file)?)
            {
                return Ok(true);
            }
        }
        // A write that was cut off ends with a page of memory.
        let tail = span.len.min(PAGE);
        let end = Span {
            offset: span.offset + span.len - tail,
            len: tail,
            ..span
        };
        Ok(span.len > PAGE && !self.checker.has_data(end)?)
    }

    /// Whether a file is wrong, whatever its neighbours are: it has another length, or a piece of its
    /// own that is not good.
    fn is_wrong(&mut self, file: usize) -> Result<bool, DiskError> {
        let entry = &self.layout.files()[file];
        let found = fs::metadata(self.root.join(&entry.path));
        if found.is_ok_and(|found| found.len() != entry.length) {
            return Ok(true);
        }
        for piece in self.pieces(file) {
            let alone = self.layout.piece_spans(piece).count() == 1;
            if alone
                && !self.is_good(piece)
                && let Some(span) = self.span(file, piece)
                && self.checker.has_data(span)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a download of ours can have left so many unfinished pieces in a file: one, if it was
    /// killed at its first; any number where something of the torrent is there, for then files of
    /// it may have been deleted.
    fn is_begun(&mut self, pieces: usize) -> Result<bool, DiskError> {
        Ok(self.has_anything()? || (pieces == 1 && self.is_laid_out()))
    }

    fn has_anything(&mut self) -> Result<bool, DiskError> {
        if let Some(known) = self.anything {
            return Ok(known);
        }
        let states = (0..).zip(self.states);
        let good = states.filter(|(_, state)| **state == PieceState::Good);
        let mut spans = good.flat_map(|(piece, _)| self.layout.piece_spans(piece));
        let checker = &mut self.checker;
        let found = spans.find_map(|span| match checker.has_data(span) {
            Ok(false) => None,
            found => Some(found),
        });
        let anything = found.transpose()?.unwrap_or(false);
        self.anything = Some(anything);
        Ok(anything)
    }

    fn is_laid_out(&mut self) -> bool {
        let (root, layout) = (self.root, self.layout);
        *self.laid_out.get_or_insert_with(|| {
            let mut files = layout.files().iter();
            files.all(|entry| match entry.kind {
                Kind::Regular { .. } => fs::metadata(root.join(&entry.path))
                    .is_ok_and(|found| found.is_file() && found.len() == entry.length),
                Kind::Padding | Kind::Symlink { .. } => true,
            })
        })
    }

    fn is_good(&self, piece: u32) -> bool {
        self.states[piece as usize] == PieceState::Good
    }

    fn pieces(&self, file: usize) -> std::ops::Range<u32> {
        pieces_of(self.layout, file)
    }

    /// The bytes of a piece that lie in a file.
    fn span(&self, file: usize, piece: u32) -> Option<Span> {
        let mut spans = self.layout.piece_spans(piece);
        spans.find(|span| span.file == file)
    }
}

/// What is in a file of which no piece is good.
enum Written {
    /// Zeros.
    Nothing,
    /// So many pieces that are not whole.
    Unfinished(usize),
    /// A piece that is whole, and not the torrent's.
    Foreign,
}

/// The memory that a system writes at a time, in bytes, on the machines that are common.
const PAGE: u64 = 4096;

/// The pieces that a file lies in; none if it is empty.
pub(super) fn pieces_of(layout: &Layout, file: usize) -> std::ops::Range<u32> {
    let entry = &layout.files()[file];
    let length = u64::from(layout.geometry().piece_length()).max(1);
    match entry.length {
        0 => 0..0,
        _ => (entry.offset / length) as u32..entry.end().div_ceil(length) as u32,
    }
}

#[cfg(test)]
mod tests;
