//! The parts that every chapter has, in their order.

use super::markdown::blocks;
use super::tally::tally;
use super::{Book, Page, Problem};

/// Headings of the second level, or how they begin.
const PARTS: [&str; 11] = [
    "The idea",
    "On the wire",
    "Build it",
    "Run it",
    "Test it",
    "When it goes wrong",
    "Design note: ",
    "Check yourself",
    "Exercises",
    "What we have now, what is missing",
    "Read more",
];

/// What stands before the first of them.
const FIRST: [&str; 2] = ["**What you will build.**", "**Where we are.**"];

/// Checks every chapter that is no draft.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    book.pages
        .iter()
        .filter(|page| page.chapter().is_some() && !page.is_draft())
        .flat_map(|page| chapter(page).into_iter().map(|what| book.on(page, 0, what)))
        .collect()
}

fn chapter(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    let prose = blocks(&page.text).prose;
    let headings: Vec<&str> = prose
        .iter()
        .filter_map(|(_, line)| line.strip_prefix("## "))
        .collect();
    let mut rest = headings.iter();
    for part in PARTS {
        if !rest.by_ref().any(|heading| heading.starts_with(part)) {
            wrong.push(format!(
                "the part `## {part}` is missing or not in its place"
            ));
            break;
        }
    }
    for start in FIRST {
        if !prose.iter().any(|(_, line)| line.starts_with(start)) {
            wrong.push(format!("no paragraph begins with {start}"));
        }
    }
    if !prose.iter().any(|(_, line)| line.contains("**Predict.**")) {
        wrong.push("nothing is to be predicted: > [!TIP] and **Predict.**".to_owned());
    }
    let tally = tally(page);
    for (what, count, least) in [
        ("figures", tally.figures, 2),
        ("transcripts", tally.transcripts, 2),
        ("answers to exercises", tally.answers, 3),
    ] {
        if count < least {
            wrong.push(format!("{count} {what}; a chapter has at least {least}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use pretty_assertions::assert_eq;

    use super::*;

    fn page(text: String) -> Page {
        Page {
            path: PathBuf::from("07-made-up.md"),
            text,
        }
    }

    fn whole() -> String {
        let mut text =
            "# Made up\n\n**What you will build.** It.\n\n**Where we are.** Here.\n\n".to_owned();
        for part in PARTS {
            text.push_str(&format!("## {part}\n\n"));
        }
        text.push_str("> **Predict.** What?\n\n");
        text.push_str(&"{{#include figures/07-a.svg}}\n\n".repeat(2));
        text.push_str(&"```console\n```\n\n".repeat(2));
        text + &"<details><summary>Answer</summary>\n\n</details>\n\n".repeat(3)
    }

    #[test]
    fn a_whole_chapter_is_whole() {
        assert_eq!(chapter(&page(whole())), [] as [String; 0]);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (old, new, words) in [
            ("## Test it\n", "", "`## Test it` is missing"),
            (
                "## Run it\n\n## Test it",
                "## Test it\n\n## Run it",
                "`## Test it` is missing",
            ),
            ("**Where we are.**", "Where we are.", "**Where we are.**"),
            ("**Predict.**", "Predict.", "predicted"),
            (".svg", ".txt", "0 figures; a chapter has at least 2"),
            ("console", "text", "0 transcripts"),
            ("<summary>Answer", "<summary>More", "0 answers"),
        ] {
            let found = chapter(&page(whole().replace(old, new)));
            assert!(
                found.iter().any(|what| what.contains(words)),
                "{old}: {found:?}"
            );
        }
    }
}
