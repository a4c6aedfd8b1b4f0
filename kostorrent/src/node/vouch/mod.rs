//! What the torrent's resume file vouches for, kept true while it is at work.
//!
//! The promise is that what the file says is durable before it says so (step 14). Syncing happens
//! behind, on threads of its own: neither the network nor the disk's own thread waits for it.

mod ending;
mod errands;
mod held;
mod lives;
mod looks;
mod recall;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engine::{Event, Stats, Stored};
use layout::Layout;
use resume::{About, Counters, Ledger, Lock, StateFile, UnixTime};
use storage::{DiskError, Job, ToSync};
use tokio::time::Instant;

use super::figures::{Earlier, Notice};

pub(super) use ending::Ending;
pub(super) use errands::Answer;
use errands::Errands;
use held::Held;
use lives::Lives;
use looks::{For, Looks};
pub(super) use recall::{Memory, Recalled};

/// So many files are open at once to be made durable.
const AT_ONCE: usize = 32;

/// Something that is to be done.
#[derive(Debug)]
pub(super) enum Wish {
    /// Hand this to the disk service.
    Job(Job),
    /// Tell the faces.
    Notice(Notice),
}

/// The keeper of a torrent's resume file.
pub(super) struct Voucher {
    ledger: Ledger,
    file: StateFile,
    /// Others are kept from this torrent as long as it is there.
    _lock: Lock,
    layout: Arc<Layout>,
    choice: Option<Vec<u8>>,
    lives: Lives,
    earlier: Earlier,
    started: Instant,
    /// Whether anything is to be made durable; not if the user does not want that, nor once the disk
    /// has lost something.
    syncs: bool,
    batch: Option<Batch>,
    errands: Errands,
    looks: Looks,
    held: Vec<Held>,
    wishes: VecDeque<Wish>,
    /// What failed is told once each time.
    save_fails: bool,
    /// Whether anything was written in this life.
    has_written: bool,
    /// Whether it is known what is in all files: else no end is one in order.
    is_sure: bool,
    /// At the end: pieces of which it is not known what is in them, and those of them that are being
    /// read.
    in_doubt: BTreeSet<u32>,
    unread: BTreeSet<u32>,
}

/// A batch that is being made durable.
#[derive(Debug, Default)]
struct Batch {
    /// Files that have still to be synced.
    left: Vec<usize>,
    /// Those that are being synced.
    now: Vec<usize>,
}

impl Voucher {
    /// Goes on with what is remembered.
    pub fn new(
        memory: Memory,
        layout: Arc<Layout>,
        choice: Option<Vec<u8>>,
        sync: Option<Duration>,
    ) -> Voucher {
        let Counters {
            uploaded, seeding, ..
        } = memory.before;
        let ledger = memory.ledger;
        Voucher {
            ledger: match sync {
                Some(after) => ledger.sync_after(after),
                None => ledger,
            },
            file: memory.file,
            _lock: memory.lock,
            layout,
            choice,
            lives: Lives::new(memory.before),
            earlier: Earlier {
                uploaded,
                seeded: Duration::from_secs(seeding),
            },
            started: Instant::now(),
            syncs: sync.is_some(),
            batch: None,
            errands: Errands::default(),
            looks: Looks::default(),
            held: Vec::new(),
            wishes: VecDeque::new(),
            save_fails: false,
            has_written: false,
            is_sure: true,
            in_doubt: BTreeSet::new(),
            unread: BTreeSet::new(),
        }
    }

    /// What earlier lives have counted.
    pub fn earlier(&self) -> Earlier {
        self.earlier
    }

