//! When the resume file is to be saved, and what it says then.

use std::time::Duration;

use messages::Bitfield;
use metainfo::InfoHash;

use crate::{Counters, Ledger, Resume};

/// While anything is written the resume file is saved so often, at least. The next start takes
/// writes for ours that came this soon after a save (see [`WINDOW`](crate::WINDOW)).
pub const SAVE_EVERY: Duration = Duration::from_secs(10);

/// So often it is saved otherwise, if there is anything to say: only counters change then.
pub const IDLE_SAVE_EVERY: Duration = Duration::from_secs(300);

/// So often if only seconds were counted. A disk that is to sleep is not woken for more.
pub const SECONDS_SAVE_EVERY: Duration = Duration::from_secs(3_600);

/// What a resume file says besides what the ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which torrent.
    pub info_hash: InfoHash,
    /// The download folder.
    pub folder: Vec<u8>,
    /// What was chosen, a number for each file.
    pub choice: Option<Vec<u8>>,
    /// What was counted over all lives.
    pub counters: Counters,
    /// The date: seconds since 1970-01-01 UTC.
    pub saved: i64,
}

/// The saves of this life.
#[derive(Clone, Debug)]
pub struct Saves {
    /// What the resume file vouches for that the next start may find. More than one may be found
    /// after a save that failed: then this is what any of them does.
    on_record: Bitfield,
    /// What the one vouches for that is being saved.
    under_way: Option<Bitfield>,
    /// When the last save began, or was found to be of no use; `None` if there was none in this life.
    last: Option<Duration>,
    /// Pieces were written or vouched for since.
    news: bool,
    /// Another resume file would say something else of pieces or files than the last one.
    differs: bool,
    /// The counters of the last one, and when it was begun.
    counted: (Counters, Duration),
    /// What is on record claims too much.
    withdrawn: bool,
    not_before: Duration,
    every: Duration,
}

impl Saves {
    pub fn new(on_record: Bitfield) -> Saves {
        Saves {
            on_record,
            under_way: None,
            last: None,
            news: false,
            differs: true,
            counted: (Counters::default(), Duration::ZERO),
            withdrawn: false,
            not_before: Duration::ZERO,
            every: SAVE_EVERY,
        }
    }

    /// Lets a save be due so long after the last one, while there is news.
    pub fn every(&mut self, span: Duration) {
        self.every = span;
    }

    pub fn something_happened(&mut self) {
        self.news = true;
        self.differs = true;
    }

    /// The record of a file is another.
    pub fn differs(&mut self) {
        self.differs = true;
    }

    /// Lets a save be due at once.
    fn hurry(&mut self) {
        self.something_happened();
        self.withdrawn = true;
    }

    /// This piece is not vouched for any more.
    pub fn withdrew(&mut self, piece: u32) {
        self.something_happened();
        self.withdrawn = self.withdrawn || self.claims(piece);
    }

    /// Whether a resume file that the next start may find vouches for a piece.
    pub fn claims(&self, piece: u32) -> bool {
        let under_way = self.under_way.as_ref();
        self.on_record.get(piece) || under_way.is_some_and(|saving| saving.get(piece))
    }

    /// Whether a save now would say anything new but its date.
    fn is_worth_it(&self, counters: &Counters, now: Duration) -> bool {
        let (counted, since) = &self.counted;
        let bytes = |counters: &Counters| (counters.uploaded, counters.downloaded);
        self.differs
            || bytes(counted) != bytes(counters)
            || counted != counters && now >= *since + SECONDS_SAVE_EVERY
    }
}

impl Ledger {
    /// When to save the resume file; the past means now. `None` while that is being done.
    ///
    /// - Once at the beginning, before anything is written: it says that a life has begun.
    /// - At once when a piece is lost for which it vouches, and when another choice was made.
    /// - While pieces are written and become durable, and until their files are settled, every
    ///   [`SAVE_EVERY`], or sooner (see [`Ledger::sync_after`]).
    /// - Else every [`IDLE_SAVE_EVERY`], for the counters; who has nothing to add to them is not saved.
    ///
    /// After a failure it is not tried again before the same time is over.
    pub fn save_due(&self) -> Option<Duration> {
        let saves = &self.saves;
        if saves.under_way.is_some() {
            return None;
        }
        let due = match saves.last {
            Some(last) if !saves.withdrawn && saves.news => last + saves.every,
            Some(last) if !saves.withdrawn => last + IDLE_SAVE_EVERY,
            _ => Duration::ZERO,
        };
        Some(due.max(saves.not_before))
    }

    /// Other files were chosen, and whoever is killed a moment later goes on with them.
    pub fn chosen(&mut self) {
        self.saves.hurry();
    }

    /// What to save now, due or not, after a look at the files that are [ripe](Ledger::to_look) for
    /// it. `last` says that it is the last of this life, and that nothing
    /// will be written after it; it is an end in order if nothing waits to become durable, and all is
    /// [read](Ledger::all_is_read). `None` while another save is under way, and when nothing but the
    /// date would be another: for a torrent that is paused, or has nobody to give to. Seconds at work
    /// alone are saved every [`SECONDS_SAVE_EVERY`], and at the end.
    // ANCHOR: begin_save
    pub fn begin_save(&mut self, about: About, last: bool, now: Duration) -> Option<Resume> {
        if self.saves.under_way.is_some() {
            return None;
        }
        let is_first = self.saves.last.replace(now).is_none();
        // What is not settled now is so at the next save.
        self.saves.news = self.settles_at().is_some();
        if !is_first && !last && !self.saves.is_worth_it(&about.counters, now) {
            return None;
        }
        self.saves.under_way = Some(self.vouched.clone());
        self.saves.differs = false;
        self.saves.counted = (about.counters, now);
        self.saves.withdrawn = false;
        Some(Resume {
            info_hash: about.info_hash,
            folder: about.folder,
            pieces: self.vouched.clone(),
            files: self.files.iter().map(|known| known.record()).collect(),
            choice: about.choice,
            counters: about.counters,
            in_order: last && self.all_is_read && self.unsynced() == 0,
            saved: about.saved,
        })
    }
    // ANCHOR_END: begin_save

    /// What [`Ledger::begin_save`] gave is durable, and has taken the place of the one before.
    pub fn saved(&mut self) {
        if let Some(saved) = self.saves.under_way.take() {
            self.saves.on_record = saved;
        }
    }

    /// It could not be saved. Whether the old one is there or the new one is not known.
    pub fn save_failed(&mut self, now: Duration) {
        if let Some(failed) = self.saves.under_way.take() {
            let on_record = &mut self.saves.on_record;
            let new: Vec<u32> = failed.missing_from(on_record).collect();
            for piece in new {
                on_record.set(piece);
            }
            self.saves.something_happened();
            self.saves.withdrawn = self.claims_too_much();
            self.saves.not_before = now + self.saves.every;
        }
    }

    /// Whether a resume file that the next start may find vouches for a piece. One that was
    /// [lost](Ledger::lost) is not to be written again before a save has withdrawn it: after a crash in
    /// the middle of that, half a piece would be trusted.
    pub fn claims(&self, piece: u32) -> bool {
        self.saves.claims(piece)
    }

    fn claims_too_much(&self) -> bool {
        self.saves.on_record.has_any_missing_from(&self.vouched)
    }
}
