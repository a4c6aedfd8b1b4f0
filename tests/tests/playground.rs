//! The figures that can be played with, in a real browser; and the module behind them.
//!
//! `KOSTORRENT_PICTURES=FOLDER` keeps a picture of each page with all of them open.
#![cfg(unix)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::book::html;
use kostorrent_tests::browser::{self, Browser, Screen};
use kostorrent_tests::playground;
use kostorrent_tests::{programs, skip, temp};
use pretty_assertions::assert_eq;
use serde_json::Value;
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
const HEARD: &str = include_str!("../src/browser/heard.js");
const CALLS: &str = include_str!("../../book/playground/calls.json");

/// The built book and a browser, or a skipped test.
fn book() -> Option<(TempDir, Browser)> {
    let mdbook = skip::unless_missing("mdbook", html::mdbook())?;
    let program = skip::unless_missing("chromium", browser::program())?;
    let folder = temp();
    html::build(&mdbook, &programs::root().join("book"), folder.path())
        .unwrap_or_else(|error| panic!("{error}"));
    Some((folder, Browser::start(&program)))
}

/// The pages with something to play with.
fn pages(built: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(built)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = entries
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "html")
        })
        .filter(|path| path.file_name().is_some_and(|name| name != "print.html"))
        .filter(|path| {
            fs::read_to_string(path)
                .unwrap()
                .contains("class=\"explorable\"")
        })
        .collect();
    pages.sort_unstable();
    pages
}

#[test]
fn the_committed_module_is_small_and_made_of_these_sources() {
    let why = playground::stale().unwrap();
    assert!(why.is_empty(), "tests/playground makes it anew: {why:#?}");
    let bytes = playground::size().unwrap();
    assert!(bytes < 1 << 20, "{bytes} bytes");
}

#[test]
fn the_committed_module_answers_as_the_crate_does_here() {
    let Some((built, mut browser)) = book() else {
        return;
    };
    browser.open(&pages(built.path())[0]);
    let there = browser.run(&format!(
        "playground.load().then(() => {CALLS}.map(([name, question]) => {{ \
         try {{ return playground.ask(name, question); }} \
         catch (error) {{ return {{ error: error.message }}; }} }}))"
    ));
    let calls: Vec<(String, Value)> = serde_json::from_str(CALLS).unwrap();
    let mut native = ::playground::Playground::default();
    let mut parted = Vec::new();
    for ((name, question), there) in calls.iter().zip(there.as_array().unwrap()) {
        let here: Value = serde_json::from_str(&native.call(name, &question.to_string())).unwrap();
        if here != *there {
            parted.push(format!("{name} {question}"));
        }
    }
    assert_eq!(there.as_array().unwrap().len(), calls.len());
    assert_eq!(parted, [] as [String; 0]);
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

/// A figure on the open page that is played with keys alone.
struct Player<'b> {
    browser: &'b mut Browser,
    kind: &'static str,
}

impl Player<'_> {
    /// Runs a script that knows the figure as `place`.
    fn run(&mut self, script: &str) -> Value {
        let kind = self.kind;
        self.browser.run(&format!(
            "(() => {{ const place = document.querySelector('.explorable[data-play={kind}]'); \
             const label = words => [...place.querySelectorAll('label')].find(one => one.textContent.trim().startsWith(words)); \
             const button = words => [...place.querySelectorAll('button')].find(one => one.textContent.startsWith(words)); \
             {script} }})()"
        ))
    }

    /// Gives the focus to what a script returns; it must be able to have it.
    fn focus(&mut self, what: &str) {
        let script =
            format!("const it = {what}; it.focus(); return document.activeElement === it;");
        assert_eq!(
            self.run(&script),
            true,
            "{}: {what} has no focus",
            self.kind
        );
    }

    fn press(&mut self, key: &str) {
        self.browser.press(key);
    }

    /// Presses a button, found by the beginning of its words.
    fn button(&mut self, words: &str) {
        self.focus(&format!("button('{words}')"));
        self.press("Enter");
    }

    /// The input with this label.
    fn input(&mut self, words: &str) {
        let found = format!(
            "(label('{words}').control ?? document.getElementById(label('{words}').htmlFor))"
        );
        self.focus(&found);
    }

    fn text(&mut self, selector: &str) -> String {
        let script = format!("return place.querySelector('{selector}').textContent;");
        self.run(&script).as_str().unwrap().to_owned()
    }

    /// What is read aloud.
    fn status(&mut self) -> String {
        self.text(".panel .status")
    }

    #[track_caller]
    fn says(&mut self, words: &str) {
        let said = self.status();
        assert!(said.contains(words), "{}: {said}", self.kind);
    }

    /// Opens it, and waits until the module is there.
    fn open(&mut self) {
        self.focus("place.querySelector('button.open')");
        self.press("Enter");
        let kind = self.kind;
        let ready = format!(
            "new Promise((done, failed) => {{ let looks = 0; const look = () => {{ \
             const place = document.querySelector('.explorable[data-play={kind}]'); \
             if (place.dataset.ready) done(true); \
             else if (looks++ > 3000) failed(new Error(place.querySelector('.panel').textContent)); \
             else setTimeout(look, 10); }}; look(); }})"
        );
        assert_eq!(self.browser.run(&ready), true);
    }
}

