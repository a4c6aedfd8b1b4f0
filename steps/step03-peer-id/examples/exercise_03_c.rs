//! Exercise 3c: what the ids of one client have in common.

use peer_id::PeerId;

// ANCHOR: answer
/// For each of the 20 places: the byte that all ids have there, if it is one and the same.
fn in_common(ids: &[PeerId]) -> [Option<u8>; 20] {
    let mut common = [None; 20];
    let Some((first, others)) = ids.split_first() else {
        return common;
    };
    for (place, byte) in first.0.iter().enumerate() {
        let same = others.iter().all(|id| id.0[place] == *byte);
        common[place] = same.then_some(*byte);
    }
    common
}

/// The bytes that some id has at the places where the ids differ, sorted: the client's alphabet.
fn alphabet(ids: &[PeerId]) -> Vec<u8> {
    let common = in_common(ids);
    let differ = |id: &PeerId| {
        let places = id.0.into_iter().zip(common);
        places
            .filter_map(|(byte, common)| common.is_none().then_some(byte))
            .collect::<Vec<_>>()
    };
    let mut bytes: Vec<u8> = ids.iter().flat_map(differ).collect();
    bytes.sort_unstable();
    bytes.dedup();
    bytes
}
// ANCHOR_END: answer

fn main() {
    let mut rng = rand::rng();
    let ids: Vec<PeerId> = (0..1_000).map(|_| PeerId::generate(&mut rng)).collect();
    let shown: String = in_common(&ids)
        .map(|byte| byte.map_or('·', char::from))
        .iter()
        .collect();
    println!("in common  {shown}");
    println!("alphabet   {}", alphabet(&ids).escape_ascii());
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn ours_have_eight_bytes_in_common_and_62_different_ones() {
        let mut rng = SmallRng::seed_from_u64(3);
        let ids: Vec<PeerId> = (0..1_000).map(|_| PeerId::generate(&mut rng)).collect();
        let common = in_common(&ids);
        assert_eq!(common.iter().flatten().count(), 8);
        assert_eq!(common[0], Some(b'-'));
        assert_eq!(alphabet(&ids).len(), 62);
    }

    #[test]
    fn of_no_ids_nothing_is_known() {
        assert_eq!(in_common(&[]), [None; 20]);
        assert!(alphabet(&[]).is_empty());
    }
}
