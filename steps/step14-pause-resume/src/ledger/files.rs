//! What is known of each file, and how sure that is.

use std::time::Duration;

use crate::{Ledger, Recorded, Stamp};

/// What is known of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// How it was at the last look.
    stamp: Option<Stamp>,
    /// Since when it has been so.
    since: Duration,
    /// Its clock has ticked between two looks at which it was so: a later write shows.
    settled: bool,
    /// We have written to it since.
    stale: bool,
}

impl Known {
    /// How it is found at the start.
    pub fn begin(&mut self, found: Option<Stamp>, recorded: Option<Recorded>, now: Duration) {
        *self = Known {
            stamp: found,
            since: now,
            settled: recorded.is_some_and(|was| was.settled && Some(was.stamp) == found),
            stale: false,
        };
    }

    /// We have written to it.
    pub fn write(&mut self) {
        self.stale = true;
        self.settled = false;
    }

    /// What the resume file says of it.
    pub fn record(&self) -> Option<Recorded> {
        let settled = self.settled;
        self.stamp.map(|stamp| Recorded { stamp, settled })
    }

    fn look(&mut self, stamp: Option<Stamp>, now: Duration) {
        match stamp {
            Some(seen) if !self.stale && self.stamp == stamp => {
                self.settled = self.settled || now >= self.since + seen.tick();
            }
            _ => {
                *self = Known {
                    stamp,
                    since: now,
                    settled: false,
                    stale: false,
                }
            }
        }
    }

    /// When a look would settle it; `None` if there is nothing to settle.
    fn settles_at(&self) -> Option<Duration> {
        let stamp = self.stamp.filter(|_| !self.settled)?;
        match self.stale {
            true => Some(Duration::ZERO),
            false => Some(self.since + stamp.tick()),
        }
    }
}

impl Ledger {
    /// A file was looked at: how it was then. Looks and [writes](Ledger::written) have to come in
    /// the order in which they happened. A file has to be looked at before whatever else looks for
    /// changes by others: what happens in between is noticed then.
    pub fn looked(&mut self, file: usize, stamp: Option<Stamp>, now: Duration) {
        if let Some(known) = self.files.get_mut(file) {
            known.look(stamp, now);
        }
    }

    /// We have changed a file in another way than by writing a piece: we have cut it, or made it
    /// anew.
    pub fn touched(&mut self, file: usize) {
        if let Some(known) = self.files.get_mut(file) {
            known.write();
        }
    }

    /// The files whose last look is not proof against a write in the same moment, or that were
    /// written to since, by their numbers. For an end in order: look at them, wait until
    /// [`Ledger::settles_at`], look again.
    pub fn unsettled(&self) -> Vec<usize> {
        self.files_that(|known| known.settles_at().is_some())
    }

    /// The files that a look at this moment would settle. To be looked at before each save: else a
    /// file that was complete an hour before a crash would have to be read after it.
    pub fn to_look(&self, now: Duration) -> Vec<usize> {
        let is_ripe = |at: Duration| at <= now;
        self.files_that(|known| !known.stale && known.settles_at().is_some_and(is_ripe))
    }

    fn files_that(&self, which: impl Fn(&Known) -> bool) -> Vec<usize> {
        let files = self.files.iter().enumerate();
        let files = files.filter(|(_, known)| which(known));
        files.map(|(file, _)| file).collect()
    }

    /// When a look at the [unsettled](Ledger::unsettled) files settles them all, if they are as
    /// they were at the last one: a tenth of a second after it, and two seconds where time is kept
    /// in seconds. `None` if there are none.
    pub fn settles_at(&self) -> Option<Duration> {
        self.files.iter().filter_map(Known::settles_at).max()
    }
}
