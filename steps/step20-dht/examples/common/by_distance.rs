//! Looking for who keeps a torrent's peers, by distance.

use dht::Id;
use rand::seq::IteratorRandom;
use rand_chacha::ChaCha8Rng;

/// How many nodes keep the peers of a torrent.
pub const KEEPERS: usize = 8;

/// How many others a node knows.
pub const KNOWN: usize = 8;

/// A node that was asked.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    /// How many bits its id shares with what is looked for.
    pub shared: usize,
    /// How many nodes are nearer.
    pub nearer: usize,
}

/// Asks the nearest for those it knows that are nearer: each knows some of each distance.
pub fn by_distance(nodes: usize, rng: &mut ChaCha8Rng) -> Vec<Hop> {
    let mut ids: Vec<Id> = (0..nodes).map(|_| Id::random(rng)).collect();
    let target = Id::random(rng);
    ids.sort_by_key(|id| id.distance(target));
    let mut at = nodes - 1;
    let hop = |at: usize| Hop {
        shared: ids[at].shared_bits(target),
        nearer: at,
    };
    let mut hops = vec![hop(at)];
    while at >= KEEPERS {
        // Of those that share more bits with the target it knows some; nobody else is of use.
        let shared = ids[at].shared_bits(target);
        let nearer = (0..at).filter(|&n| ids[n].shared_bits(target) > shared || n < KEEPERS);
        let mut known = [0; KNOWN];
        let count = nearer.sample_fill(rng, &mut known);
        at = known[..count].iter().copied().min().unwrap_or(at - 1);
        hops.push(hop(at));
    }
    hops
}
