//! How much of a connection may be on its way: the congestion window.

use std::time::Duration;

use engine::Time;

use crate::Control;
use crate::tcp::SEGMENT;

/// What a connection begins with (RFC 6928).
pub(crate) const INITIAL: u64 = 10 * SEGMENT;

/// It is never less than this.
const LEAST: u64 = 2 * SEGMENT;

/// What is left of a window of CUBIC after a loss, in tenths (RFC 9438, 4.6).
const LEFT: u64 = 7;

/// After so many answers of a round CUBIC looks whether they take longer than they did (HyStart).
const SAMPLES: u32 = 8;

/// Answers no farther apart than this come at the rate of the line (HyStart).
const TRAIN: Duration = Duration::from_millis(2);

/// BBR believes that a line is full when so many rounds in a row have brought no quarter more.
const FULL_ROUNDS: u32 = 3;

/// It remembers the fastest of so many rounds.
const ROUNDS: usize = 10;

/// The window of one direction of a connection, as Linux has it: it doubles with each round trip until
/// something is lost or the answers take longer, and goes on as its [`Control`] has it.
#[derive(Debug)]
pub(crate) struct Window {
    control: Control,
    size: u64,
    /// Below it the window doubles with each round trip.
    threshold: u64,
    /// What is lost of the packets before this number is no news.
    recovers: u64,
    round: Round,
    /// The shortest round trip so far.
    least: Duration,
    cubic: Cubic,
    full: Full,
}

/// The packets that were on their way at the same moment.
#[derive(Debug, Default)]
struct Round {
    /// It ends with the answer to the packet before this number.
    end: u64,
    begun: Time,
    /// The last answer of those that came close after each other from its beginning on.
    train: Time,
    /// The shortest round trip in it, and of how many.
    least: Duration,
    samples: u32,
    /// How many bytes it has brought.
    brought: u64,
    /// The most bytes that were on their way in it, and in the round before.
    most: u64,
    before: u64,
}

/// The curve that CUBIC goes along (RFC 9438).
#[derive(Debug, Default)]
struct Cubic {
    /// When it began: with the first answer after a loss.
    begun: Option<Time>,
    /// The window before the loss, which it goes back to.
    peak: u64,
    /// When it is there.
    back: Duration,
    /// The window that Reno would have.
    reno: u64,
    /// Parts of bytes by which both are larger.
    rest: u64,
    reno_rest: u64,
}

/// What BBR knows of the line.
#[derive(Debug, Default)]
struct Full {
    /// Bytes a second, of the last rounds.
    rates: [u64; ROUNDS],
    next: usize,
    /// The fastest when it last became a quarter more, and how many rounds have not since.
    best: u64,
    rounds: u32,
}

impl Window {
    pub fn new(control: Control) -> Window {
        Window {
            control,
            size: INITIAL,
            threshold: u64::MAX,
            recovers: 0,
            round: Round {
                least: Duration::MAX,
                ..Round::default()
            },
            least: Duration::MAX,
            cubic: Cubic::default(),
            full: Full::default(),
        }
    }

    /// How many bytes may be on their way.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it doubles with each round trip.
    fn is_slow_start(&self) -> bool {
        match self.control {
            Control::Cubic => self.size < self.threshold,
            Control::Bbr => self.full.rounds < FULL_ROUNDS,
        }
    }

    /// An answer has come: so many bytes have arrived, and `flew` were on their way before; the packet
    /// before number `to` took `trip`; `next` is the number of the next that will be sent.
    pub fn arrived(
        &mut self,
        (bytes, flew): (u64, u64),
        to: u64,
        next: u64,
        trip: Duration,
        now: Time,
    ) {
        self.least = self.least.min(trip);
        self.round.brought += bytes;
        self.round.least = self.round.least.min(trip);
        self.round.samples += 1;
        self.round.most = self.round.most.max(flew);
        // A window that is not used does not grow.
        let used = self.round.most.max(self.round.before);
        let is_used = match self.is_slow_start() {
            true => self.size < 2 * used,
            false => self.size < used + 3 * SEGMENT,
        };
        match self.control {
            Control::Cubic => {
                if is_used && to > self.recovers {
                    match self.is_slow_start() {
                        true => self.size += bytes,
                        false => self.cubic(bytes, now),
                    }
                }
                if self.is_slow_start() && self.is_enough(now) {
                    self.threshold = self.size;
                }
            }
            Control::Bbr if self.is_slow_start() => {
                if is_used {
                    self.size += bytes;
                }
            }
            Control::Bbr => {}
        }
        if to > self.round.end {
            self.end_round(is_used, next, now);
        }
    }

    /// Whether the line is full although nothing was lost (HyStart): answers have come in its rhythm for
    /// half a round trip, or all of this round took longer than they did at first.
    fn is_enough(&mut self, now: Time) -> bool {
        if self.size < 16 * SEGMENT {
            return false;
        }
        let round = &mut self.round;
        if now.since(round.train) <= TRAIN {
            round.train = now;
            if now.since(round.begun) > self.least / 2 {
                return true;
            }
        }
        let longer = (self.least / 8).clamp(Duration::from_millis(4), Duration::from_millis(16));
        round.samples > SAMPLES && round.least > self.least + longer
    }

