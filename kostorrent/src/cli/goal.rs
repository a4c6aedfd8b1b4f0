//! When a seeder has given enough: a ratio, a time, whichever is reached first. Pure.

use std::time::Duration;

/// Bytes sent for each byte of the torrent.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub(crate) struct Ratio(pub(crate) f64);

/// When seeding ends by itself. The default: never.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Goal {
    /// At this ratio.
    pub(crate) ratio: Option<Ratio>,
    /// After so long with everything there.
    pub(crate) time: Option<Duration>,
}

/// What a torrent has given, over all its lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Counters {
    /// Payload bytes sent.
    pub(crate) uploaded: u64,
    /// How long it has been seeding; pauses do not count.
    pub(crate) seeded: Duration,
}

/// What was reached.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Reached {
    Ratio(Ratio),
    Time(Duration),
}

impl Goal {
    /// Whether there is any.
    pub(crate) fn is_set(&self) -> bool {
        self.ratio.is_some() || self.time.is_some()
    }

    /// What was reached first by a torrent of which `size` bytes are there. One that is empty has
    /// any ratio.
    pub(crate) fn reached(&self, counters: Counters, size: u64) -> Option<Reached> {
        let given = |ratio: &Ratio| counters.uploaded as f64 >= ratio.0 * size as f64;
        let stayed = |time: &Duration| counters.seeded >= *time;
        let ratio = self.ratio.filter(given).map(Reached::Ratio);
        ratio.or_else(|| self.time.filter(stayed).map(Reached::Time))
    }

    /// How long it has to be seeded yet.
    pub(crate) fn time_left(&self, counters: Counters) -> Option<Duration> {
        self.time.map(|time| time.saturating_sub(counters.seeded))
    }
}

/// Bytes sent for each byte that is there; `None` while nothing is.
pub(crate) fn ratio(uploaded: u64, size: u64) -> Option<f64> {
    (size > 0).then(|| uploaded as f64 / size as f64)
}

impl Reached {
    /// For a person.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Reached::Ratio(ratio) => format!("the seed ratio of {} is reached", ratio.0),
            Reached::Time(time) => format!("seeded for {}", progress::duration(*time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const BOTH: Goal = Goal {
        ratio: Some(Ratio(1.5)),
        time: Some(Duration::from_secs(60)),
    };

    fn given(uploaded: u64, seconds: u64) -> Counters {
        Counters {
            uploaded,
            seeded: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn whichever_comes_first_ends_it() {
        assert_eq!(BOTH.reached(given(149, 59), 100), None);
        let ratio = Some(Reached::Ratio(Ratio(1.5)));
        assert_eq!(BOTH.reached(given(150, 0), 100), ratio);
        let time = Some(Reached::Time(Duration::from_secs(60)));
        assert_eq!(BOTH.reached(given(0, 60), 100), time);
        assert_eq!(Goal::default().reached(given(u64::MAX, u64::MAX), 1), None);
    }

    #[test]
    fn the_time_counts_what_went_before() {
        assert_eq!(BOTH.time_left(given(0, 45)), Some(Duration::from_secs(15)));
        assert_eq!(BOTH.time_left(given(0, 99)), Some(Duration::ZERO));
        assert_eq!(Goal::default().time_left(given(0, 0)), None);
    }

    #[test]
    fn an_empty_torrent_has_given_all_it_has() {
        assert!(BOTH.reached(given(0, 0), 0).is_some());
        assert_eq!(ratio(0, 0), None);
        assert_eq!(ratio(150, 100), Some(1.5));
    }
}
