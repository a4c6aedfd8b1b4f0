//! Choosing files on a screen: what is marked, where the cursor is, what a key does.
//!
//! There is no terminal in here. Keys go in, and [`draw`](Picker::draw) gives lines of text.

use crate::files::Files;
use crate::selection::{Priority, Selection};

mod draw;
mod fit;
mod keys;
mod tree;

pub use draw::{Part, Role};
pub use keys::{Key, Outcome};
use tree::{Node, Tree};

/// How much of a folder is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// All its files.
    All,
    /// Some of them.
    Some,
    /// None of them.
    None,
}

/// The state of a choice on a screen: a tree of folders that fold, marks, a cursor, a filter.
///
/// | key | does |
/// | --- | --- |
/// | arrows, `h` `j` `k` `l` | move; left folds, right unfolds |
/// | page up and down, home, end, `g`, `G` | move further |
/// | space | marks, or takes the mark away |
/// | `a` `n` `i` | marks all, none, or what was not |
/// | `+` `-` | wanted more, or less |
/// | `/` | what is typed then is a filter: all of its words have to be in a path |
/// | enter, escape | the choice is made, or given up |
///
/// While there is a filter, everything is about the files that are shown. A hundred thousand files
/// are no matter: a key takes milliseconds.
#[derive(Clone, Debug)]
pub struct Picker {
    files: Files,
    selection: Selection,
    tree: Tree,
    folded: Vec<bool>,
    /// Whether a file is let through by the filter; a folder, whether a file below it is.
    passes: Vec<bool>,
    /// For each node how many files of it are marked, and how many there are.
    counts: Vec<(u32, u32)>,
    /// The nodes that are shown, in order.
    rows: Vec<usize>,
    /// The row that the cursor is on.
    cursor: usize,
    /// The first row on the screen.
    top: usize,
    /// How many rows the screen has.
    page: usize,
    filter: String,
    is_typing: bool,
    is_ascii: bool,
}

impl Picker {
    /// A picker that shows this selection. Folders are folded if there are many files.
    pub fn new(files: Files, selection: Selection) -> Picker {
        let tree = Tree::new(&files);
        let is_long = tree.nodes.len() > 40;
        let mut picker = Picker {
            folded: tree
                .nodes
                .iter()
                .map(|node| is_long && node.file.is_none())
                .collect(),
            passes: vec![true; tree.nodes.len()],
            counts: Vec::new(),
            rows: Vec::new(),
            cursor: 0,
            top: 0,
            page: 1,
            filter: String::new(),
            is_typing: false,
            is_ascii: false,
            files,
            selection,
            tree,
        };
        picker.count();
        picker.show();
        picker
    }

    /// Draws with ASCII alone.
    pub fn ascii(mut self) -> Picker {
        self.is_ascii = true;
        self
    }

    /// What is chosen.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Shows what the filter lets through; the cursor stays on its file if that is shown.
    fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let nodes = &self.tree.nodes;
        for index in (0..nodes.len()).rev() {
            self.passes[index] = match nodes[index].file {
                Some(_) => words.iter().all(|word| nodes[index].small.contains(word)),
                None => (index + 1..nodes[index].end).any(|below| self.passes[below]),
            };
        }
        self.show();
    }

    /// Puts together which rows are shown.
    fn show(&mut self) {
        let on = self.rows.get(self.cursor).copied();
        self.rows.clear();
        let mut index = 0;
        while index < self.tree.nodes.len() {
            let node = &self.tree.nodes[index];
            if !self.passes[index] {
                index = node.end;
                continue;
            }
            self.rows.push(index);
            // A filter shows what it finds, folded or not.
            let is_shut = self.folded[index] && self.filter.is_empty();
            index = if is_shut { node.end } else { index + 1 };
        }
        let cursor = on.map_or(0, |on| self.rows.partition_point(|&row| row <= on));
        self.go(cursor.saturating_sub(1));
    }

    /// The cursor goes to a row, or as near to it as there are rows.
    fn go(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        self.top = self.first_row(self.page);
    }

    /// The first row on a screen of so many rows: the cursor is on it.
    fn first_row(&self, page: usize) -> usize {
        let least = (self.cursor + 1).saturating_sub(page);
        let most = self.rows.len().saturating_sub(page);
        self.top.min(most).clamp(least, self.cursor.max(least))
    }

    fn here(&self) -> Option<(usize, &Node)> {
        let index = *self.rows.get(self.cursor)?;
        Some((index, &self.tree.nodes[index]))
    }

    /// Folds the folder here; where there is none to fold, goes to the one above.
    fn fold(&mut self) {
        let Some((index, node)) = self.here() else {
            return;
        };
        if node.file.is_none() && !self.folded[index] && self.filter.is_empty() {
            self.folded[index] = true;
            return self.show();
        }
        if let Some(above) = node.above {
            self.go(self.rows.partition_point(|&row| row < above));
        }
    }

    fn unfold(&mut self) {
        let Some((index, node)) = self.here() else {
            return;
        };
        match node.file {
            None if self.folded[index] && self.filter.is_empty() => {
                self.folded[index] = false;
                self.show();
            }
            None => self.go(self.cursor + 1),
            Some(_) => {}
        }
    }

    /// Marks what is here, or, if all of it is marked, takes that away.
    fn toggle(&mut self) {
        let Some((index, _)) = self.here() else {
            return;
        };
        let takes = self.marked(index) == Marked::All;
        self.mark_here(|mark| match (takes, mark) {
            (true, _) => Priority::Skip,
            (false, Priority::Skip) => Priority::Normal,
            (false, mark) => mark,
        });
    }

    fn mark_all(&mut self, change: impl Fn(Priority) -> Priority) {
        self.mark(0..self.tree.nodes.len(), change);
    }

    fn mark_here(&mut self, change: impl Fn(Priority) -> Priority) {
        if let Some((index, node)) = self.here() {
            self.mark(index..node.end, change);
        }
    }

    /// Changes the marks of the files among these nodes that the filter lets through.
    fn mark(&mut self, nodes: std::ops::Range<usize>, change: impl Fn(Priority) -> Priority) {
        let is_one = nodes.len() == 1;
        for index in nodes {
            let (Some(place), true) = (self.tree.nodes[index].file, self.passes[index]) else {
                continue;
            };
            // Among others a link is passed over: it follows what it leads to.
            if is_one || self.files.listed()[place].link.is_none() {
                let mark = change(self.selection.marks()[place]);
                self.selection.mark(&self.files, &[place], mark);
            }
        }
        self.selection.follow(&self.files);
        self.count();
    }

    /// Counts the marks below each folder.
    fn count(&mut self) {
        let nodes = &self.tree.nodes;
        self.counts = vec![(0, 0); nodes.len()];
        for index in (0..nodes.len()).rev() {
            if let Some(place) = nodes[index].file {
                let is_marked = self.selection.marks()[place] != Priority::Skip;
                self.counts[index] = (u32::from(is_marked), 1);
            }
            if let Some(above) = nodes[index].above {
                self.counts[above].0 += self.counts[index].0;
                self.counts[above].1 += self.counts[index].1;
            }
        }
    }

    fn marked(&self, index: usize) -> Marked {
        match self.counts[index] {
            (0, _) => Marked::None,
            (marked, all) if marked == all => Marked::All,
            _ => Marked::Some,
        }
    }
}

#[cfg(test)]
mod tests;
