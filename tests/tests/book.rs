//! The book: what mdBook would leave out without a word.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::programs;
use pretty_assertions::assert_eq;

fn source() -> PathBuf {
    programs::root().join("book/src")
}

/// All pages, as paths below `book/src`.
fn pages() -> BTreeSet<PathBuf> {
    let mut pages = BTreeSet::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.insert(path.strip_prefix(source()).unwrap().to_owned());
            }
        }
    }
    pages
}

/// What stands between `open` and `close`, each time.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open)
        .skip(1)
        .filter_map(move |rest| rest.split_once(close).map(|(inside, _)| inside))
}

/// Targets of all links in a page, that is `](target)`.
fn links(text: &str) -> Vec<&str> {
    between(text, "](", ")").collect()
}

#[test]
fn the_summary_names_every_page_once() {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).unwrap();
    let named: Vec<PathBuf> = links(&summary)
        .into_iter()
        .filter(|link| !link.is_empty())
        .map(PathBuf::from)
        .collect();
    let mut wanted = pages();
    wanted.remove(Path::new("SUMMARY.md"));
    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(named.len(), wanted.len(), "a page is named twice");
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(source().join(&page)).unwrap();
        for link in links(&text) {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                let path = source().join(&page).parent().unwrap().join(target);
                assert!(path.exists(), "{}: {link} leads nowhere", page.display());
            }
        }
    }
}

#[test]
fn includes_name_files_and_anchors_that_exist() {
    for page in pages() {
        let text = fs::read_to_string(source().join(&page)).unwrap();
        for include in between(&text, "{{#", "}}") {
            let (_, what) = include.split_once(' ').expect("what to include");
            let (file, anchor) = what.trim().split_once(':').unwrap_or((what.trim(), ""));
            let path = source().join(&page).parent().unwrap().join(file);
            let included = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {}: {error}", page.display(), path.display()));
            if !anchor.is_empty() && !anchor.starts_with(|c: char| c.is_ascii_digit()) {
                let block = between(
                    &included,
                    &format!("ANCHOR: {anchor}\n"),
                    &format!("ANCHOR_END: {anchor}\n"),
                )
                .next()
                .map(str::to_owned);
                let lines = block.as_deref().unwrap_or_default().lines().count();
                assert!(
                    lines > 1,
                    "{}: nothing between the anchors {anchor} of {file}",
                    page.display()
                );
            }
        }
    }
}

#[test]
fn every_block_of_code_names_its_language() {
    for page in pages() {
        let text = fs::read_to_string(source().join(&page)).unwrap();
        let fences = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("```"));
        for (i, fence) in fences.enumerate().filter(|(i, _)| i % 2 == 0) {
            assert!(
                !fence.trim().is_empty(),
                "{}: code block {} has no language",
                page.display(),
                i / 2 + 1
            );
        }
    }
}
