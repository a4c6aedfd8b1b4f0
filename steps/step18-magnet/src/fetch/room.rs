//! Which sizes there is memory for, when peers claim too many.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::{ALONE, MAX_ALONE, MAX_METADATA, SMALL_SIZES};

// ANCHOR: room
/// The sizes that are tried, of those that so many peers claim.
///
/// Nobody knows which is true. Those that most peers claim get [`MAX_METADATA`] bytes, in that order,
/// and the smallest of the others get [`SMALL_SIZES`]. So whoever wants to keep a true size out has to
/// be in the majority *and* to claim many small sizes, and each of his lies ends with its hash.
pub(super) fn admitted(claims: &BTreeMap<u64, usize>) -> BTreeSet<u64> {
    let mut by_claims: Vec<(u64, usize)> = claims.iter().map(|(&size, &n)| (size, n)).collect();
    by_claims.sort_by_key(|&(size, claims)| (std::cmp::Reverse(claims), size));
    let mut admitted = BTreeSet::new();
    fill(by_claims, MAX_METADATA, &mut admitted);
    let mut small = claims.clone();
    small.retain(|size, _| !admitted.contains(size));
    fill(small.into_iter().collect(), SMALL_SIZES, &mut admitted);
    admitted
}

/// Lets sizes in, in this order, as long as there is room.
fn fill(order: Vec<(u64, usize)>, mut room: u64, admitted: &mut BTreeSet<u64>) {
    for (size, _) in order {
        let Some(left) = room.checked_sub(memory(size)) else {
            return;
        };
        room = left;
        admitted.insert(size);
    }
}
// ANCHOR_END: room

/// The memory that a size may take: that of one copy, or of several small ones.
fn memory(size: u64) -> u64 {
    size.max(ALONE.min(size.saturating_mul(MAX_ALONE)))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn admitted_of(claims: &[(u64, usize)]) -> Vec<u64> {
        let claims = claims.iter().copied().collect();
        admitted(&claims).into_iter().collect()
    }

    #[test]
    fn all_are_tried_while_there_is_room() {
        assert_eq!(
            admitted_of(&[(1, 1), (2, 1), (3 * MIB, 9)]),
            [1, 2, 3 * MIB]
        );
        assert_eq!(admitted_of(&[(64 * MIB, 1)]), [64 * MIB]);
    }

    #[test]
    fn one_that_claims_much_keeps_nobody_out() {
        let sizes = admitted_of(&[(100_000, 1), (64 * MIB - 1, 1), (64 * MIB, 2)]);
        assert_eq!(sizes, [100_000, 64 * MIB]);
    }

    #[test]
    fn many_that_claim_little_do_not_keep_the_majority_out() {
        let mut claims: Vec<(u64, usize)> = (1..200).map(|n| (n * MIB / 2, 1)).collect();
        claims.push((60 * MIB, 2));
        assert!(admitted_of(&claims).contains(&(60 * MIB)));
        assert!(admitted_of(&claims).contains(&(MIB / 2)));
    }

    proptest! {
        #[test]
        fn the_memory_is_bounded_and_the_first_of_both_orders_is_in(
            claims in prop::collection::btree_map(1..=MAX_METADATA, 0usize..9, 1..50),
        ) {
            let admitted = admitted(&claims);
            let taken: u64 = admitted.iter().map(|&size| memory(size)).sum();
            prop_assert!(taken <= MAX_METADATA + SMALL_SIZES);
            let most = claims.iter().max_by_key(|(size, claims)| (**claims, std::cmp::Reverse(**size)));
            prop_assert!(admitted.contains(most.unwrap().0));
            let smallest = *claims.keys().next().unwrap();
            prop_assert!(admitted.contains(&smallest) || memory(smallest) > SMALL_SIZES);
        }
    }
}
