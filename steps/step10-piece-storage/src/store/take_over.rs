//! What the part file has of files that are there goes into them.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use blocks::BLOCK;
use layout::Span;

use super::Storage;
use super::aside::CHUNK;
use crate::checker::{Checker, PieceState, Source};
use crate::error::{DiskError, Doing};
use crate::known::{Known, Role};
use crate::transfer::{self, Likeness};

/// Pieces that were not taken over.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Those that are not good.
    pub bad: BTreeSet<u32>,
    /// Those that are, but belong into a file that is not known to be ours.
    pub barred: BTreeSet<u32>,
}

impl Storage {
    /// Takes what the part file has of wanted files over into them, at the start.
    pub(super) fn take_over_all(&mut self, stop: &dyn Fn() -> bool) -> Result<(), DiskError> {
        let files = 0..self.known.len();
        self.clear(
            &files.filter(|&file| self.known[file].unwanted).collect(),
            stop,
        )?;
        let slots = self.aside.as_ref().map(|aside| Arc::clone(&aside.slots));
        let pieces = slots.iter().flat_map(|slots| slots.pieces());
        let doubtful: Vec<u32> = pieces.filter(|&piece| self.is_in_doubt(piece)).collect();
        self.leave_alone(&doubtful)?;
        let mut checker = self.checker();
        let mut touched = Vec::new();
        for piece in slots.iter().flat_map(|slots| slots.pieces()) {
            if stop() {
                return Err(self.given_up());
            }
            if !self.is_needed(piece) || self.may_lack(&mut checker, piece)? {
                touched.push(piece);
            }
        }
        let left = self.take_over(&touched)?;
        // Whoever looked at the part file before may have taken these for good.
        self.lost.extend(left.barred);
        self.lost.extend(left.bad);
        self.settle_aside()
    }

    /// An unwanted file in which a piece is wrong that is good with what the part file has instead
    /// may be somebody else's after all, whatever was thought of it: it is left alone.
    fn leave_alone(&mut self, doubtful: &[u32]) -> Result<(), DiskError> {
        if doubtful.is_empty() {
            return Ok(());
        }
        let mut checker = self.checker();
        let unwanted: Vec<bool> = self.known.iter().map(|known| known.unwanted).collect();
        checker.set_parts(self.aside_view()?, unwanted.clone());
        for &piece in doubtful {
            for (span, source) in checker.with_parts(piece)?.1 {
                if source == Source::Parts && unwanted[span.file] {
                    self.known[span.file].role = Role::Aside;
                }
            }
        }
        Ok(())
    }

    pub(super) fn given_up(&self) -> DiskError {
        DiskError::new(Doing::Read, &self.root, ErrorKind::Interrupted.into())
    }