fn bencode(play: &mut Player<'_>) {
    play.input("Bencode");
    play.run("document.activeElement.select();");
    play.browser.type_text("l4:spami42ee");
    play.says("12 bytes, 3 values. Canonical");
    play.focus("place.querySelector('[role=listbox]')");
    play.press("ArrowDown");
    assert_eq!(play.text("mark"), "4:spam");
    play.press("ArrowRight");
    play.input("Bencode");
    play.run("document.activeElement.select();");
    play.browser.type_text("l4:spam");
    play.says("Broken at byte 7");
    play.button("the sample");
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    let torrent = metainfo::Metainfo::parse(&fs::read(sample).unwrap()).unwrap();
    let about = play.text(".torrent");
    let hash = torrent.info_hash_v1.unwrap().to_string();
    assert!(
        about.contains(&hash) && about.contains("the bytes"),
        "{about}"
    );
}

fn window(play: &mut Player<'_>) {
    play.says("One request: 2 % of the line");
    play.input("requests out");
    (0..4).for_each(|_| play.press("ArrowRight"));
    play.says("5 requests: 8 % of the line");
    play.input("let the window");
    play.press("Space");
    play.says("100 % of the line");
    let now =
        "return place.querySelector('svg.fig[aria-label^=After]').getAttribute('aria-label');";
    let before = play.run(now);
    play.button("Step");
    assert!(play.run(now) != before);
    // What runs is not read aloud at every frame, but now and then, and in the end.
    play.run(
        "const voice = document.querySelector('[role=status]'); \
         window.begun = performance.now(); window.said = []; \
         new MutationObserver(() => { if (voice.textContent) said.push(voice.textContent); }) \
         .observe(voice, { childList: true });",
    );
    play.button("Run");
    play.run("return new Promise(done => setTimeout(done, 1500));");
    play.button("Stop");
    let often = play.run("return said.length > 1 + (performance.now() - begun) / 2000;");
    assert_eq!(often, false, "{}", play.run("return said;"));
    play.run(
        "return new Promise(done => { const look = () => { \
         if (said.some(words => words.startsWith('After'))) done(0); \
         else setTimeout(look, 20); }; look(); });",
    );
}

fn swarm(play: &mut Player<'_>) {
    for _ in 0..3 {
        play.button("Step");
    }
    play.says("After 3 s");
    play.button("seeder");
    assert!(play.text(".details").contains("gives to"));
    play.button("seeder leaves");
    play.says("Nobody will ever have everything");
    play.input("leechers");
    play.press("ArrowRight");
    play.button("Begin anew");
    play.says("After 0 s");
}

fn end_game(play: &mut Player<'_>) {
    play.says("no blocks come in vain");
    play.input("near the end");
    play.press("ArrowDown");
    let said = play.status();
    assert!(!said.contains("no blocks"), "{said}");
}

fn choking(play: &mut Player<'_>) {
    for round in 1..=16 {
        play.says(&format!("Round {round} of 16"));
        if round == 1 {
            play.focus("place.querySelector('fieldset input')");
            play.press("Space");
        }
        play.button("Give these");
    }
    play.says("The game is over");
    play.button("Let the real choker");
    let line = play.text(".panel div .status");
    assert!(line.starts_with("The choker got"), "{line}");
}

