//! Exercise 5c: two peers call each other at the same moment.

use peer_id::PeerId;

// ANCHOR: answer
/// Which of two connections with the same peer to keep: true for the one that came
/// in, false for the one we called. Both ends must come to the same connection
/// without a word about it, so they compare what both know: of the two peer ids,
/// the larger one's call is kept.
fn keep_incoming(ours: PeerId, theirs: PeerId) -> bool {
    theirs > ours
}
// ANCHOR_END: answer

fn main() {
    let (a, b) = (PeerId([b'a'; 20]), PeerId([b'b'; 20]));
    println!("a keeps the call that came in: {}", keep_incoming(a, b));
    println!("b keeps the call that came in: {}", keep_incoming(b, a));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_ends_keep_the_same_connection(a: [u8; 20], b: [u8; 20]) {
            prop_assume!(a != b);
            let (a, b) = (PeerId(a), PeerId(b));
            // The connection that came in at a is the one that b called.
            prop_assert_eq!(keep_incoming(a, b), !keep_incoming(b, a));
        }
    }
}