    fn end_round(&mut self, is_used: bool, next: u64, now: Time) {
        if self.control == Control::Bbr {
            self.measure(is_used, now);
        }
        self.round = Round {
            end: next,
            begun: now,
            train: now,
            before: self.round.most,
            least: Duration::MAX,
            ..Round::default()
        };
    }

    /// What the round says of the line; and with that, how large a window fills it. An eighth more, to
    /// notice when it can carry more.
    fn measure(&mut self, is_used: bool, now: Time) {
        let nanos = now.since(self.round.begun).as_nanos().max(1);
        let rate = u128::from(self.round.brought) * 1_000_000_000 / nanos;
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        let full = &mut self.full;
        let best = *full.rates.iter().max().unwrap_or(&0);
        if is_used || rate > best {
            full.rates[full.next] = rate;
            full.next = (full.next + 1) % ROUNDS;
        }
        let best = *full.rates.iter().max().unwrap_or(&0);
        if full.rounds < FULL_ROUNDS {
            if best >= full.best + full.best / 4 {
                (full.best, full.rounds) = (best, 0);
            } else if is_used {
                full.rounds += 1;
            }
        }
        let fills = u128::from(best) * self.least.as_nanos() / 1_000_000_000;
        let fills = u64::try_from(fills).unwrap_or(u64::MAX);
        self.size = match self.is_slow_start() {
            true => self.size.min((3 * fills).max(INITIAL)),
            false => (fills + fills / 8).max(2 * LEAST),
        };
    }

    /// The packet with this number is lost; `next` is the number of the next that will be sent.
    pub fn lost(&mut self, number: u64, next: u64) {
        if number < self.recovers || self.control == Control::Bbr {
            return;
        }
        self.recovers = next;
        // Who lost before it was back where it had been leaves room to others.
        self.cubic.peak = match self.size < self.cubic.peak {
            true => self.size * (10 + LEFT) / 20,
            false => self.size,
        };
        self.cubic.begun = None;
        self.size = (self.size * LEFT / 10).max(LEAST);
        self.threshold = self.size;
    }

    /// Nothing was on its way for so long, and the answer to the last is expected within `patience`: what
    /// was known of the line grows old (RFC 9293, 3.8.1; Linux: `tcp_slow_start_after_idle`).
    pub fn idle(&mut self, idle: Duration, patience: Duration) {
        if let Some(begun) = &mut self.cubic.begun {
            *begun = *begun + idle;
        }
        if self.control == Control::Bbr {
            return;
        }
        let mut left = idle;
        if left > patience && self.threshold < u64::MAX {
            self.threshold = self.threshold.max(self.size * 3 / 4);
        }
        while left > patience && self.size > INITIAL {
            self.size = (self.size / 2).max(INITIAL);
            left = left.saturating_sub(patience);
        }
    }

    /// So many bytes have arrived, and nothing is doubled any more.
    fn cubic(&mut self, bytes: u64, now: Time) {
        let size = self.size;
        let cubic = &mut self.cubic;
        let begun = *cubic.begun.get_or_insert_with(|| {
            cubic.reno = size;
            let below = cubic.peak.saturating_sub(size);
            cubic.peak = cubic.peak.max(size);
            // 0.4 segments times the third power of the seconds.
            cubic.back = Duration::from_millis(cube_root(below * 5 * 500_000_000 / SEGMENT));
            now
        });
        let at = now.since(begun) + self.least;
        let from = at.abs_diff(cubic.back).as_millis().min(1_000_000);
        let offset = from.pow(3) * u128::from(SEGMENT) / 2_500_000_000;
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        let goal = match at < cubic.back {
            true => cubic.peak.saturating_sub(offset),
            false => cubic.peak.saturating_add(offset),
        };
        // Reno with the same loss: 0.53 segments more with each window that arrives.
        cubic.reno_rest += bytes * SEGMENT * 53 / 100;
        cubic.reno += cubic.reno_rest / size;
        cubic.reno_rest %= size;
        // As long as nothing was lost nothing is known (Linux: at least a twentieth with each round trip).
        let least = match self.recovers {
            0 => size + size / 20,
            _ => 0,
        };
        let goal = goal.max(cubic.reno).max(least).min(size + size / 2);
        cubic.rest += goal.saturating_sub(size) * bytes;
        self.size += cubic.rest / size;
        cubic.rest %= size;
    }
}

