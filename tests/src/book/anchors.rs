//! Anchors in the sources: each is shown by a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::includes::{anchors, includes};
use super::{Book, Problem, chapter_of, files_below};

/// The page whose chapter shows the client's own source.
const CLIENT: &str = "all-at-once.md";

/// The folder with the plain boxes.
const PLAIN: &str = "book/plain";

/// Anchors that no page shows, in the parts whose chapter is finished.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    unused(book)
        .into_iter()
        .filter(|(part, _)| is_finished(book, part))
        .map(|(_, problem)| problem)
        .collect()
}

/// Anchors that no page shows and none has to yet.
#[must_use]
pub fn not_yet(book: &Book) -> Vec<Problem> {
    unused(book)
        .into_iter()
        .filter(|(part, _)| !is_finished(book, part))
        .map(|(_, problem)| problem)
        .collect()
}

/// A part is `stepNN-name`, `kostorrent`, or [`PLAIN`], which is shown as it is written.
fn is_finished(book: &Book, part: &str) -> bool {
    if part == PLAIN {
        return true;
    }
    match part.strip_prefix("step").and_then(chapter_of) {
        Some(chapter) => book.is_finished(chapter),
        None => book
            .pages
            .iter()
            .any(|page| page.path == Path::new(CLIENT) && !page.is_draft()),
    }
}

fn unused(book: &Book) -> Vec<(String, Problem)> {
    let used: BTreeSet<(PathBuf, String)> = book
        .pages
        .iter()
        .flat_map(includes)
        .filter_map(|include| Some((include.file, include.anchor?)))
        .collect();
    let mut unused = Vec::new();
    for (part, folder) in folders(&book.repository) {
        for path in files_below(&folder).unwrap_or_default() {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let file = path.strip_prefix(&book.repository).unwrap_or(&path);
            for anchor in anchors(&text) {
                // What the reader writes: shown by no page by that name.
                if anchor.name.starts_with(workbook::marks::PREFIX) {
                    continue;
                }
                if !used.contains(&(file.to_owned(), anchor.name.clone())) {
                    let what = format!("no page shows the anchor `{}`", anchor.name);
                    unused.push((part.clone(), book.at(file, anchor.line, what)));
                }
            }
        }
    }
    unused
}

/// The folders with source that the book may show, and the part they belong to.
fn folders(repository: &Path) -> Vec<(String, PathBuf)> {
    let mut folders = vec![
        ("kostorrent".to_owned(), repository.join("kostorrent/src")),
        (PLAIN.to_owned(), repository.join(PLAIN)),
    ];
    for step in fs::read_dir(repository.join("steps"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = step.file_name().to_string_lossy().into_owned();
        for inside in ["src", "examples", "tests"] {
            folders.push((name.clone(), step.path().join(inside)));
        }
    }
    folders.retain(|(_, folder)| folder.is_dir());
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::made_up::{MadeUp, assert_found};
    use super::*;

    #[test]
    fn an_anchor_that_no_page_shows_is_found() {
        assert_found(
            |book| {
                book.write(
                    "steps/step01-one/src/more.rs",
                    "// ANCHOR: more\nfn more() {}\n// ANCHOR_END: more\n",
                );
            },
            "steps/step01-one/src/more.rs:1:",
            "no page shows the anchor `more`",
        );
    }

    #[test]
    fn a_plain_box_that_no_page_shows_is_found() {
        assert_found(
            |book| {
                book.write(
                    "book/plain/ch02_two.py",
                    "# ANCHOR: two\ntwo = 2\n# ANCHOR_END: two\n",
                );
            },
            "book/plain/ch02_two.py:1:",
            "no page shows the anchor `two`",
        );
    }

    #[test]
    fn drafts_are_given_time() {
        let made_up = MadeUp::new();
        let yet: Vec<String> = not_yet(&made_up.book())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            yet,
            ["steps/step02-two/src/lib.rs:1: no page shows the anchor `unused_yet`"]
        );
        assert_found(
            |book| book.replace("book/src/02-two.md", "<!-- draft -->", ""),
            "steps/step02-two/src/lib.rs:1:",
            "unused_yet",
        );
    }

    #[test]
    fn the_client_is_shown_by_a_page_of_its_own() {
        let anchor = "// ANCHOR: engine\nfn engine() {}\n// ANCHOR_END: engine\n";
        let made_up = MadeUp::new();
        made_up.write("kostorrent/src/engine.rs", anchor);
        assert_eq!(check(&made_up.book()), []);
        made_up.write("book/src/all-at-once.md", "# All at once\n");
        assert_eq!(check(&made_up.book()).len(), 1);
    }
}
