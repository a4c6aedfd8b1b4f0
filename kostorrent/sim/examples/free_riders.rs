//! What it costs to give nothing, with the choker and without, over many seeds:
//!
//! ```text
//! cargo run -p kostorrent-sim --example free_riders [SEEDS]
//! ```
//!
//! A seeder, and 16 that fetch, some of whom give nothing.

use std::time::Duration;

use sim::Line;
use sim::scenario::{Group, Role, Scenario};

/// How many fetch.
const FETCH: u32 = 16;

/// A swarm in which so many give nothing, and all others serve so many at a time.
fn swarm(riders: u32, slots: usize) -> Scenario {
    let line = |up: u64| Line {
        latency: Duration::from_millis(20),
        up: Some(up * 1024),
        down: Some(4 << 20),
        ..Line::default()
    };
    let group = |name, role, count, up| Group {
        line: line(up),
        slots,
        ..Group::new(name, role, count)
    };
    Scenario {
        name: "free-riders".to_owned(),
        about: String::new(),
        size: 16 << 20,
        piece_length: 128 * 1024,
        until: Duration::from_secs(3_600),
        groups: vec![
            group("seeder", Role::Seeder, 1, 256),
            group("giver", Role::Leecher, FETCH - riders, 128),
            Group {
                free_rides: true,
                ..group("rider", Role::Leecher, riders, 128)
            },
        ],
    }
}

/// How long those with this name took, in the mean over these seeds, in seconds.
fn mean(stories: &[sim::scenario::Story], name: &str) -> f64 {
    let peers = stories.iter().flat_map(|story| &story.peers);
    let took: Vec<f64> = peers
        .filter(|peer| peer.name.starts_with(name))
        .map(|peer| peer.finished.expect("all are done").as_secs_f64())
        .collect();
    took.iter().sum::<f64>() / took.len() as f64
}

fn main() {
    let seeds = std::env::args()
        .nth(1)
        .map_or(10, |arg| arg.parse().expect("a number"));
    println!("              everybody is served      tit for tat");
    println!("give nothing   givers    riders     givers    riders");
    for riders in [1, 2, 4, 6, 8] {
        let [(g, r), (tg, tr)] = [usize::MAX, 4].map(|slots| {
            let scenario = swarm(riders, slots);
            let stories: Vec<_> = (0..seeds).map(|seed| scenario.run(seed)).collect();
            (mean(&stories, "giver"), mean(&stories, "rider"))
        });
        println!("{riders:>3} of {FETCH}   {g:>8.0} s{r:>8.0} s{tg:>9.0} s{tr:>8.0} s");
    }
}
