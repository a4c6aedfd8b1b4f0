//! Exercise 7c: which bytes of a block are here, as a list of runs.

use std::collections::BTreeMap;

// ANCHOR: answer
/// Runs of bytes that have arrived: where each begins, and where it ends. None touches the next.
#[derive(Default)]
struct Runs(BTreeMap<u32, u32>);

impl Runs {
    /// Adds `from..to`.
    fn add(&mut self, mut from: u32, mut to: u32) {
        if from >= to {
            return;
        }
        // Every run that begins before our end and ends after our beginning becomes one with ours.
        while let Some((&begin, &end)) = self.0.range(..=to).next_back()
            && end >= from
        {
            self.0.remove(&begin);
            from = from.min(begin);
            to = to.max(end);
        }
        self.0.insert(from, to);
    }

    /// Whether all of `0..len` is here.
    fn is_whole(&self, len: u32) -> bool {
        self.0.get(&0).is_some_and(|&end| end >= len)
    }
}
// ANCHOR_END: answer

fn main() {
    let mut runs = Runs::default();
    for (from, to) in [(10_000, 16_384), (0, 5_000), (4_000, 12_000)] {
        runs.add(from, to);
        println!("{:?}, whole: {}", runs.0, runs.is_whole(16_384));
    }
    let mut hostile = Runs::default();
    for byte in (0..16_384).step_by(2) {
        hostile.add(byte, byte + 1);
    }
    println!("every other byte: {} runs", hostile.0.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_are_what_a_row_of_bits_says(adds in prop::collection::vec((0u32..200, 0u32..200), 0..40)) {
            let mut bits = [false; 200];
            let mut runs = Runs::default();
            for (from, to) in adds {
                runs.add(from, to);
                for at in from..to {
                    bits[at as usize] = true;
                }
                let mut from_runs = [false; 200];
                for (&begin, &end) in &runs.0 {
                    from_runs[begin as usize..end as usize].fill(true);
                }
                prop_assert_eq!(bits, from_runs);
                prop_assert_eq!(runs.is_whole(200), bits.iter().all(|bit| *bit));
                let ends: Vec<u32> = runs.0.values().copied().collect();
                prop_assert!(runs.0.keys().skip(1).zip(ends).all(|(begin, end)| *begin > end));
            }
        }
    }

    #[test]
    fn a_hostile_cut_makes_thousands() {
        let mut runs = Runs::default();
        for byte in (0..16_384).step_by(2) {
            runs.add(byte, byte + 1);
        }
        assert_eq!(runs.0.len(), 8_192);
        main();
    }
}
