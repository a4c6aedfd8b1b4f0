//! The files of `book/src/transcripts`: each is shown by a page, and each setting belongs to one.
//! Whether their outputs are true, the test `transcripts` finds out.

use std::fs;

use super::includes::includes;
use super::{Book, Problem, chapter_of, files_below};

/// Checks names and uses.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    let folder = book.source().join("transcripts");
    let mut problems = Vec::new();
    let mut names = Vec::new();
    for path in files_below(&folder).unwrap_or_default() {
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let file = path.strip_prefix(&book.repository).unwrap_or(&path);
        let used = book
            .pages
            .iter()
            .flat_map(includes)
            .any(|include| include.file == file);
        match chapter_of(&name) {
            None => problems.push(book.at(file, 0, "a transcript is called NN-name.txt")),
            Some(chapter) if !used && book.is_finished(chapter) => {
                problems.push(book.at(file, 0, "no page shows this transcript"));
            }
            Some(_) => {}
        }
        names.push(name);
    }
    let settings = folder.join("transcripts.toml");
    let text = fs::read_to_string(&settings).unwrap_or_default();
    for (line, number) in text.lines().zip(1..) {
        if let Some(name) = line
            .trim()
            .strip_prefix('[')
            .and_then(|l| l.strip_suffix(']'))
            && !names.iter().any(|one| one == name)
        {
            problems.push(book.at(&settings, number, format!("there is no transcript {name}")));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::made_up::assert_found;

    #[test]
    fn a_transcript_that_no_page_shows_is_found() {
        assert_found(
            |book| book.write("book/src/transcripts/01-more.txt", "$ ls\n"),
            "book/src/transcripts/01-more.txt: ",
            "no page shows this transcript",
        );
    }

    #[test]
    fn names_begin_with_the_chapter() {
        assert_found(
            |book| book.write("book/src/transcripts/more.txt", "$ ls\n"),
            "book/src/transcripts/more.txt: ",
            "is called NN-name.txt",
        );
    }

    #[test]
    fn settings_of_nothing_are_found() {
        assert_found(
            |book| book.replace("book/src/transcripts/transcripts.toml", "01-run", "01-ran"),
            "book/src/transcripts/transcripts.toml:1:",
            "there is no transcript 01-ran",
        );
    }
}
