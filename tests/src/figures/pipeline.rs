//! Requests and blocks between us and a peer, as time goes down the page.

use std::collections::VecDeque;
use std::time::Duration;

use blocks::BLOCK;

use super::Figure;
use super::svg::{Svg, Width};
use super::window::line::Line;

/// There and back.
const ROUND_TRIP: Duration = Duration::from_millis(200);
/// A line that takes 20 ms for a block.
const RATE: u64 = 50 * BLOCK as u64;
/// How long we look.
const SPAN: Duration = Duration::from_millis(620);

const TOP: f64 = 62.0;
const HEIGHT: f64 = 434.0;

pub(super) fn figure() -> Figure {
    let mut svg = Svg::new(
        "07-pipeline",
        "Three times the same line, 200 milliseconds long there and back, as time goes down. With one request at a time \
         two blocks arrive in 620 milliseconds and the line is empty most of the time. With five, ten arrive, in two \
         groups with a gap between them. With eleven the blocks follow one another without a gap.",
        Width::Narrow,
    );
    for (mark, y) in [0, 200, 400, 600].map(|ms| (ms, at(Duration::from_millis(ms)))) {
        svg.line("grid", (42.0, y), (478.0, y));
        svg.text("small end", 36.0, y + 5.0, &mark.to_string());
    }
    svg.text("small", 2.0, 16.0, "ms");
    for (panel, size) in [1, 5, 11].into_iter().enumerate() {
        let left = 62.0 + 146.0 * panel as f64;
        let right = left + 108.0;
        let requests = run(size);
        let here = requests.iter().filter(|(_, here)| *here <= SPAN).count();
        let heading = match size {
            1 => "1 request".to_owned(),
            _ => format!("{size} requests"),
        };
        svg.text("bold mid", (left + right) / 2.0, 16.0, &heading);
        svg.text("small mid", left, 48.0, "we");
        svg.text("small mid", right, 48.0, "peer");
        for x in [left, right] {
            svg.line("mute", (x, TOP), (x, TOP + HEIGHT));
        }
        for (asked, here) in requests {
            let there = asked + ROUND_TRIP / 2;
            let sent = here - ROUND_TRIP / 2;
            if there <= SPAN {
                svg.arrow("a", (left, at(asked)), (right, at(there)));
            }
            if here <= SPAN {
                svg.arrow("c", (right, at(sent)), (left, at(here)));
            }
        }
        let middle = (left + right) / 2.0;
        svg.text(
            "bold mid",
            middle,
            TOP + HEIGHT + 24.0,
            &format!("{here} blocks"),
        );
    }
    svg.spans(
        62.0,
        TOP + HEIGHT + 54.0,
        &[("a", "a request"), ("c", "the last byte of its block")],
    );
    svg.finish(TOP + HEIGHT + 64.0)
}

fn at(time: Duration) -> f64 {
    TOP + HEIGHT * time.as_secs_f64() / SPAN.as_secs_f64()
}

/// When each block is asked for, and when it is here, with always so many requests on their way.
fn run(size: usize) -> Vec<(Duration, Duration)> {
    let mut line = Line::new(ROUND_TRIP, RATE);
    let mut now = Duration::ZERO;
    let mut out = VecDeque::new();
    let mut all = Vec::new();
    while now <= SPAN {
        while out.len() < size {
            let here = line.ask(now);
            out.push_back(here);
            all.push((now, here));
        }
        now = out.pop_front().expect("at least one request is out");
    }
    all
}
