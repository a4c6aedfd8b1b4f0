//! Exercise 3b: a peer id that tells nothing.

use peer_id::PeerId;
use rand::{Rng, RngExt};

// ANCHOR: answer
/// Twenty random bytes that are no client's.
fn anonymous(rng: &mut impl Rng) -> PeerId {
    loop {
        let id = PeerId(rng.random());
        // One in millions begins by chance as a known client does.
        if id.client().is_none() {
            return id;
        }
    }
}
// ANCHOR_END: answer

fn main() {
    println!("{}", anonymous(&mut rand::rng()));
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn nobody_is_recognised_and_none_is_like_the_last() {
        let mut rng = SmallRng::seed_from_u64(3);
        let ids: Vec<PeerId> = (0..1_000).map(|_| anonymous(&mut rng)).collect();
        assert!(ids.iter().all(|id| id.client().is_none()));
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
