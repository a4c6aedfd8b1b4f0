//! A flash crowd: one seeder, and many leechers that come at once and stay until all of them have
//! everything. Shows what the world can hold:
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example flash_crowd [LEECHERS [MIB [CONNECTIONS]]]
//! ```
//!
//! The nodes take turns, for most of the time goes into looking things up all over memory. On Linux with
//! the GNU library it is a little less with large pages: `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`.

use std::time::{Duration, Instant};

use blocks::Geometry;
use engine::Config;
use sim::{Line, World};

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let mut next = |usual| args.next().map_or(usual, |arg| arg.expect("a number"));
    let (leechers, mib, connections) = (next(1_000), next(4), next(50));

    // As those choose who make torrents.
    let size = mib * 1024 * 1024;
    let piece_length = (size / 512)
        .next_power_of_two()
        .clamp(16 * 1024, 1024 * 1024);
    let geometry = Geometry::new(size, piece_length).expect("a torrent");
    let mut world = World::new(geometry);
    world.line = Line {
        latency: Duration::from_millis(20),
        up: Some(1_000_000),
        down: Some(5_000_000),
        ..Line::default()
    };
    let max_peers = connections as usize;
    world.add(Config {
        max_peers,
        ..world.seeding()
    });
    for _ in 0..leechers {
        world.add(Config {
            max_peers,
            keep_seeding: true,
            ..world.config()
        });
    }

    world.take_turns();

    let begun = Instant::now();
    let mut steps = 0_u64;
    let mut left = 1..=leechers as usize;
    while left.contains(left.start()) && world.step(Duration::from_secs(3_600)) {
        steps += 1;
        while left.contains(left.start()) && world.nodes[*left.start()].completed.is_some() {
            left.next();
        }
    }
    let took = begun.elapsed();

    let mut ends: Vec<Duration> = world.nodes[1..]
        .iter()
        .filter_map(|node| Some(node.completed?.since_start()))
        .collect();
    ends.sort();
    println!(
        "{} of {leechers} leechers have {mib} MiB, the first after {:.1?}, the last after {:.1?}",
        ends.len(),
        ends.first().copied().unwrap_or_default(),
        ends.last().copied().unwrap_or_default(),
    );
    let sent = world.nodes[0].sent >> 20;
    println!("the seeder sent {sent} MiB");
    let each = took.as_nanos() / u128::from(steps.max(1));
    println!("{steps} steps in {took:.1?}, {each} ns each");
}
