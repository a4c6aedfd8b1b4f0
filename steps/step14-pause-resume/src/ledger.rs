//! What is written, what is durable, and what may be said of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use layout::{Kind, Layout};
use messages::Bitfield;

use crate::{Judgement, Resume, Stamp};

mod files;
mod save;

use files::Known;
use save::Saves;
pub use save::{About, IDLE_SAVE_EVERY, SAVE_EVERY, SECONDS_SAVE_EVERY};

/// So long after the first of those that wait was written a sync is due. A power cut takes five seconds
/// of work then. A sync each second would keep a slow disk from everything else; and who writes while
/// a sync goes on waits for it in part, so one for every so many bytes would slow down the fast ones.
pub const SYNC_AFTER: Duration = Duration::from_secs(5);

/// However soon something is synced, it is not saved more often than that.
const LEAST_SAVE: Duration = Duration::from_millis(100);

/// What has become of each piece between its writing and the resume file that vouches for it.
///
/// A piece that is [`written`](Ledger::written) waits. A [batch](Ledger::begin_batch) takes all that
/// wait; whoever runs it syncs their files. When that is [done](Ledger::batch_done) the pieces are
/// vouched for, and the next [save](Ledger::begin_save) says so. Nobody ever has to wait for a sync
/// before writing on.
///
/// At most one batch and one save are under way, each on its own. *Now* is the time since the
/// program began, and never goes back.
#[derive(Clone, Debug)]
pub struct Ledger {
    layout: Arc<Layout>,
    /// Verified, written and synced.
    vouched: Bitfield,
    /// Verified and written, and not synced.
    waiting: BTreeSet<u32>,
    /// When the first of those that wait was written.
    waiting_since: Duration,
    sync_after: Duration,
    /// What failed is not tried again before.
    not_before: Duration,
    /// The pieces of the batch that is under way.
    batch: Option<BTreeSet<u32>>,
    files: Vec<Known>,
    /// Nothing may be on disk that nobody knows of.
    all_is_read: bool,
    saves: Saves,
}

/// What has to be made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The pieces, in their order.
    pub pieces: Vec<u32>,
    /// The files they are in, by their numbers in the layout, in order. Padding and empty files are
    /// not among them.
    pub files: Vec<usize>,
}

impl Ledger {
    /// The ledger of a download of which no resume file can be used. Pieces that are on disk come in
    /// by [`Ledger::found`].
    pub fn new(layout: Arc<Layout>) -> Ledger {
        let pieces = layout.geometry().pieces();
        Ledger {
            vouched: Bitfield::new(pieces),
            waiting: BTreeSet::new(),
            waiting_since: Duration::ZERO,
            sync_after: SYNC_AFTER,
            not_before: Duration::ZERO,
            batch: None,
            files: vec![Known::default(); layout.files().len()],
            all_is_read: false,
            saves: Saves::new(Bitfield::new(pieces)),
            layout,
        }
    }

    /// The ledger of a download that goes on: what [`judge`](crate::judge) made of its resume file,
    /// and the stamps that it was given.
    pub fn resumed(
        layout: Arc<Layout>,
        resume: &Resume,
        judgement: &Judgement,
        found: &[Option<Stamp>],
        now: Duration,
    ) -> Ledger {
        let mut ledger = Ledger::new(layout);
        ledger.vouched = judgement.trusted.clone();
        ledger.all_is_read = judgement.to_hash.count() == 0;
        // The file on disk says this until the next save, whatever we think of it.
        ledger.saves = Saves::new(resume.pieces.clone());
        for (file, known) in ledger.files.iter_mut().enumerate() {
            let recorded = resume.files.get(file).copied().flatten();
            known.begin(found.get(file).copied().flatten(), recorded, now);
        }
        ledger
    }

    /// Lets a sync be due so long after a piece was written, in place of [`SYNC_AFTER`]. Where that
    /// is sooner, saves are more frequent, too.
    #[must_use]
    pub fn sync_after(mut self, span: Duration) -> Ledger {
        self.sync_after = span;
        let twice = span.saturating_mul(2);
        self.saves.every(twice.clamp(LEAST_SAVE, SAVE_EVERY));
        self
    }

    /// Every piece has been read that had to be (see [`Judgement::to_hash`]). Before that no end is
    /// one in order, for after such an end nothing is read that is not vouched for.
    pub fn all_is_read(&mut self) {
        self.all_is_read = true;
    }

    /// The pieces that the next resume file vouches for.
    pub fn vouched(&self) -> &Bitfield {
        &self.vouched
    }

    /// How many pieces are written, or found, and are not vouched for yet.
    pub fn unsynced(&self) -> usize {
        self.waiting.len() + self.batch.as_ref().map_or(0, BTreeSet::len)
    }

