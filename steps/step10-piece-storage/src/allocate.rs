//! When files get their space on the disk.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::Path;

use layout::{Kind, Layout};

use crate::checker::holes;
use crate::error::{DiskError, Doing};
use crate::folder::Folder;
use crate::seen::Seen;
use crate::space::{free_space, space_of};

// ANCHOR: allocate
/// When files get their space on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocate {
    /// Each has its full length at once, and takes space only as pieces come.
    #[default]
    Sparse,
    /// Each has its full length and all its space at once: it lies in one run where the disk can do
    /// that, and that there is no room shows before the first byte comes. Where the file system
    /// cannot do it, as with `Sparse`.
    Full,
    /// Each grows as pieces come: it is as long as what was written so far.
    None,
}
// ANCHOR_END: allocate

/// What an attempt to allocate found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocated {
    /// All files have their space.
    All,
    /// The file system cannot do it.
    Unsupported,
}

/// A file that an attempt has given space to, and where there was none before.
struct Given {
    index: usize,
    seen: Seen,
    holes: Vec<Range<u64>>,
}

/// Gives all `files` of the layout their space. If that fails, what was given is taken back.
pub fn allocate(
    root: &Path,
    folder: &mut Folder,
    layout: &Layout,
    files: &[usize],
    stop: &dyn Fn() -> bool,
) -> Result<Allocated, DiskError> {
    let short = lacking(root, folder, layout, files)?;
    let mut given = Vec::new();
    let result = give(root, folder, layout, &short, stop, &mut given);
    if !matches!(result, Ok(Allocated::All)) {
        give_back(folder, layout, given);
    }
    result
}

/// Gives files their space, as far as it goes. What `given` has is to be taken back if it goes no
/// further.
fn give(
    root: &Path,
    folder: &mut Folder,
    layout: &Layout,
    files: &[usize],
    stop: &dyn Fn() -> bool,
    given: &mut Vec<Given>,
) -> Result<Allocated, DiskError> {
    for &index in files {
        let entry = &layout.files()[index];
        let at = |error| DiskError::new(Doing::Allocate, &root.join(&entry.path), error);
        if stop() {
            return Err(at(ErrorKind::Interrupted.into()));
        }
        let file = folder.open(&entry.path).map_err(at)?;
        let found = file.metadata().map_err(at)?;
        given.push(Given {
            index,
            seen: Seen::of(&found),
            holes: holes(&file, entry.length).map_err(at)?,
        });
        // Only what was a hole is ever given back; the whole is what has to have its space.
        if fill(&file, entry.length).map_err(at)? == Allocated::Unsupported {
            return Ok(Allocated::Unsupported);
        }
    }
    Ok(Allocated::All)
}

/// Those of the files that lack space; an error at once if the disk has not as much left.
fn lacking(
    root: &Path,
    folder: &mut Folder,
    layout: &Layout,
    files: &[usize],
) -> Result<Vec<usize>, DiskError> {
    let (mut lacking, mut needed) = (Vec::new(), 0_u64);
    for &index in files {
        let entry = &layout.files()[index];
        if entry.length == 0 || !matches!(entry.kind, Kind::Regular { .. }) {
            continue;
        }
        let found = folder.open(&entry.path).and_then(|file| file.metadata());
        let found =
            found.map_err(|e| DiskError::new(Doing::Allocate, &root.join(&entry.path), e))?;
        let lacks = entry.length.saturating_sub(space_of(&found).unwrap_or(0));
        if lacks > 0 {
            needed = needed.saturating_add(lacks);
            lacking.push(index);
        }
    }
    match free_space(root).ok().flatten() {
        Some(free) if free < needed => {
            let why = format!(
                "the files need {needed} more bytes, and {free} are free (nothing was allocated)"
            );
            let error = io::Error::new(ErrorKind::StorageFull, why);
            Err(DiskError::new(Doing::Allocate, root, error))
        }
        _ => Ok(lacking),
    }
}

/// Takes space back from files where nothing was written. It is tried; nothing worse than lost space
/// comes of it if it fails.
fn give_back(folder: &mut Folder, layout: &Layout, given: Vec<Given>) {
    for Given { index, seen, holes } in given {
        let entry = &layout.files()[index];
        if let Ok(file) = folder.open(&entry.path)
            && let Ok(found) = file.metadata()
            && seen.is_same_file(&Seen::of(&found))
        {
            empty(&file, &holes, entry.length, found.len());
        }
    }
}

// ANCHOR: fill
/// Gives space to all of a file; what is in it stays.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn fill(file: &File, length: u64) -> io::Result<Allocated> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, length) {
        Ok(()) => Ok(Allocated::All),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(Allocated::Unsupported),
        Err(error) => Err(error.into()),
    }
}
// ANCHOR_END: fill

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn fill(_file: &File, _length: u64) -> io::Result<Allocated> {
    Ok(Allocated::Unsupported)
}

/// Makes holes of them again. The torrent has `length` bytes of the file, and the file may be
/// longer: then there are bytes of somebody else's behind them.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn empty(file: &File, holes: &[Range<u64>], length: u64, all: u64) {
    use rustix::fs::{FallocateFlags, fallocate};

    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    for hole in holes {
        // The last block of the file goes only as a whole.
        let end = match hole.end == length && all <= length {
            true => length.next_multiple_of(1 << 16),
            false => hole.end,
        };
        let _ = fallocate(file, flags, hole.start, end - hole.start);
    }
}

/// Elsewhere this can be done only for a file in which there was nothing yet.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn empty(file: &File, holes: &[Range<u64>], length: u64, all: u64) {
    if holes == [0..length] && all <= length {
        let _ = file.set_len(0).and_then(|()| file.set_len(length));
    }
}

#[cfg(test)]
mod tests;
