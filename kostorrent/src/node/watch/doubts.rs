//! The files that are read again, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

/// Files that are read again, by their numbers.
#[derive(Debug, Default)]
pub struct Doubts(BTreeMap<usize, Doubt>);

/// A file that is read again.
#[derive(Debug, Default)]
struct Doubt {
    /// Pieces of it that were not read yet.
    left: BTreeSet<u32>,
    /// Those that were good, and are not any more.
    bad: BTreeSet<u32>,
    /// It could not be read before.
    is_back: bool,
}

/// What was found of a piece that was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Good,
    /// It was good, and is not any more.
    Bad,
    /// It never was good.
    Never,
}

/// All of a file was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub file: usize,
    /// How many of its pieces were good, and are not any more.
    pub bad: usize,
    pub is_back: bool,
}

impl Doubts {
    /// These pieces of a file are read again.
    pub fn add(&mut self, file: usize, pieces: impl IntoIterator<Item = u32>, is_back: bool) {
        let mut pieces = pieces.into_iter().peekable();
        if pieces.peek().is_some() {
            let doubt = self.0.entry(file).or_default();
            doubt.left.extend(pieces);
            doubt.is_back |= is_back;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of these files, which the piece lies in, is read again because of itself.
    pub fn has(&self, files: &[usize], piece: u32) -> bool {
        let mut doubts = files.iter().filter_map(|file| self.0.get(file));
        doubts.any(|doubt| doubt.left.contains(&piece))
    }

    /// This file is gone, or nearly: it is not read again.
    pub fn forget(&mut self, file: usize) {
        self.0.remove(&file);
    }

    /// This file has changed once more: all of it is to be read. What was found bad so far is still
    /// to be told, unless it is good by then.
    pub fn begin_anew(&mut self, file: usize) {
        if let Some(doubt) = self.0.get_mut(&file) {
            doubt.left.clear();
        }
    }

    /// This piece of these files is lost, and is not read again.
    pub fn drop(&mut self, files: &[usize], piece: u32) {
        for file in files {
            let Some(doubt) = self.0.get_mut(file) else {
                continue;
            };
            doubt.left.remove(&piece);
            if doubt.left.is_empty() {
                self.0.remove(file);
            }
        }
    }

    /// A piece of these files was read; those of which it was the last.
    pub fn count(&mut self, files: &[usize], piece: u32, state: Found) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for &file in files {
            let Some(doubt) = self.0.get_mut(&file) else {
                continue;
            };
            if !doubt.left.remove(&piece) {
                continue;
            }
            match state {
                Found::Good => drop(doubt.bad.remove(&piece)),
                Found::Bad => drop(doubt.bad.insert(piece)),
                Found::Never => {}
            }
            if doubt.left.is_empty() {
                let (bad, is_back) = (doubt.bad.len(), doubt.is_back);
                verdicts.push(Verdict { file, bad, is_back });
                self.0.remove(&file);
            }
        }
        verdicts
    }
}
