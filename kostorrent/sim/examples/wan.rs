//! The scenarios of the wide area, over several seeds:
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example wan [SEEDS [NAME...]]
//! ```
//!
//! All are medians, with the least and the most of the times. `tcp` are the same lines without engines: one
//! connection from each seeder, all from the beginning, until as many bytes have come as the torrent has.
//! `received` are all bytes of all packets that came to the client; in `wan-flash` the mean of all, and the
//! time is that of the last. `traded` is what has come to all from peers who lacked something themselves,
//! in KB/s; in `wan-busy` that is what the client has uploaded, without what was still in its kernel.

use std::time::Duration;

use sim::scenario::{Scenario, Story};

fn main() {
    let mut args = std::env::args().skip(1);
    let seeds = args.next().map_or(5, |arg| arg.parse().expect("a number"));
    let names: Vec<String> = args.collect();
    println!(
        "| scenario | ideal s | tcp s | s (least–most) | × tcp | × ideal | received × payload | \
         first seeder's upload × payload | traded KB/s |\n|---|---|---|---|---|---|---|---|---|"
    );
    let chosen = Scenario::wide().into_iter();
    for scenario in chosen.filter(|one| names.is_empty() || names.contains(&one.name)) {
        let stories: Vec<Story> = (0..seeds).map(|seed| scenario.run(seed)).collect();
        let bare = |seed| scenario.bare(seed).expect("it comes").as_secs_f64();
        let tcp = median((0..seeds).map(bare));
        let most = stories.iter().map(seconds).fold(0.0, f64::max);
        let least = stories.iter().map(seconds).fold(f64::INFINITY, f64::min);
        let ideal = (stories[0].ideal - joined(&stories[0])).as_secs_f64();
        let size = scenario.size as f64;
        let middle = median(stories.iter().map(seconds));
        let (tcp, times) = match scenario.name.as_str() {
            "wan-flash" => (String::new(), String::new()),
            _ => (format!("{tcp:.2}"), format!("{:.3}", middle / tcp)),
        };
        println!(
            "| {} | {ideal:.1} | {tcp} | {middle:.2} ({least:.2}–{most:.2}) | {times} | {:.2} | {:.3} | {:.2} | {:.0} |",
            scenario.name,
            middle / ideal,
            median(stories.iter().map(|story| story.packets_for_a_byte())),
            median(
                stories
                    .iter()
                    .map(|story| story.peers[0].sent as f64 / size)
            ),
            median(
                stories
                    .iter()
                    .map(|story| traded(story) / seconds(story) / 1e3)
            ),
        );
    }
}

/// When the first of those comes whose time counts.
fn joined(story: &Story) -> Duration {
    let first = story.takers().map(|peer| peer.joined).min();
    first.expect("somebody takes")
}

fn seconds(story: &Story) -> f64 {
    story.longest().expect("all are done").as_secs_f64()
}

fn traded(story: &Story) -> f64 {
    story.peers.iter().map(|peer| peer.traded as f64).sum()
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.collect();
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
