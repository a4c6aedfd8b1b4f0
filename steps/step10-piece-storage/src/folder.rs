//! The download folder, from which nothing gets out.
//!
//! A symbolic link inside it may point anywhere, and a hostile torrent could bring one along. So a
//! path is walked element by element, and where a link stands in the way the walk ends with an
//! error. What the *user* names, the folder itself, may be reached by links.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub use portable::Folder;
#[cfg(unix)]
pub use unix::Folder;

/// A file to read, by whatever links lead there: what is read is checked by hash, so a link can do
/// no harm.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A named pipe must not make us wait for a writer.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    ordinary(options.open(path)?)
}

/// Refuses what opens but has no bytes of its own: folders, pipes, devices.
fn ordinary(file: File) -> io::Result<File> {
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        Ok(file)
    } else if kind.is_dir() {
        Err(ErrorKind::IsADirectory.into())
    } else {
        Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "it is no ordinary file",
        ))
    }
}

/// The error where a symbolic link stands in the way.
fn link_in_the_way() -> io::Error {
    io::Error::new(
        ErrorKind::AlreadyExists,
        "a symbolic link stands in its path, and may lead out of the download folder",
    )
}

#[cfg(test)]
mod tests;
