//! A small swarm, and all that happened in it as one number: the same on every machine, also in a
//! browser.
//!
//! ```text
//! cargo run -p kostorrent-sim --example fingerprint; echo $?
//! ```
//!
//! A program in a browser has no output, and no function of ours could be called by its name without
//! `unsafe`. But whoever calls `main` gets a byte back: here the next byte of the number, each time.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use blocks::Geometry;
use sim::{Line, Vice, World};

fn main() -> ExitCode {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let bytes = fingerprint().to_le_bytes();
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    ExitCode::from(bytes[call % bytes.len()])
}

/// The actions of all nodes of a small swarm, hashed: two seeders, of whom one lies, and eight
/// leechers.
pub fn fingerprint() -> u64 {
    let geometry = Geometry::new(1_000_000, 32 * 1024).expect("a torrent");
    let mut world = World::new(geometry);
    world.records = true;
    world.line = Line {
        up: Some(500_000),
        ..Line::default()
    };
    world.seeder();
    let liar = world.seeder();
    world.nodes[liar].vice = Vice::Lies;
    let leechers: Vec<usize> = (0..8).map(|_| world.leecher()).collect();
    world.run_until(Duration::from_secs(600), |world| {
        leechers.iter().all(|&leecher| world.is_complete(leecher))
    });
    let recordings = world
        .nodes
        .iter()
        .filter_map(|node| node.recording.as_ref());
    let actions = recordings.flat_map(|recording| recording.timed_actions());
    actions.fold(FNV_START, |hash, (at, action)| {
        fnv(hash, format!("{at:?} {action:?}").as_bytes())
    })
}

/// FNV-1a, 64 bits.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(hash, step)
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
