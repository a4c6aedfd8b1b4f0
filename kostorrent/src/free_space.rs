//! How much a disk still takes.

use std::io;
use std::path::Path;

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
#[cfg(not(unix))]
pub fn free_space(_path: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}
