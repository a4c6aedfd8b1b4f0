//! Two files of a torrent must not be the same file on disk. On Windows and macOS `Read.me` and
//! `read.ME` are the same name, so they are the same here, on every system. On macOS an `é` of one
//! character and an `é` of two (`e` and an accent) are the same as well.

use std::collections::{HashMap, HashSet};

use sha1::{Digest, Sha1};
use unicode_normalization::UnicodeNormalization;

use crate::path::{MAX_NAME, cut, split_extension};
use crate::warnings::{Excerpt, Warnings};
use crate::{File, Warning};

/// A path without regard to case and to how its accents are written, as 20 bytes however long it
/// is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 20]);

impl Fingerprint {
    pub fn of(path: &[String]) -> Fingerprint {
        let mut hasher = Sha1::new();
        path.iter().for_each(|element| fold(&mut hasher, element));
        Fingerprint(hasher.finalize().into())
    }

    /// Of each folder that the path goes through, outermost first.
    pub fn of_folders(path: &[String]) -> impl Iterator<Item = Fingerprint> {
        let folders = &path[..path.len().saturating_sub(1)];
        folders.iter().scan(Sha1::new(), |hasher, element| {
            fold(hasher, element);
            Some(Fingerprint(hasher.clone().finalize().into()))
        })
    }
}

/// Adds one element, folded. No element holds a `/`, so it can stand between them.
fn fold(hasher: &mut Sha1, element: &str) {
    match element.is_ascii() {
        true => hasher.update(element.to_ascii_lowercase()),
        false => hasher.update(folded(element)),
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

// ANCHOR: resolve
/// Gives every file a path of its own. The first file of a name keeps it, the next one of
/// `song.mp3` becomes `song (2).mp3`. A file whose name is a folder of another file gives way too.
/// Padding files are never written, so they may be called what they like.
pub(crate) fn resolve(files: &mut [File], warnings: &mut Warnings) {
    let real = files.iter().filter(|file| !file.padding);
    let folders = real.flat_map(|file| Fingerprint::of_folders(&file.path));
    let mut taken: HashSet<Fingerprint> = folders.collect();
    // The next number to try for a name, so that many files of one name are quick.
    let mut numbers: HashMap<Fingerprint, u32> = HashMap::new();

    for file in files.iter_mut().filter(|file| !file.padding) {
        if taken.insert(Fingerprint::of(&file.path)) {
            continue;
        }
        let Some(name) = file.path.pop() else {
            continue;
        };
        let (stem, extension) = numbered_parts(&name);
        file.path.push(format!("{stem}{extension}"));
        let number = numbers.entry(Fingerprint::of(&file.path)).or_insert(2);
        loop {
            file.path.pop();
            file.path.push(format!("{stem} ({number}){extension}"));
            *number += 1;
            if taken.insert(Fingerprint::of(&file.path)) {
                break;
            }
        }
        warnings.add(|| Warning::PathTaken {
            name: Excerpt::of(&name),
            on_disk: Excerpt::of(file.path.join("/")),
        });
    }
}
// ANCHOR_END: resolve

/// The name cut so that a number fits in, and its extension.
fn numbered_parts(name: &str) -> (String, String) {
    const ROOM: usize = " (4294967295)".len();
    let cut = cut(name, name.len().min(MAX_NAME - ROOM));
    let (stem, extension) = split_extension(&cut);
    (stem.to_owned(), extension.to_owned())
}
