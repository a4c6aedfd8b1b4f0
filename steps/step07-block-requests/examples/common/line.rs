//! A line between us and one peer, in virtual time: what a round trip and a speed do to requests.

use std::collections::VecDeque;
use std::time::Duration;

use blocks::{BLOCK, Window};

// ANCHOR: line
/// A line with a peer at its other end that answers in order, at once.
#[derive(Clone, Debug)]
pub struct Line {
    /// How long a message is on its way, in one direction.
    pub latency: Duration,
    /// Bytes a second that the line carries.
    pub rate: u64,
    /// When the peer has sent all that it was asked for.
    free_at: Duration,
}

impl Line {
    /// A line over which a question and its answer take `round_trip`, besides the time that the
    /// answer's bytes take.
    pub fn new(round_trip: Duration, rate: u64) -> Line {
        Line {
            latency: round_trip / 2,
            rate,
            free_at: Duration::ZERO,
        }
    }

    /// A block is asked for at `now`: when its last byte is here.
    pub fn ask(&mut self, now: Duration) -> Duration {
        let begins = self.free_at.max(now + self.latency);
        let sending = Duration::from_nanos(u64::from(BLOCK) * 1_000_000_000 / self.rate);
        self.free_at = begins + sending;
        self.free_at + self.latency
    }
}
// ANCHOR_END: line

/// How many requests to keep on their way.
#[derive(Clone, Debug)]
pub enum Ahead {
    /// Always so many.
    Fixed(usize),
    /// As many as the window says.
    Window(Window),
}

impl Ahead {
    /// How many to have out now.
    pub fn size(&self) -> usize {
        match self {
            Ahead::Fixed(size) => *size,
            Ahead::Window(window) => window.size(),
        }
    }
}

/// Fetches `blocks` blocks. Returns when each one is here.
pub fn fetch(line: &mut Line, ahead: &mut Ahead, blocks: usize) -> Vec<Duration> {
    let mut now = Duration::ZERO;
    let mut on_their_way = VecDeque::new();
    let mut here = Vec::new();
    while here.len() < blocks {
        let asked = here.len() + on_their_way.len();
        let room = ahead.size().saturating_sub(on_their_way.len());
        for _ in 0..room.min(blocks - asked) {
            on_their_way.push_back(line.ask(now));
        }
        let Some(arrival) = on_their_way.pop_front() else {
            break;
        };
        now = arrival;
        here.push(now);
        if let Ahead::Window(window) = ahead {
            window.received(now, BLOCK);
        }
    }
    here
}
