//! Blocks of code: each has a language, listings are included and stand below the name of their file, plain boxes come
//! from `book/plain`, commands from transcripts.

use std::path::PathBuf;

use super::includes::{Include, includes};
use super::markdown::{Fence, blocks};
use super::{Book, Page, Problem, slashes};

/// Checks every block of every page.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for page in &book.pages {
        let blocks = blocks(&page.text);
        if let Some(line) = blocks.open {
            problems.push(book.on(page, line, "this block of code does not end"));
        }
        let mut last: Option<(PathBuf, usize)> = None;
        for fence in &blocks.fences {
            match check_fence(page, fence) {
                Ok(None) => {}
                Ok(Some(file)) => {
                    // A listing that goes on in the same file needs no name, but in a new section it does.
                    let goes_on = last.as_ref().is_some_and(|(last, line)| {
                        let between = *line..fence.line;
                        let mut headings = blocks.prose.iter().filter(|(_, text)| is_heading(text));
                        *last == file && !headings.any(|(line, _)| between.contains(line))
                    });
                    let name = format!("**{}**", slashes(&file));
                    if fence.before.trim() != name && !goes_on {
                        let what =
                            format!("above this listing stands a line with its file: {name}");
                        problems.push(book.on(page, fence.line, what));
                    }
                    last = Some((file, fence.line));
                }
                Err(what) => problems.push(book.on(page, fence.line, what)),
            }
        }
    }
    problems
}

/// The includes inside a block, if it has nothing else.
fn only_includes(page: &Page, fence: &Fence<'_>) -> Option<Vec<Include>> {
    let inside: Vec<Include> = includes(page)
        .into_iter()
        .filter(|include| (fence.line..=fence.line + fence.body.len()).contains(&include.line))
        .collect();
    let typed = fence.body.iter().any(|line| {
        let line = line.trim_start_matches([' ', '>']).trim_end();
        let include = line.starts_with("{{#include ") && line.ends_with("}}");
        !(line.is_empty() || include)
    });
    (!typed && !inside.is_empty()).then_some(inside)
}

fn is_heading(line: &str) -> bool {
    line.starts_with('#') || line.contains("<summary>")
}

/// Checks one block. For a listing it returns the file that it shows.
fn check_fence(page: &Page, fence: &Fence<'_>) -> Result<Option<PathBuf>, String> {
    let words = fence.words();
    match words.first().copied() {
        None => Err("this block of code has no language; `text` is one".to_owned()),
        Some("rust") if words.contains(&"wrong") => Ok(None),
        Some("rust") => {
            let listed = only_includes(page, fence).ok_or(
                "Rust is included from the source; what is wrong on purpose is marked `rust,wrong`",
            )?;
            one_file(&listed).map(Some)
        }
        Some("python") => {
            let listed = only_includes(page, fence).unwrap_or_default();
            let plain = |include: &Include| include.file.starts_with("book/plain");
            if listed.is_empty() || !listed.iter().all(plain) {
                return Err("Python is included from book/plain, where it is tested".to_owned());
            }
            one_file(&listed).map(Some)
        }
        Some("console") => match only_includes(page, fence).as_deref() {
            Some([one]) if one.file.starts_with("book/src/transcripts") && one.anchor.is_none() => {
                Ok(None)
            }
            _ => Err(
                "commands come from a transcript: include one file of book/src/transcripts"
                    .to_owned(),
            ),
        },
        Some("sh" | "bash" | "shell" | "terminal" | "zsh") => Err(
            "commands come from a transcript: make this block `console` and include one".to_owned(),
        ),
        Some("rs") => Err("write `rust`".to_owned()),
        Some(_) if fence.body.iter().any(|line| line.starts_with("$ ")) => Err(
            "commands come from a transcript: make this block `console` and include one".to_owned(),
        ),
        Some(_) => Ok(None),
    }
}

