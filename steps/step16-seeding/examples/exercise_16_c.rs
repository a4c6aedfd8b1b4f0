//! Exercise 16c: a limit that is shared fairly among those who ask for blocks of different lengths.

use std::collections::VecDeque;

// ANCHOR: answer
/// Deficit round robin. In each of its turns a peer gets a quantum of bytes to its credit, sends what
/// it can pay for, and keeps the rest for its next turn.
struct Turns {
    quantum: u64,
    /// Who waits: its credit, and the lengths of the blocks it has asked for.
    waiting: VecDeque<(u64, usize, VecDeque<u64>)>,
    /// The first in the row has had the quantum of its turn.
    is_paid: bool,
}

impl Turns {
    /// Takes the next block: whose it is, and how long.
    fn next(&mut self) -> Option<(usize, u64)> {
        loop {
            let (credit, peer, blocks) = self.waiting.front_mut()?;
            if !std::mem::replace(&mut self.is_paid, true) {
                *credit += self.quantum;
            }
            match blocks.front() {
                Some(&length) if length <= *credit => {
                    *credit -= length;
                    blocks.pop_front();
                    return Some((*peer, length));
                }
                // It saves up for a long one.
                Some(_) => self.waiting.rotate_left(1),
                // Who waits for nothing keeps no credit, and leaves the row.
                None => drop(self.waiting.pop_front()),
            }
            self.is_paid = false;
        }
    }
}
// ANCHOR_END: answer

/// Peers that ask for many blocks of these lengths.
fn turns(lengths: &[u64]) -> Turns {
    let blocks = lengths
        .iter()
        .map(|&length| VecDeque::from(vec![length; 1000]));
    Turns {
        quantum: 16 * 1024,
        waiting: blocks
            .enumerate()
            .map(|(peer, blocks)| (0, peer, blocks))
            .collect(),
        is_paid: false,
    }
}

/// What each has got after so many bytes.
fn share(lengths: &[u64], bytes: u64) -> Vec<u64> {
    let (mut turns, mut got) = (turns(lengths), vec![0; lengths.len()]);
    while got.iter().sum::<u64>() < bytes {
        let Some((peer, length)) = turns.next() else {
            break;
        };
        got[peer] += length;
    }
    got
}

fn main() {
    println!("{:?}", share(&[16 * 1024, 128 * 1024, 4 * 1024], 12 << 20));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_get_the_same_bytes_however_long_their_blocks_are() {
        let lengths = [16 * 1024, 128 * 1024, 4 * 1024];
        let got = share(&lengths, 6 << 20);
        let fair = (6 << 20) / 3;
        assert!(
            got.iter().all(|got| got.abs_diff(fair) <= 128 * 1024),
            "{got:?}"
        );
        main();
    }

    #[test]
    fn who_is_alone_gets_everything_and_nobody_is_forgotten() {
        let mut turns = turns(&[5]);
        assert!((0..1000).all(|_| turns.next() == Some((0, 5))));
        assert_eq!(turns.next(), None);
    }
}
