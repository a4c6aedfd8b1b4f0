//! How many requests to keep on their way to one peer.

use std::time::Duration;

use crate::BLOCK;

/// How long the requests that are out should last the peer. It must be longer than any round trip,
/// those through a full modem buffer included. What is longer than that gains nothing: the blocks are
/// held back from faster peers, and lost when the peer chokes us.
const AHEAD: Duration = Duration::from_secs(3);

/// So long should they last in any case where the [round trip](Window::answered) is known: twice that
/// is enough, but a line that is shared, and a peer that sends now and then, are late by more.
const LEAST_AHEAD: Duration = Duration::from_secs(1);

/// How long the rate is measured before it is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// Slow start, if the round trip is known, goes by the rate of so long: more blocks are asked for at
/// once than later, and a peer that turns out slow must not hold them for long.
const MOMENT: Duration = Duration::from_millis(250);

/// By so much more than what arrives slow start makes the window larger, if the round trip is known:
/// TCP's own window doubles with each round trip, and is not to wait for requests.
const TIMES: u64 = 2;

/// Slow start goes on while each interval is faster than the last by more than this, in bytes a
/// second. libtorrent's figure.
const GROWTH: u64 = 5_000;

/// Decides how many requests to keep on their way to one peer.
///
/// A request takes a whole round trip to be answered. With one request out, a peer 100 ms away
/// sends one block every 100 ms, 160 KiB a second, however fast its line is. To keep the line full,
/// the requests on their way must ask for at least what it carries in a round trip. Nobody knows
/// the round trip or the line, so the window finds its size:
///
/// * *Slow start* (the name is TCP's, the idea too): every block that arrives makes the window one
///   larger, so it doubles every round trip, until a second brings no more than the one before.
/// * From then on it holds three seconds' worth of the measured rate, 2 to 500 blocks. While the
///   round trip is shorter than three seconds that is more than the line carries in one, so the
///   rate is what the line or the peer gives, and a line that gets faster still shows it.
#[derive(Clone, Debug)]
// ANCHOR: window
pub struct Window {
    size: usize,
    slow_start: bool,
    /// Bytes that count towards the next step of slow start.
    credit: u32,
    interval: Stretch,
    /// Bytes a second in the last whole interval.
    rate: u64,
    // ANCHOR_END: window
    /// How long the requests that are out should last.
    ahead: Duration,
    /// A [round trip](Window::answered), if it is known.
    trip: Option<Duration>,
    moment: Stretch,
    /// Bytes a second in the last whole moment, if there was one.
    rate_now: Option<u64>,
    // ANCHOR: window_end
}
// ANCHOR_END: window_end

impl Default for Window {
    fn default() -> Window {
        Window::new()
    }
}

impl Window {
    /// Requests in the first window: some 128 KiB on their way.
    pub const START: usize = 8;

    /// Never fewer, but after a [snub](Window::snub): while one block arrives the peer works on the
    /// next.
    pub const LEAST: usize = 2;

    /// Never more: libtorrent's figure. Peers keep a limited number of requests, and drop what is
    /// over.
    pub const MOST: usize = 500;

    /// The window for a peer of which nothing is known: 8 requests.
    pub fn new() -> Window {
        Window {
            size: Window::START,
            slow_start: true,
            credit: 0,
            interval: Stretch::new(INTERVAL),
            rate: 0,
            ahead: AHEAD,
            trip: None,
            moment: Stretch::new(MOMENT),
            rate_now: None,
        }
    }

    /// How many requests to have on their way.
    pub fn size(&self) -> usize {
        self.size
    }

    /// What the peer sent in the last whole second or so, in bytes a second. 0 before that.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    // ANCHOR: received
    /// Counts `bytes` of a block that arrived at `now`.
    pub fn received(&mut self, now: Duration, bytes: u32) {
        self.rate_now = self.moment.add(now, bytes).or(self.rate_now);
        if self.slow_start {
            self.grow(bytes);
        }
        if let Some(rate) = self.interval.add(now, bytes) {
            self.look_at(rate);
        }
    }
    // ANCHOR_END: received

