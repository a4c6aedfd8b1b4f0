//! What is in memory when the line is faster than the disk.

// The two rates of the chapter's own example.
#[path = "../../../steps/step10-piece-storage/examples/common/slow.rs"]
#[allow(missing_docs)]
mod slow;

use slow::State;

use super::Figure;
use super::chart::{self, Axis, Series};

/// How long we look, in seconds.
const SECONDS: usize = 15;

pub(super) fn figure() -> Figure {
    let series = |label: &str, class, budget, of: fn(&State) -> u64| Series {
        label: label.to_owned(),
        class,
        points: slow::run(SECONDS, 50, 10, budget)
            .iter()
            .enumerate()
            .map(|(second, state)| (second as f64, of(state) as f64))
            .collect(),
    };
    chart::lines(
        "10-slow-disk",
        "Mebibytes over fifteen seconds, from a line of 50 a second to a disk of 10 a second. Without a budget, what is in \
         memory grows by 40 each second, to 600. With a budget of 24, it stays at 14 after the first second. What is \
         written is the same in both cases, 10 each second.",
        &Axis {
            label: "seconds",
            most: SECONDS as f64,
            step: 3.0,
        },
        &Axis {
            label: "MiB",
            most: 600.0,
            step: 100.0,
        },
        &[
            series("in memory, no budget", "a", None, |state| state.in_memory),
            series("written, either way", "b", Some(24), |state| state.written),
            series("in memory, a budget of 24 MiB", "c", Some(24), |state| {
                state.in_memory
            }),
        ],
    )
}
