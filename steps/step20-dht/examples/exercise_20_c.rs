//! Exercise 20c: what it costs to sit down next to a torrent.

use std::net::Ipv4Addr;

use dht::Id;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

// ANCHOR: answer
/// How many addresses somebody must own until one of them may have an id that shares so many bits with
/// the target (BEP 42). Three bits of each id are free, so each address is worth eight tries.
fn addresses_needed(target: Id, bits: usize, rng: &mut ChaCha8Rng) -> usize {
    let mut addresses = 0;
    loop {
        addresses += 1;
        let ip = Ipv4Addr::from_bits(rng.random());
        // Of the three free bits all eight values are tried, some of them twice.
        let mut tries = (0..20).map(|_| Id::for_address(ip.into(), rng));
        if tries.any(|id| id.shared_bits(target) >= bits) {
            return addresses;
        }
    }
}
// ANCHOR_END: answer

/// The mean of some attackers.
fn mean(bits: usize) -> usize {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let attackers = 40;
    let all: usize = (0..attackers)
        .map(|_| addresses_needed(Id::random(rng), bits, rng))
        .sum();
    all / attackers
}

fn main() {
    for bits in [4, 8, 12] {
        println!("{bits:>2} bits: {} addresses", mean(bits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_more_costs_twice_as_many_addresses() {
        // Among 4,096 nodes the nearest shares some 12 bits with a torrent: 2^12 ids, an eighth of that in
        // addresses.
        let (eight, twelve) = (mean(8), mean(12));
        assert!((20..60).contains(&eight), "{eight}");
        assert!((300..900).contains(&twelve), "{twelve}");
        main();
    }
}
