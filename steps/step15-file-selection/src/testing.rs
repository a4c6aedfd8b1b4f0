//! Small torrents for the tests of this crate.

use layout::{Kind, Layout};

use crate::{Files, List, ListError, Selection};

/// A layout of these files in pieces of so many bytes. A path that ends with `+` is padding, and
/// `link -> target` a symbolic link.
pub fn layout(piece_length: u64, files: &[(&str, u64)]) -> Layout {
    let file = |&(path, length): &(&str, u64)| match path.split_once(" -> ") {
        Some((path, target)) => {
            let target = target.into();
            (path.into(), 0, Kind::Symlink { target })
        }
        None if path.ends_with('+') => (path.into(), length, Kind::Padding),
        None => (path.into(), length, Kind::Regular { executable: false }),
    };
    Layout::new(files.iter().map(file), piece_length).unwrap()
}

/// A torrent of ten files, among them padding and a link.
pub fn book() -> Files {
    Files::new(&layout(
        16_384,
        &[
            ("Book/chapter1.pdf", 100),
            ("Book/chapter2.pdf", 100),
            ("Book/.pad+", 100),
            ("Book/notes, and more.txt", 100),
            ("Book/extras/cover [front].jpg", 100),
            ("Book/extras/music/01 - a.flac", 100),
            ("Book/extras/music/02 - b.flac", 100),
            ("Book/extras/Read Me.txt", 0),
            ("Book/latest -> Book/chapter2.pdf", 0),
            ("Book/-5", 100),
        ],
    ))
}

/// The numbers of the files that a list selects.
pub fn numbers(files: &Files, list: &str) -> Result<Vec<usize>, ListError> {
    let selection = list.parse::<List>()?.select(files, None)?;
    Ok(numbers_of(&selection))
}

pub fn numbers_of(selection: &Selection) -> Vec<usize> {
    let marks = selection.marks().iter().zip(1..);
    let wanted = marks.filter(|(mark, _)| **mark != crate::Priority::Skip);
    wanted.map(|(_, number)| number).collect()
}
