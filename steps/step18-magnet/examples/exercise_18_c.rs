//! Exercise 18, hard: who lied, from nothing but whole copies that were right or wrong.

use std::collections::BTreeSet;

// ANCHOR: answer
/// The peers that must have lied. Each copy has its givers, and whether its hash was right; a liar
/// spoils each copy to which it gives.
fn liars<'a>(copies: &[(BTreeSet<&'a str>, bool)]) -> BTreeSet<&'a str> {
    let right = copies.iter().filter(|(_, is_right)| *is_right);
    let cleared: BTreeSet<&str> = right
        .flat_map(|(givers, _)| givers.iter().copied())
        .collect();
    let wrong = copies.iter().filter(|(_, is_right)| !is_right);
    // Somebody of these lied. If all but one are cleared, it was that one.
    let suspects = wrong.map(|(givers, _)| givers - &cleared);
    suspects.filter(|left| left.len() == 1).flatten().collect()
}
// ANCHOR_END: answer

fn main() {
    let copies = [
        (BTreeSet::from(["ada", "eve"]), false),
        (BTreeSet::from(["ada", "ben"]), true),
    ];
    println!("{:?}", liars(&copies));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 6] = ["ada", "ben", "cem", "dan", "eve", "fay"];

    #[test]
    fn one_of_two_is_known_when_the_other_is_cleared() {
        let both = (BTreeSet::from(["ada", "eve"]), false);
        assert_eq!(liars(std::slice::from_ref(&both)), BTreeSet::new());
        let ada = (BTreeSet::from(["ada"]), true);
        assert_eq!(liars(&[both, ada]), BTreeSet::from(["eve"]));
    }

    proptest! {
        #[test]
        fn nobody_is_accused_who_did_not_lie(
            lying in prop::collection::btree_set(0usize..6, 0..3),
            givers in prop::collection::vec(prop::collection::btree_set(0usize..6, 1..4), 0..20),
        ) {
            let copies: Vec<(BTreeSet<&str>, bool)> = givers
                .iter()
                .map(|givers| {
                    let is_right = givers.is_disjoint(&lying);
                    (givers.iter().map(|&peer| NAMES[peer]).collect(), is_right)
                })
                .collect();
            let lying: BTreeSet<&str> = lying.iter().map(|&peer| NAMES[peer]).collect();
            prop_assert!(liars(&copies).is_subset(&lying));
        }

        #[test]
        fn when_each_has_been_alone_all_are_known(lying in prop::collection::btree_set(0usize..6, 0..6)) {
            let alone = (0..6).map(|peer| (BTreeSet::from([NAMES[peer]]), !lying.contains(&peer)));
            let copies: Vec<(BTreeSet<&str>, bool)> = alone.collect();
            let lying: BTreeSet<&str> = lying.iter().map(|&peer| NAMES[peer]).collect();
            prop_assert_eq!(liars(&copies), lying);
        }
    }
}
