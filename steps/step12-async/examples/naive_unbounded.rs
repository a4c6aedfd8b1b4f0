//! What waits in a channel whose sender is faster than its receiver.
//!
//! `cargo run -p step12-async --example naive_unbounded`

#[allow(dead_code)]
#[path = "common/pressure.rs"]
mod pressure;
#[path = "common/tiny.rs"]
mod tiny;
#[allow(dead_code)]
#[path = "common/tools.rs"]
mod tools;

use pressure::levels;

fn main() {
    println!("             pieces that wait after      all are");
    println!("places       1 s     5 s    10 s    20 s    written");
    for (name, places) in [("no bound", usize::MAX), ("8", 8), ("1", 1)] {
        let (levels, end) = levels(places, 500);
        print!("{name:<10}");
        for second in [1, 5, 10, 20] {
            let level = levels.iter().find(|(at, _)| *at == second * 1000);
            print!("{:>6}  ", level.map_or(0, |(_, level)| *level));
        }
        println!("{:>7.1} s", end as f64 / 1000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_costs_no_time_and_holds() {
        let (free, free_end) = levels(usize::MAX, 500);
        let (bounded, bounded_end) = levels(8, 500);
        assert!(free.iter().any(|(_, level)| *level > 390), "{free:?}");
        assert!(bounded.iter().all(|(_, level)| *level <= 8));
        assert!(
            free_end.abs_diff(bounded_end) < 100,
            "{free_end} {bounded_end}"
        );
        main();
    }
}
