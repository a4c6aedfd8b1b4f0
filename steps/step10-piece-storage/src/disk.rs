//! The files of many torrents behind one queue.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use blocks::{BlockBuf, BlockDigests, BlockRequest};
use hashing::lane_count;

use crate::job::{Done, Job, Stored};
use crate::{DiskError, LOOKS, OPEN_FILES, PieceState, Storage};

/// Reads that go ahead of the next piece: a peer waits for each. Not more, for else a disk that is
/// too slow for what others ask would never get to our own pieces.
const READS_IN_A_ROW: usize = 16;

/// How many files all torrents together keep open.
const OPEN_IN_ALL: usize = 2 * OPEN_FILES;

/// Does the jobs of any number of torrents, each known by its `K`, and answers each as soon as it
/// is done.
///
/// Everything here blocks; it is meant for a thread of its own. Such a thread sleeps until a job
/// comes, and takes whatever else has come between two [`turn`](Disk::turn)s, each of which is one
/// read, one write of a piece or the hashing of a few:
///
/// ```
/// use std::sync::mpsc;
/// use storage::{Disk, Done, Job};
///
/// fn work(mut disk: Disk<u32>, jobs: mpsc::Receiver<(u32, Job)>, answer: &mut dyn FnMut(u32, Done)) {
///     while let Ok((torrent, job)) = jobs.recv() {
///         disk.hand_in(torrent, job);
///         loop {
///             for (torrent, job) in jobs.try_iter() {
///                 disk.hand_in(torrent, job);
///             }
///             if !disk.turn(answer) {
///                 break;
///             }
///         }
///     }
/// }
/// # let (sender, jobs) = mpsc::channel();
/// # sender.send((7, Job::Settle)).unwrap();
/// # drop(sender);
/// # let mut answers = 0;
/// # work(Disk::default(), jobs, &mut |_, done| answers += usize::from(matches!(done, Done::Settled(Err(_)))));
/// # assert_eq!(answers, 1);
/// ```
///
/// Reads go ahead of the rest: they wait for a piece to be written or a batch to be hashed, but
/// never for the whole queue. Nobody asks for bytes that are not in the files yet, so the order
/// cannot matter to them. All else keeps its order.
#[derive(Debug)]
pub struct Disk<K> {
    torrents: BTreeMap<K, Torrent>,
    reads: VecDeque<(K, BlockRequest, BlockBuf)>,
    /// Reads done since anything else was.
    reads_in_a_row: usize,
    queue: VecDeque<(K, Task)>,
    /// Hashed, but not yet written and answered.
    hashed: VecDeque<(K, Store, [u8; 20])>,
    jobs: u64,
}

#[derive(Debug)]
struct Torrent {
    storage: Storage,
    /// Which job was its last.
    used: u64,
}

/// What keeps its order.
#[derive(Debug)]
enum Task {
    Store(Store),
    Sync,
    GiveToSync(Vec<usize>),
    Look(usize),
    LookAt(Vec<usize>),
    Check(u32),
    Choose(BTreeSet<usize>),
    Settle,
}

#[derive(Debug)]
struct Store {
    piece: u32,
    blocks: Vec<BlockBuf>,
    digests: BlockDigests,
}

impl<K> Default for Disk<K> {
    fn default() -> Disk<K> {
        Disk {
            torrents: BTreeMap::new(),
            reads: VecDeque::new(),
            reads_in_a_row: 0,
            queue: VecDeque::new(),
            hashed: VecDeque::new(),
            jobs: 0,
        }
    }
}

impl<K: Ord + Copy> Disk<K> {
    /// A disk without torrents.
    pub fn new() -> Disk<K> {
        Disk::default()
    }

    /// Takes a torrent's files in. Gives back those that had this key before.
    pub fn add(&mut self, key: K, storage: Storage) -> Option<Storage> {
        let torrent = Torrent { storage, used: 0 };
        Some(self.torrents.insert(key, torrent)?.storage)
    }

    /// Gives a torrent's files back. Jobs of it that are not done fail.
    pub fn remove(&mut self, key: K) -> Option<Storage> {
        Some(self.torrents.remove(&key)?.storage)
    }

