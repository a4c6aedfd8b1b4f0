//! What the real choker decides: in the game of the chapter, and as a seeder; and what it brings.

// The players of the chapter's own example.
#[path = "../../../steps/step16-seeding/examples/common/game.rs"]
#[allow(missing_docs, unreachable_pub, dead_code)]
mod game;

use std::fs;

use choker::Reason;
use game::{PLAYERS, Stand, play};

use super::Figure;
use super::chart::{self, Axis, Series};
use super::svg::{Svg, Width};
use crate::programs;

const LEFT: f64 = 60.0;
const TOP: f64 = 44.0;
const CELL: f64 = 35.0;
const HIGH: f64 = 40.0;

/// The chances of the example.
const SEED: u64 = 92;

/// A row for each player, a column for each round, and what stands in each cell.
fn grid(svg: &mut Svg, game: &[Vec<Option<Stand>>], cell: impl Fn(&mut Svg, &Stand, f64, f64)) {
    for round in (0..game.len()).filter(|round| round % 2 == 0) {
        let x = LEFT + CELL * (round as f64 + 0.5) - 1.0;
        svg.text("small mid", x, TOP - 8.0, &(round + 1).to_string());
    }
    svg.text("small", 2.0, TOP - 8.0, "round");
    for (row, player) in PLAYERS.iter().enumerate() {
        let y = TOP + HIGH * row as f64;
        svg.text("bold", 2.0, y + 24.0, player.name);
        for (round, stands) in game.iter().enumerate() {
            if let Some(stand) = &stands[row] {
                cell(svg, stand, LEFT + CELL * round as f64, y);
            }
        }
    }
}

fn key(svg: &mut Svg, y: f64, entries: &[(&str, &str)]) -> f64 {
    let mut y = y;
    for (class, text) in entries {
        svg.rect(class, LEFT, y, 22.0, 18.0);
        svg.text("small", LEFT + 34.0, y + 14.0, text);
        y += 25.0;
    }
    y
}

/// The game of twelve rounds.
pub(super) fn trade() -> Figure {
    let mut svg = Svg::new(
        "16-game",
        "Twelve rounds with five others, and three slots in each: two for those who gave most, one optimistic. Ada, Ben \
         and Carl give 40, 30 and 20 KiB a second when they are served; Dora gives nothing; Emil, who gives 50, comes in \
         round 5. The two regular slots go to the best two that have been found by then; Dora is served when the \
         optimistic slot comes to her. Ada gives nothing from round 10 on, and has no slot any more.",
        Width::Narrow,
    );
    grid(&mut svg, &play(12, 3, false, SEED), |svg, stand, x, y| {
        let class = match (stand.unchoked, stand.reason) {
            (true, Reason::Optimistic { .. }) => "b",
            (true, _) => "a",
            (false, _) => "box",
        };
        svg.rect(class, x, y, CELL - 3.0, HIGH - 5.0);
        let rate = (stand.rate / 1024).to_string();
        svg.text("small mid", x + CELL / 2.0 - 1.5, y + 23.0, &rate);
    });
    let below = TOP + HIGH * PLAYERS.len() as f64 + 10.0;
    let end = key(
        &mut svg,
        below,
        &[
            ("a", "a slot, for those who gave most"),
            ("b", "the optimistic slot"),
            ("box", "choked"),
        ],
    );
    svg.text(
        "small",
        LEFT,
        end + 14.0,
        "the number: KiB a second it gave us just before",
    );
    svg.finish(end + 24.0)
}

/// The same five at a seeder, which has two slots.
pub(super) fn turns() -> Figure {
    let mut svg = Svg::new(
        "16-turns",
        "The same five at a seeder with two slots, for twelve rounds. Each is served until it has a piece, which takes Ada, \
         Ben and Emil one round and Dora two; Carl, who is slow, has to go after three. Then it is the turn of whoever \
         has waited longest. Emil, who comes in round 5, waits like everybody.",
        Width::Narrow,
    );
    grid(&mut svg, &play(12, 2, true, SEED), |svg, stand, x, y| {
        let class = if stand.unchoked { "c" } else { "box" };
        svg.rect(class, x, y, CELL - 3.0, HIGH - 5.0);
    });
    let below = TOP + HIGH * PLAYERS.len() as f64 + 10.0;
    let end = key(&mut svg, below, &[("c", "its turn"), ("box", "waits")]);
    svg.finish(end)
}

/// What the simulation says: the rows of the chapter's transcript.
fn rows() -> Vec<[f64; 5]> {
    let path = programs::root().join("book/src/transcripts/16-free-riders.txt");
    let text = fs::read_to_string(path).unwrap_or_default();
    let numbers = |line: &str| -> Option<[f64; 5]> {
        let words = line.split_whitespace().filter_map(|word| word.parse().ok());
        let all: Vec<f64> = words.collect();
        // How many of how many, and four times.
        match all[..] {
            [riders, _, a, b, c, d] => Some([riders, a, b, c, d]),
            _ => None,
        }
    };
    text.lines().filter_map(numbers).collect()
}

/// How long it takes those who give and those who do not.
pub(super) fn free_riders() -> Figure {
    let series = |label: &str, class, column: usize| Series {
        label: label.to_owned(),
        class,
        points: rows().iter().map(|row| (row[0], row[column])).collect(),
    };
    chart::lines(
        "16-free-riders",
        "Seconds until a download is complete, against the number of 16 that give nothing. When everybody is served, those \
         who give nothing are ready a little before the others, and all later the more of them there are. With tit for \
         tat those who give nothing need as long as that, and those who give are ready much sooner.",
        &Axis {
            label: "of 16 give nothing",
            most: 8.0,
            step: 2.0,
        },
        &Axis {
            label: "seconds",
            most: 250.0,
            step: 50.0,
        },
        &[
            series("riders, tit for tat", "b", 4),
            series("riders, everybody is served", "b dash", 2),
            series("givers, everybody is served", "a dash", 1),
            series("givers, tit for tat", "a", 3),
        ],
    )
}
