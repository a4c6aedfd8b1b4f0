//! Whole swarms in the simulation that differ in the order in which pieces are asked for.

// The swarms of the simulation's own example.
#[path = "../../../kostorrent/sim/examples/common/orders.rs"]
#[allow(missing_docs, dead_code)]
mod orders;

use orders::{IDEAL, PIECES, RULES, Swarm};

use super::Figure;
use super::chart::{self, Axis, Series};

/// Swarms that are averaged, and swarms whose seeder goes.
const SEEDS: u64 = 8;
const LEAVING_SEEDS: u64 = 12;

/// How long we look, in seconds.
const SECONDS: u64 = 60;

const CLASSES: [&str; 4] = ["b", "d", "a", "c"];

pub(super) fn out() -> Figure {
    let mut series: Vec<Series> = RULES
        .iter()
        .zip(CLASSES)
        .map(|(&rule, class)| Series {
            label: rule.0.to_owned(),
            class,
            points: mean(rule),
        })
        .collect();
    series.push(Series {
        label: "all that the seeder has sent".to_owned(),
        class: "dash",
        points: vec![(0.0, 0.0), (IDEAL as f64, f64::from(PIECES))],
    });
    series.reverse();
    chart::lines(
        "11-orders",
        "",
        &Axis { label: "seconds", most: SECONDS as f64, step: 10.0 },
        &Axis { label: "pieces that somebody has besides the seeder", most: f64::from(PIECES), step: 16.0 },
        &series,
    )
}

/// How many pieces are out after each second, on average.
fn mean(rule: (&str, picker::Order, bool)) -> Vec<(f64, f64)> {
    let mut sums = vec![0; SECONDS as usize + 1];
    for seed in 0..SEEDS {
        let out = Swarm::new(rule, seed).out_by_second(SECONDS);
        sums.iter_mut().zip(out).for_each(|(sum, out)| *sum += out);
    }
    let mean = |sum: u32| f64::from(sum) / SEEDS as f64;
    (0..).map(f64::from).zip(sums.into_iter().map(mean)).collect()
}

pub(super) fn leaves() -> Figure {
    let series = RULES.iter().zip(CLASSES).map(|(&rule, class)| Series {
        label: rule.0.to_owned(),
        class,
        points: (0..=8).map(|step| {
            let sent = 1.0 + f64::from(step) / 4.0;
            let lives = (0..LEAVING_SEEDS).filter(|&seed| Swarm::new(rule, seed).without_seeder(sent) == PIECES);
            (sent, 100.0 * lives.count() as f64 / LEAVING_SEEDS as f64)
        }).collect(),
    });
    let series: Vec<Series> = series.collect();
    chart::lines(
        "11-leaves",
        "",
        &Axis { label: "the seeder has sent so many times the torrent", most: 3.0, step: 0.5 },
        &Axis { label: "per cent of the swarms that live", most: 100.0, step: 25.0 },
        &series,
    )
}