    /// A torrent's files, as they were added.
    pub fn get_mut(&mut self, key: K) -> Option<&mut Storage> {
        Some(&mut self.torrents.get_mut(&key)?.storage)
    }

    /// Does all `jobs`, and whatever was handed in before. Each is answered as soon as it is done.
    pub fn serve(&mut self, jobs: Vec<(K, Job)>, answer: &mut dyn FnMut(K, Done)) {
        for (key, job) in jobs {
            self.hand_in(key, job);
        }
        while self.turn(answer) {}
    }

    /// Does one job, and waits for it, and for whatever was handed in before; `None` if no answer
    /// came.
    pub fn ask(&mut self, key: K, job: Job) -> Option<Done> {
        let mut answer = None;
        self.serve(vec![(key, job)], &mut |_, done| answer = Some(done));
        answer
    }

    /// Puts a job into the queue.
    pub fn hand_in(&mut self, key: K, job: Job) {
        let task = match job {
            Job::Read { block, buf } => return self.reads.push_back((key, block, buf)),
            Job::Store {
                piece,
                blocks,
                digests,
            } => Task::Store(Store {
                piece,
                blocks,
                digests,
            }),
            Job::Sync => Task::Sync,
            Job::GiveToSync { files } => Task::GiveToSync(files),
            Job::Look { from } => Task::Look(from),
            Job::LookAt { files } => Task::LookAt(files),
            Job::Check { piece } => Task::Check(piece),
            Job::Choose { wanted } => Task::Choose(wanted),
            Job::Settle => Task::Settle,
        };
        self.queue.push_back((key, task));
    }

    // ANCHOR: turn
    /// Does a little of what was handed in; false when there is nothing to do.
    pub fn turn(&mut self, answer: &mut dyn FnMut(K, Done)) -> bool {
        let others_wait = !self.queue.is_empty() || !self.hashed.is_empty();
        if (!others_wait || self.reads_in_a_row < READS_IN_A_ROW)
            && let Some((key, block, buf)) = self.reads.pop_front()
        {
            self.reads_in_a_row += 1;
            answer(key, self.read(key, block, buf));
            return true;
        }
        self.reads_in_a_row = 0;
        if let Some((key, store, digest)) = self.hashed.pop_front() {
            answer(key, self.finish(key, store, &digest));
            return true;
        }
        match self.queue.pop_front() {
            Some((key, Task::Store(store))) => self.hash(key, store),
            Some((key, Task::Sync)) => answer(key, Done::Synced(self.on(key, Storage::sync))),
            Some((key, Task::GiveToSync(files))) => {
                let given = self.on(key, |storage| storage.to_sync(&files));
                answer(key, Done::GivenToSync(given));
            }
            Some((key, Task::Look(from))) => answer(key, self.look(key, from)),
            Some((key, Task::LookAt(files))) => answer(key, self.look_at(key, &files)),
            Some((key, Task::Check(piece))) => {
                answer(key, self.check(key, piece));
            }
            Some((key, Task::Choose(wanted))) => {
                let chosen = self.on(key, |storage| storage.choose(&wanted));
                answer(key, Done::Chosen(chosen));
            }
            Some((key, Task::Settle)) => answer(key, Done::Settled(self.on(key, Storage::settle))),
            None => return false,
        }
        true
    }
    // ANCHOR_END: turn

    // ANCHOR: hash
    /// Hashes a piece, and side by side with it those that are next in the queue, of whatever
    /// torrent: as many as the machine has lanes. More at once would not be faster, and the first
    /// would wait longer to be written.
    fn hash(&mut self, key: K, store: Store) {
        let mut batch = vec![(key, store)];
        while batch.len() < lane_count()
            && let Some((key, Task::Store(store))) = self
                .queue
                .pop_front_if(|(_, task)| matches!(task, Task::Store(_)))
        {
            batch.push((key, store));
        }
        let mut messages = Vec::with_capacity(batch.len());
        for (key, store) in &batch {
            let torrent = self.torrents.get(key);
            let parts = torrent.map(|torrent| torrent.storage.parts(store.piece, &store.blocks));
            messages.push(parts.unwrap_or_default());
        }
        let digests = hashing::digest_many(&messages);
        let batch = batch.into_iter().zip(digests);
        self.hashed
            .extend(batch.map(|((key, store), digest)| (key, store, digest)));
    }
    // ANCHOR_END: hash

