//! How many pieces wait in a channel whose sender is faster than its receiver.

// The executor and the tasks of the chapter's own example.
#[path = "../../../steps/step12-async/examples/common/pressure.rs"]
#[allow(missing_docs, dead_code)]
mod pressure;
#[path = "../../../steps/step12-async/examples/common/tiny.rs"]
#[allow(missing_docs, dead_code)]
mod tiny;
#[path = "../../../steps/step12-async/examples/common/tools.rs"]
#[allow(missing_docs, dead_code)]
mod tools;

use super::Figure;
use super::chart::{self, Axis, Series};

/// How many pieces are sent.
const PIECES: u32 = 500;

pub(super) fn figure() -> Figure {
    let series = |label: &str, class, places| Series {
        label: label.to_owned(),
        class,
        points: pressure::levels(places, PIECES)
            .0
            .iter()
            .map(|&(at, level)| (at as f64 / 1000.0, level as f64))
            .collect(),
    };
    chart::lines(
        "12-channel",
        "Pieces that wait in a channel, over 60 seconds. Without a bound they grow to 400 in ten seconds, while fifty come \
         each second and ten are written; then they fall, and after 50 seconds all are written. With eight places never more \
         than eight wait, and all are written after 50 seconds as well.",
        &Axis {
            label: "seconds",
            most: 60.0,
            step: 10.0,
        },
        &Axis {
            label: "pieces that wait",
            most: 400.0,
            step: 100.0,
        },
        &[
            series("no bound", "b", usize::MAX),
            series("eight places", "a", 8),
        ],
    )
}
