//! A speed limit: a token bucket.

use std::time::Duration;

use blocks::BLOCK;

use crate::Time;

/// How much of its rate an idle limit may save up, beside a block: a hundredth of ten seconds, and
/// so long a timer may be late without anything being lost.
const BURST: Duration = Duration::from_millis(100);

/// A token bucket: it fills at the limit's rate, and what is sent is taken out.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Bytes a second; `None` is no limit.
    rate: Option<u64>,
    /// What may be sent now, in bytes; below zero after something larger than a burst has gone.
    level: i64,
    /// Until when the level has been filled.
    filled: Time,
}

impl Bucket {
    pub fn new(rate: Option<u64>, now: Time) -> Bucket {
        Bucket {
            rate,
            // Nothing has been saved up yet.
            level: 0,
            filled: now,
        }
    }

    /// Another rate from now on. What has been saved up or is owed stays, within the new bounds.
    pub fn change(&mut self, rate: Option<u64>, now: Time) {
        self.available(now);
        self.filled = now;
        self.rate = rate;
        self.level = self.level.min(self.most());
    }

    /// The limit, if it is what holds back a stream of this rate. It does when somebody waits for
    /// it; and between two waits, when nine tenths of it are used.
    pub fn holds(&self, rate: u64, somebody_waits: bool) -> Option<u64> {
        let used = |limit: u64| rate >= limit - limit / 10;
        self.rate.filter(|&limit| somebody_waits || used(limit))
    }

    /// The most that is saved up. A block is, or a low limit would never let one through.
    fn most(&self) -> i64 {
        let rate = self.rate.unwrap_or(0);
        let burst = rate.saturating_mul(BURST.as_millis() as u64) / 1000;
        i64::try_from(burst.saturating_add(BLOCK.into())).unwrap_or(i64::MAX)
    }

    // ANCHOR: available
    /// How many bytes may go now.
    pub fn available(&mut self, now: Time) -> u64 {
        let Some(rate) = self.rate else {
            return u64::MAX;
        };
        let gained = u128::from(rate) * now.since(self.filled).as_micros() / 1_000_000;
        if gained > 0 {
            self.filled = now;
            let gained = i64::try_from(gained).unwrap_or(i64::MAX);
            self.level = self.level.saturating_add(gained).min(self.most());
        }
        self.level.max(0) as u64
    }

    /// Whether `bytes` may go now. What is larger than a burst may go when the bucket is full, and
    /// is paid for afterwards.
    pub fn affords(&mut self, bytes: u64, now: Time) -> bool {
        self.available(now) >= bytes.min(self.most() as u64)
    }

    // ANCHOR_END: available

    /// Takes `bytes` out, of which [`Bucket::affords`] said that they may go.
    pub fn take(&mut self, bytes: u64) {
        if self.rate.is_some() {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            self.level = self.level.saturating_sub(bytes);
        }
    }

    /// Puts back what was taken out for bytes that will not come.
    pub fn give_back(&mut self, bytes: u64) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.level = self.level.saturating_add(bytes).min(self.most());
    }

    /// How long it takes until `bytes` may go; never so short that a timer would ring at once.
    pub fn wait_for(&mut self, bytes: u64, now: Time) -> Duration {
        self.available(now);
        let needed = bytes.min(self.most() as u64) as i64;
        let missing = needed.saturating_sub(self.level).max(0) as u64;
        let rate = self.rate.unwrap_or(u64::MAX).max(1);
        Duration::from_micros(missing.saturating_mul(1_000_000) / rate).max(LEAST_WAIT)
    }
}

/// The shortest wait, so that a limit is looked at no more than a thousand times a second.
const LEAST_WAIT: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_a_minute_no_more_than_the_rate_passes() {
        let mut bucket = Bucket::new(Some(100_000), Time::ZERO);
        let (mut passed, mut now) = (0, Time::ZERO);
        while now < Time::after_start(Duration::from_secs(60)) {
            if bucket.available(now) >= 16_384 {
                bucket.take(16_384);
                passed += 16_384;
            } else {
                now = now + bucket.wait_for(16_384, now);
            }
        }
        assert!((5_950_000..=6_000_000).contains(&passed), "{passed}");
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut bucket = Bucket::new(None, Time::ZERO);
        bucket.take(1 << 40);
        assert_eq!(bucket.available(Time::ZERO), u64::MAX);
        assert!(bucket.affords(1 << 40, Time::ZERO));
    }

    #[test]
    fn a_limit_below_one_block_a_second_still_lets_a_block_through() {
        let mut bucket = Bucket::new(Some(1), Time::ZERO);
        bucket.take(32 * 1024);
        let wait = bucket.wait_for(16_384, Time::ZERO);
        let now = Time::ZERO + wait;
        assert!(bucket.available(now) >= 16_384);
    }

    #[test]
    fn what_is_larger_than_a_burst_may_go_and_is_paid_for_afterwards() {
        let mut bucket = Bucket::new(Some(100_000), Time::ZERO);
        let at = |millis| Time::ZERO + Duration::from_millis(millis);
        assert!(!bucket.affords(131_072, at(200)));
        assert!(bucket.affords(131_072, at(300)), "it is full");
        bucket.take(131_072);
        assert!(!bucket.affords(16_384, at(1_500)));
        assert!(bucket.affords(16_384, at(1_600)));
    }

    #[test]
    fn no_rate_overflows() {
        let mut bucket = Bucket::new(Some(u64::MAX), Time::ZERO);
        let later = Time::ZERO + Duration::from_secs(1 << 40);
        assert!(bucket.affords(u64::MAX, later));
        bucket.take(u64::MAX);
        bucket.wait_for(u64::MAX, later);
    }
}
