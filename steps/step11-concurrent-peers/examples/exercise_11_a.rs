//! Exercise 11a: which piece next.

use std::collections::BTreeSet;

// ANCHOR: answer
/// Of what this peer has and we have not, the piece that fewest peers have; of several, the first.
fn rarest(ours: &BTreeSet<u32>, peer: &BTreeSet<u32>, all: &[BTreeSet<u32>]) -> Option<u32> {
    let copies = |piece: &u32| all.iter().filter(|has| has.contains(piece)).count();
    peer.difference(ours).copied().min_by_key(copies)
}
// ANCHOR_END: answer

fn main() {
    let peers = [
        BTreeSet::from([0, 1, 2, 3]),
        BTreeSet::from([0, 1, 2]),
        BTreeSet::from([1, 2]),
    ];
    println!("{:?}", rarest(&BTreeSet::from([3]), &peers[0], &peers));
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_fewest_have_and_we_lack() {
        let peers = [
            BTreeSet::from([0, 1, 2, 3]),
            BTreeSet::from([0, 1, 2]),
            BTreeSet::from([1, 2]),
        ];
        let next = |ours: &[u32], peer: usize| {
            rarest(&ours.iter().copied().collect(), &peers[peer], &peers)
        };
        assert_eq!(next(&[], 0), Some(3));
        assert_eq!(next(&[3], 0), Some(0));
        assert_eq!(next(&[0, 3], 0), Some(1));
        assert_eq!(next(&[1, 2], 2), None);
        main();
    }
}
