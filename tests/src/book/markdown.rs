//! The little of Markdown that the checks have to know: blocks of code, and what is outside of them.

/// A block of code between fences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence<'a> {
    /// The line with the opening fence, from 1.
    pub line: usize,
    /// What stands behind the opening fence: the language, and perhaps more.
    pub info: &'a str,
    /// The lines inside.
    pub body: Vec<&'a str>,
    /// The last line with text before it.
    pub before: &'a str,
    /// Whether it is folded away as an answer: in a `<details>` whose summary says so.
    pub answer: bool,
}

impl Fence<'_> {
    /// The language, and whatever follows it after commas.
    #[must_use]
    pub fn words(&self) -> Vec<&str> {
        self.info
            .split([',', ' '])
            .filter(|word| !word.is_empty())
            .collect()
    }
}

/// A page taken apart.
#[derive(Clone, Debug, Default)]
pub struct Blocks<'a> {
    /// The blocks of code, in order.
    pub fences: Vec<Fence<'a>>,
    /// All other lines, with their numbers from 1.
    pub prose: Vec<(usize, &'a str)>,
    /// A fence that does not end: the line where it begins.
    pub open: Option<usize>,
}

/// Takes a page apart.
#[must_use]
pub fn blocks(text: &str) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    let mut open: Option<(&str, Fence<'_>)> = None;
    let (mut before, mut answer) = ("", false);
    for (line, number) in text.lines().zip(1..) {
        // A fence may be in a list or a quotation.
        let bare = line.trim_start_matches([' ', '>']);
        let fence = fence_of(bare);
        match (&mut open, fence) {
            (Some((marks, _)), Some((closing, ""))) if closing.starts_with(*marks) => {
                blocks.fences.extend(open.take().map(|(_, fence)| fence));
                before = "";
            }
            (Some((_, fence)), _) => fence.body.push(line),
            (None, Some((marks, info))) => {
                let fence = Fence {
                    line: number,
                    info,
                    body: Vec::new(),
                    before,
                    answer,
                };
                open = Some((marks, fence));
            }
            (None, None) => {
                if bare.contains("<summary>") {
                    answer = bare.to_lowercase().contains("answer");
                }
                if bare.contains("</details>") {
                    answer = false;
                }
                if !bare.trim().is_empty() {
                    before = bare;
                }
                blocks.prose.push((number, line));
            }
        }
    }
    blocks.open = open.map(|(_, fence)| fence.line);
    blocks
}

/// The marks of a fence, and what follows them.
fn fence_of(line: &str) -> Option<(&str, &str)> {
    let mark = line
        .chars()
        .next()
        .filter(|mark| matches!(mark, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let marks = &line[..line.len() - rest.len()];
    (marks.len() >= 3 && !rest.contains('`')).then(|| (marks, rest.trim()))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn fences_and_prose_are_told_apart() {
        let text = "One\n\n```rust,wrong\nlet a;\n```\n\nTwo\n> ```text\n> b\n> ```\n<details><summary>The answer</summary>\n\n````text\n```\n````\n\n</details>\n";
        let blocks = blocks(text);
        let fences: Vec<_> = blocks
            .fences
            .iter()
            .map(|fence| {
                (
                    fence.line,
                    fence.info,
                    fence.body.clone(),
                    fence.before,
                    fence.answer,
                )
            })
            .collect();
        assert_eq!(
            fences,
            [
                (3, "rust,wrong", vec!["let a;"], "One", false),
                (8, "text", vec!["> b"], "Two", false),
                (
                    13,
                    "text",
                    vec!["```"],
                    "<details><summary>The answer</summary>",
                    true
                ),
            ]
        );
        let prose: Vec<_> = blocks
            .prose
            .iter()
            .filter(|(_, line)| !line.is_empty())
            .collect();
        assert_eq!(
            prose,
            [
                &(1, "One"),
                &(7, "Two"),
                &(11, "<details><summary>The answer</summary>"),
                &(17, "</details>")
            ]
        );
        assert_eq!(blocks.fences[0].words(), ["rust", "wrong"]);
        assert_eq!(blocks.open, None);
    }

    #[test]
    fn a_fence_that_does_not_end_is_seen() {
        assert_eq!(blocks("a\n\n```text\nb\n").open, Some(3));
    }

    #[test]
    fn code_within_a_line_is_no_fence() {
        assert_eq!(blocks("``` a ``` b\n").fences, []);
    }
}
