//! Figures: SVG that goes into the page as it is, with a text alternative, the page's colours, and a caption.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::includes::includes;
use super::markdown::blocks;
use super::{Book, Page, Problem, chapter_of, files_below};

macro_rules! pattern {
    ($text:literal) => {
        LazyLock::new(|| Regex::new($text).expect("a pattern of ours"))
    };
}

static OPENING: LazyLock<Regex> = pattern!(r"^<svg( [^<>]*)>$");
static ATTRIBUTE: LazyLock<Regex> = pattern!(r#"([\w:-]+)="([^"]*)""#);
static TAG: LazyLock<Regex> = pattern!(r#"<(/?)([A-Za-z]+)((?:[^<>"]|"[^"]*")*?)(/?)>"#);
/// What a colour may be outside of the classes.
static COLOUR: LazyLock<Regex> =
    pattern!(r"^(none|currentColor|inherit|url\(#[\w-]+\)|var\(--[\w-]+\))$");
static STYLED_COLOUR: LazyLock<Regex> =
    pattern!(r"(?:^|;)\s*(?:fill|stroke|color|background|stop-color)\s*:\s*([^;]+)");

/// Checks every figure and every place where one is shown.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut shown = BTreeSet::new();
    for page in &book.pages {
        problems.extend(on_page(book, page, &mut shown));
    }
    let folder = book.source().join("figures");
    for path in files_below(&folder).unwrap_or_default() {
        if path.extension().is_none_or(|extension| extension != "svg") {
            continue;
        }
        let file = path.strip_prefix(&book.repository).unwrap_or(&path);
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).unwrap_or_default();
        for (line, what) in in_file(&name, &text) {
            problems.push(book.at(file, line, what));
        }
        if !shown.contains(file)
            && chapter_of(&name).is_none_or(|chapter| book.is_finished(chapter))
        {
            problems.push(book.at(file, 0, "no page shows this figure"));
        }
    }
    problems
}

/// How a page shows its figures.
fn on_page(book: &Book, page: &Page, shown: &mut BTreeSet<std::path::PathBuf>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut here = BTreeSet::new();
    let prose = blocks(&page.text).prose;
    let line_at = |number: usize| {
        prose
            .iter()
            .find(|(line, _)| *line == number)
            .map_or("", |(_, text)| text.trim())
    };
    for include in includes(page) {
        if include
            .file
            .extension()
            .is_none_or(|extension| extension != "svg")
        {
            continue;
        }
        let line = include.line;
        let mut wrong = |what: &str| problems.push(book.on(page, line, what));
        let alone = line_at(line).starts_with("{{#include ") && line_at(line).ends_with("}}");
        if !alone || !line_at(line - 1).is_empty() || !line_at(line + 1).is_empty() {
            wrong("a figure stands alone, with a blank line before and after it");
        }
        let caption = prose
            .iter()
            .find(|(number, text)| *number > line && !text.trim().is_empty())
            .map_or("", |(_, text)| text.trim());
        if !caption.starts_with('*') || caption.starts_with("**") {
            wrong("below a figure stands a caption in italics: *…*");
        }
        if !here.insert(include.file.clone()) {
            wrong("this page shows the figure already");
        }
        shown.insert(include.file);
    }
    for found in page.text.match_indices("![") {
        let line = page.text[..found.0].matches('\n').count() + 1;
        if line_at(line).contains("![") && page.text[found.0..].contains(".svg") {
            let what = "an image cannot see the page's colours: include the SVG";
            if page.text[found.0..]
                .lines()
                .next()
                .is_some_and(|l| l.contains(".svg"))
            {
                problems.push(book.on(page, line, what));
            }
        }
    }
    problems
}

/// What is wrong with a figure: lines and words.
fn in_file(name: &str, text: &str) -> Vec<(usize, String)> {
    let mut wrong: Vec<(usize, String)> = Vec::new();
    let mut say = |line: usize, what: String| wrong.push((line, what));
    if chapter_of(name).is_none() {
        say(0, "a figure is called NN-name.svg".to_owned());
    }
    let first = text.lines().next().unwrap_or_default();
    match OPENING.captures(first) {
        None => say(
            1,
            "the first line is the opening tag alone: <svg viewBox=… role=… aria-labelledby=… class=…>"
                .to_owned(),
        ),
        Some(opening) => {
            let title = format!("{name}-t");
            let is = |key: &str, fits: &dyn Fn(&str) -> bool| {
                ATTRIBUTE
                    .captures_iter(&opening[1])
                    .any(|found| &found[1] == key && fits(&found[2]))
            };
            if !is("viewBox", &|value| {
                value.starts_with("0 0 720 ") || value.starts_with("0 0 480 ")
            }) {
                say(1, "the viewBox begins 0 0 720 or, for a narrow figure, 0 0 480".to_owned());
            }
            let narrow = is("class", &|value| value.split(' ').any(|class| class == "narrow"));
            if narrow != is("viewBox", &|value| value.starts_with("0 0 480 ")) {
                say(1, "the class `narrow` belongs to a width of 480".to_owned());
            }
            if !is("class", &|value| value.split(' ').any(|class| class == "fig")) {
                say(1, "a figure has the class `fig`".to_owned());
            }
            if !is("role", &|value| value == "img") {
                say(1, "a figure has role=\"img\"".to_owned());
            }
            if !is("aria-labelledby", &|value| value.split(' ').any(|id| id == title)) {
                say(1, format!("a figure has aria-labelledby=\"{title}\""));
            }
        }
    }
    let titled = text
        .split_once(&format!("<title id=\"{name}-t\">"))
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .is_some_and(|(title, _)| !title.trim().is_empty());
    if !titled {
        say(
            2,
            format!("a figure has a text alternative: <title id=\"{name}-t\">…</title>"),
        );
    }
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            say(
                number,
                "a blank line would end the figure in the page".to_owned(),
            );
        }
        in_line(name, line, &mut |what| say(number, what));
    }
    if let Err(what) = balanced(text) {
        say(0, what);
    }
    if text.trim_end().lines().last().map(str::trim) != Some("</svg>") {
        say(0, "the last line is </svg>".to_owned());
    }
    wrong
}

