//! What is known of each file, and how sure that is.

use std::collections::BTreeSet;
use std::sync::Arc;
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

    /// How long it was at the last look, in bytes.
    pub fn length(&self) -> Option<u64> {
        self.stamp.map(|stamp| stamp.length)
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
            // That was somebody else, and nobody has noticed it. The old stamp stays on record, so the
            // next start reads the file.
            Some(_) if !self.stale && self.stamp.is_some() => self.settled = true,
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
    /// changes by others, and not be told here before that was done: what is recorded is then what
    /// we have left, and what happens in between is noticed.
    pub fn looked(&mut self, file: usize, stamp: Option<Stamp>, now: Duration) {
        if let Some(known) = self.files.get_mut(file) {
            let before = known.record();
            known.look(stamp, now);
            if known.record() != before {
                self.saves.differs();
            }
        }
    }

    /// The files were opened, or made, and lengthened if need be: this is how one of them is now.
    pub fn opened(&mut self, file: usize, stamp: Option<Stamp>, now: Duration) {
        if self
            .files
            .get(file)
            .is_some_and(|known| known.stamp != stamp)
        {
            self.touched(file);
        }
        self.looked(file, stamp, now);
    }

    /// A file was changed in another way than by writing a piece: it was made anew, or somebody else
    /// has changed it, and that was noticed. How it is at the next look is how it should be.
    pub fn touched(&mut self, file: usize) {
        if let Some(known) = self.files.get_mut(file) {
            known.write();
            self.saves.something_happened();
        }
    }

    /// Every file that was longer than the torrent says was cut to its length.
    pub fn trimmed(&mut self) {
        let layout = Arc::clone(&self.layout);
        for (file, entry) in layout.files().iter().enumerate() {
            if self.files[file].length() > Some(entry.length) {
                self.touched(file);
            }
        }
    }

    /// The files whose last look is not proof against a write in the same moment, or that were
    /// written to since, by their numbers. For an end in order: look at them, wait until
    /// [`Ledger::settles_at`], look again.
    pub fn unsettled(&self) -> Vec<usize> {
        self.files_that(|known| known.settles_at().is_some())
    }

    /// The files that a look at this moment would settle, and those that were changed and that no
    /// batch will look at. To be looked at before each save: else a file that was complete an hour
    /// before a crash would have to be read after it.
    pub fn to_look(&self, now: Duration) -> Vec<usize> {
        let is_ripe = |at: Duration| at <= now;
        let mut files = self.files_that(|known| known.settles_at().is_some_and(is_ripe));
        if files.iter().any(|&file| self.files[file].stale) {
            let batch = self.batch.iter().flatten();
            let unsynced: BTreeSet<u32> = self.waiting.iter().chain(batch).copied().collect();
            let written: BTreeSet<usize> = self.files_of(&unsynced).into_iter().collect();
            files.retain(|file| !self.files[*file].stale || !written.contains(file));
        }
        files
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
