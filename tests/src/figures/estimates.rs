//! Rates and times left, as three ways of counting show them.

// The uneven download of the chapter's own example.
#[path = "../../../steps/step13-progress/examples/common/uneven.rs"]
#[allow(missing_docs, unreachable_pub, dead_code)]
mod uneven;

use std::time::Duration;

use uneven::{Second, download};

use super::Figure;
use super::chart::{self, Axis, Series};

/// The highest rate and the longest time that are drawn.
const KIB: f64 = 1_800.0;
const SECONDS: f64 = 200.0;

const TIME: Axis = Axis {
    label: "seconds",
    most: 90.0,
    step: 15.0,
};

fn series(label: &str, class: &'static str, value: impl Fn(&Second) -> f64) -> Series {
    let seconds = (1..).zip(download());
    Series {
        label: label.to_owned(),
        class,
        points: seconds
            .map(|(second, now)| (f64::from(second), value(&now)))
            .collect(),
    }
}

/// The rates.
pub(super) fn rates() -> Figure {
    chart::lines(
        "13-rates",
        "KiB a second over the seconds of an uneven download. What came in each second jumps between nothing and 1,600. The \
         mean since the beginning is smooth and wrong: when nothing comes, from second 60 to 72, it still shows hundreds. \
         The mean of five seconds follows, and is 0 after five seconds of silence.",
        &TIME,
        &Axis {
            label: "KiB/s",
            most: KIB,
            step: 300.0,
        },
        &[
            series("in this second", "d dash", |now| now.moment as f64 / 1024.0),
            series("in the mean since the beginning", "b", |now| {
                now.mean as f64 / 1024.0
            }),
            series("over five seconds", "a", |now| now.window as f64 / 1024.0),
        ],
    )
}

/// The times that are left.
pub(super) fn left() -> Figure {
    // Never is at the top.
    let seconds = |left: Option<Duration>| left.map_or(SECONDS, |l| l.as_secs_f64().min(SECONDS));
    let all = download().len() as f64;
    let mut truth = series("as it turned out", "c", |_| 0.0);
    for (second, left) in &mut truth.points {
        *left = all - *second;
    }
    chart::lines(
        "13-left",
        "Seconds left over the seconds of the same download. By what came in this second the figure jumps up and down from \
         one second to the next, from less than a minute to never. What we show falls evenly, rises in some seconds when a good \
         peer leaves, and again when nothing comes.",
        &TIME,
        &Axis {
            label: "seconds left",
            most: SECONDS,
            step: 50.0,
        },
        &[
            series("by what came in this second", "d dash", |now| {
                seconds(now.by_moment)
            }),
            series("what we show", "a", |now| seconds(now.shown)),
            truth,
        ],
    )
}
