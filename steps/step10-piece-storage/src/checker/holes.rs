//! Holes: parts of a file that were never written. They read as zeros and take no space.
//!
//! A fresh download is one large hole. Asking the system where the data is saves reading zeros for
//! minutes.

use std::fs::File;
use std::io;
use std::ops::Range;

/// Where holes are in the file asked about last.
#[derive(Debug, Default)]
pub struct Holes {
    /// What is known: this range of this file is a hole, or is none.
    known: Option<(usize, Range<u64>, bool)>,
}

impl Holes {
    /// Whether the whole of `range` in `file`, which is file number `index`, was never written.
    pub fn cover(&mut self, index: usize, file: &File, range: Range<u64>) -> io::Result<bool> {
        let (known, hole) = match self.known.take() {
            Some((i, known, hole)) if i == index && known.contains(&range.start) => (known, hole),
            _ => extent(file, range.start)?,
        };
        let covered = hole && known.end >= range.end;
        self.known = Some((index, known, hole));
        Ok(covered)
    }
}

/// The parts of the first `length` bytes of `file` that were never written, as far as can be told.
pub fn holes(file: &File, length: u64) -> io::Result<Vec<Range<u64>>> {
    let (mut holes, mut at) = (Vec::new(), 0);
    while at < length {
        let (part, is_hole) = extent(file, at)?;
        let end = part.end.min(length);
        if is_hole {
            holes.push(at..end);
        }
        at = end;
    }
    Ok(holes)
}

// ANCHOR: extent
/// The hole or the data at `offset`, up to its end.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd"
))]
fn extent(file: &File, offset: u64) -> io::Result<(Range<u64>, bool)> {
    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;

    match seek(file, SeekFrom::Data(offset)) {
        Ok(data) if data > offset => Ok((offset..data, true)),
        Ok(_) => Ok((
            offset..seek(file, SeekFrom::Hole(offset))?.max(offset + 1),
            false,
        )),
        // No data from here to the end of the file.
        Err(Errno::NXIO) => Ok((offset..u64::MAX, true)),
        // This disk cannot tell.
        Err(Errno::INVAL | Errno::NOTSUP) => Ok((offset..u64::MAX, false)),
        Err(error) => Err(error.into()),
    }
}
// ANCHOR_END: extent

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd"
)))]
fn extent(_file: &File, offset: u64) -> io::Result<(Range<u64>, bool)> {
    Ok((offset..u64::MAX, false))
}