    /// What is to be done next.
    pub fn next(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// The next thing that was done beside everything else.
    pub async fn answer(&mut self) -> Answer {
        self.errands.next().await
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When [`Voucher::ring`] is due.
    pub fn due(&self) -> Option<Instant> {
        let syncing = self.syncs && self.batch.is_none();
        let sync = syncing.then(|| self.ledger.sync_due()).flatten();
        let save = (!self.is_saving())
            .then(|| self.ledger.save_due())
            .flatten();
        let due = [sync, save].into_iter().flatten().min();
        let due = due.map(|due| self.started + due);
        [due, self.held_until()].into_iter().flatten().min()
    }

    /// Whether a save is under way, or the look before it.
    fn is_saving(&self) -> bool {
        self.errands.is_saving() || self.looks.has(For::Save)
    }

    /// Does what is due.
    pub fn ring(&mut self) {
        let now = self.now();
        let is_due = |due: Option<Duration>| due.is_some_and(|due| due <= now);
        if self.syncs && self.batch.is_none() && is_due(self.ledger.sync_due()) {
            self.begin_batch();
        }
        if !self.is_saving() && is_due(self.ledger.save_due()) {
            let files = self.ledger.to_look(now);
            match files.is_empty() {
                true => self.save(false),
                false => self.look(For::Save, files),
            }
        }
        self.let_go();
    }

    /// New figures.
    pub fn saw(&mut self, stats: &Stats) {
        let now = self.now();
        self.lives.saw(stats, now);
    }

    /// What the engine is told of pieces.
    pub fn hears(&mut self, event: &Event) {
        let now = self.now();
        match event {
            Event::Stored {
                piece,
                result: Stored::Written { .. },
            } => {
                self.has_written = true;
                self.ledger.written(*piece, now);
            }
            // A part of it may have been written.
            Event::Stored {
                piece,
                result: Stored::Failed(_) | Stored::Refused(_),
            } => self.touched_those_of(*piece),
            Event::Lost { pieces } => self.lost(pieces.iter().copied()),
            Event::Found { pieces } => {
                for &piece in pieces {
                    self.ledger.found(piece, now);
                }
            }
            _ => {}
        }
    }

    fn lost(&mut self, pieces: impl IntoIterator<Item = u32>) {
        for piece in pieces {
            self.ledger.lost(piece);
        }
    }

    /// The files of a piece are not as they were.
    fn touched_those_of(&mut self, piece: u32) {
        for span in self.layout.piece_spans(piece) {
            self.ledger.touched(span.file);
        }
    }

    /// At the end: these pieces were to be read again, and nobody knows what is in them.
    pub fn doubts(&mut self, pieces: impl IntoIterator<Item = u32>) {
        self.in_doubt.extend(pieces);
    }

    /// Other files are wanted, a number for each.
    pub fn choose(&mut self, choice: Vec<u8>) {
        self.choice = Some(choice);
        self.ledger.chosen();
    }

    /// Whether anything is under way.
    #[cfg(test)]
    pub fn is_busy(&self) -> bool {
        self.batch.is_some() || self.is_saving() || self.looks.any()
    }

    fn begin_batch(&mut self) {
        if let Some(batch) = self.ledger.begin_batch() {
            self.batch = Some(Batch {
                left: batch.files,
                now: Vec::new(),
            });
            self.sync_more();
        }
    }

    /// Asks for the next files of the batch; at least once, for the folders.
    fn sync_more(&mut self) {
        if let Some(batch) = &mut self.batch {
            let rest = batch.left.split_off(batch.left.len().min(AT_ONCE));
            let files = std::mem::replace(&mut batch.left, rest);
            batch.now.clone_from(&files);
            self.wishes.push_back(Wish::Job(Job::GiveToSync { files }));
        }
    }

    /// The disk service has given out what is to be synced.
    pub fn given(&mut self, given: Result<ToSync, DiskError>) {
        match given {
            Ok(what) => self.errands.sync(what),
            Err(error) => self.batch_failed(&error),
        }
    }

    fn batch_failed(&mut self, error: &DiskError) {
        tracing::debug!(%error, "not synced");
        self.batch = None;
        let now = self.now();
        self.ledger.batch_failed(now);
        // What cannot be opened may be there again later. What is lost stays lost.
        if error.doing() == storage::Doing::Sync && self.syncs {
            self.syncs = false;
            let why = format!(
                "{error}. What was written since the last time may be lost; it is read again at the \
                 next start"
            );
            self.wishes
                .push_back(Wish::Notice(Notice::NotRemembered { why }));
        }
    }

    /// Something was done.
    pub fn did(&mut self, answer: Answer) {
        match answer {
            Answer::Synced(Ok(())) => self.synced(),
            Answer::Synced(Err(error)) => self.batch_failed(&error),
            Answer::Saved(result) => self.saved(result),
        }
    }

    fn synced(&mut self) {
        let files = self
            .batch
            .as_mut()
            .map(|batch| std::mem::take(&mut batch.now));
        match files {
            Some(files) if !files.is_empty() => self.look(For::Batch, files),
            _ => self.batch_goes_on(),
        }
    }

    /// Some files of the batch are synced and looked at.
    fn batch_goes_on(&mut self) {
        match &self.batch {
            Some(batch) if !batch.left.is_empty() => self.sync_more(),
            Some(_) => {
                self.batch = None;
                let now = self.now();
                self.ledger.batch_done([], now);
            }
            None => {}
        }
    }

    fn save(&mut self, last: bool) {
        let now = self.now();
        let about = About {
            info_hash: self.file.info_hash,
            folder: self.file.root.clone(),
            choice: self.choice.clone(),
            counters: self.lives.counters(now),
            saved: UnixTime::from(SystemTime::now()).seconds(),
        };
        if let Some(resume) = self.ledger.begin_save(about, last, now) {
            self.errands.save(self.file.clone(), resume);
        }
    }

    fn saved(&mut self, result: Result<(), String>) {
        match result {
            Ok(()) => {
                self.ledger.saved();
                self.save_fails = false;
            }
            Err(why) => {
                let now = self.now();
                self.ledger.save_failed(now);
                if !std::mem::replace(&mut self.save_fails, true) {
                    self.wishes
                        .push_back(Wish::Notice(Notice::NotRemembered { why }));
                }
            }
        }
        self.let_go();
    }
}
