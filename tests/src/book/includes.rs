//! `{{#include file:anchor}}`: that file and anchor are there, and not empty.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::{Book, Page, Problem};

/// The longest listing of a page, in lines.
const LONGEST: usize = 60;

/// The longest plain box: the same idea in Python, before a listing.
const LONGEST_PLAIN: usize = 20;

/// As mdBook finds them: directives, and escaped ones that it leaves alone.
static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\\\{\{#.*?\}\}|\{\{\s*#([a-zA-Z0-9_]+)\s+([^}]+)\}\}").expect("a pattern of ours")
});
static ANCHOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"ANCHOR:\s*([\w_-]+)").expect("a pattern of ours"));
static ANCHOR_END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"ANCHOR_END:\s*([\w_-]+)").expect("a pattern of ours"));

/// One directive on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// The line, from 1.
    pub line: usize,
    /// What it does: `include`, or another of mdBook's words.
    pub word: String,
    /// The file as it is written.
    pub written: String,
    /// The file, below the repository's root.
    pub file: PathBuf,
    /// The anchor.
    pub anchor: Option<String>,
}

/// All directives of a page.
#[must_use]
pub fn includes(page: &Page) -> Vec<Include> {
    let folder = Path::new("book/src").join(page.path.parent().unwrap_or(Path::new("")));
    let mut all = Vec::new();
    for (text, line) in page.text.lines().zip(1..) {
        for found in DIRECTIVE.captures_iter(text) {
            let Some(word) = found.get(1) else { continue };
            let target = found[2].trim();
            let (file, anchor) = match target.split_once(':') {
                Some((file, anchor)) => (file, Some(anchor.to_owned())),
                None => (target, None),
            };
            all.push(Include {
                line,
                word: word.as_str().to_owned(),
                written: file.to_owned(),
                file: plain(&folder.join(file)),
                anchor,
            });
        }
    }
    all
}

/// A path without `..` in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// An anchor in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its name.
    pub name: String,
    /// The line where it begins, from 1.
    pub line: usize,
}

/// All anchors that begin in a text.
#[must_use]
pub fn anchors(text: &str) -> Vec<Anchor> {
    text.lines()
        .zip(1..)
        .filter_map(|(text, line)| {
            ANCHOR.captures(text).map(|found| Anchor {
                name: found[1].to_owned(),
                line,
            })
        })
        .collect()
}

/// What mdBook puts in the place of an anchor: the lines after its beginning up to its end, without those of other
/// anchors. `Err` says what is wrong.
///
/// # Errors
///
/// When the anchor is missing, there twice, or does not end.
pub fn anchored<'a>(text: &'a str, name: &str) -> Result<Vec<&'a str>, &'static str> {
    let begins = |line: &str| ANCHOR.captures(line).is_some_and(|found| &found[1] == name);
    let ends = |line: &str| {
        ANCHOR_END
            .captures(line)
            .is_some_and(|found| &found[1] == name)
    };
    match text.lines().filter(|line| begins(line)).count() {
        0 => return Err("has no anchor"),
        1 => {}
        _ => return Err("has more than one anchor"),
    }
    let mut after = text.lines().skip_while(|line| !begins(line)).skip(1);
    let mut inside = Vec::new();
    loop {
        match after.next() {
            None => return Err("has no end of the anchor"),
            Some(line) if ends(line) => return Ok(inside),
            Some(line) if ANCHOR.is_match(line) || ANCHOR_END.is_match(line) => {}
            Some(line) => inside.push(line),
        }
    }
}

/// The lines that an include puts into the page.
///
/// # Errors
///
/// With what is wrong.
pub fn included(book: &Book, include: &Include) -> Result<Vec<String>, String> {
    if include.word != "include" {
        return Err(format!(
            "`#{}` is not used here; use #include",
            include.word
        ));
    }
    let text = fs::read_to_string(book.repository.join(&include.file))
        .map_err(|error| format!("{}: {error}", include.written))?;
    let lines: Vec<&str> = match include.anchor.as_deref() {
        Some(name) if name.starts_with(|c: char| c.is_ascii_digit()) || name.contains(':') => {
            return Err("an include by the numbers of lines rots; use an anchor".to_owned());
        }
        Some(name) => anchored(&text, name)
            .map_err(|wrong| format!("{} {wrong} `{name}`", include.written))?,
        None if !anchors(&text).is_empty() => {
            return Err(format!(
                "{} would be shown with its ANCHOR lines; include an anchor",
                include.written
            ));
        }
        None => text.lines().collect(),
    };
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Err(match &include.anchor {
            Some(name) => format!("the anchor `{name}` of {} is empty", include.written),
            None => format!("{} is empty", include.written),
        });
    }
    Ok(lines.into_iter().map(str::to_owned).collect())
}