fn lanes(play: &mut Player<'_>) {
    play.button("Step");
    play.says("After 1 round, ");
    play.input("rounds done");
    play.press("ArrowRight");
    play.says("After 2 rounds, ");
    play.run("const slider = document.activeElement; slider.value = 80; slider.dispatchEvent(new Event('input'));");
    play.says("Each digest is the one that its message has alone");
}

fn crash(play: &mut Player<'_>) {
    for _ in 0..5 {
        play.button("One call more");
    }
    play.says("There is no note");
    play.focus("place.querySelector('fieldset input')");
    play.press("Space");
    let table = play.text("table");
    assert!(table.contains("no such file"), "{table}");
}

type Play = fn(&mut Player<'_>);

const PLAYS: [(&str, Play); 7] = [
    ("bencode", bencode),
    ("window", window),
    ("swarm", swarm),
    ("end_game", end_game),
    ("choking", choking),
    ("lanes", lanes),
    ("crash", crash),
];

#[test]
fn figures_are_played_with_keys_on_a_desk_and_on_a_phone() {
    let Some((built, mut browser)) = book() else {
        return;
    };
    let mut played = Vec::new();
    for page in pages(built.path()) {
        for screen in [DESK, PHONE] {
            browser.screen(screen);
            browser.open(&page);
            let here: Vec<String> = serde_json::from_value(browser.run(
                "[...document.querySelectorAll('.explorable')].map(place => place.dataset.play)",
            ))
            .unwrap();
            for kind in here {
                let (kind, play) = PLAYS
                    .into_iter()
                    .find(|(known, _)| *known == kind)
                    .unwrap_or_else(|| panic!("nobody plays {kind}"));
                let mut player = Player {
                    browser: &mut browser,
                    kind,
                };
                player.open();
                play(&mut player);
                played.push(kind);
            }
            let place = if screen.phone { "phone" } else { "desk" };
            let name = page.file_stem().unwrap().to_string_lossy().into_owned();
            check_looks(&mut browser, &format!("{name}-play-{place}"));
            // No arrow has turned the page.
            let still = browser.run("decodeURI(location.pathname)");
            assert_eq!(still.as_str().map(Path::new), Some(&*page));
        }
    }
    for (kind, _) in PLAYS {
        assert!(played.contains(&kind), "{kind} is on no page");
    }
}

/// In a light and in a dark theme: nothing is too wide, no word too small, and all is well when it is read aloud.
fn check_looks(browser: &mut Browser, name: &str) {
    for theme in ["light", "navy"] {
        browser.run(&format!(
            "document.getElementById('mdbook-theme-{theme}').click(); \
             new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"
        ));
        let mut found: Vec<String> = serde_json::from_value(browser.run(LOOK)).unwrap();
        let heard: Vec<String> = serde_json::from_value(browser.run(HEARD)).unwrap();
        found.extend(heard);
        found.extend(browser.complaints());
        assert_eq!(found, [] as [String; 0], "{name} {theme}");
        if let Some(folder) = env::var_os("KOSTORRENT_PICTURES").map(PathBuf::from) {
            fs::create_dir_all(&folder).unwrap();
            fs::write(
                folder.join(format!("{name}-{theme}.png")),
                browser.picture(),
            )
            .unwrap();
        }
    }
}

/// How many figures are on the page, and how many of these are seen: still ones, buttons to play, hints.
const SEEN: &str = "(() => { const seen = what => [...document.querySelectorAll(`.explorable ${what}`)] \
                    .filter(one => one.getBoundingClientRect().height > 0).length; \
                    return [document.querySelectorAll('.explorable').length, seen('> :is(svg.fig, pre)'), \
                    seen('button.open'), seen('.try')]; })()";

#[test]
fn without_scripts_and_in_print_the_still_figure_stands_alone() {
    let Some((built, mut browser)) = book() else {
        return;
    };
    for page in pages(built.path()) {
        let mut seen = |scripts: bool, printed: bool| -> [usize; 4] {
            browser.scripts(scripts);
            browser.print(printed);
            browser.open(&page);
            serde_json::from_value(browser.run(SEEN)).unwrap()
        };
        let name = page.display();
        let [all, ..] = seen(true, false);
        assert!(all > 0, "{name}");
        assert_eq!(seen(true, false), [all; 4], "{name}");
        assert_eq!(seen(false, false), [all, all, 0, 0], "{name}, no scripts");
        assert_eq!(seen(true, true), [all, all, 0, 0], "{name}, printed");
    }
}
