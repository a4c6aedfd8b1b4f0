//! What is remembered of a torrent when it begins, and what that is worth.

use std::path::Path;
use std::time::Duration;

use engine::Failure;
use layout::Layout;
use messages::Bitfield;
use resume::{
    Counters, Judgement, Ledger, Lock, Resume, ResumeError, Stamp, StateFile, Verdict,
    folder_bytes, judge, look, one_name,
};
use storage::{DiskError, Doing, Parts, Storage};

use super::super::figures::Notice;
use super::super::handle::Remember;

/// What is remembered of a torrent in a folder, compared with what is there.
pub struct Recalled {
    kept: Option<(StateFile, Lock)>,
    resume: Option<Resume>,
    found: Vec<Option<Stamp>>,
    judgement: Judgement,
    /// Another program works on it.
    is_taken: bool,
    /// Why nothing is remembered, or nothing of what was is used.
    pub notice: Option<Notice>,
}

/// What goes on being remembered.
pub struct Memory {
    pub file: StateFile,
    /// Others are kept from this torrent as long as it is there.
    pub lock: Lock,
    pub ledger: Ledger,
    pub before: Counters,
}

impl Recalled {
    /// Looks at the resume file and at each file of the torrent. Reads nothing of those.
    ///
    /// # Errors
    ///
    /// When the system does not say how a file is.
    pub fn look(
        remember: Option<&Remember>,
        info_hash: metainfo::InfoHash,
        root: &Path,
        layout: &Layout,
        parts: &Parts,
    ) -> Result<Recalled, Failure> {
        let (mut notice, mut is_taken) = (None, false);
        let kept = match remember.map(|to| lock(to, info_hash, root)) {
            None => None,
            Some(Ok(Some(kept))) => Some(kept),
            // Whoever is at work remembers what there is to remember.
            Some(Ok(None)) => {
                is_taken = true;
                None
            }
            Some(Err(why)) => {
                notice = Some(Notice::NotRemembered { why });
                None
            }
        };
        let mut resume = None;
        if let Some((file, _)) = &kept {
            match read(file, layout) {
                Ok(found) => resume = found,
                Err(why) => {
                    let path = file.path().to_path_buf();
                    notice = Some(Notice::NotTrusted { path, why });
                }
            }
        }
        let found = stamps(root, layout)?;
        let trusts = remember.is_some_and(|remember| !remember.check);
        let judged = resume.as_ref().filter(|_| trusts);
        let judged = judged.and_then(|resume| judge(resume, layout, &found).ok());
        let mut judgement = judged.unwrap_or_else(|| Judgement::without_resume(layout, &found));
        read_what_is_aside(&mut judgement, parts);
        Ok(Recalled {
            kept,
            resume,
            found,
            judgement,
            is_taken,
            notice,
        })
    }

    /// Whether another program is at work on the files: then nothing is written to them.
    pub fn is_taken(&self) -> bool {
        self.is_taken
    }

    /// The pieces that are there, without reading them.
    pub fn trusted(&self) -> &Bitfield {
        &self.judgement.trusted
    }

    /// The pieces that may be there, and have to be read.
    pub fn to_read(&self) -> &Bitfield {
        &self.judgement.to_hash
    }

    /// Whether a file is known to be one that we have written: it is as it was remembered. One that was
    /// written to since may be somebody else's by now, however soon that was.
    pub fn is_ours(&self, file: usize) -> bool {
        self.resume.is_some() && self.judgement.files[file] == Verdict::AsRecorded
    }

    /// Whether a file that is as it was remembered was wanted then: what is in its place is there
    /// because of us.
    pub fn has_made(&self, file: usize) -> bool {
        let choice = self.resume.as_ref().and_then(|r| r.choice.as_ref());
        let was_wanted = |numbers: &Vec<u8>| numbers.get(file).is_some_and(|&number| number > 0);
        self.is_ours(file) && choice.is_none_or(was_wanted)
    }

    /// The memory that goes on from here, now that the files are laid out, and `have` is what is
    /// there of them. A file that may be somebody else's is not remembered: else the next start
    /// would take it for ours.
    pub fn memory(self, root: &Path, storage: &Storage, have: &Bitfield) -> Option<Memory> {
        let (file, lock) = self.kept?;
        let layout = storage.layout();
        let now = Duration::ZERO;
        let mut ledger = match &self.resume {
            Some(r) => Ledger::resumed(layout.clone(), r, &self.judgement, &self.found, now),
            None => Ledger::new(layout.clone()),
        };
        for index in 0..layout.files().len() {
            // What the system does not say now it says when the file is used.
            let is_ours = storage.is_the_torrents(index);
            let stamp = is_ours.then(|| look(root, layout, index).ok().flatten());
            ledger.opened(index, stamp.flatten(), now);
        }
        let trusted = &self.judgement.trusted;
        for piece in have.missing_from(trusted) {
            ledger.found(piece, now);
        }
        for piece in trusted.missing_from(have) {
            ledger.lost(piece);
        }
        ledger.all_is_read();
        Some(Memory {
            file,
            lock,
            ledger,
            before: self.resume.map_or_else(Counters::default, |r| r.counters),
        })
    }
}

/// The resume file of a torrent, and the right to use it; nothing, if another program has that.
fn lock(
    remember: &Remember,
    info_hash: metainfo::InfoHash,
    root: &Path,
) -> Result<Option<(StateFile, Lock)>, String> {
    let root = one_name(root).map_err(|error| error.to_string())?;
    let file = StateFile::new(&remember.folder, info_hash, folder_bytes(&root));
    let lock = file.lock().map_err(|error| error.to_string())?;
    Ok(lock.map(|lock| (file, lock)))
}

fn read(file: &StateFile, layout: &Layout) -> Result<Option<Resume>, String> {
    let Some(bytes) = file.load().map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    match file.decode(&bytes, layout) {
        Ok(resume) => Ok(Some(resume)),
        // Ours takes its place; the later version may come back.
        Err(error @ ResumeError::Newer { found }) => Err(match file.keep(&bytes, found) {
            Ok(kept) => format!("{error}; it is kept as {}", kept.display()),
            Err(failed) => format!("{error}; {failed}"),
        }),
        Err(error) => Err(error.to_string()),
    }
}

/// How each file is. What is no file cannot be one of the torrent's.
fn stamps(root: &Path, layout: &Layout) -> Result<Vec<Option<Stamp>>, Failure> {
    let files = layout.files().iter().enumerate();
    let stamp = |(index, entry): (usize, &layout::Entry)| {
        let failed = |error| DiskError::new(Doing::Open, &root.join(&entry.path), error);
        look(root, layout, index).map_err(|error| Failure::Disk(failed(error).to_string()))
    };
    files.map(stamp).collect()
}

/// What lies in the part file is not vouched for: its pieces are read.
fn read_what_is_aside(judgement: &mut Judgement, parts: &Parts) {
    if parts.is_empty() {
        return;
    }
    for piece in (0..judgement.trusted.len()).filter(|&piece| parts.has(piece)) {
        judgement.trusted.clear(piece);
        judgement.to_hash.set(piece);
    }
}
