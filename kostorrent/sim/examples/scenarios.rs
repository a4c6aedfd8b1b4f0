//! Runs scenarios by name, or all of them, with one seed or several, and says how each went:
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example scenarios [NAME|all [SEEDS]]
//! ```

use std::time::Instant;

use sim::scenario::Scenario;

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "all".to_owned());
    let seeds = args.next().map_or(1, |arg| arg.parse().expect("a number"));
    let chosen = Scenario::all().into_iter();
    for scenario in chosen.filter(|scenario| name == "all" || scenario.name == name) {
        for seed in 0..seeds {
            let begun = Instant::now();
            let story = scenario.run(seed);
            let took = story.took().map(|took| took.as_secs_f64());
            let ratio = took.map(|took| took / story.ideal.as_secs_f64());
            let banned: usize = story.peers.iter().map(|peer| peer.banned_by.len()).sum();
            let most_open = story.peers.iter().map(|peer| peer.most_open).max();
            println!(
                "{:<11} seed {seed}: ideal {:.1} s, took {took:.1?} s, {ratio:.2?} x; {:.2} x sent, \
                 {banned} bans, {most_open:?} pieces open, good: {}; {:.1?}",
                story.scenario,
                story.ideal.as_secs_f64(),
                story.sent() as f64 / story.size as f64,
                story.is_good(),
                begun.elapsed(),
            );
        }
    }
}
