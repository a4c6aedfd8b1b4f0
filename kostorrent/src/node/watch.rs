//! What others do to a torrent's files while it is at work, and what follows from it.
//!
//! The disk service tells which files have changed. What is gone is lost at once; what may still be
//! good is read again, piece by piece. Now and then all files are looked at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::Event;
use layout::Layout;
use storage::{Change, Changed, DiskError, Job, PieceState};
use tokio::time::Instant;

use super::figures::Notice;

/// How long the files of a torrent are not looked at, that nobody reads or writes.
const IDLE: Duration = Duration::from_secs(60);

/// So many results are told together: each that is told costs a message to every peer.
const TOGETHER: usize = 64;

/// Something that is to be done.
#[derive(Debug)]
pub(super) enum Wish {
    /// Hand this to the disk service.
    Job(Job),
    /// Tell the engine.
    Tell(Event),
    /// Tell the faces.
    Notice(Notice),
    /// This file is not to be read from what is open of it.
    Close(usize),
}

/// A file that is read again.
#[derive(Debug)]
struct Doubt {
    /// Pieces of it that were not read yet, and those that were not good.
    left: u32,
    bad: u32,
    /// It was gone, and is there again.
    is_back: bool,
}

/// The watch over a torrent's files.
pub(super) struct Watch {
    root: PathBuf,
    layout: Arc<Layout>,
    /// What is lost is fetched again.
    fetches: bool,
    wishes: VecDeque<Wish>,
    /// Pieces that are to be read again, and whether one is being read.
    to_check: BTreeSet<u32>,
    checking: bool,
    doubts: BTreeMap<usize, Doubt>,
    lost: Vec<u32>,
    found: Vec<u32>,
    /// Pieces that could not be read, though nothing seems to have changed. Now and then one of
    /// them is read again.
    unread: BTreeSet<u32>,
    /// Files that are gone. They are looked for as often as those in use.
    gone: BTreeSet<usize>,
    /// The files are to be settled when everything is read.
    settling: bool,
    /// How often files are looked at that are in use.
    pause: Duration,
    /// When they are looked at next; `None` while it is done.
    due: Option<Instant>,
    last: Instant,
    in_use: bool,
}

impl Watch {
    pub fn new(root: &Path, layout: Arc<Layout>, fetches: bool, pause: Duration) -> Watch {
        let now = Instant::now();
        Watch {
            root: root.to_owned(),
            layout,
            fetches,
            wishes: VecDeque::new(),
            to_check: BTreeSet::new(),
            checking: false,
            doubts: BTreeMap::new(),
            lost: Vec::new(),
            found: Vec::new(),
            unread: BTreeSet::new(),
            gone: BTreeSet::new(),
            settling: false,
            pause,
            due: Some(now + pause),
            last: now,
            in_use: false,
        }
    }

    /// What is to be done next.
    pub fn next(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// When to look at the files.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Files are read or written.
    pub fn used(&mut self) {
        if !std::mem::replace(&mut self.in_use, true) && self.due.is_some() {
            self.due = Some(self.last + self.pause);
        }
    }

    /// It is time to look at the files.
    pub fn look(&mut self) {
        self.due = None;
        self.wishes.push_back(Wish::Job(Job::Look { from: 0 }));
    }

    /// Some files were looked at.
    pub fn looked(&mut self, changed: Vec<Changed>, next: Option<usize>) {
        self.changed(changed);
        if let Some(from) = next {
            return self.wishes.push_back(Wish::Job(Job::Look { from }));
        }
        self.to_check.extend(self.unread.first());
        self.check_next();
        self.last = Instant::now();
        let is_well = self.unread.is_empty() && self.gone.is_empty();
        let is_used = std::mem::take(&mut self.in_use);
        self.due = Some(
            self.last
                + if is_used || !is_well {
                    self.pause
                } else {
                    IDLE
                },
        );
    }

    /// Somebody has changed these files.
    pub fn changed(&mut self, changed: Vec<Changed>) {
        for Changed { file, change } in changed {
            self.wishes.push_back(Wish::Close(file));
            self.gone.remove(&file);
            let length = self.layout.files()[file].length;
            match change {
                Change::Gone => {
                    let why = match self.fetches {
                        true => "it was deleted or moved away; its pieces are fetched again",
                        false => "it is gone: put it back, and its pieces can be had again",
                    };
                    self.lose(file, 0, why);
                    if !self.fetches {
                        self.gone.insert(file);
                        self.used();
                    }
                }
                Change::Cut(length) => {
                    let why = match self.fetches {
                        true => "it was cut short; what is missing is fetched again",
                        false => "it was cut short: what is missing cannot be had any more",
                    };
                    self.lose(file, length, why);
                    self.doubt(file, 0..length, false);
                }
                Change::Back => self.doubt(file, 0..length, true),
                Change::Replaced | Change::Touched => self.doubt(file, 0..length, false),
            }
        }
        self.flush();
        self.check_next();
    }

    /// A piece could not be read, though its files seem to be as they were.
    pub fn unreadable(&mut self, piece: u32, error: &DiskError) {
        self.lost.push(piece);
        self.flush();
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) {
            return; // somebody asked before it was known that the file is gone, or was cut
        }
        let is_first = self.unread.is_empty();
        if self.unread.insert(piece) && is_first {
            let (path, why) = (error.path().to_owned(), error.to_string());
            self.wishes
                .push_back(Wish::Notice(Notice::FileFailed { path, why }));
        }
    }

