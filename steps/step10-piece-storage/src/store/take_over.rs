//! What the part file has of files that are there goes into them.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::ops::Range;

use layout::Span;

use super::Storage;
use super::choose::CHUNK;
use crate::checker::{Checker, PieceState, Source};
use crate::error::{DiskError, Doing};
use crate::pieces::pieces_of;
use crate::transfer;

impl Storage {
    /// Takes what the part file has of wanted files over into them, at the start.
    pub(super) fn take_over_all(&mut self, stop: &dyn Fn() -> bool) -> Result<(), DiskError> {
        let unwanted = 0..self.known.len();
        let there = unwanted.filter(|&file| self.known[file].unwanted && !self.known[file].aside);
        for file in there.collect::<Vec<_>>() {
            self.clear(file)?;
        }
        let slots = self.aside.as_ref().map(|aside| aside.slots.clone());
        let pieces: Vec<u32> = slots.iter().flat_map(|slots| slots.pieces()).collect();
        let mut checker = self.checker();
        let mut touched = Vec::new();
        for piece in pieces {
            if stop() {
                let given_up = ErrorKind::Interrupted.into();
                return Err(DiskError::new(Doing::Read, &self.root, given_up));
            }
            if !self.is_needed(piece) || self.lacks_data(&mut checker, piece)? {
                touched.push(piece);
            }
        }
        self.take_over(&touched)?;
        self.settle_aside()
    }

    /// Whether there are zeros, or nothing, where a piece belongs in a file of its own.
    fn lacks_data(&self, checker: &mut Checker, piece: u32) -> Result<bool, DiskError> {
        for span in self.layout.piece_spans(piece) {
            if self.is_in_a_file(span) && !checker.has_data(span)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_in_a_file(&self, span: Span) -> bool {
        !self.known[span.file].aside && !self.is_padding(span)
    }

    /// Whether a piece has bytes of a file that is not there.
    fn is_needed(&self, piece: u32) -> bool {
        let mut spans = self.layout.piece_spans(piece);
        spans.any(|span| self.known[span.file].aside)
    }

    /// Those pieces of files that are in the part file.
    pub(super) fn aside_pieces_of(&self, files: &[usize]) -> Vec<u32> {
        let Some(aside) = &self.aside else {
            return Vec::new();
        };
        let pieces = files.iter().flat_map(|&file| self.pieces_of(file));
        let pieces: BTreeSet<u32> = pieces.filter(|&piece| aside.slots.has(piece)).collect();
        pieces.into_iter().collect()
    }

    pub(super) fn pieces_of(&self, file: usize) -> Range<u32> {
        pieces_of(&self.layout, file, 0..self.length(file))
    }

    /// Copies of these pieces what is in the part file and belongs to files that are there, makes
    /// it durable, and only then takes the slots away that nothing needs. Gives the pieces that are
    /// not good, of which nothing is copied.
    pub(super) fn take_over(&mut self, pieces: &[u32]) -> Result<BTreeSet<u32>, DiskError> {
        let (layout, mut bad) = (self.layout.clone(), BTreeSet::new());
        let mut checker = self.checker();
        for &piece in pieces {
            self.show_aside(piece, &mut checker)?;
            let (state, placed) = checker.with_parts(piece)?;
            if state != PieceState::Good {
                bad.insert(piece);
            }
            let mut from = 0;
            for (span, source) in placed {
                if source == Source::Parts && self.is_in_a_file(span) {
                    self.copy_from_aside(piece, from, span)?;
                }
                from += span.len;
            }
        }
        let needless = pieces.iter().filter(|&&piece| !self.is_needed(piece));
        let needless: Vec<u32> = needless.copied().collect();
        // What was copied before a kill may still be on its way to the disk.
        for span in needless.iter().flat_map(|&piece| layout.piece_spans(piece)) {
            if self.is_in_a_file(span) {
                self.unsynced.touched(span.file);
            }
        }
        if !pieces.is_empty() {
            self.sync()?;
        }
        for piece in needless {
            self.free_aside(piece)?;
        }
        Ok(bad)
    }

    /// Copies a part of a piece from the part file into its file.
    fn copy_from_aside(&mut self, piece: u32, from: u64, span: Span) -> Result<(), DiskError> {
        if std::mem::take(&mut self.known[span.file].only_read) {
            self.handles.close(|&open| open == span.file);
        }
        let file = self.file(span.file)?;
        let mut buffer = vec![0; span.len.min(CHUNK) as usize];
        let mut done = 0;
        while done < span.len {
            let len = (span.len - done).min(CHUNK);
            let here = &mut buffer[..len as usize];
            if !self.read_aside(piece, from + done, here)? {
                return Err(self.error(Doing::Read, span, ErrorKind::NotFound.into()));
            }
            self.unsynced.touched(span.file);
            transfer::write_all(&file, span.offset + done, here)
                .map_err(|e| self.error(Doing::Write, span, e))?;
            done += len;
        }
        let length = self.full_length(span);
        match self.wrote(span.file, &file, length) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.error(Doing::Write, span, crate::watch::moved())),
            Err(error) => Err(self.error(Doing::Write, span, error)),
        }
    }

    /// A checker of the files as they are.
    pub(super) fn checker(&self) -> Checker {
        Checker::new(&self.root, self.layout.clone(), self.hashes.clone()).open_files(1)
    }
}
