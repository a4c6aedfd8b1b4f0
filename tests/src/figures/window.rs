//! How much arrives over a long line with one request at a time, with several, and with the window.

// The line of the chapter's own examples, and the real window.
#[path = "../../../steps/step07-block-requests/examples/common/line.rs"]
#[allow(missing_docs)]
pub(super) mod line;

use std::time::Duration;

use blocks::{BLOCK, Window};

use super::Figure;
use super::chart::{self, Axis, Series};
use line::{Ahead, Line, fetch};

/// How long we look, in seconds.
const SECONDS: f64 = 10.0;

pub(super) fn figure() -> Figure {
    let series = |label: &str, class, ahead| Series {
        label: label.to_owned(),
        class,
        points: received(ahead),
    };
    chart::lines(
        "07-window",
        "Megabytes received over ten seconds from a peer 200 milliseconds away over a line of 5 megabytes a second. One \
         request at a time brings almost nothing, five a little more, twenty a third of what the line carries; the window \
         grows until the line is full.",
        &Axis {
            label: "seconds",
            most: SECONDS,
            step: 2.0,
        },
        &Axis {
            label: "megabytes received",
            most: 50.0,
            step: 10.0,
        },
        &[
            series("the window", "c", Ahead::Window(Window::new())),
            series("20 requests on their way", "b", Ahead::Fixed(20)),
            series("5 requests", "d", Ahead::Fixed(5)),
            series("1 request at a time", "a", Ahead::Fixed(1)),
        ],
    )
}

/// Seconds and megabytes, a point every quarter of a second.
fn received(mut ahead: Ahead) -> Vec<(f64, f64)> {
    let mut far = Line::new(Duration::from_millis(200), 5_000_000);
    let here = fetch(&mut far, &mut ahead, 4000);
    let quarters = (SECONDS * 4.0) as u32;
    (0..=quarters)
        .map(|quarter| Duration::from_millis(u64::from(quarter) * 250))
        .map(|now| {
            let blocks = here.partition_point(|at| *at <= now);
            let megabytes = blocks as f64 * f64::from(BLOCK) / 1e6;
            (now.as_secs_f64(), megabytes)
        })
        .collect()
}
