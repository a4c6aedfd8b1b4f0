//! What a seeder that super-seeds (BEP 16) saves a crowd, and what it costs a peer that is alone with it:
//!
//! ```text
//! cargo run -p kostorrent-sim --example super_seeding [SEEDS]
//! ```
//!
//! The seeder's line is no faster than any other, so that all wait for its first copy of everything.

use std::time::Duration;

use sim::Line;
use sim::scenario::{Group, Role, Scenario, Story};

/// So many that come at once. A line has this delay, in milliseconds, and from one peer to another there are two lines.
fn swarm(leechers: u32, latency: u64, super_seeds: bool) -> Scenario {
    let group = |name, role, count| Group {
        line: Line {
            latency: Duration::from_millis(latency),
            up: Some(2_000_000),
            down: Some(10_000_000),
            ..Line::default()
        },
        ..Group::new(name, role, count)
    };
    Scenario {
        name: "super-seeding".to_owned(),
        about: String::new(),
        size: 48 << 20,
        piece_length: 256 << 10,
        until: Duration::from_secs(3_600),
        groups: vec![
            Group {
                super_seeds,
                ..group("seeder", Role::Seeder, 1)
            },
            group("leecher", Role::Leecher, leechers),
        ],
    }
}

/// The mean of a number.
fn mean(stories: &[Story], number: impl Fn(&Story) -> f64) -> f64 {
    stories.iter().map(number).sum::<f64>() / stories.len() as f64
}

/// How many times the ideal it took until all were done.
fn took(story: &Story) -> f64 {
    story.took().expect("all are done").as_secs_f64() / story.ideal.as_secs_f64()
}

/// How many copies of the torrent the seeder has sent.
fn sent(story: &Story) -> f64 {
    story.peers[0].sent as f64 / story.size as f64
}

fn main() {
    let seeds = std::env::args()
        .nth(1)
        .map_or(5, |arg| arg.parse().expect("a number"));
    println!("                       all are done, in times     copies that the");
    println!("                       of the shortest possible   seeder has sent");
    println!("                           without   with          without   with");
    for (name, leechers, latency) in [
        ("eight peers", 8, 15),
        ("one peer, 30 ms away", 1, 15),
        ("one peer, 250 ms away", 1, 125),
    ] {
        let [without, with] = [false, true].map(|super_seeds| {
            let scenario = swarm(leechers, latency, super_seeds);
            (0..seeds)
                .map(|seed| scenario.run(seed))
                .collect::<Vec<_>>()
        });
        println!(
            "{name:<24}{:>10.2}{:>7.2}{:>17.2}{:>7.2}",
            mean(&without, took),
            mean(&with, took),
            mean(&without, sent),
            mean(&with, sent),
        );
    }
}