    // ANCHOR: written
    /// A piece was verified and written. If a batch with it is under way, that batch does not vouch
    /// for what is written now.
    pub fn written(&mut self, piece: u32, now: Duration) {
        // ANCHOR: yours_written (chapter 14, "The ledger")
        if piece >= self.layout.geometry().pieces() {
            return;
        }
        self.lost(piece);
        self.wait(piece, now);
        let layout = Arc::clone(&self.layout);
        for span in layout.piece_spans(piece) {
            self.files[span.file].write();
        }
        self.saves.something_happened();
        // ANCHOR_END: yours_written
    }
    // ANCHOR_END: written

    // ANCHOR: found
    /// A piece was read from its files, and is right. That it can be read does not mean that it is
    /// durable: a program that was killed may have left it in the memory of the system. So it waits
    /// for a batch like any other, if it is not vouched for.
    pub fn found(&mut self, piece: u32, now: Duration) {
        let is_in_batch = |batch: &BTreeSet<u32>| batch.contains(&piece);
        let is_known = self.vouched.get(piece)
            || self.waiting.contains(&piece)
            || self.batch.as_ref().is_some_and(is_in_batch);
        if piece < self.layout.geometry().pieces() && !is_known {
            self.wait(piece, now);
        }
    }
    // ANCHOR_END: found

    fn wait(&mut self, piece: u32, now: Duration) {
        if self.waiting.is_empty() {
            self.waiting_since = now;
        }
        self.waiting.insert(piece);
    }

    // ANCHOR: lost
    /// A piece is not in its files any more, or not as it was. It is not vouched for, and if a resume
    /// file on disk says so a save is [due](Ledger::save_due) at once: until it is done, the next
    /// start would believe the old one.
    pub fn lost(&mut self, piece: u32) {
        // ANCHOR: yours_lost (chapter 14, "The ledger")
        self.waiting.remove(&piece);
        if let Some(batch) = &mut self.batch {
            batch.remove(&piece);
        }
        if self.vouched.clear(piece) {
            self.saves.withdrew(piece);
        }
        // ANCHOR_END: yours_lost
    }
    // ANCHOR_END: lost

    /// When to begin a batch; the past means now. `None` while one is under way, and if there is
    /// nothing to make durable.
    pub fn sync_due(&self) -> Option<Duration> {
        if self.batch.is_some() || self.waiting.is_empty() {
            return None;
        }
        let due = self.waiting_since + self.sync_after;
        Some(due.max(self.not_before))
    }

    /// Takes all pieces that wait into a batch, due or not. All that was written to the files until
    /// now has to be synced, and the names of the files in their folders. `None` as for
    /// [`Ledger::sync_due`].
    // ANCHOR: begin_batch
    pub fn begin_batch(&mut self) -> Option<Batch> {
        // ANCHOR: yours_begin_batch (chapter 14, "The ledger")
        if self.batch.is_some() || self.waiting.is_empty() {
            return None;
        }
        let pieces = std::mem::take(&mut self.waiting);
        let batch = Batch {
            files: self.files_of(&pieces),
            pieces: pieces.iter().copied().collect(),
        };
        self.batch = Some(pieces);
        Some(batch)
        // ANCHOR_END: yours_begin_batch
    }
    // ANCHOR_END: begin_batch

    /// The batch is durable. `looks` are the stamps of its files, taken after that.
    // ANCHOR: batch_done
    pub fn batch_done(
        &mut self,
        looks: impl IntoIterator<Item = (usize, Option<Stamp>)>,
        now: Duration,
    ) {
        // ANCHOR: yours_batch_done (chapter 14, "The ledger")
        for (file, stamp) in looks {
            self.looked(file, stamp, now);
        }
        for piece in self.batch.take().unwrap_or_default() {
            self.vouched.set(piece);
            self.saves.something_happened();
        }
        // ANCHOR_END: yours_batch_done
    }
    // ANCHOR_END: batch_done

    /// The batch could not be made durable; its pieces wait again, for as long as the first time.
    ///
    /// A system says once that it has lost what was written, and forgets it. So whoever runs the
    /// batches must let every later one fail that would vouch for it: `storage::Storage` does.
    pub fn batch_failed(&mut self, now: Duration) {
        for piece in self.batch.take().unwrap_or_default() {
            self.wait(piece, now);
        }
        self.not_before = now + self.sync_after;
    }

    fn files_of(&self, pieces: &BTreeSet<u32>) -> Vec<usize> {
        let mut files: Vec<usize> = Vec::new();
        for &piece in pieces {
            for span in self.layout.piece_spans(piece) {
                let kind = &self.layout.files()[span.file].kind;
                // In order, so the same file can only be the last.
                if matches!(kind, Kind::Regular { .. }) && files.last() != Some(&span.file) {
                    files.push(span.file);
                }
            }
        }
        files
    }
}

#[cfg(test)]
mod tests;
