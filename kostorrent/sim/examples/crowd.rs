//! One seeder and a crowd that comes at once: how often the seeder has to send everything.
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example crowd [SEEDS [LEECHERS [MIB]]]
//! ```

use std::time::Duration;

use sim::scenario::{Group, Role, Scenario};
use sim::{Disk, Line};

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |usual| args.next().map_or(usual, |arg| arg.expect("a number"));
    let (seeds, leechers, mib) = (next(10), next(8), next(48));
    let line = Line {
        latency: Duration::from_millis(15),
        up: Some(1_930_000),
        down: Some(9_650_000),
        ..Line::default()
    };
    let group = |name: &str, role, count| Group {
        line,
        disk: Disk::default(),
        ..Group::new(name, role, count)
    };
    let scenario = Scenario {
        name: "crowd".to_owned(),
        about: String::new(),
        size: mib << 20,
        piece_length: 256 * 1024,
        until: Duration::from_secs(3600),
        groups: vec![
            group("seeder", Role::Seeder, 1),
            group("leecher", Role::Leecher, leechers as u32),
        ],
    };
    let (mut last, mut mean, mut seeder, mut received) = (vec![], 0.0, 0.0, 0.0);
    for seed in 0..seeds {
        let story = scenario.run(seed);
        let ideal = story.ideal.as_secs_f64();
        let ends: Vec<f64> = story.peers[1..]
            .iter()
            .map(|peer| peer.finished.expect("done").as_secs_f64() / ideal)
            .collect();
        last.push(ends.iter().copied().fold(0.0, f64::max));
        mean += ends.iter().sum::<f64>() / ends.len() as f64;
        let size = story.size as f64;
        seeder += story.peers[0].sent as f64 / size;
        let got: u64 = story.peers[1..].iter().map(|peer| peer.received).sum();
        received += got as f64 / size / leechers as f64;
    }
    last.sort_by(f64::total_cmp);
    let n = seeds as f64;
    println!(
        "last {:.3} (max {:.3}), mean {:.3} x ideal; seeder {:.3}, received {:.3} x payload",
        last[last.len() / 2],
        last[last.len() - 1],
        mean / n,
        seeder / n,
        received / n
    );
}
