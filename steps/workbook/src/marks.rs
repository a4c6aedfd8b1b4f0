//! The marks in the steps' source: which functions are the reader's to write.
//!
//! A mark is an anchor of the book's own kind whose name begins with `yours_`, around the body of a function:
//! whoever shows the function in a listing leaves the lines of all anchors out, these too.

use std::ops::Range;

/// What the name of a mark's anchor begins with.
pub const PREFIX: &str = "yours_";

const BEGIN: &str = concat!("// ", "ANCHOR: ");
const END: &str = concat!("// ", "ANCHOR_END: ");

/// A function that the reader writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name of the mark, once in a step: `digits`.
    pub label: String,
    /// The name of the function it stands in.
    pub function: String,
    /// The chapter that tells what the function does.
    pub chapter: u32,
    /// The heading in that chapter.
    pub section: String,
    /// The lines of the body, counted from 0 among all lines of the file.
    pub body: Range<usize>,
}

impl Mark {
    /// What the emptied function says when it is called, and what tells it from a written one.
    #[must_use]
    pub fn todo(&self) -> String {
        let Mark {
            label,
            chapter,
            section,
            ..
        } = self;
        format!("{label}: chapter {chapter}, {section}")
    }

    /// The line that stands for the body.
    #[must_use]
    pub fn call(&self) -> String {
        format!("todo!({:?})", self.todo())
    }
}

/// All marks of a file, in the order of its lines.
///
/// # Errors
///
/// With the number of the line, from 1, and what is wrong there.
pub fn marks(text: &str) -> Result<Vec<Mark>, (usize, &'static str)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut marks: Vec<Mark> = Vec::new();
    let mut open: Option<Mark> = None;
    for (at, line) in lines.iter().enumerate() {
        let wrong = |what| Err((at + 1, what));
        let line = line.trim();
        if let Some(rest) = line
            .strip_prefix(BEGIN)
            .and_then(|name| name.strip_prefix(PREFIX))
        {
            if open.is_some() {
                return wrong("a mark begins inside another");
            }
            let Some((label, chapter, section)) = read(rest) else {
                return wrong("a mark names its chapter and section: (chapter 1, \"The loop\")");
            };
            let Some(function) = lines[..at].iter().rev().find_map(|line| function(line)) else {
                return wrong("a mark stands in a function");
            };
            open = Some(Mark {
                label: label.to_owned(),
                function: function.to_owned(),
                chapter,
                section: section.to_owned(),
                body: at + 1..at + 1,
            });
        } else if let Some(label) = line
            .strip_prefix(END)
            .and_then(|name| name.strip_prefix(PREFIX))
        {
            match open.take() {
                Some(mut mark) if mark.label == label => {
                    mark.body.end = at;
                    marks.push(mark);
                }
                _ => return wrong("a mark ends that has not begun"),
            }
        }
    }
    match open {
        Some(mark) => Err((mark.body.start, "a mark does not end")),
        None => Ok(marks),
    }
}

/// `digits (chapter 1, "The loop")`.
fn read(text: &str) -> Option<(&str, u32, &str)> {
    let (label, rest) = text.split_once(" (chapter ")?;
    let (chapter, section) = rest.strip_suffix("\")")?.split_once(", \"")?;
    Some((label, chapter.parse().ok()?, section))
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (before, after) = line.split_once("fn ")?;
    let is_code = before
        .split_whitespace()
        .all(|word| matches!(word, "async" | "const" | "pub") || word.starts_with("pub("));
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (is_code && end > 0).then(|| &after[..end])
}

/// The file without the lines of any anchor.
#[must_use]
pub fn whole(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !is_anchor(line)).collect()
}

fn is_anchor(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(BEGIN) || line.starts_with(END)
}

