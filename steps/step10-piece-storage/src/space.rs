//! How much of the disk a file takes, and how much is left.

use std::fs::Metadata;
use std::io;
use std::path::Path;

// ANCHOR: space_of
/// How many bytes of the disk a file takes, if the system tells it. They may be fewer than it is
/// long, if there are holes in it, and more, for its last block is a whole one.
#[cfg(unix)]
pub fn space_of(found: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    // The system counts in units of 512, whatever the disk's blocks are.
    Some(found.blocks().saturating_mul(512))
}
// ANCHOR_END: space_of

/// How many bytes of the disk a file takes, if the system tells it.
#[cfg(not(unix))]
pub fn space_of(_found: &Metadata) -> Option<u64> {
    None
}

/// The bytes that we may still write to the disk that holds `path`, a file or folder that exists.
/// `None` where the system, or the disk, does not tell.
///
/// # Errors
///
/// Those of looking at `path`.
#[cfg(unix)]
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    let disk = rustix::fs::statvfs(path)?;
    // Some file systems that are not on a disk of ours say that they have no blocks at all.
    Ok((disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize)))
}

/// The bytes that we may still write to the disk that holds `path`. Nobody tells here.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn free_space(_path: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}
