//! The same swarm with pieces in different orders, over many seeds.
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example orders [SEEDS]
//! ```

use std::time::Instant;
#[path = "common/orders.rs"]
mod orders;
use orders::{IDEAL, LEECHERS, PIECES, RULES, Swarm};

fn main() {
    let seeds = std::env::args().nth(1).map_or(20, |arg| arg.parse().expect("a number"));
    println!("{LEECHERS} begin at once, {PIECES} pieces, one seeder; {seeds} seeds, ideal {IDEAL} s\n");
    println!("order                      all done after           the seeder leaves when it has sent");
    println!("                           s, mean (best, worst)    1.1 times, 1.5 times, 2 times all");
    for rule in RULES {
        let begun = Instant::now();
        let mut took: Vec<f64> = (0..seeds).map(|seed| Swarm::new(rule, seed).to_the_end()).collect();
        took.sort_by(f64::total_cmp);
        let mean = took.iter().sum::<f64>() / seeds as f64;
        let lives = |sent| (0..seeds).filter(|&seed| Swarm::new(rule, seed).without_seeder(sent) == PIECES).count();
        println!("{:<25} {mean:>6.1} ({:.1}, {:.1})       {:?} {:?}", rule.0, took[0], took[took.len() - 1],
        [1.1, 1.5, 2.0].map(lives), begun.elapsed());
    }
}
