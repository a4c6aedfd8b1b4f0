//! The book, read as its tests read it: the pages, and what is wrong with them.
//!
//! mdBook leaves out what it cannot find without a word. These checks say so, each in a module of its own; [`problems`]
//! makes them all. They look at a repository, so that they can be shown one with mistakes.

pub mod anatomy;
pub mod anchors;
pub mod exercises;
pub mod fences;
pub mod figures;
pub mod html;
pub mod includes;
pub mod markdown;
pub mod summary;
pub mod tally;
pub mod transcripts;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A page of the book.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its file, below `book/src`.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Page {
    /// Whether it says of itself that it is not finished: it has the line `<!-- draft -->`.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        self.text
            .lines()
            .any(|line| line.trim() == "<!-- draft -->")
    }

    /// The number of its chapter: 4 for `04-tracker.md`.
    #[must_use]
    pub fn chapter(&self) -> Option<u32> {
        if self.path.components().count() != 1 {
            return None;
        }
        chapter_of(self.path.to_str()?)
    }
}

/// The number before the first hyphen of a name: 4 for `04-announce`.
#[must_use]
pub fn chapter_of(name: &str) -> Option<u32> {
    let (number, _) = name.split_once('-')?;
    (number.len() == 2).then(|| number.parse().ok()).flatten()
}

/// The book of a repository.
#[derive(Clone, Debug)]
pub struct Book {
    /// The repository's root.
    pub repository: PathBuf,
    /// All pages but the summary, in the order of their paths.
    pub pages: Vec<Page>,
    /// The text of `SUMMARY.md`.
    pub summary: String,
}

impl Book {
    /// Reads all pages.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn open(repository: &Path) -> io::Result<Book> {
        let source = repository.join("book/src");
        let mut pages = Vec::new();
        for path in files_below(&source)? {
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path)?;
                let path = path.strip_prefix(&source).unwrap_or(&path).to_owned();
                pages.push(Page { path, text });
            }
        }
        let summary = Path::new("SUMMARY.md");
        let at = pages.iter().position(|page| page.path == summary);
        let summary = at.map(|at| pages.remove(at).text).unwrap_or_default();
        Ok(Book {
            repository: repository.to_owned(),
            pages,
            summary,
        })
    }

    /// `book/src`.
    #[must_use]
    pub fn source(&self) -> PathBuf {
        self.repository.join("book/src")
    }

    /// Whether all that belongs to a chapter has to be in its place: its page is in the summary and no draft. What belongs
    /// to 0, the opening, has to be when that holds for all pages of the opening.
    #[must_use]
    pub fn is_finished(&self, chapter: u32) -> bool {
        let linked = summary::linked(&self.summary);
        let mut pages = self
            .pages
            .iter()
            .filter(|page| match chapter {
                0 => page.path.starts_with("opening"),
                _ => page.chapter() == Some(chapter),
            })
            .peekable();
        pages.peek().is_some() && pages.all(|page| linked.contains(&page.path) && !page.is_draft())
    }

    /// A problem on a page.
    fn on(&self, page: &Page, line: usize, what: impl Into<String>) -> Problem {
        Problem {
            file: Path::new("book/src").join(&page.path),
            line,
            what: what.into(),
        }
    }

    /// A problem in another file of the repository.
    fn at(&self, file: &Path, line: usize, what: impl Into<String>) -> Problem {
        let file = file.strip_prefix(&self.repository).unwrap_or(file);
        Problem {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }
}

/// A path as it is written in pages, on every system.
#[must_use]
pub fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// All files below a folder, in order. Links are not followed.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Something that is wrong with the book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, below the repository's root.
    pub file: PathBuf,
    /// The line, from 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&slashes(&self.file))?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// All that is wrong with the source of the book, in the order of the files.
#[must_use]
pub fn problems(book: &Book) -> Vec<Problem> {
    let mut all = Vec::new();
    for check in [
        summary::check,
        includes::check,
        anchors::check,
        fences::check,
        figures::check,
        transcripts::check,
        exercises::check,
    ] {
        all.extend(check(book));
    }
    all.sort();
    all
}

/// A made-up repository with a small book, for the tests of the checks.
#[cfg(test)]
pub(crate) mod made_up {
    use super::*;

    /// Files of a made-up repository; later ones replace earlier ones.
    pub(crate) struct MadeUp(tempfile::TempDir);

