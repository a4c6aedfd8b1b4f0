//! What a person hears of changed files: the first few by name, and how many more.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use layout::Layout;

use super::Wish;
use crate::node::Notice;

/// Files that are named until everything is at rest again.
const NAMED: usize = 3;

/// What is said of files.
pub struct Words {
    root: PathBuf,
    layout: Arc<Layout>,
    fetches: bool,
    failed: usize,
    back: usize,
}

impl Words {
    pub fn new(root: &Path, layout: Arc<Layout>, fetches: bool) -> Words {
        Words {
            root: root.to_owned(),
            layout,
            fetches,
            failed: 0,
            back: 0,
        }
    }

    pub fn gone(&self) -> String {
        match self.fetches {
            true => "it was deleted or moved away; its pieces are fetched again",
            false => "it is gone: put it back, and its pieces can be had again",
        }
        .to_owned()
    }

    pub fn cut(&self) -> String {
        match self.fetches {
            true => "it was cut short; what is missing is fetched again",
            false => "it was cut short: what is missing cannot be had any more",
        }
        .to_owned()
    }

    pub fn changed(&self, bad: usize) -> String {
        let pieces = match bad {
            1 => "1 piece of it is".to_owned(),
            n => format!("{n} pieces of it are"),
        };
        let after = match self.fetches {
            true => "and fetched again",
            false => "and cannot be had any more",
        };
        format!("somebody has changed it: {pieces} not the torrent's any more, {after}")
    }

    /// Something is wrong with a file.
    pub fn failed(&mut self, file: usize, why: String, wishes: &mut VecDeque<Wish>) {
        self.failed += 1;
        if self.failed <= NAMED {
            let path = self.path(file);
            let name = path.display().to_string();
            // What the disk says names the file itself.
            let why = match why.contains(&name) {
                true => why,
                false => format!("{name}: {why}"),
            };
            wishes.push_back(Wish::Notice(Notice::FileFailed { path, why }));
        }
    }

    /// A file is there again, and good.
    pub fn back(&mut self, file: usize, wishes: &mut VecDeque<Wish>) {
        self.back += 1;
        if self.back <= NAMED {
            let path = self.path(file);
            wishes.push_back(Wish::Notice(Notice::FileBack { path }));
        }
    }

    /// Everything is at rest: tells how many were not named.
    pub fn pause(&mut self, wishes: &mut VecDeque<Wish>) {
        let more = |count: usize| count.checked_sub(NAMED).filter(|&more| more > 0);
        let path = || self.root.clone();
        if let Some(more) = more(self.failed) {
            let (path, root) = (path(), self.root.display());
            let why = format!("{root}: the same goes for {more} more files of the torrent");
            wishes.push_back(Wish::Notice(Notice::FileFailed { path, why }));
        }
        if more(self.back).is_some() {
            wishes.push_back(Wish::Notice(Notice::FileBack { path: path() }));
        }
        self.failed = 0;
        self.back = 0;
    }

    /// Where a file is.
    pub fn path(&self, file: usize) -> PathBuf {
        self.root.join(&self.layout.files()[file].path)
    }
}
