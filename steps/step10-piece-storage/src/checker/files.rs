//! A torrent's files as they are found on disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use layout::{Kind, Layout, Span};

use super::holes::Holes;
use crate::error::{DiskError, Doing};
use crate::folder::open_to_read;
use crate::handles::Handles;
use crate::space::space_of;
use crate::transfer;

/// A torrent's files, to be looked at and read.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    layout: Arc<Layout>,
    handles: Handles,
    holes: Holes,
    /// What was found of each file, once it was looked at.
    found: BTreeMap<usize, Found>,
}

/// What the system says of a file.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// Bytes; 0 when there is no such file.
    length: u64,
    /// It takes less space than it has bytes, so there may be holes.
    sparse: bool,
}

impl Files {
    pub fn new(root: &Path, layout: Arc<Layout>) -> Files {
        Files {
            root: root.to_path_buf(),
            layout,
            handles: Handles::default(),
            holes: Holes::default(),
            found: BTreeMap::new(),
        }
    }

    /// Keeps at most so many files open.
    pub fn open_files(&mut self, most: usize) {
        self.handles = Handles::new(most);
    }

    /// Whether the span is padding, which is on no disk.
    pub fn is_padding(&self, span: Span) -> bool {
        self.layout.files()[span.file].kind == Kind::Padding
    }

    /// The file's length in bytes; 0 when there is no such file.
    pub fn length(&mut self, index: usize) -> Result<u64, DiskError> {
        Ok(self.found(index)?.length)
    }

    /// Whether the file is there, and long enough for the span.
    pub fn reach(&mut self, span: Span) -> Result<bool, DiskError> {
        Ok(self.found(span.file)?.length >= span.offset + span.len)
    }

    /// Whether nothing was ever written where the span is.
    pub fn is_hole(&mut self, span: Span) -> Result<bool, DiskError> {
        if !self.found(span.file)?.sparse {
            return Ok(false);
        }
        let file = self.open(span.file)?;
        let range = span.offset..span.offset + span.len;
        self.holes
            .cover(span.file, &file, range)
            .map_err(|e| self.error(Doing::Read, span.file, e))
    }

    /// Reads from the file's `offset` on until `buffer` is full.
    pub fn read(&mut self, index: usize, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        let file = self.open(index)?;
        transfer::read(&file, offset, buffer).map_err(|e| self.error(Doing::Read, index, e))
    }

    /// Tells the system that the span is read soon, so that it can fetch many at once from a slow
    /// disk.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn announce(&mut self, span: Span) -> Result<(), DiskError> {
        let file = self.open(span.file)?;
        let len = std::num::NonZeroU64::new(span.len);
        // It is advice: what the system does with it is no concern of ours.
        let _ = rustix::fs::fadvise(&file, span.offset, len, rustix::fs::Advice::WillNeed);
        Ok(())
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn announce(&mut self, _span: Span) -> Result<(), DiskError> {
        Ok(())
    }

    fn found(&mut self, index: usize) -> Result<Found, DiskError> {
        if let Some(&found) = self.found.get(&index) {
            return Ok(found);
        }
        let found = match std::fs::metadata(self.place(index)) {
            Ok(found) if found.is_file() => Found {
                length: found.len(),
                sparse: space_of(&found).is_some_and(|space| space < found.len()),
            },
            // Opening what is no file gives the error that says so.
            Ok(_) => self.open(index).map(|_| Found {
                length: 0,
                sparse: false,
            })?,
            Err(error) if is_missing(&error) => Found {
                length: 0,
                sparse: false,
            },
            Err(error) => return Err(self.error(Doing::Open, index, error)),
        };
        self.found.insert(index, found);
        Ok(found)
    }

    fn open(&mut self, index: usize) -> Result<Arc<File>, DiskError> {
        let place = self.place(index);
        self.handles
            .get(index, || open_to_read(&place))
            .map_err(|e| self.error(Doing::Open, index, e))
    }

    fn place(&self, index: usize) -> PathBuf {
        self.root.join(&self.layout.files()[index].path)
    }

    fn error(&self, doing: Doing, index: usize, cause: io::Error) -> DiskError {
        DiskError::new(doing, &self.place(index), cause)
    }
}

/// Whether the error means "there is no such file".
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
