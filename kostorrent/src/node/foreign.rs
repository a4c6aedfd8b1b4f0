//! Whose is a file that is in the way of a download?
//!
//! A file is the torrent's if a piece in it is. One that has bytes and no such piece is somebody
//! else's, and must not be overwritten: notes of the same name, another edition of the same thing.
//! What a download of ours may have left behind looks like it where no piece of a file is whole: a
//! neighbour in the same piece was deleted, or the program was killed while it wrote. Bytes alone
//! cannot tell whose such a file is. What is to be written there can.

use std::path::Path;
use std::sync::Arc;

use layout::Layout;
use storage::{Checker, DiskError, PieceState};

mod looks;

use looks::{Look, Looks};

/// Whose a file is that a download would write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something in it is the torrent's.
    Ours,
    /// It is not there, or empty, or has nothing but zeros: nothing is lost when it is written to.
    /// Whose it is nobody can tell.
    Blank,
    /// It may be what a download of ours has left, or somebody else's file of the same length.
    /// Whoever writes a piece to it has to compare first. If every byte that is there is zero or
    /// that of the piece, it is ours: what was cut off in the middle of a write begins with the
    /// right bytes. If not, it is somebody else's.
    Unproven,
    /// Somebody else's.
    Foreign,
}

/// Judges the files of a torrent whose pieces were checked.
pub(super) struct Foreign<'a> {
    layout: &'a Arc<Layout>,
    looks: Looks<'a>,
    /// Whether anything of the torrent is there at all, once that is known.
    anything: Option<bool>,
    /// Whether every file is there, at its full length.
    laid_out: Option<bool>,
}

impl<'a> Foreign<'a> {
    /// `states` has all pieces of the torrent, as the checker has found them.
    pub fn new(
        root: &'a Path,
        layout: &'a Arc<Layout>,
        checker: Checker,
        states: &'a [PieceState],
    ) -> Foreign<'a> {
        Foreign {
            layout,
            looks: Looks::new(root, layout, checker, states),
            anything: None,
            laid_out: None,
        }
    }

    /// Whose a file is that is to be written to. For all files in their order this takes time for
    /// each file and each piece once.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if it cannot be read.
    pub fn verdict(&mut self, file: usize) -> Result<Verdict, DiskError> {
        let length = match self.looks.file(file)? {
            Look::File(length) if length > 0 => length,
            _ => return Ok(Verdict::Blank),
        };
        if self.has_good(file)? {
            return Ok(Verdict::Ours);
        }
        let whole = self.layout.files()[file].length;
        // What is longer would be cut, even if it were zeros.
        if length > whole {
            return Ok(Verdict::Foreign);
        }
        Ok(match self.written(file)? {
            Written::Nothing => Verdict::Blank,
            Written::Unfinished(pieces) if length == whole && self.is_begun(pieces)? => {
                Verdict::Unproven
            }
            Written::Unfinished(_) | Written::Foreign => Verdict::Foreign,
        })
    }

    /// The pieces that can prove whose a file is: it has bytes there.
    pub fn proofs(&mut self, file: usize) -> Result<Vec<u32>, DiskError> {
        let mut proofs = Vec::new();
        for piece in self.looks.pieces(file) {
            if self.looks.has_data(piece, file)? {
                proofs.push(piece);
            }
        }
        Ok(proofs)
    }

    /// Whether a piece that is good has bytes in this file. Zeros are no proof, and neither is what
    /// the part file has in its place.
    fn has_good(&mut self, file: usize) -> Result<bool, DiskError> {
        for piece in self.looks.pieces(file) {
            if self.looks.is_good(piece)
                && self.looks.has_data(piece, file)?
                && !self.looks.is_aside(piece, file)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is in a file of which no piece is good.
    fn written(&mut self, file: usize) -> Result<Written, DiskError> {
        let looks = &mut self.looks;
        let mut unfinished = 0;
        for piece in looks.pieces(file) {
            if !looks.has_data(piece, file)? {
                continue;
            }
            if !looks.is_cut(piece, file)? && !looks.is_excused(piece, file)? {
                return Ok(Written::Foreign);
            }
            unfinished += 1;
        }
        Ok(match unfinished {
            0 => Written::Nothing,
            pieces => Written::Unfinished(pieces),
        })
    }

    /// Whether a download of ours can have left so many unfinished pieces in a file: one, if it was
    /// killed at its first; any number where something of the torrent is there, for then files of
    /// it may have been deleted.
    fn is_begun(&mut self, pieces: usize) -> Result<bool, DiskError> {
        Ok(self.has_anything()? || (pieces == 1 && self.is_laid_out()?))
    }

    fn has_anything(&mut self) -> Result<bool, DiskError> {
        if let Some(known) = self.anything {
            return Ok(known);
        }
        let mut anything = false;
        for file in 0..self.layout.files().len() {
            anything = self.has_good(file)?;
            if anything {
                break;
            }
        }
        self.anything = Some(anything);
        Ok(anything)
    }

    fn is_laid_out(&mut self) -> Result<bool, DiskError> {
        if let Some(known) = self.laid_out {
            return Ok(known);
        }
        let laid_out = self.looks.is_laid_out()?;
        self.laid_out = Some(laid_out);
        Ok(laid_out)
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

#[cfg(test)]
mod tests;
