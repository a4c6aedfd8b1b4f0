//! Exercise 20b: how large is the network?

use dht::Id;

// ANCHOR: answer
/// How many nodes there are, about, when these are the nearest ones of all to an id.
///
/// Nodes lie evenly: the n-th of them has, on average, n parts of the whole below it, when the whole is
/// cut into as many parts as there are nodes. Each is an estimate; their mean is a better one.
fn estimate(target: Id, nearest: &[Id]) -> f64 {
    let whole = 2f64.powi(64);
    let sizes = nearest.iter().zip(1u32..).map(|(id, nth)| {
        // The first 64 bits are exact enough.
        let distance = id.distance(target).0;
        let first: [u8; 8] = std::array::from_fn(|i| distance[i]);
        let part = (u64::from_be_bytes(first) as f64 + 1.0) / whole;
        f64::from(nth) / part
    });
    // The harmonic mean: one that happens to be very near would otherwise outweigh all others.
    let inverse: f64 = sizes.map(|size| 1.0 / size).sum();
    nearest.len() as f64 / inverse
}
// ANCHOR_END: answer

fn main() {
    use rand::SeedableRng;
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let target = Id::random(rng);
    let mut ids: Vec<Id> = (0..10_000).map(|_| Id::random(rng)).collect();
    ids.sort_by_key(|id| id.distance(target));
    println!("about {:.0} of 10000", estimate(target, &ids[..8]));
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn eight_neighbours_tell_the_size_of_the_network_about() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        for size in [100, 1_000, 10_000] {
            let mut sum = 0.0;
            for _ in 0..40 {
                let target = Id::random(rng);
                let mut ids: Vec<Id> = (0..size).map(|_| Id::random(rng)).collect();
                ids.sort_by_key(|id| id.distance(target));
                sum += estimate(target, &ids[..8]) / f64::from(size);
            }
            let ratio = sum / 40.0;
            assert!((0.7..1.6).contains(&ratio), "{size}: {ratio}");
        }
        main();
    }
}