/// The file that all of a listing is taken from.
fn one_file(listed: &[Include]) -> Result<PathBuf, String> {
    let mut files: Vec<&PathBuf> = listed.iter().map(|include| &include.file).collect();
    files.dedup();
    match files[..] {
        [file] => Ok(file.clone()),
        _ => Err("a listing is taken from one file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::made_up::{MadeUp, assert_found};

    const PAGE: &str = "book/src/01-one.md";
    const HERE: &str = "book/src/01-one.md:3:";

    #[test]
    fn a_block_without_language_is_found() {
        assert_found(
            |book| book.replace(PAGE, "Text.", "```\na\n```"),
            HERE,
            "has no language",
        );
    }

    #[test]
    fn a_block_without_end_is_found() {
        assert_found(
            |book| book.replace(PAGE, "</details>", "```text\na"),
            PAGE,
            "does not end",
        );
    }

    #[test]
    fn rust_is_not_typed_by_hand() {
        let typed = |book: &MadeUp| book.replace(PAGE, "Text.", "```rust\nlet a = 1;\n```");
        assert_found(typed, HERE, "Rust is included");
        let partly = |book: &MadeUp| book.replace(PAGE, ":add}}", ":add}}\nlet a = 1;");
        assert_found(partly, "book/src/01-one.md:7:", "Rust is included");
    }

    #[test]
    fn python_is_a_plain_box() {
        for block in [
            "```python\nprint(1)\n```",
            "```python\n{{#include ../../steps/step01-one/src/lib.rs:add}}\n```",
        ] {
            assert_found(
                |book| book.replace(PAGE, "Text.", block),
                HERE,
                "Python is included from book/plain",
            );
        }
        let made_up = MadeUp::new();
        made_up.plain_box("print(1)\n");
        assert_eq!(made_up.problems(), [] as [String; 0]);
        assert_found(
            |book| {
                book.plain_box("print(1)\n");
                book.replace(PAGE, "**book/plain/ch01_one.py**\n", "");
            },
            "book/src/01-one.md:4:",
            "stands a line with its file: **book/plain/ch01_one.py**",
        );
    }

    #[test]
    fn what_is_wrong_on_purpose_may_be_typed() {
        let made_up = MadeUp::new();
        made_up.replace(PAGE, "Text.", "```rust,wrong\nlet a = 1\n```");
        assert_eq!(made_up.problems(), [] as [String; 0]);
    }

    #[test]
    fn the_name_of_the_file_stands_above_a_listing() {
        let words = "stands a line with its file: **steps/step01-one/src/lib.rs**";
        assert_found(
            |book| book.replace(PAGE, "**steps/step01-one/src/lib.rs**\n", ""),
            "book/src/01-one.md:6:",
            words,
        );
        assert_found(
            |book| {
                book.replace(
                    PAGE,
                    "**steps/step01-one/src/lib.rs**",
                    "**steps/step01-one/src/main.rs**",
                )
            },
            "book/src/01-one.md:7:",
            words,
        );
    }

    #[test]
    fn a_listing_that_goes_on_in_the_same_file_needs_no_name_until_the_next_heading() {
        let again = "```\n\nMore of it:\n\n```rust\n{{#include ../../steps/step01-one/src/lib.rs:add}}\n```\n\n```console";
        let made_up = MadeUp::new();
        made_up.replace(PAGE, "```\n\n```console", again);
        assert_eq!(made_up.problems(), [] as [String; 0]);
        let later = again.replace("More of it:", "## More");
        assert_found(
            |book| book.replace(PAGE, "```\n\n```console", &later),
            "book/src/01-one.md:13:",
            "stands a line with its file",
        );
    }

    #[test]
    fn commands_come_from_transcripts() {
        for block in [
            "```console\n$ ls\n```",
            "```sh\nls\n```",
            "```text\n$ ls\n```",
            "```console\n{{#include 02-two.md}}\n```",
        ] {
            assert_found(
                |book| book.replace(PAGE, "Text.", block),
                HERE,
                "commands come from a transcript",
            );
        }
    }

    #[test]
    fn other_languages_are_free() {
        let made_up = MadeUp::new();
        made_up.replace(
            PAGE,
            "Text.",
            "```toml\na = 1\n```\n\n```text\nd4:spam\n```",
        );
        assert_eq!(made_up.problems(), [] as [String; 0]);
    }
}