    // ANCHOR: finish
    /// Writes a piece if its digest is the torrent's.
    fn finish(&mut self, key: K, store: Store, digest: &[u8; 20]) -> Done {
        // ANCHOR: yours_finish (chapter 10, "Verified, and then written, once")
        let Store {
            piece,
            blocks,
            digests,
        } = store;
        let mut changed = Vec::new();
        let result = self.on(key, |storage| {
            let each = |wanted: bool| wanted.then(|| storage.block_digests(piece, &blocks));
            if !storage.hashes().is_right(piece, digest) {
                let digests = each(digests != BlockDigests::Never);
                return Ok(Stored::Wrong { digests });
            }
            let digests = each(digests == BlockDigests::Always);
            changed = storage.write(piece, &blocks)?;
            Ok(Stored::Written { digests })
        });
        Done::Stored {
            piece,
            blocks,
            result: result.unwrap_or_else(Stored::Failed),
            changed,
        }
        // ANCHOR_END: yours_finish
    }
    // ANCHOR_END: finish

    fn read(&mut self, key: K, block: BlockRequest, mut buf: BlockBuf) -> Done {
        let mut changed = Ok(Vec::new());
        let result = self.on(key, |storage| {
            let read = storage.read(&block, &mut buf);
            if read.is_err() {
                changed = storage.look_at_those_of(block.piece);
            }
            read
        });
        let (result, files) = match result {
            Ok(files) => (Ok(()), files),
            Err(error) => (Err(error), Vec::new()),
        };
        Done::Read {
            block,
            buf,
            result,
            files,
            changed,
        }
    }

    fn check(&mut self, key: K, piece: u32) -> Done {
        let mut changed = Ok(Vec::new());
        let result = self.on(key, |storage| {
            let found = storage.check(piece);
            // A file that is away for a moment has to be missed, or it would not be found again.
            if !matches!(found, Ok(PieceState::Good)) {
                changed = storage.look_at_those_of(piece);
            }
            found
        });
        Done::Checked {
            piece,
            result,
            changed,
        }
    }

    fn look(&mut self, key: K, from: usize) -> Done {
        let mut next = None;
        let result = self.on(key, |storage| {
            let files = storage.layout().files().len();
            let to = files.min(from.saturating_add(LOOKS));
            next = (to < files).then_some(to);
            storage.look(from..to)
        });
        Done::Looked { result, next }
    }

    fn look_at(&mut self, key: K, numbers: &[usize]) -> Done {
        let mut files = Vec::new();
        let changed = self.on(key, |storage| {
            files = storage.found(numbers);
            storage.look(numbers.iter().copied())
        });
        Done::LookedAt { files, changed }
    }

    /// Works on a torrent's files. If too many are open then, those of the torrents that were not
    /// used for longest are closed.
    fn on<T>(
        &mut self,
        key: K,
        work: impl FnOnce(&mut Storage) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        self.jobs += 1;
        let Some(torrent) = self.torrents.get_mut(&key) else {
            return Err(DiskError::no_torrent());
        };
        torrent.used = self.jobs;
        let result = work(&mut torrent.storage);
        while self.open_files() > OPEN_IN_ALL {
            let others = self.torrents.values_mut();
            let idle = others
                .filter(|torrent| torrent.used < self.jobs && torrent.storage.open_files() > 0)
                .min_by_key(|torrent| torrent.used);
            let Some(idle) = idle else {
                break;
            };
            idle.storage.close_files();
        }
        result
    }

    fn open_files(&self) -> usize {
        let torrents = self.torrents.values();
        torrents.map(|torrent| torrent.storage.open_files()).sum()
    }
}

#[cfg(test)]
mod tests;
