//! The last look at paths before they become files. The reader of the torrent has made them safe
//! already; nothing is ever written outside the download folder, so it is worth asking twice.

use std::path::{Component, Path};

use crate::{Entry, Kind, LayoutError};

/// Every path stays in the folder, and no two files want the same place.
pub fn check(files: &[Entry]) -> Result<(), LayoutError> {
    for (file, entry) in files.iter().enumerate() {
        let paths = match &entry.kind {
            Kind::Regular { .. } => vec![&entry.path],
            Kind::Symlink { target } => vec![&entry.path, target],
            // Never on disk, wherever it says it is.
            Kind::Padding => vec![],
        };
        if let Some(path) = paths.into_iter().find(|path| !stays_inside(path)) {
            let path = path.clone();
            return Err(LayoutError::UnsafePath { file, path });
        }
    }
    conflicts(files)
}

// ANCHOR: paths
/// Ordinary names only: no root, no drive, no `.` or `..`, no NUL.
fn stays_inside(path: &Path) -> bool {
    // ANCHOR: yours_stays_inside (chapter 9, "Paths, once more")
    let mut names = 0;
    for part in path.components() {
        match part {
            Component::Normal(name) if !name.as_encoded_bytes().contains(&0) => names += 1,
            _ => return false,
        }
    }
    names > 0
    // ANCHOR_END: yours_stays_inside
}

/// When paths are sorted, one that others need as a folder stands right before the first of them.
fn conflicts(files: &[Entry]) -> Result<(), LayoutError> {
    // ANCHOR: yours_conflicts (chapter 9, "Paths, once more")
    let mut paths: Vec<&Path> = files
        .iter()
        .filter(|file| file.kind != Kind::Padding)
        .map(|file| file.path.as_path())
        .collect();
    paths.sort_unstable();
    match paths
        .array_windows()
        .find(|[path, next]| next.starts_with(path))
    {
        Some([path, _]) => Err(LayoutError::Conflict {
            path: path.to_path_buf(),
        }),
        None => Ok(()),
    }
    // ANCHOR_END: yours_conflicts
}
// ANCHOR_END: paths

#[cfg(test)]
mod tests;