/// The file as the reader gets it: without the lines of any anchor, and with a sentence and a [`todo!`] where the
/// marked bodies were.
///
/// # Errors
///
/// As [`marks`].
pub fn emptied(text: &str) -> Result<String, (usize, &'static str)> {
    rewritten(text, |mark, indent, _| {
        let Mark {
            chapter, section, ..
        } = mark;
        format!(
            "{indent}// Yours to write: chapter {chapter}, \"{section}\", and tasks/{chapter:02}.md.\n{indent}{}\n",
            mark.call()
        )
    })
}

/// The file without the lines of any anchor, and with something else for each marked body. `with` is handed the
/// mark, the indentation of its lines, and the body.
///
/// # Errors
///
/// As [`marks`].
pub fn rewritten(
    text: &str,
    with: impl Fn(&Mark, &str, &str) -> String,
) -> Result<String, (usize, &'static str)> {
    let marks = marks(text)?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for mark in &marks {
        let line = lines[mark.body.start - 1];
        let indent = &line[..line.len() - line.trim_start().len()];
        out.push_str(&whole(&lines[at..mark.body.start].concat()));
        let body = whole(&lines[mark.body.clone()].concat());
        out.push_str(&with(mark, indent, &body));
        at = mark.body.end;
    }
    out.push_str(&whole(&lines[at..].concat()));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// The text with the anchors that a mark and a listing are made of.
    fn source(text: &str) -> String {
        text.replace("<<", BEGIN).replace(">>", END)
    }

    const DOUBLE: &str = "\
<<double
/// Twice as much.
pub(crate) fn double(n: u8) -> u8 {
    <<yours_double (chapter 3, \"Twice\")
    // An idea.
    n * 2
    >>yours_double
}
>>double
";

    #[test]
    fn a_body_is_emptied_and_its_function_keeps_the_rest() {
        assert_eq!(
            emptied(&source(DOUBLE)).unwrap(),
            "/// Twice as much.\n\
             pub(crate) fn double(n: u8) -> u8 {\n    \
                 // Yours to write: chapter 3, \"Twice\", and tasks/03.md.\n    \
                 todo!(\"double: chapter 3, Twice\")\n\
             }\n"
        );
        assert_eq!(
            whole(&source(DOUBLE)),
            "/// Twice as much.\npub(crate) fn double(n: u8) -> u8 {\n    // An idea.\n    n * 2\n}\n"
        );
    }

    #[test]
    fn a_mark_knows_its_function_and_its_place_in_the_book() {
        let marks = marks(&source(DOUBLE)).unwrap();
        let expected = Mark {
            label: "double".into(),
            function: "double".into(),
            chapter: 3,
            section: "Twice".into(),
            body: 4..6,
        };
        assert_eq!(marks, [expected]);
    }

    #[test]
    fn with_the_same_bodies_the_whole_file_comes_back() {
        let same = rewritten(&source(DOUBLE), |_, _, body| body.to_owned());
        assert_eq!(same.unwrap(), whole(&source(DOUBLE)));
    }

    #[test]
    fn a_mark_that_is_wrong_is_found() {
        for (text, line) in [
            ("fn a() {\n<<yours_a\n>>yours_a\n}\n", 2),
            ("<<yours_a (chapter 1, \"A\")\n>>yours_a\n", 1),
            ("fn a() {\n<<yours_a (chapter 1, \"A\")\n}\n", 2),
            ("fn a() {\n<<yours_a (chapter 1, \"A\")\n>>yours_b\n}\n", 3),
            (
                "fn a() {\n<<yours_a (chapter 1, \"A\")\n<<yours_b (chapter 1, \"A\")\n",
                3,
            ),
        ] {
            assert_eq!(marks(&source(text)).unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn functions_are_told_from_comments() {
        assert_eq!(
            function("    pub(super) async fn work(&self) {"),
            Some("work")
        );
        assert_eq!(function("/// Like fn work(), but slower."), None);
        assert_eq!(function("    run: fn(&mut [State; N]),"), None);
    }
}
