//! The torrent's files: looked at, hashed, written, synced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BlockDigests, block_bufs};
use layout::{Layout, Span};
use messages::Bitfield;
use resume::{Stamp, Verdict};
use storage::{
    Changed, Checker, Disk, DiskError, Doing, Done, Hashes, Job, PieceState, Storage, Stored,
};
use thiserror::Error;

/// So many pieces are read before it is asked whether to go on.
const AT_ONCE: u32 = 64;

/// How a file is now; `None` if there is none, or the system does not say: then it says so again when
/// the file is opened.
pub fn look(root: &Path, layout: &Layout, file: usize) -> Option<Stamp> {
    resume::look(root, layout, file).ok().flatten()
}

/// Which of these pieces are good on disk; `None` if `stop` said so before all of them were read.
pub fn hash(
    root: &Path,
    layout: &Arc<Layout>,
    hashes: &Hashes,
    pieces: &Bitfield,
    stop: impl Fn() -> bool,
) -> Result<Option<Bitfield>, DiskError> {
    let mut good = Bitfield::new(pieces.len());
    let mut checker = Checker::new(root, Arc::clone(layout), hashes.clone());
    let mut pieces = pieces.iter_ones().peekable();
    // Runs of them: pieces that are next to each other are hashed side by side.
    while let Some(first) = pieces.next() {
        let mut end = first + 1;
        while end < first + AT_ONCE && pieces.next_if_eq(&end).is_some() {
            end += 1;
        }
        if stop() {
            return Ok(None);
        }
        checker.check(first..end, |piece, state| {
            if state == PieceState::Good {
                good.set(piece);
            }
        })?;
    }
    Ok(Some(good))
}

/// A file that is not the torrent's, and would be written over.
#[derive(Debug, Error)]
#[error(
    "{} is in the place of a file of the torrent, and nothing in it is the torrent's: move it away, \
     or choose another folder",
    .0.display()
)]
pub struct Stranger(PathBuf);

/// Looks for files that may be somebody else's: that have bytes, none of them good, and that no
/// resume file knows.
pub fn strangers(
    root: &Path,
    layout: &Arc<Layout>,
    hashes: &Hashes,
    verdicts: &[Verdict],
    have: &Bitfield,
) -> Result<Option<Stranger>, DiskError> {
    let mut checker = Checker::new(root, Arc::clone(layout), hashes.clone());
    for (file, entry) in layout.files().iter().enumerate() {
        let Some(found) = look(root, layout, file) else {
            continue;
        };
        let is_unknown = match verdicts[file] {
            Verdict::Unknown | Verdict::AnotherFile => true,
            // Only an empty one is wanted there.
            Verdict::NoBytes => found.length > 0,
            _ => false,
        };
        if !is_unknown || layout.all_pieces_of(file).any(|piece| have.get(piece)) {
            continue;
        }
        let all = Span {
            file,
            offset: 0,
            len: entry.length,
        };
        if found.length > entry.length || checker.has_data(all)? {
            return Ok(Some(Stranger(root.join(&entry.path))));
        }
    }
    Ok(None)
}

/// What became of a piece.
pub enum Kept {
    /// It is in the files. These files had been changed by somebody.
    Written(BTreeSet<usize>),
    /// It is not what the torrent promises.
    Wrong,
}

/// The files of a download, served by step 10's disk.
pub struct Files {
    disk: Disk<()>,
    layout: Arc<Layout>,
    root: PathBuf,
}

impl Files {
    /// Makes the files; those that are complete are left as they are.
    pub fn create(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        have: &Bitfield,
    ) -> Result<Files, DiskError> {
        let is_whole = |file: usize| {
            let length = look(root, &layout, file).map(|found| found.length);
            length == Some(layout.files()[file].length)
                && layout.all_pieces_of(file).all(|piece| have.get(piece))
        };
        let made = Arc::clone(&layout);
        let storage = Storage::create_unless(root, made, hashes, |f| !is_whole(f), || false)?;
        let mut disk = Disk::new();
        disk.add((), storage);
        let root = root.to_path_buf();
        Ok(Files { disk, layout, root })
    }

    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    pub fn look(&self, file: usize) -> Option<Stamp> {
        look(&self.root, &self.layout, file)
    }

    /// Verifies a piece and writes it.
    pub fn store(&mut self, piece: u32, data: &[u8]) -> Result<Kept, DiskError> {
        let blocks = block_bufs(data);
        let digests = BlockDigests::Never;
        let job = Job::Store {
            piece,
            blocks,
            digests,
        };
        match self.disk.ask((), job) {
            Some(Done::Stored {
                result, changed, ..
            }) => match result {
                Stored::Written { .. } => Ok(Kept::Written(numbers(changed))),
                Stored::Wrong { .. } => Ok(Kept::Wrong),
                Stored::Failed(error) => Err(error),
            },
            _ => Err(self.no_answer(Doing::Write)),
        }
    }

    /// Makes durable all that was written, and what is in these files, whoever wrote it: a life
    /// that was killed has left bytes in the memory of the system, of which the storage knows
    /// nothing.
    pub fn sync(&mut self, files: &[usize]) -> Result<(), DiskError> {
        for &file in files {
            let no_answer = self.no_answer(Doing::Sync);
            let storage = self.disk.get_mut(()).ok_or(no_answer)?;
            let place = self.root.join(&self.layout.files()[file].path);
            // Their times too: they are compared at the next start.
            let synced = storage.file(file)?.sync_all();
            synced.map_err(|error| DiskError::new(Doing::Sync, &place, error))?;
        }
        match self.disk.ask((), Job::Sync) {
            Some(Done::Synced(result)) => result,
            _ => Err(self.no_answer(Doing::Sync)),
        }
    }

    /// Which files somebody else has changed.
    pub fn changed(&mut self) -> Result<BTreeSet<usize>, DiskError> {
        let mut changed = BTreeSet::new();
        let mut from = Some(0);
        while let Some(first) = from {
            let Some(Done::Looked { result, next }) = self.disk.ask((), Job::Look { from: first })
            else {
                return Err(self.no_answer(Doing::Open));
            };
            changed.extend(numbers(result?));
            from = next;
        }
        Ok(changed)
    }

    /// For the end of a download: cuts files that are too long. Gives the files that somebody else
    /// has changed.
    pub fn settle(&mut self) -> Result<BTreeSet<usize>, DiskError> {
        match self.disk.ask((), Job::Settle) {
            Some(Done::Settled(result)) => Ok(numbers(result?.changed)),
            _ => Err(self.no_answer(Doing::Open)),
        }
    }

    /// Whether a piece is good on disk.
    pub fn is_good(&mut self, piece: u32) -> Result<bool, DiskError> {
        match self.disk.ask((), Job::Check { piece }) {
            Some(Done::Checked { result, .. }) => Ok(result? == PieceState::Good),
            _ => Err(self.no_answer(Doing::Read)),
        }
    }

    fn no_answer(&self, doing: Doing) -> DiskError {
        DiskError::new(doing, &self.root, std::io::Error::other("no answer"))
    }
}

fn numbers(changed: Vec<Changed>) -> BTreeSet<usize> {
    changed.into_iter().map(|changed| changed.file).collect()
}
