//! How often something may happen: so many at once, and one more each time that an interval is over.

use std::time::Duration;

/// A bucket of allowances, full at first.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    most: u32,
    left: u32,
    interval: Duration,
    /// Since when the next one grows; none while it is full.
    since: Option<Duration>,
}

impl Bucket {
    /// With so many, and one more for each interval.
    pub fn new(most: u32, interval: Duration) -> Bucket {
        Bucket {
            most,
            left: most,
            interval,
            since: None,
        }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Duration) -> bool {
        self.fill(now);
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.since.get_or_insert(now);
        true
    }

    fn fill(&mut self, now: Duration) {
        let Some(since) = self.since else { return };
        let grown = now.saturating_sub(since).as_nanos() / self.interval.as_nanos();
        let grown = u32::try_from(grown).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(grown).min(self.most);
        self.since = match self.left == self.most {
            true => None,
            false => Some(since.saturating_add(self.interval.saturating_mul(grown))),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_an_interval() {
        let mut bucket = Bucket::new(2, Duration::from_secs(10));
        let mut take = |second| bucket.take(Duration::from_secs(second));
        assert!(take(0));
        assert!(take(5));
        assert!(!take(9));
        assert!(take(10), "the first has grown again");
        assert!(!take(19));
        assert!(take(20));
        assert!(take(1_000) && take(1_000), "full, and no more than that");
        assert!(!take(1_000));
    }

    #[test]
    fn time_without_end_does_not_overflow() {
        let mut bucket = Bucket::new(1, Duration::from_secs(60));
        assert!(bucket.take(Duration::ZERO));
        assert!(bucket.take(Duration::MAX));
        assert!(!bucket.take(Duration::MAX));
    }
}
