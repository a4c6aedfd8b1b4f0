//! The picture of a picker, line by line.

use metainfo::text::grouped;
use progress::bytes;

use super::fit::{columns, fit, printable};
use super::{Marked, Picker};
use crate::selection::Priority;

/// What a part of a line is, for whoever gives it a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The line above all.
    Title,
    /// A folder.
    Folder,
    /// A file that is wanted.
    Wanted,
    /// A file that is not.
    Unwanted,
    /// The row that the cursor is on; the sign before it says the same.
    Cursor,
    /// The filter.
    Filter,
    /// What the keys do.
    Help,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its text, without anything that moves the cursor.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// The columns of sizes: `1023 KiB`.
const SIZE: usize = 8;

/// Below this many columns there are no sizes.
const NARROW: usize = 36;

impl Picker {
    /// Says how large the screen is. The cursor stays on it.
    pub fn fit(&mut self, height: usize) {
        self.page = self.page_of(height).max(1);
        self.top = self.first_row(self.page);
    }

    /// How many rows of files there are on a screen of this height.
    fn page_of(&self, height: usize) -> usize {
        height - self.title(height) - self.filter_line(height) - self.help(height)
    }

    fn title(&self, height: usize) -> usize {
        usize::from(height > 2)
    }

    fn filter_line(&self, height: usize) -> usize {
        usize::from(height > 1 && (self.is_typing || !self.filter.is_empty()))
    }

    fn help(&self, height: usize) -> usize {
        usize::from(height > 4)
    }

    /// The picture: `height` lines of `width` columns.
    pub fn draw(&self, width: usize, height: usize) -> Vec<Vec<Part>> {
        let one = |text: &str, role| {
            let text = fit(text, width, self.more());
            vec![Part { text, role }]
        };
        let mut lines = Vec::with_capacity(height);
        if self.title(height) > 0 {
            lines.push(one(&self.headline(width), Role::Title));
        }
        if self.filter_line(height) > 0 {
            lines.push(one(&self.filter_text(width), Role::Filter));
        }
        let page = self.page_of(height);
        let top = self.first_row(page.max(1));
        for row in top..top + page {
            lines.push(match self.rows.get(row) {
                Some(&index) => self.row(index, row == self.cursor, width),
                None if row == 0 => one("  no file matches the filter", Role::Help),
                None => one("", Role::Help),
            });
        }
        if self.help(height) > 0 {
            lines.push(one(self.keys(), Role::Help));
        }
        lines
    }

    fn more(&self) -> &'static str {
        if self.is_ascii { "~" } else { "…" }
    }

    /// The torrent's name, and how much is chosen of it.
    fn headline(&self, width: usize) -> String {
        let marks = self.selection.marks().iter().zip(self.files.listed());
        let wanted = marks.filter(|(mark, _)| **mark != Priority::Skip);
        let (mut count, mut size) = (0, 0);
        for (_, file) in wanted {
            count += 1;
            size += file.length;
        }
        let all: u64 = self.files.listed().iter().map(|file| file.length).sum();
        let chosen = format!(
            "{} of {}, {} of {}",
            grouped(count),
            self.files.count(),
            bytes(size),
            bytes(all)
        );
        let name = printable(self.files.top().trim_end_matches('/'));
        match width.checked_sub(columns(&chosen) + 2) {
            Some(room) if room >= 8 && !name.is_empty() => {
                format!(
                    "{}  {chosen}",
                    fit(&name, room.min(columns(&name)), self.more())
                )
            }
            _ => chosen,
        }
    }

    /// The end of the filter is what matters while it is typed.
    fn filter_text(&self, width: usize) -> String {
        let filter = printable(&self.filter);
        let room = width.saturating_sub(4);
        let mut shown = &*filter;
        while columns(shown) > room {
            let mut chars = shown.chars();
            chars.next();
            shown = chars.as_str();
        }
        match self.is_typing {
            true => format!("/ {shown}_"),
            false => format!("/ {shown}"),
        }
    }

    fn keys(&self) -> &'static str {
        match self.is_typing {
            true => "type words of a path   enter keep   esc all files",
            false => {
                "space mark  enter done  q quit  / filter  a all  n none  i invert  +- priority  arrows fold"
            }
        }
    }

    /// `> [x]+ 1.4 MiB  v folder/`.
    fn row(&self, index: usize, is_here: bool, width: usize) -> Vec<Part> {
        let node = &self.tree.nodes[index];
        let marked = self.marked(index);
        let mark = match marked {
            Marked::All => "[x]",
            Marked::Some => "[-]",
            Marked::None => "[ ]",
        };
        let mut front = format!(
            "{} {mark}{} ",
            if is_here { '>' } else { ' ' },
            self.sign(index)
        );
        if width >= NARROW {
            front += &format!("{:>SIZE$}  ", bytes(node.size));
        }
        // Deep folders must not push their names out.
        let indent = (2 * node.depth).min(width / 3);
        front.extend(std::iter::repeat_n(' ', indent));
        let is_shut = self.folded[index] && self.filter.is_empty();
        front += match (node.file, is_shut, self.is_ascii) {
            (Some(_), ..) => "  ",
            (None, true, false) => "▸ ",
            (None, false, false) => "▾ ",
            (None, true, true) => "> ",
            (None, false, true) => "v ",
        };
        let mut name = printable(&node.name);
        if let Some(target) = node
            .file
            .and_then(|file| self.files.listed()[file].link.as_ref())
        {
            name += " -> ";
            name += &printable(self.files.inner(target));
        }
        if node.file.is_none() {
            name.push('/');
        }
        let role = match (is_here, node.file, marked) {
            (true, ..) => Role::Cursor,
            (_, None, _) => Role::Folder,
            (_, _, Marked::None) => Role::Unwanted,
            _ => Role::Wanted,
        };
        let (front, room) = match width.checked_sub(columns(&front)) {
            Some(room) => (front, room),
            None => (fit(&front, width, ""), 0),
        };
        let text = front + &fit(&name, room, self.more());
        vec![Part { text, role }]
    }

    /// Whether a file is wanted more than usual, or less; a folder if all of it is.
    fn sign(&self, index: usize) -> char {
        let nodes = &self.tree.nodes[index..self.tree.nodes[index].end];
        let files = nodes.iter().filter_map(|node| node.file);
        let mut marks = files.map(|file| self.selection.marks()[file]);
        let first = marks.next().unwrap_or_default();
        match first {
            Priority::High if marks.all(|mark| mark == first) => '+',
            Priority::Low if marks.all(|mark| mark == first) => '-',
            _ => ' ',
        }
    }
}