/// The largest number whose third power is not more.
fn cube_root(of: u64) -> u64 {
    let mut root = 0;
    for bit in (0..22).rev() {
        let more: u64 = root | 1 << bit;
        if more.checked_pow(3).is_some_and(|cube| cube <= of) {
            root = more;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::line::time_for;

    const TRIP: Duration = Duration::from_millis(100);

    /// A connection whose sender always has something to send, over a line that takes everything in.
    struct Way {
        window: Window,
        rate: Option<u64>,
        now: Time,
        free: Time,
        /// The number of the next packet, and when those on their way were sent and are answered.
        next: u64,
        flying: VecDeque<(Time, Time)>,
    }

    impl Way {
        fn new(control: Control, rate: Option<u64>) -> Way {
            Way {
                window: Window::new(control),
                rate,
                now: Time::ZERO,
                free: Time::ZERO,
                next: 0,
                flying: VecDeque::new(),
            }
        }

        /// Until everything that is on its way, or can be now, has arrived.
        fn round(&mut self) {
            self.send();
            for _ in 0..self.flying.len() {
                let flew = self.flying.len() as u64;
                let Some((sent, answered)) = self.flying.pop_front() else {
                    return;
                };
                self.now = answered;
                let (to, trip) = (self.next - flew + 1, answered.since(sent));
                let bytes = (SEGMENT, flew * SEGMENT);
                self.window.arrived(bytes, to, self.next, trip, self.now);
                self.send();
            }
        }

        fn send(&mut self) {
            while (self.flying.len() as u64) < self.window.size() / SEGMENT {
                let takes = self
                    .rate
                    .map_or(Duration::ZERO, |rate| time_for(SEGMENT, rate));
                self.free = self.free.max(self.now) + takes;
                self.flying.push_back((self.now, self.free + TRIP));
                self.next += 1;
            }
        }
    }

    #[test]
    fn slow_start_doubles_with_each_round_trip() {
        let mut way = Way::new(Control::Cubic, None);
        for size in [1, 2, 4, 8, 16, 32, 64].map(|times| times * INITIAL) {
            assert_eq!(way.window.size(), size);
            way.round();
        }
        assert_eq!(way.now, Time::after_start(TRIP * 7));
    }

    #[test]
    fn it_ends_when_the_answers_come_in_the_rhythm_of_the_line() {
        // A megabyte is on its way in a round trip.
        let mut way = Way::new(Control::Cubic, Some(10_000_000));
        (0..9).for_each(|_| way.round());
        assert!(!way.window.is_slow_start());
        let size = way.window.size();
        assert!((1_000_000..2_000_000).contains(&size), "{size}");
        // From then on it is a twentieth more, as long as nothing was lost.
        way.round();
        let more = way.window.size() - size;
        assert!((size / 25..size / 18).contains(&more), "{more}");
    }

    #[test]
    fn a_loss_leaves_seven_tenths_and_one_round_trip_has_one_loss() {
        let mut way = Way::new(Control::Cubic, None);
        (0..6).for_each(|_| way.round());
        let size = way.window.size();
        way.window.lost(way.next - 600, way.next);
        assert_eq!(way.window.size(), size * 7 / 10);
        way.window.lost(way.next - 1, way.next);
        assert_eq!(way.window.size(), size * 7 / 10, "the same round trip");
        way.window.lost(way.next, way.next + 10);
        assert_eq!(way.window.size(), size * 7 / 10 * 7 / 10);
    }

    #[test]
    fn after_a_loss_the_window_is_back_after_the_time_of_cubic() {
        let mut way = Way::new(Control::Cubic, None);
        (0..6).for_each(|_| way.round());
        let peak = way.window.size();
        way.window.lost(way.next - 1, way.next);
        let lost = way.now;
        let mut before = way.window.size();
        // The third root of (0.3 · 640 segments / 0.4): 7.8 seconds, and flat in their end.
        while way.now.since(lost) < Duration::from_millis(7_800) {
            way.round();
            let grown = way.window.size() - before;
            assert!(grown < peak / 10, "it is not doubled");
            before = way.window.size();
        }
        let size = way.window.size();
        let wanted = peak * 97 / 100..peak * 101 / 100;
        assert!(wanted.contains(&size), "{size} of {peak}");
    }

    #[test]
    fn a_window_that_is_not_used_stays_and_one_that_was_idle_shrinks() {
        let mut window = Window::new(Control::Cubic);
        for number in 0..1_000 {
            let now = Time::after_start(TRIP * number);
            let number = u64::from(number) + 1;
            window.arrived((SEGMENT, SEGMENT), number, number, TRIP, now);
        }
        assert_eq!(window.size(), INITIAL);
        let mut way = Way::new(Control::Cubic, None);
        (0..4).for_each(|_| way.round());
        let size = way.window.size();
        way.window.idle(TRIP, TRIP * 3);
        assert_eq!(way.window.size(), size);
        way.window.idle(TRIP * 7, TRIP * 3);
        assert_eq!(way.window.size(), size / 4);
        way.window.idle(TRIP * 100, TRIP * 3);
        assert_eq!(way.window.size(), INITIAL);
    }

    #[test]
    fn bbr_keeps_what_fills_the_line_whatever_is_lost() {
        let mut way = Way::new(Control::Bbr, Some(10_000_000));
        (0..40).for_each(|round| {
            way.round();
            if round > 20 {
                way.window.lost(way.next - 1, way.next);
            }
        });
        let size = way.window.size();
        assert!((1_050_000..1_200_000).contains(&size), "{size}");
    }

    #[test]
    fn a_third_root_is_rounded_down() {
        assert_eq!([0, 1, 7, 8, 26, 27].map(cube_root), [0, 1, 1, 2, 2, 3]);
        assert_eq!(cube_root(1_000_000_000_000), 10_000);
    }
}
