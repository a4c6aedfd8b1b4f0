//! Exercise 17a: when a datagram is sent again.

// ANCHOR: answer
/// The seconds at which a datagram is sent that nobody answers, before it is given up.
fn sent_at(patience: u64) -> Vec<u64> {
    let mut times = Vec::new();
    let (mut now, mut wait) = (0, 15);
    while now < patience {
        times.push(now);
        now += wait;
        wait = (2 * wait).min(3840);
    }
    times
}
// ANCHOR_END: answer

fn main() {
    println!("{:?}", sent_at(20));
    println!("{:?}", sent_at(7665));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_times_of_bep_15() {
        assert_eq!(sent_at(0), [] as [u64; 0]);
        assert_eq!(sent_at(15), [0]);
        assert_eq!(sent_at(16), [0, 15]);
        assert_eq!(sent_at(106), [0, 15, 45, 105]);
        let all = sent_at(7665);
        assert_eq!(all.len(), 9);
        assert_eq!(all.last(), Some(&3825));
        assert_eq!(sent_at(7666).last(), Some(&7665));
        assert_eq!(sent_at(11_506).last(), Some(&11_505));
        main();
    }
}
