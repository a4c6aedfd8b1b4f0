//! What is on disk already, and is it good?

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use layout::{Kind, Layout};

use crate::create::is_missing;
use crate::error::{DiskError, Doing};
use crate::folder::open_to_read;
use crate::handles::Handles;
use crate::transfer;

/// What was found of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceState {
    /// All there, with the right SHA-1.
    Good,
    /// All there, with another SHA-1.
    Bad,
    /// Not all there: a file is missing or too short, or nothing was ever written where the piece belongs.
    Missing,
}

/// Reads what is on disk and compares it with the torrent.
#[derive(Debug)]
pub struct Checker {
    root: PathBuf,
    layout: Arc<Layout>,
    pieces: Arc<[[u8; 20]]>,
    handles: Handles,
}

impl Checker {
    /// A checker of the files below `root`. Each thread has its own.
    pub fn new(root: &Path, layout: Arc<Layout>, pieces: Arc<[[u8; 20]]>) -> Checker {
        Checker {
            root: root.to_path_buf(),
            layout,
            pieces,
            handles: Handles::default(),
        }
    }

    /// Checks the pieces of `range`, in order, and tells `on_piece` of each.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for a file that is there and cannot be read.
    pub fn check(
        &mut self,
        range: Range<u32>,
        mut on_piece: impl FnMut(u32, PieceState),
    ) -> Result<(), DiskError> {
        for piece in range {
            let state = self.piece(piece)?;
            on_piece(piece, state);
        }
        Ok(())
    }

    fn piece(&mut self, piece: u32) -> Result<PieceState, DiskError> {
        let layout = Arc::clone(&self.layout);
        let mut hash = hashing::Batch::new(1);
        for span in layout.piece_spans(piece) {
            let entry = &layout.files()[span.file];
            let mut bytes = vec![0; span.len as usize];
            if entry.kind != Kind::Padding {
                let place = self.root.join(&entry.path);
                let file = match self.handles.get(span.file, || open_to_read(&place)) {
                    Ok(file) => file,
                    Err(error) if is_missing(&error) => return Ok(PieceState::Missing),
                    Err(error) => return Err(DiskError::new(Doing::Open, &place, error)),
                };
                match transfer::read(&file, span.offset, &mut bytes) {
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                        return Ok(PieceState::Missing);
                    }
                    other => other.map_err(|e| DiskError::new(Doing::Read, &place, e))?,
                }
            }
            hash.update(&[&bytes]);
        }
        let good = self.pieces.get(piece as usize) == Some(&hash.finish()[0]);
        Ok(if good {
            PieceState::Good
        } else {
            PieceState::Bad
        })
    }
}
