//! Symbolic links (BEP 47) are the sharpest tool in a torrent: a link that points elsewhere, and a
//! file behind it, would be written elsewhere. Such a torrent is refused.

use std::collections::HashSet;

use super::collisions::Fingerprint;
use crate::{Error, File};

/// Whether an element of a link's target only leads further into the torrent's folder.
pub(crate) fn stays_inside(element: &[u8]) -> bool {
    let plain = |byte: &u8| !matches!(byte, b'/' | b'\\' | 0);
    let drive = matches!(element, [letter, b':', ..] if letter.is_ascii_alphabetic());
    !matches!(element, b"" | b"." | b"..") && element.iter().all(plain) && !drive
}

/// No file may lie behind a link of the same torrent.
pub(crate) fn check(files: &[File]) -> Result<(), Error> {
    let links = files.iter().filter(|file| file.symlink.is_some());
    let links: HashSet<Fingerprint> = links.map(|file| Fingerprint::of(&file.path)).collect();
    if links.is_empty() {
        return Ok(());
    }
    for file in files {
        if Fingerprint::of_folders(&file.path).any(|folder| links.contains(&folder)) {
            return Err(Error::PathThroughSymlink {
                path: file.path.join("/"),
            });
        }
    }
    Ok(())
}
