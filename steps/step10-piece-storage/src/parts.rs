//! The part file: where bytes go that belong to files which nobody wants.
//!
//! Pieces do not end where files do. The last piece of a wanted file is only good as a whole, so
//! the first bytes of the next file come along, even if nobody wants that one. They are needed to
//! check the piece and to give it to others; a file for them would look like one that was asked
//! for. So all of them go to one hidden file, which libtorrent has made common: its format and its
//! name are used here, and each program reads the other's (libtorrent, `part_file.cpp`).

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use layout::Layout;

use crate::error::{DiskError, Doing};
use crate::folder::open_to_read;
use crate::transfer;

mod slots;

pub use slots::{Slots, Whose};

/// The name of a torrent's part file in its download folder: `.<info-hash in hex>.parts`.
pub fn part_file_name(info_hash: &[u8; 20]) -> String {
    format!(".{}.parts", hex::encode(info_hash))
}

/// What a part file holds, to be read only; one for all who check a torrent's pieces.
///
/// Nothing in it is trusted: whoever reads a piece from it compares its hash.
#[derive(Clone, Debug)]
pub struct Parts {
    place: PathBuf,
    slots: Arc<Slots>,
    /// `None` if there is nothing to read.
    file: Option<Arc<File>>,
    /// How long it was when it was opened, in bytes.
    length: u64,
}

impl Parts {
    /// Opens the part file of the torrent below `root`. If there is none, or it is damaged so that
    /// nothing can be found in it, it is empty.
    ///
    /// It keeps one file open, and a few bytes for each piece that is in it.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if there is one that cannot be read.
    pub fn open(root: &Path, info_hash: &[u8; 20], layout: &Layout) -> Result<Parts, DiskError> {
        let place = root.join(part_file_name(info_hash));
        let geometry = layout.geometry();
        let none = Slots::new(geometry.pieces(), geometry.piece_length());
        let file = match open_to_read(&place) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Parts::view(place, Arc::new(none), None);
            }
            Err(error) => return Err(DiskError::new(Doing::Open, &place, error)),
        };
        let slots = read_slots(&file, none).map_err(|e| DiskError::new(Doing::Read, &place, e))?;
        Parts::view(place, Arc::new(slots), Some(Arc::new(file)))
    }

    /// What is in a part file that is open already.
    pub(crate) fn view(
        place: PathBuf,
        slots: Arc<Slots>,
        file: Option<Arc<File>>,
    ) -> Result<Parts, DiskError> {
        let found = file.as_ref().map(|file| file.metadata()).transpose();
        let found = found.map_err(|e| DiskError::new(Doing::Read, &place, e))?;
        Ok(Parts {
            place,
            slots,
            file,
            length: found.map_or(0, |found| found.len()),
        })
    }

    /// Whether anything of a piece is in it.
    pub fn has(&self, piece: u32) -> bool {
        self.file.is_some() && self.slots.has(piece)
    }

    /// Whether it has no piece.
    pub fn is_empty(&self) -> bool {
        self.file.is_none() || self.slots.is_empty()
    }

    /// Reads bytes of a piece, from `offset` in the piece on, until `buffer` is full; whether all
    /// of them are there.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when the system cannot read what is there.
    pub(crate) fn read(
        &self,
        piece: u32,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<bool, DiskError> {
        let (Some(file), Some(slot)) = (&self.file, self.slots.offset(piece)) else {
            return Ok(false);
        };
        match transfer::read(file, slot + offset, buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(DiskError::new(Doing::Read, &self.place, error)),
        }
    }

    /// Whether so many bytes of a piece are there, from `offset` in the piece on.
    pub(crate) fn reach(&self, piece: u32, offset: u64, len: u64) -> bool {
        let slot = self.slots.offset(piece);
        slot.is_some_and(|slot| slot + offset + len <= self.length)
    }
}

/// Reads the header of a part file.
pub(crate) fn read_slots(file: &File, none: Slots) -> io::Result<Slots> {
    let there = file.metadata()?.len().min(none.header_len());
    let mut header = vec![0; there as usize];
    transfer::read(file, 0, &mut header)?;
    Ok(none.parse(&header))
}
