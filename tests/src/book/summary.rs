//! `SUMMARY.md` names every page, once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Book, Problem};

/// The pages that a summary links to, below `book/src`; entries without a page are left out.
#[must_use]
pub fn linked(summary: &str) -> Vec<PathBuf> {
    links(summary).into_iter().map(|(_, link)| link).collect()
}

/// Links with their lines.
fn links(summary: &str) -> Vec<(usize, PathBuf)> {
    let mut links = Vec::new();
    for (line, number) in summary.lines().zip(1..) {
        for rest in line.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            let target = target.strip_prefix("./").unwrap_or(target);
            if !target.is_empty() {
                links.push((number, PathBuf::from(target)));
            }
        }
    }
    links
}

/// Checks that each page is named once, and that all that is named is there.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    let file = Path::new("book/src/SUMMARY.md");
    let mut problems = Vec::new();
    let mut named: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (line, link) in links(&book.summary) {
        if !book.pages.iter().any(|page| page.path == link) {
            problems.push(book.at(file, line, format!("there is no page {}", link.display())));
        }
        if let Some(first) = named.insert(link.clone(), line) {
            let what = format!("{} is named in line {first} already", link.display());
            problems.push(book.at(file, line, what));
        }
    }
    for page in &book.pages {
        if !named.contains_key(&page.path) && !page.is_draft() {
            problems.push(book.on(
                page,
                0,
                "SUMMARY.md does not name this page; a draft has the line <!-- draft -->",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::made_up::assert_found;
    use super::*;

    const SUMMARY: &str = "book/src/SUMMARY.md";

    #[test]
    fn links_are_found_and_empty_ones_left_out() {
        assert_eq!(
            linked("[In](intro.md)\n\n- [A](./a.md)\n  - [B](b/c.md)\n- [C]()\n"),
            ["intro.md", "a.md", "b/c.md"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_page_that_is_not_named_is_found_unless_it_is_a_draft() {
        assert_found(
            |book| book.write("book/src/lost.md", "# Lost\n"),
            "book/src/lost.md: ",
            "does not name this page",
        );
        let made_up = super::super::made_up::MadeUp::new();
        made_up.write("book/src/lost.md", "# Lost\n\n<!-- draft -->\n");
        assert_eq!(made_up.problems(), [] as [String; 0]);
    }

    #[test]
    fn a_page_that_is_missing_or_named_twice_is_found() {
        assert_found(
            |book| book.replace(SUMMARY, "[Three]()", "[Three](03-three.md)"),
            "book/src/SUMMARY.md:5:",
            "there is no page 03-three.md",
        );
        assert_found(
            |book| book.replace(SUMMARY, "[Three]()", "[Three](01-one.md)"),
            "book/src/SUMMARY.md:5:",
            "is named in line 3 already",
        );
    }
}
