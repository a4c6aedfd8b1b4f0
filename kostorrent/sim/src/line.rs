//! How a node is connected to the others.

use std::time::Duration;

use engine::Time;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use crate::Tcp;

/// A node's line. What it sends goes out through the line's one direction, block after block, and
/// passes through the receiver's other direction: both bound it. Only payload counts, and a connection is
/// as fast as the lines from the beginning, unless they are like TCP's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// How long everything takes from this node to the middle of the network, and back: a message
    /// between two nodes takes the sum of theirs.
    pub latency: Duration,
    /// Payload bytes a second that it can send; `None` is no bound.
    pub up: Option<u64>,
    /// Payload bytes a second that it can receive; `None` is no bound.
    pub down: Option<u64>,
    /// How much longer something may take on this line than its latency: between nothing and this,
    /// by chance. What goes over one connection stays in its order.
    pub jitter: Duration,
    /// How long a connection over this line lasts until it breaks: half as long to half as long
    /// again, by chance; `None` is for ever.
    pub breaks: Option<Duration>,
    /// Whether its connections are like TCP's: packets, windows that grow, queues, losses. Both lines of a
    /// connection must be; in a world all of them or none, for what goes out is not counted together.
    pub tcp: Option<Tcp>,
}

impl Default for Line {
    /// Ten milliseconds always, and no other bound.
    fn default() -> Line {
        Line {
            latency: Duration::from_millis(10),
            up: None,
            down: None,
            jitter: Duration::ZERO,
            breaks: None,
            tcp: None,
        }
    }
}

/// A span of time by chance: nothing to `most`. Whole numbers alone, so that it is the same on every
/// machine.
pub(crate) fn up_to(most: Duration, rng: &mut ChaCha8Rng) -> Duration {
    let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(rng.next_u64() % most.saturating_add(1).max(1))
}

/// How long `bytes` take at `rate` bytes a second.
pub(crate) fn time_for(bytes: u64, rate: u64) -> Duration {
    let rate = rate.max(1);
    // A block's are few enough for the quicker way.
    if let Some(nanos) = bytes.checked_mul(1_000_000_000) {
        return Duration::from_nanos(nanos / rate);
    }
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// One direction of a line: everything passes in the order in which it comes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Direction {
    free: Time,
}

impl Direction {
    /// When what it has taken has passed.
    pub fn free(&self) -> Time {
        self.free
    }

    /// When a packet of so many bytes has passed that is here `now`; `None` if the queue is full.
    pub fn take(
        &mut self,
        bytes: u64,
        rate: Option<u64>,
        tcp: Option<Tcp>,
        now: Time,
    ) -> Option<Time> {
        if let (Some(rate), Some(tcp)) = (rate, tcp)
            && self.free.since(now) + time_for(bytes, rate) > tcp.longest_wait(rate)
        {
            return None;
        }
        Some(self.pass(bytes, rate, now))
    }

    /// When `bytes` that are here `now` have passed. Of no bytes, when those before have passed.
    pub fn pass(&mut self, bytes: u64, rate: Option<u64>, now: Time) -> Time {
        let takes = rate.map_or(Duration::ZERO, |rate| time_for(bytes, rate));
        self.free = self.free.max(now) + takes;
        self.free
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(millis: u64) -> Time {
        Time::after_start(Duration::from_millis(millis))
    }

    #[test]
    fn bytes_take_their_number_divided_by_the_rate() {
        assert_eq!(time_for(16_384, 16_384), Duration::from_secs(1));
        assert_eq!(time_for(1, 1_000_000_000), Duration::from_nanos(1));
        assert_eq!(time_for(0, 0), Duration::ZERO);
        assert!(time_for(u64::MAX, 0) > Duration::from_secs(1 << 33));
    }

    #[test]
    fn what_comes_at_once_passes_one_after_the_other() {
        let mut down = Direction::default();
        let rate = Some(1_000_000);
        assert_eq!(down.pass(100_000, rate, at(10)), at(110));
        assert_eq!(down.pass(100_000, rate, at(10)), at(210));
        assert_eq!(down.pass(0, rate, at(20)), at(210), "a message waits, too");
        assert_eq!(
            down.pass(100_000, rate, at(500)),
            at(600),
            "the line was idle"
        );
        assert_eq!(down.pass(100_000, None, at(700)), at(700));
    }

    #[test]
    fn a_full_queue_takes_nothing_more_and_a_slow_line_has_one_of_64_kib() {
        let tcp = Some(Tcp::default());
        let mut line = Direction::default();
        let mut taken = |rate: u64, now| {
            let takes =
                (0..10_000).take_while(|_| line.take(1_000, Some(rate), tcp, now).is_some());
            takes.count()
        };
        assert_eq!(taken(1_000_000, at(0)), 250, "a quarter of a second");
        assert_eq!(taken(1_000_000, at(100)), 100, "what has gone makes room");
        assert_eq!(taken(10_000, at(1_000_000)), 65);
        assert_eq!(
            line.take(1_000, None, tcp, at(1_000_000)),
            Some(at(1_006_500))
        );
    }
}
