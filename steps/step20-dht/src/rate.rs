//! How much a second: a bucket of tokens.

use std::time::Duration;

/// So much may be spent at once, and so much comes back a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    burst: u32,
    a_second: u32,
    /// What is left, in thousandths.
    left: u64,
    filled: Duration,
}

impl Rate {
    pub(crate) fn new(a_second: u32, burst: u32, now: Duration) -> Rate {
        Rate {
            burst,
            a_second,
            left: u64::from(burst) * 1_000,
            filled: now,
        }
    }

    /// Spends so much, if it is there.
    pub(crate) fn spend(&mut self, amount: usize, now: Duration) -> bool {
        let is_there = self.has(amount, now);
        if is_there {
            self.left -= amount as u64 * 1_000;
        }
        is_there
    }

    /// Whether so much is there.
    pub(crate) fn has(&mut self, amount: usize, now: Duration) -> bool {
        self.fill(now);
        (amount as u64).saturating_mul(1_000) <= self.left
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled);
        let millis = passed.as_millis();
        if millis == 0 {
            return;
        }
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        let comes = millis.saturating_mul(self.a_second.into());
        self.left = self
            .left
            .saturating_add(comes)
            .min(u64::from(self.burst) * 1_000);
        // What is less than a millisecond counts the next time.
        let rest = u64::from(passed.subsec_nanos() % 1_000_000);
        self.filled = now.saturating_sub(Duration::from_nanos(rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_comes_back_in_time_and_no_more() {
        let mut rate = Rate::new(10, 50, Duration::ZERO);
        assert!(rate.spend(50, Duration::ZERO));
        assert!(!rate.spend(1, Duration::ZERO));
        assert!(!rate.spend(1, Duration::from_millis(99)));
        assert!(rate.spend(1, Duration::from_millis(100)));
        assert!(rate.spend(50, Duration::from_secs(1_000)));
        assert!(!rate.spend(1, Duration::from_secs(1_000)));
        assert!(!rate.spend(51, Duration::MAX));
        assert!(rate.spend(50, Duration::MAX));
    }

    #[test]
    fn parts_of_a_millisecond_are_not_lost() {
        let mut rate = Rate::new(10, 50, Duration::ZERO);
        assert!(rate.spend(50, Duration::ZERO));
        for n in 1..=1_000 {
            rate.has(1, n * Duration::from_micros(1_900));
        }
        assert!(rate.spend(19, Duration::from_millis(1_900)));
        assert!(!rate.spend(1, Duration::from_millis(1_900)));
    }
}
