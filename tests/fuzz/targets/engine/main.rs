//! Whatever peers, trackers, the disk and the user do, in whatever order: the engine stands it, asks for nothing that
//! makes no sense, and when an honest seeder comes in the end, the torrent is complete.
#![no_main]

mod driver;
mod steps;

use engine::{Config, ContentConfig};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

use driver::Driver;
use steps::{Step, address, field, take};

/// A torrent, and what happens to whoever wants it.
#[derive(Arbitrary, Debug)]
struct Input {
    total: u32,
    piece_length: u8,
    have: u64,
    wanted: u64,
    /// Whether the engine knows what pieces there are.
    metadata: bool,
    keep_seeding: bool,
    max_peers: u8,
    upload_slots: u8,
    limit_down: Option<u16>,
    limit_up: Option<u16>,
    memory: u32,
    trackers: u8,
    named: u8,
    seed: u64,
    steps: Vec<Step>,
}

fuzz_target!(|input: Input| {
    let piece_length =
        (u64::from(input.piece_length % 5) + 1) * 16_384 - u64::from(input.piece_length / 5);
    let Ok(geometry) = blocks::Geometry::new(u64::from(input.total % 2_000_000) + 1, piece_length)
    else {
        return;
    };
    let content = ContentConfig {
        geometry,
        have: field(geometry.pieces(), input.have),
        wanted: field(geometry.pieces(), input.wanted),
        first: vec![field(geometry.pieces(), input.seed)],
    };
    let config = Config {
        tiers: (0..input.trackers % 4)
            .map(|n| vec![format!("http://{n}.example/announce")])
            .collect(),
        peers: (0..input.named % 4).map(address).collect(),
        keep_seeding: input.keep_seeding,
        max_peers: usize::from(input.max_peers % 12),
        upload_slots: usize::from(input.upload_slots % 6),
        limit_down: input.limit_down.map(u64::from),
        limit_up: input.limit_up.map(u64::from),
        memory: input.memory.into(),
        peer_id: *b"-KO0100-fuzzfuzzfuzz",
        seed: input.seed,
        reserved: engine::speaks(),
        ..Config::new(input.metadata.then_some(content))
    };
    let mut driver = Driver::new(config, geometry);
    for step in input.steps {
        if driver.is_over() {
            return; // nobody drives an engine after the last action of all
        }
        take(&mut driver, step);
    }
    driver.finish();
});
