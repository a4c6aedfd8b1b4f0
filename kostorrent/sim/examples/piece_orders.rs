//! The same swarm with pieces in different orders, over many seeds.
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example piece_orders [SEEDS]
//! ```

#[allow(dead_code)]
#[path = "common/orders.rs"]
mod orders;
use orders::{IDEAL, LEECHERS, PIECES, RULES, Story, Swarm};

fn main() {
    let seeds = std::env::args()
        .nth(1)
        .map_or(20, |arg| arg.parse().expect("a number"));
    println!(
        "One seeder, {LEECHERS} leechers at once, {PIECES} pieces. Mean of {seeds} swarms, best and worst.\n\
         Nobody could be done before {IDEAL} s.\n"
    );
    println!(
        "                            all are done after           the seeder had sent, when each"
    );
    println!(
        "                                                         piece was out, so many copies"
    );
    for rule in RULES {
        let stories: Vec<Story> = (0..seeds)
            .map(|seed| Swarm::new(rule, seed).run())
            .collect();
        let took = summary(stories.iter().map(|story| story.took));
        let sent = summary(stories.iter().map(|story| story.sent));
        println!(
            "{:<26}{:>6.1} s ({:>5.1} to {:>5.1})       {:>5.2} ({:.2} to {:.2})",
            rule.0, took[0], took[1], took[2], sent[0], sent[1], sent[2]
        );
    }
}

/// The mean, the least and the most.
fn summary(numbers: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut all: Vec<f64> = numbers.collect();
    all.sort_by(f64::total_cmp);
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    [mean, all[0], all[all.len() - 1]]
}
