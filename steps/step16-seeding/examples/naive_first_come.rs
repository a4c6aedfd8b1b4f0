//! A seeder that gives to whoever asks first, and one that gives a block to each in turn.
//!
//! `cargo run -p step16-seeding --example naive_first_come`

use std::collections::VecDeque;

use progress::bytes;

/// Blocks that our line sends in a second: 64 KiB.
const LINE: usize = 4;

/// Bytes of a block.
const BLOCK: u64 = 16 * 1024;

/// A peer: its name, what it gives us in a second, and how many requests it keeps waiting.
type Peer = (&'static str, u64, usize);

const PEERS: [Peer; 5] = [
    ("greedy", 0, 500),
    ("ada", 32 * 1024, 5),
    ("ben", 16 * 1024, 5),
    ("carl", 0, 5),
    ("dora", 0, 5),
];

// ANCHOR: naive
/// First come, first served: one queue for all, and who has got how many blocks after so long.
fn first_come(peers: &[Peer], seconds: usize) -> Vec<u64> {
    let mut queue = VecDeque::new();
    for (peer, &(_, _, requests)) in peers.iter().enumerate() {
        queue.extend(std::iter::repeat_n(peer, requests));
    }
    let mut got = vec![0; peers.len()];
    for _ in 0..seconds * LINE {
        let Some(peer) = queue.pop_front() else { break };
        got[peer] += 1;
        queue.push_back(peer); // it has a block, and asks for the next
    }
    got
}
// ANCHOR_END: naive

// ANCHOR: in_turn
/// A block to each in turn, however much it asks for.
fn in_turn(peers: &[Peer], seconds: usize) -> Vec<u64> {
    let mut got = vec![0; peers.len()];
    for block in 0..seconds * LINE {
        got[block % peers.len()] += 1;
    }
    got
}
// ANCHOR_END: in_turn

fn main() {
    println!("          gives us   asks for      got in a minute");
    println!("         in a minute at a time   first come   in turn");
    let (first, turn) = (first_come(&PEERS, 60), in_turn(&PEERS, 60));
    for ((name, gives, asks), (first, turn)) in PEERS.iter().zip(first.iter().zip(&turn)) {
        println!(
            "{name:<9}{:>9}{asks:>12}{:>13}{:>10}",
            bytes(gives * 60),
            bytes(first * BLOCK),
            bytes(turn * BLOCK)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_first_and_most_gets_everything() {
        assert_eq!(first_come(&PEERS, 60), [240, 0, 0, 0, 0]);
        main();
    }

    #[test]
    fn in_turn_all_get_the_same_whatever_they_give() {
        assert_eq!(in_turn(&PEERS, 60), [48; 5]);
    }
}
