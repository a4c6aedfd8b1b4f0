//! A piece and the note about it: what every power cut leaves, and how long until a piece is vouched for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use layout::{Kind, Layout};
use metainfo::InfoHash;
use resume::{About, Counters, Ledger};

// The orders of the chapter's own example, and its disk.
#[path = "../../../steps/step14-pause-resume/examples/common/notes.rs"]
#[allow(missing_docs, dead_code)]
mod orders;

use orders::{Do, Moment, ORDERS};

use super::Figure;
use super::svg::{Svg, Width};

/// The letter of a step, and how many calls it makes.
fn letter(step: Do) -> (&'static str, usize) {
    match step {
        Do::Piece => ("P", 1),
        Do::SyncFile => ("p", 1),
        Do::SyncFolder => ("f", 1),
        Do::Over | Do::Beside => ("N", 2),
        Do::SyncNew | Do::SyncNote => ("n", 1),
        Do::Rename => ("R", 1),
        Do::SyncState => ("r", 1),
    }
}

/// The steps of two pieces, each with what power cuts during it may leave.
fn steps(order: &[Do]) -> Vec<(&'static str, Moment)> {
    let moments = orders::cuts(|disk| orders::download(disk, order));
    // Before the first call, the one that makes the file, there is nothing to be lost.
    let mut at = 1;
    let mut steps = Vec::new();
    for step in order.iter().chain(order) {
        let (letter, calls) = letter(*step);
        steps.push((letter, orders::sum(&moments[at..at + calls])));
        at += calls;
    }
    steps.push(("end", orders::sum(&moments[at..])));
    steps
}

pub(super) fn moments() -> Figure {
    let mut svg = Svg::new(
        "14-moments",
        "Six orders of steps, each for two pieces, and what a power cut during each step may leave. Writing over the old \
         note, and both orders that rename a note before it is synced, may leave a lie or a torn note nearly everywhere. \
         A note that is synced before it is renamed is never torn, but lies. With the piece synced first it still lies, \
         when the name of the file is lost. With the folders synced as well, every step is safe.",
        Width::Narrow,
    );
    let mut y = 4.0;
    for (name, order) in ORDERS {
        y += 18.0;
        svg.text("bold", 2.0, y, name);
        y += 8.0;
        for (i, (letter, moment)) in steps(order).into_iter().enumerate() {
            let x = 2.0 + 31.5 * i as f64;
            let (class, mark) = match moment {
                Moment { lies: 1.., .. } => ("d solid", "✗"),
                Moment { torn: 1.., .. } => ("b solid", "½"),
                _ => ("c", "✓"),
            };
            let on = if class == "c" { "mid" } else { "mid on" };
            svg.text("mono small mid", x + 14.5, y + 13.0, letter);
            svg.rect(class, x, y + 18.0, 29.0, 26.0);
            svg.text(on, x + 14.5, y + 37.0, mark);
        }
        y += 54.0;
    }
    for (class, mark, x, words) in [
        ("c", "✓", 2.0, "all it says is there"),
        ("b solid", "½", 186.0, "torn, at worst"),
        ("d solid", "✗", 334.0, "may lie"),
    ] {
        let on = if class == "c" { "mid" } else { "mid on" };
        svg.rect(class, x, y + 6.0, 29.0, 26.0);
        svg.text(on, x + 14.5, y + 25.0, mark);
        svg.text("small", x + 36.0, y + 25.0, words);
    }
    y += 54.0;
    svg.text(
        "small",
        2.0,
        y,
        "P write the piece · p sync its file · f sync its folder",
    );
    y += 20.0;
    svg.text(
        "small",
        2.0,
        y,
        "N write the note · n sync it · R rename it · r sync its folder",
    );
    svg.finish(y + 10.0)
}

/// The download of the second figure: a piece each second and a half, a sync that takes so long.
const EVERY: Duration = Duration::from_millis(1_500);
const SYNCING: Duration = Duration::from_millis(1_500);
/// How long it is looked at.
const END: Duration = Duration::from_secs(24);

/// When a piece was written, when a sync of it began and ended, and when a save said so; in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    written: f64,
    begun: Option<f64>,
    synced: Option<f64>,
    said: Option<f64>,
}

