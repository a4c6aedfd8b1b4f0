//! Chapter 7: requests over a line that is long and wide, and how full it is.

// The chapter's own line in virtual time.
#[path = "../../../steps/step07-block-requests/examples/common/line.rs"]
#[allow(dead_code, reason = "every request is watched here")]
mod line;

use std::collections::VecDeque;
use std::time::Duration;

use blocks::{BLOCK, Window};
use serde::{Deserialize, Serialize};

use crate::within;
use line::{Ahead, Line};

/// How long we look.
const SPAN: Duration = Duration::from_secs(10);
/// How long one point of the curves is.
const POINT: Duration = Duration::from_millis(100);
/// How long the requests are told one by one, and how many of them at most.
const CLOSE: Duration = Duration::from_secs(2);
const REQUESTS: usize = 3_000;

#[derive(Deserialize)]
pub(crate) struct Question {
    /// There and back, in milliseconds.
    trip: u64,
    /// Bytes a second.
    rate: u64,
    /// How many requests to have out; none is the window's own number.
    ahead: Option<usize>,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    /// Blocks that fit into the line.
    fits: u64,
    /// How much of the line was used, in percent: of all ten seconds, and of the last five.
    used: u64,
    used_later: u64,
    /// Blocks that have come.
    came: usize,
    /// Requests that are out in the end, and for how many milliseconds the line will be sending for them.
    out: usize,
    waiting: u64,
    /// For each tenth of a second: bytes that are here, how many requests are to be out, and for how
    /// much of it the line was sending, in percent.
    here: Vec<u64>,
    sizes: Vec<usize>,
    busy: Vec<u64>,
    /// The first requests: when each is asked, when its first and its last byte are sent, in
    /// microseconds. Half a round trip later they are there.
    requests: Vec<[u64; 3]>,
}

struct Request {
    asked: Duration,
    begins: Duration,
    sent: Duration,
    here: Duration,
}

pub(crate) fn run(question: Question) -> Result<Answer, String> {
    let trip = Duration::from_millis(within("round trip in ms", question.trip, [0, 2_000])?);
    let rate = within("bytes a second", question.rate, [10_000, 20_000_000])?;
    let ahead = match question.ahead {
        None => Ahead::Window(Window::new()),
        Some(count) => Ahead::Fixed(within("requests", count, [1, Window::MOST])?),
    };
    let (requests, sizes, out) = fetch(Line::new(trip, rate), ahead);
    let points = || (0..=(SPAN.as_millis() / POINT.as_millis()) as u32).map(|point| POINT * point);
    let here: Vec<u64> = points().map(|at| bytes_here(&requests, at)).collect();
    let busy: Vec<u64> = points()
        .skip(1)
        .map(|end| percent(sending(&requests, end - POINT, end), POINT))
        .collect();
    let sizes = points()
        .map(|at| {
            let until = sizes.partition_point(|(since, _)| *since <= at);
            sizes[until.saturating_sub(1)].1
        })
        .collect();
    let close = requests
        .iter()
        .take_while(|request| request.asked < CLOSE)
        .take(REQUESTS);
    let micros = |at: Duration| at.as_micros() as u64;
    let last = requests
        .last()
        .map_or(SPAN, |request| request.sent.max(SPAN));
    Ok(Answer {
        fits: (u128::from(rate) * trip.as_millis()).div_ceil(1_000 * u128::from(BLOCK)) as u64,
        used: percent(sending(&requests, Duration::ZERO, SPAN), SPAN),
        used_later: percent(sending(&requests, SPAN / 2, SPAN), SPAN / 2),
        came: requests.partition_point(|request| request.here <= SPAN),
        out,
        waiting: (last - SPAN).as_millis() as u64,
        here,
        sizes,
        busy,
        requests: close
            .map(|r| [micros(r.asked), micros(r.begins), micros(r.sent)])
            .collect(),
    })
}

/// Keeps so many requests out as is said. Every request, when the number changed, and how many are
/// out in the end.
fn fetch(mut line: Line, mut ahead: Ahead) -> (Vec<Request>, Vec<(Duration, usize)>, usize) {
    let sending = Duration::from_nanos(u64::from(BLOCK) * 1_000_000_000 / line.rate);
    let (mut now, mut out, mut requests) = (Duration::ZERO, VecDeque::new(), Vec::new());
    let mut sizes = vec![(now, ahead.size())];
    loop {
        while out.len() < ahead.size() {
            let here = line.ask(now);
            let sent = here - line.latency;
            out.push_back(here);
            requests.push(Request {
                asked: now,
                begins: sent - sending,
                sent,
                here,
            });
        }
        match out.front() {
            Some(&here) if here <= SPAN => now = here,
            _ => return (requests, sizes, out.len()),
        }
        out.pop_front();
        if let Ahead::Window(window) = &mut ahead {
            window.received(now, BLOCK);
        }
        if sizes.last().is_none_or(|(_, size)| *size != ahead.size()) {
            sizes.push((now, ahead.size()));
        }
    }
}

fn bytes_here(requests: &[Request], at: Duration) -> u64 {
    let blocks = requests.partition_point(|request| request.here <= at);
    blocks as u64 * u64::from(BLOCK)
}

/// How long the peer was sending between two moments.
fn sending(requests: &[Request], from: Duration, to: Duration) -> Duration {
    let first = requests.partition_point(|request| request.sent <= from);
    requests[first..]
        .iter()
        .take_while(|request| request.begins < to)
        .map(|request| request.sent.min(to) - request.begins.max(from))
        .sum()
}

fn percent(part: Duration, whole: Duration) -> u64 {
    ((part.as_micros() * 100 + whole.as_micros() / 2) / whole.as_micros()) as u64
}
