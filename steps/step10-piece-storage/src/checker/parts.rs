//! Pieces of which bytes are in the part file.

use hashing::Batch;
use layout::Span;

use super::{CHUNK, Checker, PieceState};
use crate::error::DiskError;
use crate::parts::Parts;

/// Where the bytes of a span are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// On no disk: they are zeros.
    Padding,
    /// In their file.
    File,
    /// In the part file.
    Parts,
}

/// A span of a piece: where it begins in the piece, and where its bytes are.
pub type Placed = (Span, u64, Source);

/// The part file, and the files of which it knows more than they do.
#[derive(Debug)]
pub struct Aside {
    parts: Parts,
    /// By number; those past its end are no such files.
    unwanted: Vec<bool>,
}

/// What the part file may know better than the files do.
#[derive(Clone, Copy)]
enum Which {
    /// What is zeros there.
    Zeros,
    /// What lies in files that nobody wants.
    Unwanted,
    /// Everything of which it has bytes.
    Bytes,
}

impl Checker {
    /// Reads from the part file what is in no file.
    ///
    /// What is in a file comes first. If the piece is not good with that, what stands there may be
    /// somebody else's, or was not written yet, or only half: then what is zeros in its file is read
    /// from the part file too, then what lies in a file that is `unwanted` (by its number; it may be
    /// shorter than the list of files), and then all of which it has bytes.
    pub fn parts(mut self, parts: Parts, unwanted: Vec<bool>) -> Checker {
        self.set_parts(parts, unwanted);
        self
    }

    pub(crate) fn set_parts(&mut self, parts: Parts, unwanted: Vec<bool>) {
        self.aside = (!parts.is_empty()).then_some(Aside { parts, unwanted });
    }

    /// The state of a piece of which something is in the part file; `None` for others.
    pub(super) fn aside(&mut self, piece: u32) -> Result<Option<PieceState>, DiskError> {
        match &self.aside {
            Some(aside) if aside.parts.has(piece) => Ok(Some(self.with_parts(piece)?.0)),
            _ => Ok(None),
        }
    }

    /// The state of a piece, and, if it is good, where each of its spans is.
    pub(crate) fn with_parts(
        &mut self,
        piece: u32,
    ) -> Result<(PieceState, Vec<(Span, Source)>), DiskError> {
        let Some(mut placed) = self.files_first(piece)? else {
            return Ok((PieceState::Missing, Vec::new()));
        };
        let mut is_good = self.is_good(piece, &placed)?;
        // The part file need not have all of what lies in unwanted files: some may be theirs.
        for which in [Which::Zeros, Which::Unwanted, Which::Bytes] {
            if !is_good && self.parts_first(piece, &mut placed, which)? {
                is_good = self.is_good(piece, &placed)?;
            }
        }
        Ok(match is_good {
            true => {
                let placed = placed.into_iter().map(|(span, _, source)| (span, source));
                (PieceState::Good, placed.collect())
            }
            false => (PieceState::Bad, Vec::new()),
        })
    }

    /// The files, by number, of which the bytes in a good piece are in the part file and not in them.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when a file cannot be read.
    pub fn files_aside(&mut self, piece: u32) -> Result<Vec<usize>, DiskError> {
        let has_slot = |aside: &Aside| aside.parts.has(piece);
        if !self.aside.as_ref().is_some_and(has_slot) {
            return Ok(Vec::new());
        }
        let placed = self.with_parts(piece)?.1.into_iter();
        let aside = placed.filter(|&(_, source)| source == Source::Parts);
        Ok(aside.map(|(span, _)| span.file).collect())
    }

    /// The state of a piece whose spans are there, and nowhere else.
    pub(crate) fn check_placed(
        &mut self,
        piece: u32,
        placed: &[Placed],
    ) -> Result<PieceState, DiskError> {
        for &(span, at, source) in placed {
            let is_there = match source {
                Source::Padding => true,
                Source::File => self.files.reach(span)?,
                Source::Parts => self.has_aside(piece, at, span.len),
            };
            if !is_there {
                return Ok(PieceState::Missing);
            }
        }
        Ok(match self.is_good(piece, placed)? {
            true => PieceState::Good,
            false => PieceState::Bad,
        })
    }

    /// The spans of a piece in their files, and in the part file what is not there; `None` if it is
    /// nowhere.
    fn files_first(&mut self, piece: u32) -> Result<Option<Vec<Placed>>, DiskError> {
        let layout = self.layout.clone();
        let (mut placed, mut at) = (Vec::new(), 0);
        for span in layout.piece_spans(piece) {
            let source = if self.files.is_padding(span) {
                Source::Padding
            } else if self.files.reach(span)? {
                Source::File
            } else if self.has_aside(piece, at, span.len) {
                Source::Parts
            } else {
                return Ok(None);
            };
            placed.push((span, at, source));
            at += span.len;
        }
        Ok(Some(placed))
    }

    /// Takes from the part file more than what is in no file; whether that is anything.
    fn parts_first(
        &mut self,
        piece: u32,
        placed: &mut [Placed],
        which: Which,
    ) -> Result<bool, DiskError> {
        let mut is_other = false;
        for (span, at, source) in placed {
            if *source != Source::File || !self.has_aside(piece, *at, span.len) {
                continue;
            }
            let unwanted = self.aside.as_ref().map(|aside| &aside.unwanted);
            let is_unwanted = unwanted.and_then(|files| files.get(span.file)) == Some(&true);
            let is_better = match which {
                Which::Zeros => !self.has_data(*span)?,
                Which::Unwanted => is_unwanted,
                Which::Bytes => self.has_bytes_aside(piece, *at, span.len)?,
            };
            if is_better {
                *source = Source::Parts;
                is_other = true;
            }
        }
        Ok(is_other)
    }

    fn has_aside(&self, piece: u32, offset: u64, len: u64) -> bool {
        let aside = self.aside.as_ref();
        aside.is_some_and(|aside| aside.parts.reach(piece, offset, len))
    }

    /// Whether there is anything but zeros in a part of a piece in the part file.
    fn has_bytes_aside(&mut self, piece: u32, offset: u64, len: u64) -> Result<bool, DiskError> {
        let Some(aside) = &self.aside else {
            return Ok(false);
        };
        let mut done = 0;
        while done < len {
            let here = &mut self.buffer[..(len - done).min(CHUNK as u64) as usize];
            if !aside.parts.read(piece, offset + done, here)? {
                return Ok(false);
            }
            if here.iter().any(|&byte| byte != 0) {
                return Ok(true);
            }
            done += here.len() as u64;
        }
        Ok(false)
    }

    /// Reads a piece from where its spans are, and compares its hash.
    fn is_good(&mut self, piece: u32, placed: &[Placed]) -> Result<bool, DiskError> {
        let mut batch = Batch::new(1);
        for &(span, at, source) in placed {
            let mut done = 0;
            while done < span.len {
                let len = (span.len - done).min(CHUNK as u64);
                let here = &mut self.buffer[..len as usize];
                match (source, &self.aside) {
                    (Source::File, _) => self.files.read(span.file, span.offset + done, here)?,
                    (Source::Parts, Some(aside)) => {
                        if !aside.parts.read(piece, at + done, here)? {
                            return Ok(false);
                        }
                    }
                    _ => here.fill(0),
                }
                batch.update(&[&*here]);
                done += len;
            }
        }
        let digest = batch.finish();
        Ok(digest
            .first()
            .is_some_and(|digest| self.hashes.is_right(piece, digest)))
    }
}
