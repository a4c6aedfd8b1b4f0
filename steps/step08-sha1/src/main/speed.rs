//! How fast SHA-1 is on this machine, each way of it.

use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use hashing::lanes::{Block, run_4, run_8, run_16};
use hashing::{digest, has_sha_instructions, lane_count, sha1};

/// How long each way is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

/// A block of a piece, as peers send them.
const BLOCK: usize = 16 * 1024;

/// Prints a line for each way of hashing.
pub fn measure(out: &mut impl Write) -> io::Result<()> {
    let messages: Vec<Vec<u8>> = (0..16).map(|i| vec![i; BLOCK]).collect();
    writeln!(out, "\nHow fast it is here, in GB a second:")?;
    let mut line = |name: &str, at_once: usize, hash: &dyn Fn()| {
        writeln!(out, "  {name:<48} {:>5.2}", rate(at_once * BLOCK, hash))
    };
    line("one message, the code of this chapter", 1, &|| {
        black_box(sha1(&messages[0]));
    })?;
    let name = match has_sha_instructions() {
        true => "one message, the processor's SHA instructions",
        false => "one message, the sha1 crate (no SHA instructions)",
    };
    line(name, 1, &|| {
        black_box(digest(&[&messages[0]]));
    })?;
    line("4 messages side by side", 4, &|| {
        run_4(&mut [[0; 5]; 4], blocks(&messages))
    })?;
    line("8 messages side by side", 8, &|| {
        run_8(&mut [[0; 5]; 8], blocks(&messages))
    })?;
    line("16 messages side by side", 16, &|| {
        run_16(&mut [[0; 5]; 16], blocks(&messages))
    })?;
    match lane_count() {
        1 => writeln!(out, "So kostorrent hashes one piece after the other here."),
        lanes => writeln!(
            out,
            "So kostorrent hashes up to {lanes} pieces side by side here."
        ),
    }
}

/// The first `N` messages, cut into blocks of 64 bytes.
fn blocks<const N: usize>(messages: &[Vec<u8>]) -> [&[Block]; N] {
    std::array::from_fn(|i| messages[i].as_chunks().0)
}

/// How many GB are hashed in a second, when `hash` does so many bytes.
fn rate(bytes: usize, hash: &dyn Fn()) -> f64 {
    let started = Instant::now();
    let mut turns = 0;
    while started.elapsed() < LONG_ENOUGH {
        hash();
        turns += 1;
    }
    (bytes * turns) as f64 / started.elapsed().as_secs_f64() / 1e9
}
