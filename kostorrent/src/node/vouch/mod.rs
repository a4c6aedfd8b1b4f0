//! What the torrent's resume file vouches for, kept true while it is at work.
//!
//! The promise is that what the file says is durable before it says so (step 14). Syncing happens
//! behind, on threads of its own: neither the network nor the disk's own thread waits for it.

mod ending;
mod errands;
mod lives;
mod recall;

use std::collections::VecDeque;
use std::path::Path;
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
use errands::{Errands, Looks};
use lives::Lives;
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
    root: Arc<Path>,
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
    wishes: VecDeque<Wish>,
    /// What failed is told once each time.
    save_fails: bool,
    /// Whether anything was written in this life.
    has_written: bool,
}

/// A batch that is being made durable.
#[derive(Debug, Default)]
struct Batch {
    /// Files that have still to be synced.
    left: Vec<usize>,
    looks: Looks,
}

impl Voucher {
    /// Goes on with what is remembered.
    pub fn new(
        memory: Memory,
        root: &Path,
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
            root: root.into(),
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
            wishes: VecDeque::new(),
            save_fails: false,
            has_written: false,
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
        let saving = !self.errands.is_saving();
        let save = saving.then(|| self.ledger.save_due()).flatten();
        let due = [sync, save].into_iter().flatten().min()?;
        Some(self.started + due)
    }

    /// Does what is due.
    pub fn ring(&mut self) {
        let now = self.now();
        let is_due = |due: Option<Duration>| due.is_some_and(|due| due <= now);
        if self.syncs && self.batch.is_none() && is_due(self.ledger.sync_due()) {
            self.begin_batch();
        }
        if !self.errands.is_saving() && is_due(self.ledger.save_due()) {
            let files = self.ledger.to_look(now);
            self.look(files);
        }
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
            Event::Lost { pieces } => {
                for &piece in pieces {
                    self.ledger.lost(piece);
                }
            }
            Event::Found { pieces } => {
                for &piece in pieces {
                    self.ledger.found(piece, now);
                }
            }
            _ => {}
        }
    }

    fn begin_batch(&mut self) {
        if let Some(batch) = self.ledger.begin_batch() {
            self.batch = Some(Batch {
                left: batch.files,
                looks: Vec::new(),
            });
            self.sync_more();
        }
    }

    /// Asks for the next files of the batch; at least once, for the folders.
    fn sync_more(&mut self) {
        if let Some(batch) = &mut self.batch {
            let rest = batch.left.split_off(batch.left.len().min(AT_ONCE));
            let files = std::mem::replace(&mut batch.left, rest);
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
            Answer::Synced(Ok(looks)) => self.synced(looks),
            Answer::Synced(Err(error)) => self.batch_failed(&error),
            Answer::Looked(looks) => {
                self.looked(looks);
                self.save(false);
            }
            Answer::Saved(result) => self.saved(result),
        }
    }

    fn synced(&mut self, looks: Looks) {
        let Some(batch) = &mut self.batch else {
            return;
        };
        batch.looks.extend(looks);
        if !batch.left.is_empty() {
            return self.sync_more();
        }
        let looks = self.batch.take().unwrap_or_default().looks;
        let now = self.now();
        self.ledger.batch_done(looks, now);
    }

    fn look(&mut self, files: Vec<usize>) {
        match files.is_empty() {
            true => self.save(false),
            false => {
                let (root, layout) = (self.root.clone(), self.layout.clone());
                self.errands.look(root, layout, files);
            }
        }
    }

    fn looked(&mut self, looks: Looks) {
        let now = self.now();
        for (file, stamp) in looks {
            self.ledger.looked(file, stamp, now);
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
    }
}