/// Drives the real ledger.
fn lives() -> Vec<Times> {
    let kind = Kind::Regular { executable: false };
    let layout = Layout::new([(PathBuf::from("a"), 15 * 16_384, kind)], 16_384);
    let layout = Arc::new(layout.expect("a small torrent"));
    let mut ledger = Ledger::new(layout);
    ledger.all_is_read();
    let about = || About {
        info_hash: InfoHash([0; 20]),
        folder: Vec::new(),
        choice: None,
        counters: Counters::default(),
        saved: 0,
    };
    let mut lives: Vec<Times> = Vec::new();
    let (mut now, mut syncing) = (Duration::ZERO, None);
    while now <= END {
        let seconds = now.as_secs_f64();
        if now >= EVERY * (lives.len() as u32 + 1) && lives.len() < 15 {
            ledger.written(lives.len() as u32, now);
            lives.push(Times {
                written: seconds,
                ..Times::default()
            });
        }
        if syncing.is_none()
            && ledger.sync_due().is_some_and(|due| due <= now)
            && let Some(batch) = ledger.begin_batch()
        {
            for piece in batch.pieces {
                lives[piece as usize].begun = Some(seconds);
            }
            syncing = Some(now + SYNCING);
        }
        if syncing.is_some_and(|end| end <= now) {
            syncing = None;
            ledger.batch_done([], now);
            for (piece, times) in lives.iter_mut().enumerate() {
                if ledger.vouched().get(piece as u32) && times.synced.is_none() {
                    times.synced = Some(seconds);
                }
            }
        }
        if ledger.save_due().is_some_and(|due| due <= now)
            && let Some(resume) = ledger.begin_save(about(), false, now)
        {
            ledger.saved();
            for piece in resume.pieces.iter_ones() {
                lives[piece as usize].said.get_or_insert(seconds);
            }
        }
        now += Duration::from_millis(100);
    }
    lives
}

pub(super) fn ledger() -> Figure {
    let lives = lives();
    let cut = 18.0;
    let said = lives
        .iter()
        .filter(|times| times.said.is_some_and(|at| at <= cut));
    let written = lives.iter().filter(|times| times.written <= cut);
    let (said, written) = (said.count(), written.count());
    let title = format!(
        "Fifteen pieces, one written every one and a half seconds. Each waits for a sync, which begins five seconds after \
         the first of those that wait and takes one and a half; then it is durable; at the next save, every ten seconds, \
         the resume file says so. If the power fails after {cut} seconds, {written} pieces were written and the file \
         vouches for {said}."
    );
    let mut svg = Svg::new("14-ledger", &title, Width::Narrow);
    let x = |at: f64| 34.0 + at * 18.0;
    let (top, row) = (26.0, 17.0);
    let bottom = top + row * lives.len() as f64;
    for second in (0..=24).step_by(6) {
        let at = x(f64::from(second));
        svg.line("grid", (at, top - 4.0), (at, bottom));
        svg.text("small mid", at, bottom + 18.0, &second.to_string());
    }
    svg.text("small end", 478.0, bottom + 38.0, "seconds");
    svg.text("small", 2.0, 15.0, "piece");
    let end = END.as_secs_f64();
    for (piece, times) in lives.iter().enumerate() {
        let y = top + row * piece as f64;
        svg.text("mono small end", 26.0, y + 13.0, &piece.to_string());
        let begun = times.begun.unwrap_or(end);
        let synced = times.synced.unwrap_or(end);
        let said = times.said.unwrap_or(end);
        for (class, from, to) in [
            ("b", times.written, begun),
            ("a", begun, synced),
            ("c", synced, said),
            ("c solid", said, end),
        ] {
            if to > from {
                svg.rect(class, x(from), y + 1.0, x(to) - x(from), row - 3.0);
            }
        }
    }
    svg.line("d", (x(cut), top - 6.0), (x(cut), bottom + 2.0));
    svg.text("small d mid", x(cut), top - 11.0, "the power fails");
    let mut y = bottom + 62.0;
    for (class, words) in [
        ("b", "written: in the page cache"),
        ("a", "being synced"),
        ("c", "durable, and nothing says so yet"),
        ("c solid", "the resume file vouches for it"),
    ] {
        svg.rect(class, 34.0, y - 13.0, 30.0, 15.0);
        svg.text("small", 74.0, y, words);
        y += 21.0;
    }
    svg.finish(y - 8.0)
}