    // ANCHOR: grow
    /// Slow start: what arrives makes the window larger. If the round trip is known, it does so
    /// sooner, but not beyond one and a half times of what the requests should last.
    fn grow(&mut self, bytes: u32) {
        let (times, most) = match (self.trip, self.rate_now) {
            (Some(_), Some(rate)) => {
                // What comes now may be much more than in the last whole moment.
                let rate = rate.max(self.moment.least_rate());
                (TIMES, blocks(rate, self.ahead * 3 / 2))
            }
            (Some(_), None) => (TIMES, Window::MOST),
            (None, _) => (1, Window::MOST),
        };
        let credit = u64::from(self.credit) + u64::from(bytes) * times;
        let grown = self.size + (credit / u64::from(BLOCK)) as usize;
        self.size = grown.min(most).max(self.size);
        self.credit = (credit % u64::from(BLOCK)) as u32;
    }
    // ANCHOR_END: grow

    // ANCHOR: look_at
    /// An interval is over: leave slow start if it brought no growth, and follow the rate after it.
    fn look_at(&mut self, rate: u64) {
        // ANCHOR: yours_look_at (chapter 7, "How many: the window")
        if rate <= self.rate + GROWTH {
            self.slow_start = false;
        }
        self.rate = rate;
        if !self.slow_start {
            self.size = blocks(rate, self.ahead);
        }
        // ANCHOR_END: yours_look_at
    }
    // ANCHOR_END: look_at

    /// A request that found nothing before it was answered after so long: a round trip. From the next
    /// whole interval on requests last two of them, one second at least and three at most; and slow
    /// start goes by that from now on.
    pub fn answered(&mut self, after: Duration) {
        self.trip = Some(after);
        self.ahead = after.saturating_mul(2).clamp(LEAST_AHEAD, AHEAD);
    }

    /// The round trip, if it is known.
    pub fn trip(&self) -> Option<Duration> {
        self.trip
    }

    // ANCHOR: snub
    /// The peer has sent nothing for long though we wait for it: one request is enough to see
    /// whether it comes back. The first block that arrives starts the slow start again.
    pub fn snub(&mut self) {
        *self = Window {
            size: 1,
            ..Window::new()
        };
    }

    /// The peer choked us: the silence that follows says nothing about the line. The size is kept
    /// for the next unchoke, since the line is the same.
    pub fn choked(&mut self) {
        self.interval.stop();
        self.moment.stop();
    }
    // ANCHOR_END: snub
}

/// Bytes that are counted for a while, and then anew.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// How long it is at least.
    least: Duration,
    /// When it began: `None` until a first block arrives.
    began: Option<Duration>,
    bytes: u64,
}

impl Stretch {
    fn new(least: Duration) -> Stretch {
        Stretch {
            least,
            began: None,
            bytes: 0,
        }
    }

    /// Counts what has come; the rate if that is the end of the stretch, and another one begins.
    fn add(&mut self, now: Duration, bytes: u32) -> Option<u64> {
        let Some(began) = self.began else {
            // What came before the clock ran tells no rate.
            self.began = Some(now);
            return None;
        };
        self.bytes += u64::from(bytes);
        let elapsed = now.saturating_sub(began);
        if elapsed < self.least {
            return None;
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.began = Some(now);
        Some(rate(bytes, elapsed))
    }

    /// The rate of this stretch if nothing more comes before its end.
    fn least_rate(&self) -> u64 {
        rate(self.bytes, self.least)
    }

    /// The clock stands still until the next block arrives.
    fn stop(&mut self) {
        *self = Stretch::new(self.least);
    }
}

/// How many blocks last so long at a rate. Rounded up, or a line that carries a block in a round trip
/// could never show it.
fn blocks(rate: u64, lasts: Duration) -> usize {
    let bytes = u128::from(rate) * lasts.as_millis() / 1_000;
    let blocks = bytes.div_ceil(u128::from(BLOCK)).min(Window::MOST as u128);
    (blocks as usize).clamp(Window::LEAST, Window::MOST)
}

/// Bytes a second.
fn rate(bytes: u64, elapsed: Duration) -> u64 {
    let nanos = elapsed.as_nanos().max(1);
    (u128::from(bytes) * 1_000_000_000 / nanos) as u64
}
