//! Everything from one peer, an equal share from each, or one queue for all of them.
//!
//! `cargo run -p step11-concurrent-peers --example naive_shares`

#[path = "common/dealing.rs"]
mod dealing;
use dealing::{PEERS, Sent, end, from_one, from_one_queue, in_equal_shares};

fn main() {
    print!("                            all here");
    for peer in PEERS {
        print!("{:>11}", peer.name);
    }
    println!();
    tell("the first one (it is fast)", &from_one(0));
    tell("the first one (it is slow)", &from_one(3));
    tell("equal shares", &in_equal_shares());
    tell("one queue", &from_one_queue());
}

/// When all is here, and how many pieces came from each.
fn tell(how: &str, sent: &[Sent]) {
    print!("{how:<26}{:>8.1} s", end(sent) as f64 / 1000.0);
    for peer in 0..PEERS.len() {
        let count = sent.iter().filter(|piece| piece.peer == peer).count();
        print!("{count:>11}");
    }
    println!();
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn equal_shares_wait_for_the_slowest_and_one_queue_for_a_piece_of_its() {
        assert_eq!(end(&in_equal_shares()), 16 * 2_000);
        // All together send 18 pieces a second.
        let ideal = 64 * 1_000 / 18;
        let took = end(&from_one_queue());
        assert!((ideal..ideal + 2_000).contains(&took), "{took}");
        assert_eq!(from_one_queue().len(), 64);
        main();
    }
}
