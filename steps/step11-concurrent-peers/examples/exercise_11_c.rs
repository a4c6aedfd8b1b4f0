//! Exercise 11c: who lied?

use std::collections::BTreeSet;

// ANCHOR: answer
/// One try to fetch a piece: of each block, who sent it, and its SHA-1 (here a number will do).
type Attempt = Vec<(&'static str, u32)>;

/// Who certainly lied. The last try is the one that was right; a try that failed and had one sender
/// alone needs no comparison.
fn guilty(failed: &[Attempt], right: Option<&Attempt>) -> BTreeSet<&'static str> {
    let mut guilty = BTreeSet::new();
    for attempt in failed {
        let senders: BTreeSet<&str> = attempt.iter().map(|&(sender, _)| sender).collect();
        if senders.len() == 1 {
            guilty.extend(senders);
        }
        for (&(sender, digest), &(_, good)) in attempt.iter().zip(right.into_iter().flatten()) {
            if digest != good {
                guilty.insert(sender);
            }
        }
    }
    guilty
}
// ANCHOR_END: answer

fn main() {
    let failed = vec![vec![("ann", 1), ("bob", 66), ("ann", 3)]];
    let right = vec![("ann", 1), ("ann", 2), ("ann", 3)];
    println!("{:?}", guilty(&failed, Some(&right)));
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn nobody_is_guilty_on_suspicion() {
        let failed = vec![vec![("ann", 1), ("bob", 66), ("ann", 3)]];
        assert!(guilty(&failed, None).is_empty());
        let right = vec![("ann", 1), ("ann", 2), ("ann", 3)];
        assert_eq!(guilty(&failed, Some(&right)), BTreeSet::from(["bob"]));
        // Bob, alone, sends it wrong again: that is enough, and says nothing of Ann.
        let failed = vec![failed[0].clone(), vec![("bob", 1), ("bob", 67), ("bob", 3)]];
        assert_eq!(guilty(&failed, None), BTreeSet::from(["bob"]));
        main();
    }
}
