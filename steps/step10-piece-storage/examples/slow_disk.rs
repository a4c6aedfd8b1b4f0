//! What a disk that is slower than the line does to memory, with a budget and without.
//!
//! `cargo run -p step10-piece-storage --example slow_disk`

#[path = "common/slow.rs"]
mod slow;
use slow::run;

/// MiB a second, and MiB.
const LINE: u64 = 50;
const DISK: u64 = 10;
const BUDGET: u64 = 24;

fn main() {
    println!("          no budget               a budget of {BUDGET} MiB");
    println!("second    in memory   written     in memory   written");
    let without = run(60, LINE, DISK, None);
    let with = run(60, LINE, DISK, Some(BUDGET));
    for (second, (a, b)) in without.iter().zip(&with).enumerate() {
        if [1, 2, 5, 10, 30, 60].contains(&second) {
            println!(
                "{second:>6}{:>13}{:>10}{:>14}{:>10}",
                a.in_memory, a.written, b.in_memory, b.written
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_budget_costs_no_speed_and_bounds_the_memory() {
        let without = run(60, LINE, DISK, None);
        let with = run(60, LINE, DISK, Some(BUDGET));
        assert_eq!(without[60].in_memory, 60 * (LINE - DISK));
        assert!(with.iter().all(|state| state.in_memory <= BUDGET));
        let written = |states: &[slow::State]| states.iter().map(|s| s.written).collect::<Vec<_>>();
        assert_eq!(written(&with), written(&without));
        main();
    }

    #[test]
    fn a_fast_disk_needs_no_room_to_wait() {
        for state in run(10, 5, 10, Some(5)) {
            assert_eq!((state.in_memory, state.arrived), (0, state.written));
        }
    }
}
