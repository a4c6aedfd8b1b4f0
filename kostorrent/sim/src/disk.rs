//! A disk that takes its time, and may fail.

use std::time::Duration;

use engine::Time;

use crate::line::time_for;

/// A node's disk. It does one thing after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disk {
    /// What each access costs, however small it is.
    pub latency: Duration,
    /// Bytes a second; `None` is no bound.
    pub rate: Option<u64>,
    /// How many pieces it takes before it is full; `None` is no bound.
    pub takes: Option<u32>,
    /// Whatever it is given is wrong when it looks at it: bad memory.
    pub spoils: bool,
    /// From when to when it can write nothing, counted from the world's beginning; `None` is never.
    pub fault: Option<(Duration, Duration)>,
}

impl Default for Disk {
    /// One millisecond for an access, and no other bound.
    fn default() -> Disk {
        Disk {
            latency: Duration::from_millis(1),
            rate: None,
            takes: None,
            spoils: false,
            fault: None,
        }
    }
}

impl Disk {
    /// Whether it has a fault at this moment, which will pass.
    pub(crate) fn has_fault(&self, now: Time) -> bool {
        let now = now.since_start();
        self.fault
            .is_some_and(|(from, until)| (from..until).contains(&now))
    }

    /// When an access of `bytes` is done that begins when the disk is `free`, and not before `now`.
    pub(crate) fn done(&self, bytes: u64, free: Time, now: Time) -> Time {
        let transfer = self.rate.map(|rate| time_for(bytes, rate));
        free.max(now) + self.latency + transfer.unwrap_or_default()
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
    fn an_access_waits_for_the_one_before_and_then_takes_its_own_time() {
        let disk = Disk {
            rate: Some(1_000_000),
            ..Disk::default()
        };
        assert_eq!(disk.done(500_000, at(0), at(10)), at(511));
        assert_eq!(disk.done(500_000, at(511), at(20)), at(1012));
        assert_eq!(Disk::default().done(500_000, at(0), at(10)), at(11));
    }
}