fn in_line(name: &str, line: &str, say: &mut dyn FnMut(String)) {
    for element in [
        "<style",
        "<script",
        "<?xml",
        "<!DOCTYPE",
        "<image",
        "<foreignObject",
    ] {
        if line.contains(element) {
            say(format!("{element} is not used in figures"));
        }
    }
    for found in ATTRIBUTE.captures_iter(line) {
        let (key, value) = (&found[1], &found[2]);
        let plain = COLOUR.is_match(value.trim());
        match key {
            "id" if !value.starts_with(name) => say(format!("an id begins with {name}: {value}")),
            "fill" | "stroke" | "color" if !plain => say(format!(
                "{key}=\"{value}\" is the same in every theme; use the classes, or currentColor"
            )),
            "style" => {
                for colour in STYLED_COLOUR.captures_iter(value) {
                    if !COLOUR.is_match(colour[1].trim()) {
                        say(format!(
                            "{} is the same in every theme; use the classes, or currentColor",
                            &colour[1]
                        ));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether every element ends.
fn balanced(text: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for found in TAG.captures_iter(text) {
        let (closes, tag, alone) = (&found[1] == "/", found[2].to_owned(), &found[4] == "/");
        if closes {
            match open.pop() {
                Some(last) if last == tag => {}
                Some(last) => return Err(format!("<{last}> ends with </{tag}>")),
                None => return Err(format!("</{tag}> ends nothing")),
            }
        } else if !alone {
            open.push(tag);
        }
    }
    match open.pop() {
        Some(tag) => Err(format!("<{tag}> does not end")),
        None => Ok(()),
    }
}

/// The names of all figures in a folder that a page could show.
#[must_use]
pub fn names(folder: &Path) -> Vec<String> {
    files_below(folder)
        .unwrap_or_default()
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "svg"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{MadeUp, assert_found};

    const FIGURE: &str = "book/src/figures/01-fig.svg";
    const PAGE: &str = "book/src/01-one.md";

    #[track_caller]
    fn changed(old: &str, new: &str, words: &str) {
        assert_found(
            |book: &MadeUp| book.replace(FIGURE, old, new),
            FIGURE,
            words,
        );
    }

    #[test]
    fn the_opening_tag_says_what_the_page_needs() {
        changed(" role=\"img\"", "", "has role=\"img\"");
        changed(
            "aria-labelledby=\"01-fig-t\"",
            "aria-labelledby=\"t\"",
            "aria-labelledby=\"01-fig-t\"",
        );
        changed("0 0 480", "0 0 500", "the viewBox begins");
        changed("fig narrow", "fig", "the class `narrow`");
        changed("fig narrow", "narrow", "has the class `fig`");
        changed(
            "narrow\">\n",
            "narrow\">",
            "the first line is the opening tag alone",
        );
    }

    #[test]
    fn a_figure_has_a_text_alternative() {
        changed("A box", " ", "has a text alternative");
        changed(
            "<title id=\"01-fig-t\">",
            "<title>",
            "has a text alternative",
        );
    }

    #[test]
    fn a_figure_is_one_block() {
        changed("<rect", "\n<rect", "a blank line would end the figure");
        changed("/>", ">", "<rect> ends with </svg>");
        changed("</svg>", "", "the last line is </svg>");
        changed("<rect", "<style></style><rect", "<style is not used");
    }

    #[test]
    fn colours_are_the_page_s() {
        changed(
            "class=\"a\"",
            "fill=\"#ff0000\"",
            "is the same in every theme",
        );
        changed(
            "class=\"a\"",
            "style=\"stroke: red\"",
            "is the same in every theme",
        );
        changed("class=\"a\"", "id=\"box\"", "an id begins with 01-fig: box");
    }

    #[test]
    fn a_page_shows_it_alone_with_a_caption_and_once() {
        let alone = "a figure stands alone";
        assert_found(
            |b| b.replace(PAGE, "{{#include figures", "Text.\n{{#include figures"),
            PAGE,
            alone,
        );
        assert_found(
            |b| b.replace(PAGE, "{{#include figures", "See {{#include figures"),
            PAGE,
            alone,
        );
        assert_found(
            |b| b.replace(PAGE, "*A caption.*", "Text."),
            PAGE,
            "a caption in italics",
        );
        let again = "*A caption.*\n\n{{#include figures/01-fig.svg}}\n\n*Again.*";
        assert_found(
            |b| b.replace(PAGE, "*A caption.*", again),
            PAGE,
            "shows the figure already",
        );
        assert_found(
            |b| b.replace(PAGE, "Text.", "![a](figures/01-fig.svg)"),
            PAGE,
            "cannot see the page's colours",
        );
    }

    #[test]
    fn a_figure_that_no_page_shows_is_found() {
        assert_found(
            |book| book.replace(PAGE, "{{#include figures/01-fig.svg}}", "Text."),
            FIGURE,
            "no page shows this figure",
        );
    }
}
