//! Looking for somebody who keeps a torrent's peers: among acquaintances without any order, and by distance.
//!
//! Both networks are the same in size, and in both each node knows at most so many others. The one that
//! has no order is asked like a rumour is followed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[path = "common/by_distance.rs"]
#[allow(dead_code)] // the figure of the book shows more of it
mod by_distance;

use by_distance::{KEEPERS, KNOWN};

// ANCHOR: naive
/// Asks one acquaintance after the other, and all whom they name: how many questions it takes.
fn by_rumour(nodes: usize, rng: &mut ChaCha8Rng) -> usize {
    let is_keeper = |node: usize| node < KEEPERS;
    let (mut heard, mut asked) = (vec![nodes - 1], vec![false; nodes]);
    let mut questions = 0;
    while !heard.is_empty() {
        let node = heard.swap_remove(rng.random_range(0..heard.len()));
        if std::mem::replace(&mut asked[node], true) {
            continue;
        }
        questions += 1;
        if is_keeper(node) {
            break;
        }
        heard.extend((0..KNOWN).map(|_| rng.random_range(0..nodes)));
    }
    questions
}
// ANCHOR_END: naive

/// The same questions, to the nearest that is known each time.
fn by_distance(nodes: usize, rng: &mut ChaCha8Rng) -> usize {
    by_distance::by_distance(nodes, rng).len()
}

/// The mean of some lookups.
fn mean(nodes: usize, look: fn(usize, &mut ChaCha8Rng) -> usize) -> usize {
    let rng = &mut ChaCha8Rng::seed_from_u64(20);
    let lookups = 20;
    (0..lookups).map(|_| look(nodes, rng)).sum::<usize>() / lookups
}

fn main() {
    println!("   nodes   by rumour   by distance");
    for nodes in [100, 1_000, 10_000, 100_000] {
        let (rumour, distance) = (mean(nodes, by_rumour), mean(nodes, by_distance));
        println!("{nodes:>8} {rumour:>11} {distance:>13}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rumour_takes_an_eighth_of_the_network_and_distance_a_few_steps() {
        let rumour = mean(10_000, by_rumour);
        assert!((500..3_000).contains(&rumour), "{rumour}");
        let distance = mean(10_000, by_distance);
        assert!((2..14).contains(&distance), "{distance}");
        let few = mean(100, by_distance);
        assert!(few <= distance, "it grows with the number of digits only");
    }
}
