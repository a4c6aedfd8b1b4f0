//! What is counted over all lives of a torrent.

use std::time::Duration;

use engine::Stats;
use resume::Counters;

/// The counters of a torrent, and what it is doing: time passes, though nothing else does.
#[derive(Debug)]
pub struct Lives {
    before: Counters,
    uploaded: u64,
    downloaded: u64,
    active: Duration,
    seeding: Duration,
    doing: Doing,
    since: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    Fetching,
    Seeding,
}

impl Lives {
    /// With what the lives `before` this one have counted.
    pub fn new(before: Counters) -> Lives {
        Lives {
            before,
            uploaded: 0,
            downloaded: 0,
            active: Duration::ZERO,
            seeding: Duration::ZERO,
            doing: Doing::Nothing,
            since: Duration::ZERO,
        }
    }

    /// New figures.
    pub fn saw(&mut self, stats: &Stats, now: Duration) {
        self.pass(now);
        self.uploaded = stats.uploaded;
        self.downloaded = stats.downloaded;
        self.doing = match stats.complete {
            _ if stats.paused || stats.leaving => Doing::Nothing,
            true => Doing::Seeding,
            false => Doing::Fetching,
        };
    }

    fn pass(&mut self, now: Duration) {
        let span = now.saturating_sub(self.since);
        self.since = now;
        if self.doing != Doing::Nothing {
            self.active += span;
        }
        if self.doing == Doing::Seeding {
            self.seeding += span;
        }
    }

    /// Over all lives.
    pub fn counters(&mut self, now: Duration) -> Counters {
        self.pass(now);
        let before = self.before;
        Counters {
            uploaded: before.uploaded.saturating_add(self.uploaded),
            downloaded: before.downloaded.saturating_add(self.downloaded),
            active: before.active.saturating_add(self.active.as_secs()),
            seeding: before.seeding.saturating_add(self.seeding.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_is_counted_by_what_is_done_in_it() {
        let before = Counters {
            uploaded: 10,
            downloaded: 20,
            active: 30,
            seeding: 40,
        };
        let mut lives = Lives::new(before);
        let mut stats = Stats::default();
        lives.saw(&stats, at(1));
        stats.downloaded = 5;
        stats.complete = true;
        lives.saw(&stats, at(4));
        stats.uploaded = 7;
        stats.paused = true;
        lives.saw(&stats, at(6));
        stats.paused = false;
        lives.saw(&stats, at(100));
        let expected = Counters {
            uploaded: 17,
            downloaded: 25,
            active: 30 + 3 + 2 + 1,
            seeding: 40 + 2 + 1,
        };
        assert_eq!(lives.counters(at(101)), expected);
    }
}
