//! The book: what mdBook would leave out without a word. Each check has tests of its own beside it, in `src/book`.

use kostorrent_tests::book::{Book, anatomy, html, problems};
use kostorrent_tests::{programs, skip, temp};

#[test]
fn nothing_is_wrong_with_the_source_of_the_book() {
    let book = Book::open(&programs::root()).unwrap();
    let problems = problems(&book);
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn every_chapter_has_its_parts() {
    let book = Book::open(&programs::root()).unwrap();
    let problems = anatomy::check(&book);
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn every_link_of_the_built_book_leads_somewhere() {
    let Some(mdbook) = skip::unless_missing("mdbook", html::mdbook()) else {
        return;
    };
    let folder = temp();
    html::build(&mdbook, &programs::root().join("book"), folder.path())
        .unwrap_or_else(|error| panic!("{error}"));
    let problems = html::problems(folder.path()).unwrap();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
