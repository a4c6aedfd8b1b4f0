//! The files of a torrent as a person knows them.

use std::collections::HashMap;
use std::ops::Range;

use layout::{Kind, Layout};
use metainfo::text::grouped;

/// The files of a torrent that can be chosen: all but padding, in the torrent's order.
#[derive(Clone, Debug)]
pub struct Files {
    listed: Vec<Listed>,
    /// The place in `listed` of each file of the layout.
    places: Vec<Option<usize>>,
    /// The torrent's name with a slash, where its files are in a folder.
    top: String,
    /// The files at and below each path, by their places in `listed`.
    paths: HashMap<String, Vec<usize>>,
}

/// One of them. Its number is its place in [`Files::listed`], counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number in the layout, where padding counts.
    pub file: usize,
    /// Its path, with `/` between folders, the torrent's name first.
    pub path: String,
    /// Its length, in bytes.
    pub length: u64,
    /// For a symbolic link the path that it leads to, as it is written in `path`.
    pub link: Option<String>,
}

impl Files {
    /// The files of a layout by the torrent's own names.
    pub fn new(layout: &Layout) -> Files {
        let mut files = Files {
            listed: Vec::new(),
            places: Vec::new(),
            top: String::new(),
            paths: HashMap::new(),
        };
        for (file, entry) in layout.files().iter().enumerate() {
            if entry.kind == Kind::Padding {
                files.places.push(None);
                continue;
            }
            files.places.push(Some(files.listed.len()));
            files.listed.push(Listed {
                file,
                path: joined(&entry.path),
                length: entry.length,
                link: match &entry.kind {
                    Kind::Symlink { target } => Some(joined(target)),
                    _ => None,
                },
            });
        }
        files.top = top_of(&files.listed);
        for (place, listed) in files.listed.iter().enumerate() {
            for path in heads(&listed.path) {
                match files.paths.get_mut(path) {
                    Some(below) => below.push(place),
                    None => drop(files.paths.insert(path.to_owned(), vec![place])),
                }
            }
        }
        files
    }

    /// The files, in the torrent's order.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// How many files there are, in words: `1 file`, `2,000 files`.
    pub fn count(&self) -> String {
        let count = self.listed.len();
        let plural = if count == 1 { "" } else { "s" };
        format!("{} file{plural}", grouped(count as u64))
    }

    /// How many files the layout has, padding too.
    pub(crate) fn in_layout(&self) -> usize {
        self.places.len()
    }

    /// The place among the listed ones of a file of the layout.
    pub(crate) fn place(&self, file: usize) -> Option<usize> {
        self.places.get(file).copied().flatten()
    }

    /// The torrent's name and a slash, where its files are in a folder of that name; else empty.
    pub fn top(&self) -> &str {
        &self.top
    }

    /// The path without the torrent's name.
    pub fn inner<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(&self.top).unwrap_or(path)
    }

    /// The places of the file, or of all files below the folder, that has this very path, with the
    /// torrent's name or without; empty if there is none. A slash at the end asks for a folder.
    pub(crate) fn at(&self, path: &str) -> &[usize] {
        let (path, is_folder) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        let with_top = format!("{}{path}", self.top);
        let found = self.paths.get_key_value(&with_top);
        match found.or_else(|| self.paths.get_key_value(path)) {
            Some((path, found)) if is_folder && self.listed[found[0]].path == *path => &[],
            Some((_, found)) => found,
            None => &[],
        }
    }

    /// The files that a link leads to, by their places: one, or all that are below a folder. Links
    /// on the way are followed; empty if it leads to nothing.
    pub(crate) fn behind(&self, place: usize) -> &[usize] {
        let mut at = place;
        // A chain of links that is longer leads in a circle.
        for _ in 0..32 {
            let Some(target) = &self.listed[at].link else {
                return &self.paths[&self.listed[at].path];
            };
            let Some(found) = self.paths.get(target) else {
                return &[];
            };
            match found[..] {
                [one] if self.listed[one].path == *target => at = one,
                _ => return found,
            }
        }
        &[]
    }

    /// Where the last name of a path begins.
    pub(crate) fn last_name(path: &str) -> Range<usize> {
        path.rfind('/').map_or(0, |slash| slash + 1)..path.len()
    }
}

fn joined(path: &std::path::Path) -> String {
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

/// A path and those of the folders above it, the shortest first.
pub(crate) fn heads(path: &str) -> impl Iterator<Item = &str> {
    let slashes = path.match_indices('/').map(|(slash, _)| &path[..slash]);
    slashes.chain([path])
}

/// The folder that all are in; a torrent of one file has none.
fn top_of(listed: &[Listed]) -> String {
    let first = listed.first().and_then(|file| file.path.find('/'));
    let Some(slash) = first else {
        return String::new();
    };
    let top = &listed[0].path[..=slash];
    match listed.iter().all(|file| file.path.starts_with(top)) {
        true => top.to_owned(),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests;