    /// A piece is to be read again: a peer may have got it wrong.
    pub fn suspect(&mut self, piece: u32) {
        self.to_check.insert(piece);
        self.check_next();
    }

    /// A piece was read again; `None`: it cannot be read.
    pub fn checked(&mut self, piece: u32, state: Option<PieceState>) {
        self.checking = false;
        match state {
            Some(PieceState::Good) => {
                self.found.push(piece);
                if self.unread.remove(&piece) {
                    // The disk works again.
                    self.to_check.append(&mut self.unread);
                }
            }
            Some(_) => {
                self.unread.remove(&piece);
                self.lost.push(piece);
            }
            None => {
                self.unread.insert(piece);
                self.lost.push(piece);
            }
        }
        if let Some(state) = state {
            self.count(piece, state);
        }
        if self.lost.len() + self.found.len() >= TOGETHER {
            self.flush();
        }
        self.check_next();
    }

    /// Everything is on disk, and the files were looked at: whether that is the end of it.
    pub fn settled(&mut self, changed: Vec<Changed>) {
        if changed.is_empty() && self.is_at_rest() {
            return self.wishes.push_back(Wish::Tell(Event::Settled));
        }
        self.settling = true;
        self.changed(changed);
    }

    fn is_at_rest(&self) -> bool {
        !self.checking && self.to_check.is_empty()
    }

    /// The pieces that lie in these bytes of a file.
    fn pieces(&self, file: usize, bytes: Range<u64>) -> Range<u32> {
        let entry = &self.layout.files()[file];
        let length = u64::from(self.layout.geometry().piece_length()).max(1);
        if bytes.is_empty() {
            return 0..0;
        }
        let first = (entry.offset + bytes.start) / length;
        let end = (entry.offset + bytes.end).div_ceil(length);
        first as u32..end as u32
    }

    /// What was in a file from an offset on is gone.
    fn lose(&mut self, file: usize, from: u64, why: &str) {
        let length = self.layout.files()[file].length;
        let pieces = self.pieces(file, from..length);
        for piece in pieces.clone() {
            self.to_check.remove(&piece);
        }
        self.lost.extend(pieces);
        self.failed(file, why);
    }

    /// A file is read again.
    fn doubt(&mut self, file: usize, bytes: Range<u64>, is_back: bool) {
        let pieces = self.pieces(file, bytes);
        if pieces.is_empty() {
            return;
        }
        let doubt = Doubt {
            left: pieces.len() as u32,
            bad: 0,
            is_back,
        };
        self.doubts.insert(file, doubt);
        self.to_check.extend(pieces);
    }

    /// What a piece says about its files.
    fn count(&mut self, piece: u32, state: PieceState) {
        let layout = self.layout.clone();
        let files: BTreeSet<usize> = layout.piece_spans(piece).map(|span| span.file).collect();
        let is_news =
            state == PieceState::Bad && !files.iter().any(|file| self.doubts.contains_key(file));
        for file in files {
            let length = layout.files()[file].length;
            if is_news {
                self.doubt(file, 0..length, false);
            }
            let Some(doubt) = self.doubts.get_mut(&file) else {
                continue;
            };
            doubt.left = doubt.left.saturating_sub(1);
            doubt.bad += u32::from(state != PieceState::Good);
            if doubt.left == 0
                && let Some(doubt) = self.doubts.remove(&file)
            {
                self.judge(file, &doubt);
            }
        }
        if is_news {
            self.to_check.remove(&piece);
        }
    }

    /// All of a file was read again.
    fn judge(&mut self, file: usize, doubt: &Doubt) {
        let pieces = match doubt.bad {
            0 if doubt.is_back => {
                let path = self.path(file);
                return self
                    .wishes
                    .push_back(Wish::Notice(Notice::FileBack { path }));
            }
            0 => return,
            1 => "1 piece of it is".to_owned(),
            n => format!("{n} pieces of it are"),
        };
        let after = match self.fetches {
            true => "and fetched again",
            false => "and cannot be had any more",
        };
        self.failed(
            file,
            &format!("somebody has changed it: {pieces} not the torrent's any more, {after}"),
        );
    }

    fn failed(&mut self, file: usize, why: &str) {
        let path = self.path(file);
        let why = format!("{}: {why}", path.display());
        self.wishes
            .push_back(Wish::Notice(Notice::FileFailed { path, why }));
    }

    fn path(&self, file: usize) -> PathBuf {
        self.root.join(&self.layout.files()[file].path)
    }

    /// Tells the engine what was found out.
    fn flush(&mut self) {
        if !self.lost.is_empty() {
            let pieces = std::mem::take(&mut self.lost);
            self.wishes.push_back(Wish::Tell(Event::Lost { pieces }));
        }
        if !self.found.is_empty() {
            let pieces = std::mem::take(&mut self.found);
            self.wishes.push_back(Wish::Tell(Event::Found { pieces }));
        }
    }

    /// Has the next piece read, one at a time: uploads and downloads go on beside it.
    fn check_next(&mut self) {
        if self.checking {
            return;
        }
        if let Some(piece) = self.to_check.pop_first() {
            self.checking = true;
            return self.wishes.push_back(Wish::Job(Job::Check { piece }));
        }
        self.flush();
        if std::mem::take(&mut self.settling) {
            self.wishes.push_back(Wish::Job(Job::Settle));
        }
    }
}

#[cfg(test)]
mod tests;
