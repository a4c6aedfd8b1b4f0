//! A speed limit.

use std::time::Duration;

use super::Time;

/// How far ahead an idle limit may save up.
const BURST: Duration = Duration::from_millis(200);

/// The least that is saved up, or a limit below one block a burst would never let a block through.
const LEAST_BURST: u64 = 32 * 1024;

/// A token bucket: it fills at the limit's rate, and what is sent is taken out.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Bytes a second; `None` is no limit.
    rate: Option<u64>,
    /// What may be sent now, in bytes.
    level: u64,
    /// Until when the level has been filled.
    filled: Time,
}

impl Bucket {
    pub fn new(rate: Option<u64>) -> Bucket {
        let mut bucket = Bucket {
            rate,
            level: 0,
            filled: Time::ZERO,
        };
        bucket.level = bucket.most();
        bucket
    }

    fn most(&self) -> u64 {
        let rate = self.rate.unwrap_or(0);
        (rate * BURST.as_millis() as u64 / 1000).max(LEAST_BURST)
    }

    /// How many bytes may go now.
    pub fn available(&mut self, now: Time) -> u64 {
        let Some(rate) = self.rate else {
            return u64::MAX;
        };
        let gained = (u128::from(rate) * now.since(self.filled).as_micros() / 1_000_000) as u64;
        if gained > 0 {
            self.filled = now;
            self.level = self.level.saturating_add(gained).min(self.most());
        }
        self.level
    }

    /// Takes `bytes` out; no more than [`Bucket::available`] said.
    pub fn take(&mut self, bytes: u64) {
        if self.rate.is_some() {
            self.level = self.level.saturating_sub(bytes);
        }
    }

    /// How long it takes until `bytes` are there.
    pub fn wait_for(&mut self, bytes: u64, now: Time) -> Duration {
        let missing = bytes.saturating_sub(self.available(now));
        match self.rate {
            Some(rate) if missing > 0 => {
                Duration::from_micros((missing.saturating_mul(1_000_000) / rate.max(1)).max(1_000))
            }
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_a_minute_no_more_than_the_rate_passes() {
        let mut bucket = Bucket::new(Some(100_000));
        let (mut passed, mut now) = (0, Time::ZERO);
        while now < Time::after_start(Duration::from_secs(60)) {
            if bucket.available(now) >= 16_384 {
                bucket.take(16_384);
                passed += 16_384;
            } else {
                now = now + bucket.wait_for(16_384, now);
            }
        }
        assert!((5_900_000..=6_050_000).contains(&passed), "{passed}");
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut bucket = Bucket::new(None);
        bucket.take(1 << 40);
        assert_eq!(bucket.available(Time::ZERO), u64::MAX);
        assert_eq!(bucket.wait_for(1 << 40, Time::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_limit_below_one_block_a_second_still_lets_a_block_through() {
        let mut bucket = Bucket::new(Some(1));
        bucket.take(32 * 1024);
        let wait = bucket.wait_for(16_384, Time::ZERO);
        let now = Time::ZERO + wait;
        assert!(bucket.available(now) >= 16_384);
    }
}
