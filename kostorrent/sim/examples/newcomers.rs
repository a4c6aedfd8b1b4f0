//! What the fast extension brings to those who come late, and what it costs the others.
//!
//! `cargo run --release -p kostorrent-sim --example newcomers`

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use blocks::Geometry;
use engine::Config;
use handshake::Reserved;
use sim::{Line, World};

/// The torrent: 256 pieces of 256 KiB.
const PIECES: u64 = 256;
const PIECE: u64 = 256 * 1024;

/// Those who begin with the seeders, and those who come later: the first at this second, and one after the other.
const FIRST: usize = 20;
const LATE: usize = 10;
const FROM: u64 = 200;
const EVERY: u64 = 5;

/// When a swarm is given up, in seconds.
const UNTIL: u64 = 3_000;

/// Swarms of each kind.
const SEEDS: u64 = 4;

/// What is compared: its name, whether the extension is spoken, and whether pieces are allowed fast.
const KINDS: [(&str, bool, bool); 3] = [
    ("without the extension", false, false),
    ("with it, nothing allowed fast", true, false),
    ("with it", true, true),
];

/// Means of seconds.
#[derive(Default)]
struct Means {
    first: f64,
    tenth: f64,
    complete: f64,
    all: f64,
}

/// A world of the usual lines.
fn world(seed: u64) -> World {
    let geometry = Geometry::new(PIECES * PIECE, PIECE).expect("a torrent");
    let mut world = World::seeded(geometry, seed);
    world.line = Line {
        latency: Duration::from_millis(20),
        up: Some(128 * 1024),
        down: Some(2 * 1024 * 1024),
        ..Line::default()
    };
    world
}

/// Adds a peer at an address in a network of its own.
fn enter(world: &mut World, config: Config, allows_fast: bool) -> usize {
    let number = world.nodes.len() as u8;
    let addr = SocketAddr::from((Ipv4Addr::new(10, number, 0, 1), 6881));
    let config = Config {
        keep_seeding: true,
        allows_fast,
        ..config
    };
    world.add_at(addr, config)
}

fn count(world: &World, node: usize) -> u32 {
    world.nodes[node]
        .engine
        .have()
        .map_or(0, |have| have.count())
}

/// Runs a swarm, and adds what was seen to the means.
fn run(seed: u64, seeders: usize, (_, fast, allows): (&str, bool, bool), means: &mut Means) {
    let mut world = world(seed);
    if fast {
        world.reserved = Reserved::none().with_fast();
    }
    for _ in 0..seeders {
        let config = world.seeding();
        enter(&mut world, config, allows);
    }
    for _ in 0..FIRST {
        let config = world.config();
        enter(&mut world, config, allows);
    }
    // Of each newcomer when it came, and when it had one piece, ten, and all.
    let mut late: Vec<(usize, f64, [Option<f64>; 3])> = Vec::new();
    for tenth in 0..10 * UNTIL {
        let second = tenth as f64 / 10.0;
        let due = FROM + EVERY * late.len() as u64;
        if late.len() < LATE && tenth == 10 * due {
            let config = world.config();
            late.push((enter(&mut world, config, allows), second, [None; 3]));
        }
        world.run_until(Duration::from_millis(100 * (tenth + 1)), |_| false);
        for (node, _, at) in &mut late {
            let has = count(&world, *node);
            for (at, needed) in at.iter_mut().zip([1, 10, PIECES as u32]) {
                if has >= needed {
                    at.get_or_insert(second);
                }
            }
        }
        let is_done = late.len() == LATE && world.nodes.iter().all(|node| node.is_seed());
        if is_done {
            means.all += second / SEEDS as f64;
            break;
        }
    }
    for (_, came, at) in late {
        let [first, tenth, complete] = at.map(|at| at.unwrap_or(UNTIL as f64) - came);
        let part = 1.0 / (SEEDS * LATE as u64) as f64;
        means.first += first * part;
        means.tenth += tenth * part;
        means.complete += complete * part;
    }
}

fn main() {
    println!("{FIRST} peers, and {LATE} who come later; means of {SEEDS} swarms, in seconds\n");
    println!("                                 a newcomer has           everybody");
    println!("                                 1     10    all pieces   has everything");
    for seeders in [1, 4] {
        println!("{seeders} seeder{}", if seeders == 1 { "" } else { "s" });
        for kind in KINDS {
            let mut means = Means::default();
            for seed in 0..SEEDS {
                run(seed, seeders, kind, &mut means);
            }
            let Means {
                first,
                tenth,
                complete,
                all,
            } = means;
            println!(
                "  {:<29} {first:>3.0}    {tenth:>3.0}    {complete:>3.0}          {all:>3.0}",
                kind.0
            );
        }
    }
}