/// How many lines of a file may be shown at once.
fn longest(file: &Path) -> usize {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => LONGEST,
        Some("py") => LONGEST_PLAIN,
        _ => usize::MAX,
    }
}

/// Checks every include of every page.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for page in &book.pages {
        for include in includes(page) {
            match included(book, &include) {
                Err(what) => problems.push(book.on(page, include.line, what)),
                Ok(lines) => {
                    let longest = longest(&include.file);
                    if lines.len() > longest {
                        let what = format!(
                            "a listing of {} lines; no more than {longest} are read",
                            lines.len()
                        );
                        problems.push(book.on(page, include.line, what));
                    }
                }
            }
        }
        for (text, line) in page.text.lines().zip(1..) {
            // What looks like a directive and is none, mdBook prints as it is.
            let rest = DIRECTIVE.replace_all(text, "");
            if rest.contains("{{#") || rest.contains("{{ #") {
                problems.push(book.on(page, line, "a directive that mdBook does not understand"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::made_up::{MadeUp, assert_found};
    use super::*;

    const PAGE: &str = "book/src/01-one.md";
    const CODE: &str = "steps/step01-one/src/lib.rs";

    #[test]
    fn a_renamed_anchor_is_found() {
        let rename = |book: &MadeUp| book.replace(CODE, "ANCHOR: add", "ANCHOR: sum");
        assert_found(rename, "book/src/01-one.md:8:", "has no anchor `add`");
    }

    #[test]
    fn an_anchor_without_end_or_twice_or_empty_is_found() {
        assert_found(
            |book| book.replace(CODE, "ANCHOR_END: add", "ANCHOR_END: sum"),
            PAGE,
            "has no end of the anchor `add`",
        );
        assert_found(
            |book| book.replace(CODE, "    a + b", "// ANCHOR: add"),
            PAGE,
            "has more than one anchor `add`",
        );
        assert_found(
            |book| book.write(CODE, "// ANCHOR: add\n\n// ANCHOR_END: add\n"),
            PAGE,
            "the anchor `add` of ../../steps/step01-one/src/lib.rs is empty",
        );
    }

    #[test]
    fn a_missing_file_is_found() {
        assert_found(|book| book.remove(CODE), PAGE, "step01-one/src/lib.rs: ");
    }

    #[test]
    fn line_numbers_and_other_directives_are_not_used() {
        assert_found(
            |book| book.replace(PAGE, "lib.rs:add", "lib.rs:2:4"),
            PAGE,
            "rots",
        );
        assert_found(
            |book| {
                book.replace(
                    PAGE,
                    "#include ../../steps/step01-one/src",
                    "#playground ../../steps/step01-one/src",
                )
            },
            PAGE,
            "`#playground` is not used here",
        );
        assert_found(
            |book| book.replace(PAGE, "Text.", "{{#include}}"),
            "book/src/01-one.md:3:",
            "does not understand",
        );
    }

    #[test]
    fn a_whole_file_must_not_show_its_anchors() {
        assert_found(
            |book| book.replace(PAGE, "lib.rs:add", "lib.rs"),
            PAGE,
            "would be shown with its ANCHOR lines",
        );
    }

    #[test]
    fn a_long_listing_is_found() {
        let long = format!(
            "// ANCHOR: add\n{}// ANCHOR_END: add\n",
            "a();\n".repeat(61)
        );
        assert_found(
            |book| book.write(CODE, &long),
            PAGE,
            "a listing of 61 lines",
        );
    }

    #[test]
    fn a_long_plain_box_is_found() {
        let lines = |count| "a()\n".repeat(count);
        let made_up = MadeUp::new();
        made_up.plain_box(&lines(20));
        assert_eq!(made_up.problems(), [] as [String; 0]);
        assert_found(
            |book| book.plain_box(&lines(21)),
            "book/src/01-one.md:6:",
            "a listing of 21 lines; no more than 20 are read",
        );
    }

    #[test]
    fn escaped_directives_are_left_alone() {
        let made_up = MadeUp::new();
        made_up.replace(PAGE, "Text.", "Write `\\{{#include nothing}}`.");
        assert_eq!(made_up.problems(), [] as [String; 0]);
    }

    #[test]
    fn anchors_inside_of_others_are_left_out() {
        let text = "x\n// ANCHOR: a\n1\n// ANCHOR: b\n2\n// ANCHOR_END: b\n3\n// ANCHOR_END: a\n";
        assert_eq!(anchored(text, "a"), Ok(vec!["1", "2", "3"]));
        assert_eq!(anchored(text, "b"), Ok(vec!["2"]));
    }
}
