//! Two files of a torrent must not be the same file on disk. On Windows and macOS `Read.me` and
//! `read.ME` are the same name. On macOS an `é` of one character and an `é` of two (`e` and an
//! accent) are the same as well. Portable names take heed of all that, on every system.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha1::{Digest, Sha1};
use unicode_normalization::UnicodeNormalization;

use super::Named;
use crate::path::{MAX_NAME, cut, split_extension};

/// Which names are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    /// Those of the same bytes.
    Exactly,
    /// Those that differ by case, or by how accents are written.
    Folded,
}

impl Same {
    /// On the system we run on.
    pub const HERE: Same = match cfg!(any(windows, target_vendor = "apple")) {
        true => Same::Folded,
        false => Same::Exactly,
    };
}

/// A path as 20 bytes however long it is: the same for paths that are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 20]);

impl Fingerprint {
    pub fn of(path: &[String], same: Same) -> Fingerprint {
        let mut hasher = Sha1::new();
        path.iter()
            .for_each(|element| add(&mut hasher, element, same));
        Fingerprint(hasher.finalize().into())
    }

    /// Of each folder that the path goes through, outermost first.
    pub fn of_folders(path: &[String], same: Same) -> impl Iterator<Item = Fingerprint> {
        let folders = &path[..path.len().saturating_sub(1)];
        folders.iter().scan(Sha1::new(), move |hasher, element| {
            add(hasher, element, same);
            Some(Fingerprint(hasher.clone().finalize().into()))
        })
    }
}

/// Adds one element. No element holds a `/`, so it can stand between them.
fn add(hasher: &mut Sha1, element: &str, same: Same) {
    match same {
        Same::Exactly => hasher.update(element),
        Same::Folded if element.is_ascii() => hasher.update(element.to_ascii_lowercase()),
        Same::Folded => hasher.update(folded(element)),
    }
    hasher.update("/");
}

/// What macOS compares: each letter with its accents apart, without regard to case (the "canonical
/// caseless match" of the Unicode standard, chapter 3.13).
fn folded(element: &str) -> String {
    let apart: String = element.nfd().collect();
    // Down, up and down again: `ẞ`, `ß` and `SS` meet.
    let lower = apart.to_lowercase().to_uppercase().to_lowercase();
    lower.nfd().collect()
}

/// Finds a path of its own for every file, and gives those that are new. The first file of a name
/// keeps it, the next one of `song.mp3` becomes `song (2).mp3`. A file whose name is a folder of
/// another file gives way too. Padding files are never written, so they may be called what they
/// like.
pub(crate) fn resolve(files: &[Named<'_>], same: Same) -> BTreeMap<usize, Vec<String>> {
    let real = files.iter().filter(|file| !file.padding);
    let folders = real.flat_map(|file| Fingerprint::of_folders(file.path, same));
    let mut taken: HashSet<Fingerprint> = folders.collect();
    // The next number to try for a name, so that many files of one name are quick.
    let mut numbers: HashMap<Fingerprint, u32> = HashMap::new();
    let mut renamed = BTreeMap::new();

    for (index, file) in files.iter().enumerate().filter(|(_, file)| !file.padding) {
        if taken.insert(Fingerprint::of(file.path, same)) {
            continue;
        }
        let mut path = file.path.to_vec();
        let Some(name) = path.pop() else {
            continue;
        };
        let (stem, extension) = numbered_parts(&name);
        path.push(format!("{stem}{extension}"));
        let number = numbers.entry(Fingerprint::of(&path, same)).or_insert(2);
        loop {
            path.pop();
            path.push(format!("{stem} ({number}){extension}"));
            *number += 1;
            if taken.insert(Fingerprint::of(&path, same)) {
                break;
            }
        }
        renamed.insert(index, path);
    }
    renamed
}

/// The name cut so that a number fits in, and its extension.
fn numbered_parts(name: &str) -> (String, String) {
    const ROOM: usize = " (4294967295)".len();
    let cut = cut(name, name.len().min(MAX_NAME - ROOM));
    let (stem, extension) = split_extension(&cut);
    (stem.to_owned(), extension.to_owned())
}
