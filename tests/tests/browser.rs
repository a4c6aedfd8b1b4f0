//! The built book in a real browser: every page, light and dark, on a desk and on a phone.
//!
//! `KOSTORRENT_PICTURES=FOLDER` keeps a picture of each.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::book::{files_below, html};
use kostorrent_tests::browser::{self, Browser, Screen};
use kostorrent_tests::{programs, skip, temp};
use tempfile::TempDir;

const DESK: Screen = Screen {
    width: 1280,
    height: 900,
    phone: false,
};
const PHONE: Screen = Screen {
    width: 390,
    height: 844,
    phone: true,
};
const LOOK: &str = include_str!("../src/browser/look.js");
const CONTRAST: &str = include_str!("../src/browser/contrast.js");

/// The built book and a browser, or a skipped test.
fn book() -> Option<(TempDir, Browser)> {
    let mdbook = skip::unless_missing("mdbook", html::mdbook())?;
    let program = skip::unless_missing("chromium", browser::program())?;
    let folder = temp();
    html::build(&mdbook, &programs::root().join("book"), folder.path())
        .unwrap_or_else(|error| panic!("{error}"));
    Some((folder, Browser::start(&program)))
}

fn pages(built: &Path) -> Vec<PathBuf> {
    let mut pages = files_below(built).unwrap();
    let not_pages = ["404.html", "print.html", "toc.html"];
    pages.retain(|page| {
        let name = page.file_name().unwrap().to_str().unwrap();
        name.ends_with(".html") && !not_pages.contains(&name)
    });
    pages
}

/// Chooses a theme as a reader does, and waits until it is drawn.
fn choose_theme(browser: &mut Browser, theme: &str) {
    let script = format!(
        "document.getElementById('mdbook-theme-{theme}').click(); \
         new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => \
         done(document.documentElement.classList.contains('{theme}')))))"
    );
    assert_eq!(browser.run(&script), true, "the theme {theme}");
}

fn looks(browser: &mut Browser) -> Vec<String> {
    serde_json::from_value(browser.run(LOOK)).unwrap()
}

#[test]
fn every_page_can_be_read_everywhere() {
    let Some((built, mut browser)) = book() else {
        return;
    };
    let pictures = env::var_os("KOSTORRENT_PICTURES").map(PathBuf::from);
    let mut problems = BTreeMap::new();
    for page in pages(built.path()) {
        let name = page
            .strip_prefix(built.path())
            .unwrap()
            .display()
            .to_string();
        for (place, screen) in [("desk", DESK), ("phone", PHONE)] {
            browser.screen(screen);
            browser.open(&page);
            for theme in ["light", "navy"] {
                choose_theme(&mut browser, theme);
                let mut found = looks(&mut browser);
                found.extend(browser.complaints());
                for what in found {
                    let themes: &mut Vec<&str> = problems
                        .entry(format!("{name}, {place}: {what}"))
                        .or_default();
                    themes.push(theme);
                }
                if let Some(folder) = &pictures {
                    let name = name.replace('/', "-").replace(".html", "");
                    fs::create_dir_all(folder).unwrap();
                    let file = folder.join(format!("{name}-{place}-{theme}.png"));
                    fs::write(file, browser.picture()).unwrap();
                }
            }
        }
    }
    let problems: Vec<String> = problems
        .into_iter()
        .map(|(what, themes)| format!("{what} ({})", themes.join(", ")))
        .collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn colours_can_be_told_from_their_ground_in_every_theme() {
    let Some((built, mut browser)) = book() else {
        return;
    };
    browser.open(&pages(built.path())[0]);
    let mut problems = Vec::new();
    for theme in ["light", "rust", "coal", "navy", "ayu"] {
        choose_theme(&mut browser, theme);
        let found: Vec<(String, f64)> = serde_json::from_value(browser.run(CONTRAST)).unwrap();
        assert!(found.len() > 10);
        // 4.5 is what WCAG asks of text.
        let low = found.into_iter().filter(|(_, ratio)| *ratio < 4.5);
        problems.extend(low.map(|(name, ratio)| format!("{theme}: {name} has {ratio:.2} : 1")));
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_whole_book_prints_and_is_searched() {
    let Some((built, mut browser)) = book() else {
        return;
    };
    browser.screen(DESK);
    browser.open(&built.path().join("print.html"));
    assert_eq!(browser.complaints(), [] as [String; 0]);

    let page = pages(built.path())[0].display().to_string();
    browser.go(&format!("file://{page}?search=bencode"));
    let found = "new Promise(done => { const look = () => { \
                 const n = document.querySelectorAll('#mdbook-searchresults li').length; \
                 n > 0 ? done(n) : setTimeout(look, 20); }; look(); })";
    assert!(browser.run(found).as_u64() > Some(0));
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

/// A page with mistakes, and what is said of it on a phone.
fn say(body: &str) -> Option<Vec<String>> {
    let program = skip::unless_missing("chromium", browser::program())?;
    let folder = temp();
    let file = folder.path().join("page.html");
    let style = fs::read_to_string(programs::root().join("book/theme/kostorrent.css")).unwrap();
    let page = format!(
        "<!DOCTYPE html><html class=light><meta name=viewport content='width=device-width'><style>{style}\n\
         body {{ margin: 0; overflow-x: hidden; font: 16px sans-serif }}</style>\n\
         <div id=mdbook-content><main style='display: block; padding: 0 15px'>{body}</main></div>"
    );
    fs::write(&file, page).unwrap();
    let mut browser = Browser::start(&program);
    browser.screen(PHONE);
    browser.open(&file);
    let mut found = looks(&mut browser);
    found.extend(browser.complaints());
    Some(found)
}

const FIGURE: &str = r#"<svg viewBox="0 0 480 100" class="fig narrow" aria-labelledby="f-t">"#;

#[test]
fn mistakes_are_seen() {
    let good = format!(
        "<p>Text.</p><pre style='overflow-x: auto'><code>{}</code></pre>\
         {FIGURE}<text x='10' y='30'>one</text><text x='10' y='60'>two</text></svg>",
        "long ".repeat(100)
    );
    let Some(found) = say(&good) else { return };
    assert_eq!(found, [] as [String; 0]);

    let bad = format!(
        "<p style='width: 500px'>Wide.</p>\
         {FIGURE}<text x='10' y='30' style='font-size: 9px'>small</text><text x='450' y='60'>cut off</text>\
         <text x='200' y='30'>one on</text><text x='210' y='32'>the other</text></svg>\
         <svg class='fig' style='width: 10px; height: 10px' aria-labelledby='g-t'></svg>\
         <script>console.error('oh'); null.x</script><img src='no.png'>"
    );
    let found = say(&bad).unwrap().join("\n");
    for words in [
        "<p> reaches to 515 of 390 px: Wide.",
        "f-t: 7.",
        "px: small",
        "cut off by",
        "one on the other: one on / the other",
        "g-t is 10 × 10 px",
        "\"oh\"",
        "Cannot read properties of null",
        "ERR_FILE_NOT_FOUND",
        "no image: file://",
    ] {
        assert!(found.contains(words), "{words}:\n{found}");
    }
}
