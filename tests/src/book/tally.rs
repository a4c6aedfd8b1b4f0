//! What is in each page: words, figures, listings, transcripts, exercises.

use std::fmt;

use super::includes::includes;
use super::markdown::blocks;
use super::{Book, Page, slashes};

/// What is in a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Words of prose: neither code nor tables.
    pub words: usize,
    /// Figures.
    pub figures: usize,
    /// Blocks of Rust.
    pub listings: usize,
    /// Blocks of commands and output.
    pub transcripts: usize,
    /// Answers folded away.
    pub answers: usize,
}

/// Counts a page.
#[must_use]
pub fn tally(page: &Page) -> Tally {
    let blocks = blocks(&page.text);
    let is_prose = |line: &str| {
        let line = line.trim();
        let file = line.starts_with("**") && line.ends_with("**") && line.contains('/');
        !file
            && !["{{#", "|", "<"]
                .iter()
                .any(|start| line.starts_with(start))
    };
    let of = |language: &str| {
        blocks
            .fences
            .iter()
            .filter(|fence| fence.words().first() == Some(&language))
            .count()
    };
    Tally {
        words: blocks
            .prose
            .iter()
            .filter(|(_, line)| is_prose(line))
            .flat_map(|(_, line)| line.split_whitespace())
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .count(),
        figures: includes(page)
            .iter()
            .filter(|include| include.file.extension().is_some_and(|e| e == "svg"))
            .count(),
        listings: of("rust"),
        transcripts: of("console"),
        answers: blocks
            .prose
            .iter()
            .filter(|(_, line)| {
                line.contains("<summary>") && line.to_lowercase().contains("answer")
            })
            .count(),
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            words,
            figures,
            listings,
            transcripts,
            answers,
        } = self;
        write!(
            f,
            "{words:>6} {figures:>8} {listings:>9} {transcripts:>12} {answers:>8}"
        )
    }
}

/// A table of all pages.
#[must_use]
pub fn table(book: &Book) -> String {
    let mut table = format!(
        "{:<32} {:>6} {:>8} {:>9} {:>12} {:>8}\n",
        "page", "words", "figures", "listings", "transcripts", "answers"
    );
    for page in &book.pages {
        let name = slashes(&page.path);
        table.push_str(&format!("{name:<32} {}\n", tally(page)));
    }
    table
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::made_up::MadeUp;
    use super::*;

    #[test]
    fn a_page_is_counted() {
        let book = MadeUp::new().book();
        assert_eq!(
            tally(&book.pages[0]),
            Tally {
                words: 5,
                figures: 1,
                listings: 2,
                transcripts: 1,
                answers: 1,
            }
        );
        assert!(table(&book).contains("\n01-one.md "));
    }
}
