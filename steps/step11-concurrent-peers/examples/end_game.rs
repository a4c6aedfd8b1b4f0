//! What the end game is worth, and what it costs.
//!
//! `cargo run -p step11-concurrent-peers --example end_game`

#[allow(dead_code)]
#[path = "common/last_blocks.rs"]
mod last_blocks;
use last_blocks::{Ending, PEERS, download};

const ENDINGS: [(&str, Ending); 3] = [
    ("wait", Ending::Wait),
    ("ask again", Ending::Again),
    ("ask again if it is sooner", Ending::IfSooner),
];

fn main() {
    println!("                            the last block    blocks that came in vain");
    for (name, ending) in ENDINGS {
        let (last, in_vain) = summary(ending);
        println!("{name:<26}{last:>14.2} s{in_vain:>28}");
    }
}

/// After how many seconds the last block was here, and how many came that were here already.
fn summary(ending: Ending) -> (f64, usize) {
    let came = download(PEERS, ending);
    let wanted = came.iter().filter(|came| !came.in_vain);
    let last = wanted.map(|came| came.to).max().unwrap_or(0);
    let in_vain = came.iter().filter(|came| came.in_vain).count();
    (last as f64 / 1000.0, in_vain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_game_does_not_wait_for_the_slowest_and_costs_some_blocks() {
        let [wait, again, sooner] = ENDINGS.map(|(_, ending)| summary(ending));
        assert!(again.0 + 3.0 < wait.0, "{again:?} {wait:?}");
        assert!(sooner.0 < again.0 + 0.5, "{sooner:?} {again:?}");
        assert!(wait.1 == 0 && sooner.1 <= again.1);
        main();
    }
}
