//! The version that is too slow: ask for a block, wait for it, ask for the next.
//!
//! `cargo run -p step07-block-requests --example one_at_a_time`

#[allow(dead_code, reason = "not all of it is used here")]
#[path = "common/line.rs"]
mod line;

use std::time::Duration;

use blocks::{BLOCK, BlockHeader, Geometry, Landed, Outstanding};

use line::Line;

/// A line that carries 10 MB a second.
const RATE: u64 = 10_000_000;

// ANCHOR: one_at_a_time
/// Fetches a piece, one block after the other. Returns how long it takes.
fn fetch_piece(geometry: Geometry, piece: u32, line: &mut Line) -> Duration {
    let mut outstanding = Outstanding::new();
    let mut now = Duration::ZERO;
    for block in geometry.blocks(piece) {
        outstanding.ask(block);
        now = line.ask(now); // and here nothing happens until the block is here
        let header = BlockHeader {
            piece: block.piece,
            offset: block.offset,
            len: block.len,
        };
        for part in outstanding.arriving(header) {
            if let Some(target) = part.target {
                let landed = outstanding.landed(target, part.len);
                assert_eq!(landed, Landed::Whole(block));
            }
        }
    }
    now
}
// ANCHOR_END: one_at_a_time

fn main() {
    let piece_length = 1 << 20;
    let geometry = Geometry::new(piece_length, piece_length).expect("one piece");
    println!("A piece of 1 MiB, one request at a time, over a line that carries 10 MB a second");
    println!();
    println!("  round trip     the piece takes    bytes a second    of the line");
    for milliseconds in [0, 1, 10, 50, 100, 300] {
        let mut line = Line::new(Duration::from_millis(milliseconds), RATE);
        let took = fetch_piece(geometry, 0, &mut line).as_secs_f64();
        let rate = piece_length as f64 / took;
        let used = 100.0 * rate / RATE as f64;
        println!("  {milliseconds:>7} ms  {took:>15.2} s  {rate:>14.0}  {used:>11.1} %");
    }
    println!();
    println!(
        "Each block of {BLOCK} bytes waits for a whole round trip before it is even asked for."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_for_each_block_is_most_of_the_time() {
        let geometry = Geometry::new(1 << 20, 1 << 20).unwrap();
        let took = |milliseconds| {
            let mut line = Line::new(Duration::from_millis(milliseconds), RATE);
            fetch_piece(geometry, 0, &mut line)
        };
        let blocks = geometry.blocks_in(0);
        assert_eq!(took(100) - took(0), Duration::from_millis(100) * blocks);
        assert!(took(100) > 50 * took(0));
        main();
    }
}
