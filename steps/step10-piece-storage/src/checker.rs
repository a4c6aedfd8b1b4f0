//! What is on disk already, and is it good?

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use hashing::{Batch, lane_count};
use layout::{Layout, Span};

use crate::error::DiskError;
use crate::hashes::Hashes;

mod files;
mod holes;
mod parts;
mod reading;

use files::Files;
pub(crate) use holes::holes;
use parts::Aside;
pub(crate) use parts::{Placed, Source};
use reading::Reading;

/// How much of each piece is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// What was found of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceState {
    /// All there, with the right SHA-1.
    Good,
    /// All there, with another SHA-1.
    Bad,
    /// Not all there: a file is missing or too short, or nothing was ever written where the piece
    /// belongs.
    Missing,
}

/// Reads what is on disk and compares it with the torrent. Each thread has its own.
#[derive(Debug)]
pub struct Checker {
    layout: Arc<Layout>,
    hashes: Hashes,
    files: Files,
    /// A chunk for each piece that is read at once.
    buffer: Vec<u8>,
    /// SHA-1 of zeros, for the piece lengths that were asked for: two at most.
    zeros: Vec<(u32, [u8; 20])>,
    /// The part file, if there is anything in it.
    aside: Option<Aside>,
}

impl Checker {
    /// A checker of the files below `root`, which it reads only. It follows symbolic links.
    ///
    /// It holds 64 KiB for each lane, so 1 MiB at most, and a few bytes for each file.
    pub fn new(root: &Path, layout: Arc<Layout>, hashes: Hashes) -> Checker {
        let files = Files::new(root, Arc::clone(&layout));
        Checker {
            layout,
            hashes,
            files,
            buffer: vec![0; lane_count() * CHUNK],
            zeros: Vec::new(),
            aside: None,
        }
    }

    /// Keeps at most so many files open, at least one; 40 unless told. All threads of a program
    /// have to share what the system allows it.
    pub fn open_files(mut self, most: usize) -> Checker {
        self.files.open_files(most);
        self
    }

    /// Checks the pieces of `range`, in order, and tells `on_piece` of each.
    ///
    /// As many are read and hashed side by side as this machine has lanes. To use more processors,
    /// to show progress or to stop early, give each checker a small range at a time.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for a file that is there and cannot be read.
    pub fn check(
        &mut self,
        range: Range<u32>,
        mut on_piece: impl FnMut(u32, PieceState),
    ) -> Result<(), DiskError> {
        let at_once = lane_count();
        let mut waiting = VecDeque::new();
        let mut to_read = Vec::new();
        for piece in range.clone() {
            let known = match self.aside(piece)? {
                Some(state) => Some(state),
                None => self.without_reading(piece)?,
            };
            waiting.push_back((piece, known));
            if known.is_none() {
                to_read.push(piece);
            }
            if to_read.len() == at_once || to_read.is_empty() || piece + 1 == range.end {
                let mut read = self.read(&to_read)?.into_iter();
                to_read.clear();
                for (piece, known) in waiting.drain(..) {
                    if let Some(state) = known.or_else(|| read.next()) {
                        on_piece(piece, state);
                    }
                }
            }
        }
        Ok(())
    }

    // ANCHOR: without_reading
    /// The state of a piece where it shows without reading: a file is missing or short, or all of
    /// it is a hole.
    ///
    /// A hole reads as zeros, and a piece may well be zeros. So a hole is as good as its piece.
    fn without_reading(&mut self, piece: u32) -> Result<Option<PieceState>, DiskError> {
        // ANCHOR: yours_without_reading (chapter 10, "Going on")
        let layout = Arc::clone(&self.layout);
        let mut all_holes = true;
        for span in layout.piece_spans(piece) {
            if self.files.is_padding(span) {
                continue;
            }
            if !self.files.reach(span)? {
                return Ok(Some(PieceState::Missing));
            }
            all_holes = all_holes && self.files.is_hole(span)?;
        }
        if !all_holes {
            return Ok(None);
        }
        let digest = self.digest_of_zeros(layout.geometry().piece_len(piece));
        Ok(Some(self.judge(piece, &digest, PieceState::Missing)))
        // ANCHOR_END: yours_without_reading
    }
    // ANCHOR_END: without_reading

    /// Reads and hashes pieces side by side.
    fn read(&mut self, pieces: &[u32]) -> Result<Vec<PieceState>, DiskError> {
        let mut readings: Vec<Reading> = pieces
            .iter()
            .map(|&piece| Reading::new(&self.layout, piece))
            .collect();
        let mut batch = Batch::new(pieces.len());
        loop {
            for reading in &mut readings {
                reading.announce(&self.layout, &mut self.files)?;
            }
            let mut chunks = Vec::with_capacity(pieces.len());
            for (reading, buffer) in readings.iter_mut().zip(self.buffer.chunks_mut(CHUNK)) {
                let filled = reading.fill(&mut self.files, buffer)?;
                chunks.push(&buffer[..filled]);
            }
            if chunks.iter().all(|chunk| chunk.is_empty()) {
                break;
            }
            batch.update(&chunks);
        }
        let digests = batch.finish();
        Ok(pieces
            .iter()
            .zip(&digests)
            .map(|(&p, digest)| self.judge(p, digest, PieceState::Bad))
            .collect())
    }

    /// Whether there is a byte in the span that is not zero. What is not there has none.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for a file that is there and cannot be read.
    pub fn has_data(&mut self, span: Span) -> Result<bool, DiskError> {
        let (mut offset, end) = (span.offset, span.offset + span.len);
        while offset < end && !self.files.is_padding(span) {
            let there = Span {
                offset,
                len: self
                    .files
                    .length(span.file)?
                    .min(end)
                    .saturating_sub(offset),
                ..span
            };
            let len = there.len.min(CHUNK as u64) as usize;
            if len == 0 || self.files.is_hole(there)? {
                break;
            }
            self.files
                .read(span.file, offset, &mut self.buffer[..len])?;
            if self.buffer[..len].iter().any(|&byte| byte != 0) {
                return Ok(true);
            }
            offset += len as u64;
        }
        Ok(false)
    }

    fn judge(&self, piece: u32, digest: &[u8; 20], otherwise: PieceState) -> PieceState {
        if self.hashes.is_right(piece, digest) {
            PieceState::Good
        } else {
            otherwise
        }
    }

    /// SHA-1 of `len` zeros.
    fn digest_of_zeros(&mut self, len: u32) -> [u8; 20] {
        if let Some((_, digest)) = self.zeros.iter().find(|(known, _)| *known == len) {
            return *digest;
        }
        self.buffer.fill(0);
        let parts = vec![&self.buffer[..]; len as usize / self.buffer.len()];
        let rest = &self.buffer[..len as usize % self.buffer.len()];
        let digest = hashing::digest(&[&parts[..], &[rest]].concat());
        self.zeros.push((len, digest));
        digest
    }
}

#[cfg(test)]
mod tests;
