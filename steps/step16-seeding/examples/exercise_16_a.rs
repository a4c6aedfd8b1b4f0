//! Exercise 16a: who has a regular slot.

// ANCHOR: answer
/// The peers with a regular slot: of those who want something the ones that give most. Each is
/// its name, what it gives, and whether it is interested. Who gives nothing gets none.
fn regular<'n>(peers: &[(&'n str, u64, bool)], slots: usize) -> Vec<&'n str> {
    let mut givers: Vec<_> = peers.to_vec();
    givers.retain(|&(_, gives, interested)| interested && gives > 0);
    givers.sort_by_key(|&(_, gives, _)| std::cmp::Reverse(gives));
    givers.truncate(slots);
    givers.into_iter().map(|(name, _, _)| name).collect()
}
// ANCHOR_END: answer

fn main() {
    let peers = [
        ("ada", 40, true),
        ("ben", 30, true),
        ("carl", 50, false),
        ("dora", 0, true),
    ];
    println!("{}", regular(&peers, 3).join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_give_most_and_want_something() {
        let peers = [
            ("a", 1, true),
            ("b", 3, true),
            ("c", 9, false),
            ("d", 2, true),
            ("e", 0, true),
        ];
        assert_eq!(regular(&peers, 2), ["b", "d"]);
        assert_eq!(regular(&peers, 9), ["b", "d", "a"]);
        assert!(regular(&peers, 0).is_empty());
        main();
    }

    #[test]
    fn nobody_is_pushed_out_by_an_equal_who_comes_later() {
        assert_eq!(regular(&[("old", 5, true), ("new", 5, true)], 1), ["old"]);
    }
}
