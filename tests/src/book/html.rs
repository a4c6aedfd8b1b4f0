//! The built book: links and their fragments, as mdBook has made them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;

use super::{files_below, slashes};
use crate::programs;

static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)(<script[^>]*>).*?</script>|<template.*?</template>")
        .expect("a pattern of ours")
});
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"<([A-Za-z]+)((?:[^<>"']|"[^"]*"|'[^']*')*)>"#).expect("a pattern of ours")
});
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\s([\w:-]+)=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#).expect("a pattern of ours")
});

/// mdBook: on the `PATH`, or where `tests/install` puts it.
#[must_use]
pub fn mdbook() -> Option<PathBuf> {
    let name = format!("mdbook{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    let tools = programs::shared().with_file_name("tools").join("bin");
    env::split_paths(&path)
        .chain([tools])
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}

/// Builds a book into a folder.
///
/// # Errors
///
/// With what mdBook says, warnings included.
pub fn build(mdbook: &Path, book: &Path, into: &Path) -> Result<(), String> {
    let output = Command::new(mdbook)
        .args(["build", "--dest-dir"])
        .args([into, book])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("mdbook: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let complains = said.contains("WARN") || said.contains("ERROR");
    if output.status.success() && !complains {
        Ok(())
    } else {
        Err(format!("mdbook build:\n{said}"))
    }
}

/// A page of the built book.
#[derive(Clone, Debug, Default)]
pub struct HtmlPage {
    /// What can be linked to.
    ids: BTreeSet<String>,
    /// Ids that are there more than once.
    twice: BTreeSet<String>,
    /// Where links lead.
    links: Vec<String>,
    /// What the page loads.
    loads: Vec<String>,
    /// Directives that mdBook left as they are.
    leftover: bool,
}

/// Reads the parts of a page that the check needs.
#[must_use]
pub fn parse(html: &str) -> HtmlPage {
    let mut page = HtmlPage {
        leftover: html.contains("{{#include") && !html.contains(r"\{{#include"),
        ..HtmlPage::default()
    };
    let html = SCRIPT.replace_all(html, "$1"); // of scripts their opening tags stay
    for tag in TAG.captures_iter(&html) {
        for found in ATTRIBUTE.captures_iter(&tag[2]) {
            let value = found
                .get(2)
                .or_else(|| found.get(3))
                .or_else(|| found.get(4))
                .map_or("", |value| value.as_str())
                .replace("&amp;", "&");
            match (tag[1].to_ascii_lowercase().as_str(), &found[1]) {
                (_, "id") => {
                    let new = page.ids.insert(value.clone());
                    page.twice.extend((!new).then_some(value));
                }
                ("a", "href") => page.links.push(value),
                ("link" | "img" | "iframe" | "script", "href" | "src") => page.loads.push(value),
                _ => {}
            }
        }
    }
    page
}

/// All that is wrong with the links of a built book.
///
/// # Errors
///
/// When a file cannot be read.
pub fn problems(built: &Path) -> std::io::Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    for path in files_below(built)? {
        if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let page = parse(&fs::read_to_string(&path)?);
            pages.insert(path, page);
        }
    }
    let mut problems = Vec::new();
    for (path, page) in &pages {
        let name = path.strip_prefix(built).unwrap_or(path);
        let whole_book = name == Path::new("print.html"); // every page again: its ids may meet
        let mut wrong = |what: String| problems.push(format!("{}: {what}", slashes(name)));
        if page.leftover {
            wrong("an include was not made".to_owned());
        }
        if !whole_book {
            for id in &page.twice {
                wrong(format!("the id {id} is there twice"));
            }
        }
        if name == Path::new("404.html") {
            continue; // its links begin at the root of the site
        }
        for link in &page.links {
            if let Some(what) = broken(path, link, &pages) {
                wrong(format!("{link} {what}"));
            }
        }
        for load in &page.loads {
            let outside = load.contains("://") || load.starts_with("//");
            if outside {
                wrong(format!("{load} comes from the network"));
            } else if !load.starts_with("data:") && !target(path, load).0.exists() {
                wrong(format!("{load} is not there"));
            }
        }
    }
    Ok(problems)
}

/// What is wrong with a link.
fn broken(from: &Path, link: &str, pages: &BTreeMap<PathBuf, HtmlPage>) -> Option<&'static str> {
    if link.starts_with("https://") || link.starts_with("mailto:") || link.starts_with("magnet:") {
        return None;
    }
    if link.starts_with("http://") {
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        return (!loopback.iter().any(|start| link.starts_with(start)))
            .then_some("is not encrypted; https:// if it can be");
    }
    let (path, fragment) = target(from, link);
    if !path.exists() {
        return Some("leads nowhere");
    }
    match (fragment, pages.get(&path)) {
        (Some(id), Some(page)) if !id.is_empty() && !page.ids.contains(&id) => {
            Some("leads to a page without that heading")
        }
        _ => None,
    }
}

/// The file and the fragment that a link in `from` leads to.
fn target(from: &Path, link: &str) -> (PathBuf, Option<String>) {
    let (link, fragment) = match link.split_once('#') {
        Some((link, fragment)) => (link, Some(decoded(fragment))),
        None => (link, None),
    };
    let link = decoded(link.split('?').next().unwrap_or(link));
    if link.is_empty() {
        return (from.to_owned(), fragment);
    }
    let mut path = from.parent().unwrap_or(from).to_owned();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    if path.is_dir() {
        path.push("index.html");
    }
    (path, fragment)
}

/// Without `%` escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn site(pages: &[(&str, &str)]) -> Vec<String> {
        let folder = crate::temp();
        for (path, text) in pages {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        problems(folder.path()).unwrap()
    }

    #[test]
    fn good_links_are_left_alone() {
        let page = r##"<h1 id=top>A</h1><a class="x" href="b/c.html#two%20words">b</a><a href="#top">c</a>
            <a href="https://example.org">d</a><a href="b/">e</a><img src="d.png">
            <code>&lt;a href="nowhere"></code><script>let a = '<a href="nowhere">';</script>"##;
        let other = r#"<h2 id='two words'>C</h2><a href="../a.html">a</a>"#;
        let pages = [
            ("a.html", page),
            ("b/c.html", other),
            ("b/index.html", ""),
            ("d.png", ""),
        ];
        assert_eq!(site(&pages), [] as [String; 0]);
    }

    #[test]
    fn broken_links_are_found() {
        let page = r##"<a href="b.html"></a><a href="c.html#no"></a><a href="#no"></a><a href="http://example.org"></a>"##;
        assert_eq!(
            site(&[("a.html", page), ("c.html", "<p id=yes>")]),
            [
                "a.html: b.html leads nowhere",
                "a.html: c.html#no leads to a page without that heading",
                "a.html: #no leads to a page without that heading",
                "a.html: http://example.org is not encrypted; https:// if it can be",
            ]
        );
    }

    #[test]
    fn what_is_left_over_or_loaded_or_twice_is_found() {
        let page = r#"<p id=a>{{#include x}}</p><p id=a></p><script src="//cdn/x.js"></script><img src="no.png">"#;
        let problems = site(&[("a.html", page)]);
        assert_eq!(
            problems,
            [
                "a.html: an include was not made",
                "a.html: the id a is there twice",
                "a.html: //cdn/x.js comes from the network",
                "a.html: no.png is not there",
            ]
        );
    }
}
