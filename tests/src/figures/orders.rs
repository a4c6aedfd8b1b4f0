//! Whole swarms in the simulation that differ in the order in which pieces are asked for.

// The swarms of the simulation's own example.
#[path = "../../../kostorrent/sim/examples/common/orders.rs"]
#[allow(missing_docs, dead_code)]
mod swarms;

use std::sync::OnceLock;

use swarms::{IDEAL, PIECES, RULES, Story, Swarm};

use super::Figure;
use super::chart::{self, Axis, Series};
use super::svg::{Svg, Width};

/// Swarms with each order.
const SEEDS: u64 = 8;

/// How long we look, in seconds.
const SECONDS: usize = 60;

const CLASSES: [&str; 4] = ["b", "d", "a", "c"];

/// Every swarm, run once.
fn stories() -> &'static [Vec<Story>; 4] {
    static STORIES: OnceLock<[Vec<Story>; 4]> = OnceLock::new();
    STORIES.get_or_init(|| {
        RULES.map(|rule| {
            (0..SEEDS)
                .map(|seed| Swarm::new(rule, seed).run())
                .collect()
        })
    })
}

pub(super) fn out() -> Figure {
    let rules = RULES.iter().zip(CLASSES).zip(stories());
    let lines = rules.map(|((rule, class), stories)| Series {
        label: rule.0.to_owned(),
        class,
        points: (0..=SECONDS)
            .map(|second| (second as f64, mean_out(stories, second)))
            .collect(),
    });
    let sent = Series {
        label: "nobody could be faster".to_owned(),
        class: "dash",
        points: vec![(0.0, 0.0), (IDEAL as f64, f64::from(PIECES))],
    };
    let lines: Vec<Series> = [sent].into_iter().chain(lines).collect();
    chart::lines(
        "11-orders",
        "How many of 64 pieces somebody has besides the seeder, over sixty seconds. The seeder's line sends one copy of all in \
         16 seconds. With rarest first, shared out, all pieces are out after some 18 seconds; with rarest first after some 22; by \
         chance after some 27; in sequential order 29 pieces are out after a minute.",
        &Axis {
            label: "seconds",
            most: SECONDS as f64,
            step: 10.0,
        },
        &Axis {
            label: "pieces that are out",
            most: f64::from(PIECES),
            step: 16.0,
        },
        &lines,
    )
}

/// How many pieces were out after so many seconds, on average.
fn mean_out(stories: &[Story], second: usize) -> f64 {
    let out = stories
        .iter()
        .map(|story| story.out.get(10 * second).copied().unwrap_or(PIECES));
    f64::from(out.sum::<u32>()) / stories.len() as f64
}

const LEFT: f64 = 20.0;
const COPY: f64 = 50.0;
const ROW: f64 = 58.0;
const MOST: u32 = 9;

pub(super) fn leaves() -> Figure {
    let mut svg = Svg::new(
        "11-leaves",
        "How many copies of the torrent the seeder must send until it may leave; a dot for each of eight swarms. In sequential \
         order eight, by chance between 1.5 and 2, with rarest first about one and a half, and with rarest first, shared out, \
         hardly more than one.",
        Width::Narrow,
    );
    let bottom = 14.0 + ROW * RULES.len() as f64;
    for copies in 0..=MOST {
        let x = LEFT + COPY * f64::from(copies);
        svg.line("grid", (x, 10.0), (x, bottom));
        svg.text("small mid", x, bottom + 18.0, &copies.to_string());
    }
    for (number, (rule, stories)) in RULES.iter().zip(stories()).enumerate() {
        let y = 26.0 + ROW * number as f64;
        svg.text("small", LEFT + 4.0, y, rule.0);
        for story in stories {
            let x = LEFT + COPY * story.sent;
            let class = CLASSES[number];
            svg.rect(class, x - 4.0, y + 8.0, 8.0, 18.0);
        }
    }
    svg.text(
        "small end",
        478.0,
        bottom + 40.0,
        "copies that the seeder has sent",
    );
    svg.finish(bottom + 48.0)
}
