//! Symbolic links (BEP 47) are the sharpest tool in a torrent: a link that points elsewhere, and a
//! file behind it, would be written elsewhere. So a link that points elsewhere is left out, and a
//! torrent that has a file behind one of its links is refused.

use std::collections::{HashMap, HashSet};

use super::Named;
use super::collisions::{Fingerprint, Same};
use crate::Error;

/// Whether an element of a link's target only leads further into the torrent's folder.
pub(crate) fn stays_inside(element: &[u8]) -> bool {
    let plain = |byte: &u8| !matches!(byte, b'/' | b'\\' | 0);
    let drive = matches!(element, [letter, b':', ..] if letter.is_ascii_alphabetic());
    !matches!(element, b"" | b"." | b"..") && element.iter().all(plain) && !drive
}

/// No file may lie behind a link of the same torrent, on any system.
pub(crate) fn check(files: &[Named<'_>]) -> Result<(), Error> {
    let links = files.iter().filter(|file| file.symlink.is_some());
    let links: HashSet<Fingerprint> = links
        .map(|file| Fingerprint::of(file.path, Same::Folded))
        .collect();
    if links.is_empty() {
        return Ok(());
    }
    for file in files {
        let mut folders = Fingerprint::of_folders(file.path, Same::Folded);
        if folders.any(|folder| links.contains(&folder)) {
            return Err(Error::PathThroughSymlink {
                path: file.path.join("/"),
            });
        }
    }
    Ok(())
}

/// Each link, and the file that it names: their places in the list. A link may also name a folder,
/// or nothing; of several files of one name it means the first, which keeps the name.
pub(crate) fn targets(files: &[Named<'_>]) -> Vec<(usize, usize)> {
    if files.iter().all(|file| file.symlink.is_none()) {
        return Vec::new();
    }
    let mut places: HashMap<&[String], usize> = HashMap::new();
    for (place, file) in files.iter().enumerate().filter(|(_, file)| !file.padding) {
        places.entry(file.path).or_insert(place);
    }
    let named = |(link, file): (usize, &Named<'_>)| {
        let target = places.get(file.symlink?)?;
        Some((link, *target))
    };
    files.iter().enumerate().filter_map(named).collect()
}