    /// A small book with nothing wrong.
    const FILES: [(&str, &str); 10] = [
        (
            "book/src/SUMMARY.md",
            "# Summary\n\n- [One](01-one.md)\n- [Two](02-two.md)\n- [Three]()\n",
        ),
        (
            "book/src/01-one.md",
            "# One\n\nText.\n\n**steps/step01-one/src/lib.rs**\n\n```rust\n{{#include ../../steps/step01-one/src/lib.rs:add}}\n```\n\n\
             ```console\n{{#include transcripts/01-run.txt}}\n```\n\n{{#include figures/01-fig.svg}}\n\n*A caption.*\n\n\
             ## Exercises\n\n<details><summary>Answer</summary>\n\n**steps/step01-one/examples/exercise_01_a.rs**\n\n```rust\n\
             {{#include ../../steps/step01-one/examples/exercise_01_a.rs:answer}}\n```\n\n</details>\n",
        ),
        (
            "book/src/02-two.md",
            "# Two\n\n<!-- draft -->\n\nSee [One](01-one.md#exercises).\n",
        ),
        (
            "book/src/figures/01-fig.svg",
            "<svg viewBox=\"0 0 480 50\" role=\"img\" aria-labelledby=\"01-fig-t\" class=\"fig narrow\">\n\
             <title id=\"01-fig-t\">A box</title>\n<rect class=\"a\" x=\"0\" y=\"0\" width=\"9\" height=\"9\"/>\n</svg>\n",
        ),
        ("book/src/transcripts/01-run.txt", "$ echo one\none\n"),
        (
            "book/src/transcripts/transcripts.toml",
            "[01-run]\nstatus = 0\n",
        ),
        (
            "steps/step01-one/src/lib.rs",
            "// ANCHOR: add\n/// Adds.\npub fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\n// ANCHOR_END: add\n",
        ),
        (
            "steps/step01-one/examples/exercise_01_a.rs",
            "// ANCHOR: answer\nfn answer() -> u8 {\n    2\n}\n// ANCHOR_END: answer\n\nfn main() {}\n\n\
             #[cfg(test)]\nmod tests {\n    #[test]\n    fn two() {\n        assert_eq!(super::answer(), 2);\n    }\n}\n",
        ),
        (
            "steps/step01-one/Cargo.toml",
            "[package]\nname = \"step01-one\"\n\n[[example]]\nname = \"exercise_01_a\"\ntest = true\n",
        ),
        (
            "steps/step02-two/src/lib.rs",
            "// ANCHOR: unused_yet\nfn two() {}\n// ANCHOR_END: unused_yet\n",
        ),
    ];

    impl MadeUp {
        pub(crate) fn new() -> MadeUp {
            let made_up = MadeUp(crate::temp());
            for (path, text) in FILES {
                made_up.write(path, text);
            }
            made_up
        }

        pub(crate) fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// Replaces text in a file, where it must be.
        pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
            let text = fs::read_to_string(self.0.path().join(path)).unwrap();
            assert!(text.contains(old), "{path} has {old:?}");
            self.write(path, &text.replace(old, new));
        }

        /// Puts a plain box on the first page, in the third line and those after it.
        pub(crate) fn plain_box(&self, code: &str) {
            self.write(
                "book/plain/ch01_one.py",
                &format!("# ANCHOR: plain\n{code}# ANCHOR_END: plain\n"),
            );
            self.replace(
                "book/src/01-one.md",
                "Text.",
                "**book/plain/ch01_one.py**\n\n```python\n{{#include ../plain/ch01_one.py:plain}}\n```",
            );
        }

        pub(crate) fn remove(&self, path: &str) {
            fs::remove_file(self.0.path().join(path)).unwrap();
        }

        pub(crate) fn book(&self) -> Book {
            Book::open(self.0.path()).unwrap()
        }

        /// All problems, as they are printed.
        pub(crate) fn problems(&self) -> Vec<String> {
            problems(&self.book())
                .iter()
                .map(ToString::to_string)
                .collect()
        }
    }

    /// Checks that a change of the made-up book is found, in this place and in these words.
    #[track_caller]
    pub(crate) fn assert_found(change: impl Fn(&MadeUp), place: &str, words: &str) {
        let made_up = MadeUp::new();
        change(&made_up);
        let problems = made_up.problems();
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with(place) && problem.contains(words)),
            "found {problems:#?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::made_up::MadeUp;
    use super::*;

    #[test]
    fn nothing_is_wrong_with_the_made_up_book() {
        assert_eq!(MadeUp::new().problems(), [] as [String; 0]);
    }

    #[test]
    fn a_chapter_is_finished_when_it_is_linked_and_no_draft() {
        let made_up = MadeUp::new();
        let finished = |chapter| made_up.book().is_finished(chapter);
        assert_eq!([0, 1, 2, 3].map(finished), [false, true, false, false]);
        made_up.replace("book/src/02-two.md", "<!-- draft -->", "");
        assert!(made_up.book().is_finished(2));
        made_up.replace("book/src/SUMMARY.md", "- [Two](02-two.md)\n", "");
        assert!(!made_up.book().is_finished(2));
    }

    #[test]
    fn chapters_have_two_digits() {
        assert_eq!(chapter_of("04-tracker.md"), Some(4));
        assert_eq!(chapter_of("all-at-once.md"), None);
        assert_eq!(chapter_of("4-tracker"), None);
    }
}
