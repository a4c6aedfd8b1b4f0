//! Exercise 11b: how many copies of a torrent there are in a swarm.

// ANCHOR: answer
/// How many whole copies all peers together could lay side by side; after the point, of how many
/// pieces there is one copy more.
fn distributed_copies(copies: &[u32]) -> f64 {
    let Some(&least) = copies.iter().min() else {
        return 0.0;
    };
    let more = copies.iter().filter(|&&copies| copies > least).count();
    f64::from(least) + more as f64 / copies.len() as f64
}
// ANCHOR_END: answer

fn main() {
    for copies in [&[1, 1, 1, 1][..], &[9, 9, 9, 0], &[2, 1, 1, 2]] {
        println!("{copies:?}: {}", distributed_copies(copies));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn below_one_the_swarm_cannot_live_however_many_copies_of_the_rest_there_are() {
        assert_eq!(distributed_copies(&[]), 0.0);
        assert_eq!(distributed_copies(&[1, 1, 1, 1]), 1.0);
        assert_eq!(distributed_copies(&[9, 9, 9, 0]), 0.75);
        assert_eq!(distributed_copies(&[2, 1, 1, 2]), 1.5);
        main();
    }
}