    /// Whether the part file may have bytes of a piece that its files lack: there are zeros, or
    /// nothing, or what is there may be old.
    fn may_lack(&self, checker: &mut Checker, piece: u32) -> Result<bool, DiskError> {
        let mut spans = self.layout.piece_spans(piece);
        let is_open = |span: Span| self.known[span.file].role == Role::Unproven;
        if self.is_in_doubt(piece) || spans.any(is_open) {
            return Ok(true);
        }
        for span in self.layout.piece_spans(piece) {
            if self.is_in_a_file(span) && !checker.has_data(span)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a piece has bytes of a file that nobody wants, and that is there all the same. They
    /// are read from there, and other bytes may be in the part file.
    fn is_in_doubt(&self, piece: u32) -> bool {
        let mut spans = self.layout.piece_spans(piece);
        spans.any(|span| self.known[span.file].unwanted && self.is_in_a_file(span))
    }

    fn is_in_a_file(&self, span: Span) -> bool {
        self.known[span.file].role != Role::Aside && !self.is_padding(span)
    }

    /// Whether a piece has bytes of a file that is not there, or is not known to be ours.
    fn is_needed(&self, piece: u32) -> bool {
        let mut spans = self.layout.piece_spans(piece);
        spans.any(|span| {
            let role = self.known[span.file].role;
            matches!(role, Role::Aside | Role::Stranger | Role::Unproven)
        })
    }

    /// Those pieces of files that are in the part file.
    pub(super) fn aside_pieces_of(&self, files: &[usize]) -> Vec<u32> {
        let Some(aside) = &self.aside else {
            return Vec::new();
        };
        let pieces = files
            .iter()
            .flat_map(|&file| self.layout.all_pieces_of(file));
        let pieces: BTreeSet<u32> = pieces.filter(|&piece| aside.slots.has(piece)).collect();
        pieces.into_iter().collect()
    }

    /// Gives up what is in the part file and in all of its files too: one that was somebody else's
    /// has proven to be ours since.
    pub(crate) fn take_over_needless(&mut self) -> Result<(), DiskError> {
        let slots = self.aside.as_ref().map(|aside| Arc::clone(&aside.slots));
        let pieces = slots.iter().flat_map(|slots| slots.pieces());
        let needless: Vec<u32> = pieces.filter(|&piece| !self.is_needed(piece)).collect();
        self.take_over(&needless).map(drop)
    }

    /// Copies of these pieces what is in the part file and belongs to files that are there, makes
    /// it durable, and only then takes the slots away that nothing needs; and likewise of the files
    /// that prove to be ours by that. Gives the pieces of which nothing is copied.
    pub(super) fn take_over(&mut self, pieces: &[u32]) -> Result<Left, DiskError> {
        let mut left = self.copy_and_free(pieces)?;
        while !self.proven.is_empty() {
            let files = std::mem::take(&mut self.proven);
            let pieces = self.aside_pieces_of(&files);
            let mut more = self.copy_and_free(&pieces).inspect_err(|_| {
                // They are read from their files from now on, and are not there yet.
                self.lost.extend(&pieces);
            })?;
            left.bad.append(&mut more.bad);
            left.barred.append(&mut more.barred);
        }
        Ok(left)
    }

    /// Takes over what the part file has of files that have just proven to be ours.
    pub(crate) fn bring_in(&mut self) -> Result<(), DiskError> {
        if !self.proven.is_empty() {
            let left = self.take_over(&[])?;
            self.lost.extend(left.bad);
            self.lost.extend(left.barred);
        }
        Ok(())
    }

    /// A file of which all pieces are there, and nothing in which speaks against it, is ours.
    pub(crate) fn prove_whole(&mut self) -> Result<(), DiskError> {
        for file in 0..self.known.len() {
            if self.known[file].role == Role::Unproven && self.is_whole(file)? {
                self.take_for_ours(file);
            }
        }
        self.bring_in()
    }

    fn is_whole(&mut self, file: usize) -> Result<bool, DiskError> {
        let mut checker = self.checker();
        checker.set_parts(self.aside_view()?, Vec::new());
        for piece in self.layout.clone().all_pieces_of(file) {
            let (state, placed) = checker.with_parts(piece)?;
            if state != PieceState::Good {
                return Ok(false);
            }
            let mut from = 0;
            for (span, source) in placed {
                if (span.file, source) == (file, Source::Parts)
                    && self.likeness(piece, from, span)? == Likeness::Other
                {
                    // Fetched again, it is refused with a reason.
                    self.lost.insert(piece);
                    return Ok(false);
                }
                from += span.len;
            }
        }
        Ok(true)
    }

    fn copy_and_free(&mut self, pieces: &[u32]) -> Result<Left, DiskError> {
        let (layout, mut left) = (self.layout.clone(), Left::default());
        if pieces.is_empty() {
            return Ok(left);
        }
        let mut checker = self.checker();
        let aside = |known: &Known| known.role == Role::Aside;
        let unwanted = self.known.iter().map(aside).collect();
        checker.set_parts(self.aside_view()?, unwanted);
        for &piece in pieces {
            let (state, placed) = checker.with_parts(piece)?;
            if state != PieceState::Good {
                left.bad.insert(piece);
            } else if !self.fill_files(piece, &placed)? {
                left.barred.insert(piece);
            }
        }
        let is_needless = |piece: &u32| !self.is_needed(*piece);
        let needless: Vec<u32> = pieces.iter().copied().filter(is_needless).collect();
        // What was copied before a kill may still be on its way to the disk.
        for span in needless.iter().flat_map(|&piece| layout.piece_spans(piece)) {
            if self.is_in_a_file(span) {
                self.unsynced.touched(span.file);
            }
        }
        self.sync()?;
        self.free_aside(&needless)?;
        Ok(left)
    }

    /// Copies of a good piece what is in the part file into files that are there. Does nothing, and
    /// says so, if one of those is not ours; and nothing while that is not known.
    fn fill_files(&mut self, piece: u32, placed: &[(Span, Source)]) -> Result<bool, DiskError> {
        let (mut from, mut to_copy) = (0, Vec::new());
        for &(span, source) in placed {
            if source == Source::Parts && self.is_in_a_file(span) {
                to_copy.push((from, span));
            }
            from += span.len;
        }
        for &(from, span) in &to_copy {
            match self.may_take(piece, from, span)? {
                Some(true) => {}
                Some(false) => return Ok(true),
                None => return Ok(false),
            }
        }
        for (from, span) in to_copy {
            self.copy_from_aside(piece, from, span)?;
        }
        Ok(true)
    }

    /// Whether a file is one into which this part of a piece may be copied: ours, or proven so by
    /// it; `None` if it is somebody else's.
    fn may_take(&mut self, piece: u32, from: u64, span: Span) -> Result<Option<bool>, DiskError> {
        match self.known[span.file].role {
            Role::Stranger => return Ok(None),
            Role::Unproven => {}
            _ => return Ok(Some(true)),
        }
        let likeness = self.likeness(piece, from, span)?;
        Ok(self.judge(span, likeness))
    }

    /// How a part of a piece in the part file compares with what is in its file.
    fn likeness(&mut self, piece: u32, from: u64, span: Span) -> Result<Likeness, DiskError> {
        let file = self.file(span.file)?;
        let mut likeness = Likeness::Zeros;
        self.each_chunk(piece, from, span, |storage, at, chunk| {
            let blocks = chunk.chunks(BLOCK as usize);
            let found = transfer::compare(&file, at, blocks);
            let found = found.map_err(|e| storage.error(Doing::Read, span, e))?;
            likeness = likeness.max(found);
            Ok(())
        })?;
        Ok(likeness)
    }

    /// Copies a part of a piece from the part file into its file.
    fn copy_from_aside(&mut self, piece: u32, from: u64, span: Span) -> Result<(), DiskError> {
        self.write_from_now_on(span.file);
        let file = self.file(span.file)?;
        self.fit(span.file, &file)?;
        self.unsynced.touched(span.file);
        self.each_chunk(piece, from, span, |storage, at, chunk| {
            let written = transfer::write_all(&file, at, chunk);
            written.map_err(|e| storage.error(Doing::Write, span, e))
        })?;
        let length = self.full_length(span);
        match self.wrote(span.file, &file, length) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.error(Doing::Write, span, crate::watch::moved())),
            Err(error) => Err(self.error(Doing::Write, span, error)),
        }
    }

    /// Reads a part of a piece from the part file, a little at a time; with where it belongs in its
    /// file.
    fn each_chunk(
        &mut self,
        piece: u32,
        from: u64,
        span: Span,
        mut each: impl FnMut(&Storage, u64, &[u8]) -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let mut buffer = vec![0; span.len.min(CHUNK) as usize];
        let mut done = 0;
        while done < span.len {
            let here = &mut buffer[..(span.len - done).min(CHUNK) as usize];
            if !self.read_aside(piece, from + done, here)? {
                return Err(self.error(Doing::Read, span, ErrorKind::NotFound.into()));
            }
            each(self, span.offset + done, here)?;
            done += here.len() as u64;
        }
        Ok(())
    }
}
