//! What others do to a torrent's files while it is at work, and what follows from it.
//!
//! The disk service tells which files have changed. What is gone is lost at once; what may still be
//! good is read again, piece by piece. Now and then all files are looked at.

mod doubts;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::Event;
use layout::Layout;
use storage::{Change, Changed, DiskError, Doing, Job, PieceState, Settled};
use tokio::time::Instant;

use super::figures::Notice;

use doubts::{Doubts, Found, Verdict};
use words::Words;

/// How long the files of a torrent are not looked at, that nobody reads or writes.
const IDLE: Duration = Duration::from_secs(60);

/// Results are told together: each time costs a message of all pieces to every peer.
const TOGETHER: Duration = Duration::from_secs(1);

/// Files that cannot be read are tried again, so many at a time.
const TRIED: usize = 16;

/// A download is settled so often while somebody goes on writing to its files.
const MOST_SETTLED: u32 = 3;

/// Something that is to be done.
#[derive(Debug)]
pub(super) enum Wish {
    /// Hand this to the disk service.
    Job(Job),
    /// Tell the engine.
    Tell(Event),
    /// Tell the faces.
    Notice(Notice),
    /// Somebody has changed this file: it is not to be read from what is open of it, and what is
    /// remembered of it is not true any more.
    Close(usize),
}

/// The watch over a torrent's files.
pub(super) struct Watch {
    layout: Arc<Layout>,
    /// What is lost is fetched again.
    fetches: bool,
    wishes: VecDeque<Wish>,
    words: Words,
    /// Pieces that are to be read again, and the one that is being read.
    to_check: BTreeSet<u32>,
    checking: Option<u32>,
    doubts: Doubts,
    /// What was found out and is not told yet: whether a piece is on disk.
    found_out: BTreeMap<u32, bool>,
    told: Instant,
    /// Pieces that could not be read though their file seems to be as it was, by file. Now and then
    /// one of each is tried again.
    unread: BTreeMap<usize, BTreeSet<u32>>,
    /// The file of these that was tried last.
    tried: usize,
    /// Files that are gone. They are looked for as often as those in use.
    gone: BTreeSet<usize>,
    /// The files are to be settled when everything is read, and how often they were.
    settling: bool,
    settled: u32,
    /// How often files are looked at that are in use.
    pause: Duration,
    /// When they are looked at next; `None` while it is done.
    due: Option<Instant>,
    looked: Instant,
    in_use: bool,
    /// The engine waits to hear that the disk had no fault.
    is_asked: bool,
}

impl Watch {
    pub fn new(root: &Path, layout: Arc<Layout>, fetches: bool, pause: Duration) -> Watch {
        let now = Instant::now();
        Watch {
            words: Words::new(root, layout.clone(), fetches),
            layout,
            fetches,
            wishes: VecDeque::new(),
            to_check: BTreeSet::new(),
            checking: None,
            doubts: Doubts::default(),
            found_out: BTreeMap::new(),
            told: now,
            unread: BTreeMap::new(),
            tried: 0,
            gone: BTreeSet::new(),
            settling: false,
            settled: 0,
            pause,
            due: Some(now + pause),
            looked: now,
            in_use: false,
            is_asked: false,
        }
    }

    /// Over no files: it does nothing.
    pub fn none(layout: Arc<Layout>) -> Watch {
        let mut watch = Watch::new(Path::new(""), layout, false, IDLE);
        watch.due = None;
        watch
    }

    /// What is to be done next.
    pub fn next(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// When [`Watch::ring`] is due.
    pub fn due(&self) -> Option<Instant> {
        let telling = (!self.found_out.is_empty()).then(|| self.told + TOGETHER);
        [self.due, telling].into_iter().flatten().min()
    }

    /// The end: whatever was found out and nobody has heard of yet.
    pub fn last_words(&mut self) -> Vec<Event> {
        self.tell();
        let wishes = std::mem::take(&mut self.wishes).into_iter();
        let events = wishes.filter_map(|wish| match wish {
            Wish::Tell(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    /// The pieces that are to be read again: of these it is not known what is on disk.
    pub fn in_doubt(&self) -> BTreeSet<u32> {
        let unread = self.unread.values().flatten();
        let pieces = unread.chain(&self.to_check).chain(&self.checking);
        pieces.copied().collect()
    }

    /// Files are read or written.
    pub fn used(&mut self) {
        if !std::mem::replace(&mut self.in_use, true) && self.due.is_some() {
            self.due = Some(self.looked + self.pause);
        }
    }

    /// Does what is due: tells what was found out, looks at the files.
    pub fn ring(&mut self) {
        let now = Instant::now();
        if now >= self.told + TOGETHER {
            self.tell();
        }
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            self.wishes.push_back(Wish::Job(Job::Look { from: 0 }));
        }
    }

    /// The disk had a fault: all files are to be looked at now.
    pub fn ask(&mut self) {
        self.is_asked = true;
        if self.due.is_some() {
            self.due = Some(Instant::now());
        }
    }

    /// The files could not be looked at, or mended.
    pub fn failed(&mut self) {
        self.is_asked = false;
        if self.due.is_none() {
            self.due = Some(Instant::now() + self.pause);
        }
    }

    /// A piece could not be read again, for its files could not be mended. It is still to be read.
    pub fn unchecked(&mut self, piece: u32) {
        self.checking = None;
        self.to_check.insert(piece);
    }

    /// Some files were looked at.
    pub fn looked(&mut self, changed: Vec<Changed>, next: Option<usize>) {
        self.changed(changed);
        if let Some(from) = next {
            return self.wishes.push_back(Wish::Job(Job::Look { from }));
        }
        self.try_again();
        self.go_on();
        if std::mem::take(&mut self.is_asked) {
            self.wishes.push_back(Wish::Tell(Event::DiskWell));
        }
        self.looked = Instant::now();
        let is_well = self.unread.is_empty() && self.gone.is_empty();
        let is_used = std::mem::take(&mut self.in_use);
        self.due = Some(
            self.looked
                + if is_used || !is_well {
                    self.pause
                } else {
                    IDLE
                },
        );
    }

    /// Tries the next files that could not be read, a piece of each.
    fn try_again(&mut self) {
        let after = self.unread.range(self.tried + 1..);
        let before = self.unread.range(..=self.tried);
        for (&file, pieces) in after.chain(before).take(TRIED) {
            self.tried = file;
            self.to_check.extend(pieces.first());
        }
    }

    /// Somebody has changed these files.
    pub fn changed(&mut self, changed: Vec<Changed>) {
        if changed.is_empty() {
            return;
        }
        // All together: thousands of files may lie in the same piece.
        let mut lost = BTreeSet::new();
        for Changed { file, change } in changed {
            self.wishes.push_back(Wish::Close(file));
            self.gone.remove(&file);
            self.unread.remove(&file);
            match change {
                Change::Gone | Change::Cut(_) => self.doubts.forget(file),
                _ => self.doubts.begin_anew(file),
            }
            let length = self.layout.files()[file].length;
            match change {
                Change::Gone => {
                    lost.extend(self.pieces(file, 0..length));
                    self.say(file, self.words.gone());
                    if !self.fetches {
                        self.gone.insert(file);
                        self.used();
                    }
                }
                Change::Cut(to) => {
                    lost.extend(self.pieces(file, to..length));
                    self.say(file, self.words.cut());
                    self.doubt(file, self.pieces(file, 0..to), false);
                }
                Change::Back => self.doubt(file, self.pieces(file, 0..length), true),
                Change::Replaced | Change::Touched => {
                    self.doubt(file, self.pieces(file, 0..length), false);
                }
            }
        }
        self.lose(lost);
        self.tell();
        self.go_on();
    }

    /// A piece could not be read, though its files seem to be as they were.
    pub fn unreadable(&mut self, piece: u32, error: &DiskError) {
        self.lose(piece..piece + 1);
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) {
            return; // somebody asked before it was known that the file is gone, or was cut
        }
        let mut files = self.files(piece).into_iter();
        let Some(file) = files.find(|&file| self.words.path(file) == error.path()) else {
            return;
        };
        let is_first = !self.unread.contains_key(&file);
        // What cannot be opened has no piece that can be read.
        let pieces = match error.doing() {
            Doing::Open => self.layout.all_pieces_of(file),
            _ => piece..piece + 1,
        };
        if is_first || error.doing() != Doing::Open {
            self.lose(pieces.clone());
        }
        self.unread.entry(file).or_default().extend(pieces);
        if is_first {
            self.say(file, error.to_string());
            self.used();
        }
        self.go_on();
    }

    /// A piece is to be read again: a peer may have got it wrong.
    pub fn suspect(&mut self, piece: u32) {
        self.to_check.insert(piece);
        self.go_on();
    }

    /// A piece was read again, which we `had` until now, or had not.
    pub fn checked(&mut self, piece: u32, had: bool, result: Result<PieceState, DiskError>) {
        self.checking = None;
        // If it is to be read once more, its file has changed since.
        if self.to_check.contains(&piece) {
            return self.go_on();
        }
        let state = match result {
            Ok(state) => state,
            Err(error) => {
                self.unreadable(piece, &error);
                return self.go_on();
            }
        };
        let (files, is_good) = (self.files(piece), state == PieceState::Good);
        self.found_out.insert(piece, is_good);
        if state != PieceState::Missing {
            self.readable_again(piece);
        }
        if had && state == PieceState::Bad && !self.doubts.has(&files, piece) {
            self.doubt_all_of(piece);
        }
        let found = match (is_good, had) {
            (true, _) => Found::Good,
            (false, true) => Found::Bad,
            (false, false) => Found::Never,
        };
        for verdict in self.doubts.count(&files, piece, found) {
            self.judge(verdict);
        }
        self.go_on();
    }

    /// Everything is on disk, and the files were looked at. The engine is told that this is the end
    /// of it, and does not take it for that if something is lost: then it asks again later.
    pub fn settled(&mut self, settled: Settled) {
        let Settled { changed, lost } = settled;
        self.settled += 1;
        // Whoever goes on writing to a file, and changes nothing by it, must not hold us up.
        let mut changes = changed.iter();
        let is_calm =
            self.settled > MOST_SETTLED && changes.all(|found| found.change == Change::Touched);
        self.found_out
            .extend(lost.into_iter().map(|piece| (piece, false)));
        self.changed(changed);
        self.tell();
        let is_at_rest = self.checking.is_none() && self.to_check.is_empty();
        if is_at_rest || is_calm {
            self.settled = 0;
            self.wishes.push_back(Wish::Tell(Event::Settled));
        } else {
            // What is read again now may turn out bad.
            self.settling = true;
        }
    }

    /// A piece was written: whatever was found of it before is past.
    pub fn stored(&mut self, piece: u32) {
        self.found_out.remove(&piece);
        self.to_check.remove(&piece);
    }

    /// The pieces that lie in these bytes of a file.
    fn pieces(&self, file: usize, bytes: Range<u64>) -> Range<u32> {
        self.layout.pieces_of(file, bytes)
    }

    /// The files that a piece lies in.
    fn files(&self, piece: u32) -> Vec<usize> {
        let spans = self.layout.piece_spans(piece);
        spans.map(|span| span.file).collect()
    }

    /// These pieces are gone.
    fn lose(&mut self, pieces: impl IntoIterator<Item = u32>) {
        for piece in pieces {
            self.to_check.remove(&piece);
            if !self.doubts.is_empty() {
                self.doubts.drop(&self.files(piece), piece);
            }
            self.found_out.insert(piece, false);
        }
    }

    /// Pieces of a file are read again. Those that were good, and of which nobody has heard yet, may
    /// not be so any more.
    fn doubt(&mut self, file: usize, pieces: Range<u32>, is_back: bool) {
        let found = self.found_out.range(pieces.clone());
        let good = found.filter(|&(_, &is_there)| is_there);
        let good: Vec<u32> = good.map(|(&piece, _)| piece).collect();
        for piece in good {
            self.found_out.remove(&piece);
        }
        self.doubts.add(file, pieces.clone(), is_back);
        self.to_check.extend(pieces);
    }

    /// A piece that we had is not the torrent's any more: all of its files are read again. The piece
    /// itself was just read, and is about to be counted.
    fn doubt_all_of(&mut self, piece: u32) {
        for file in self.files(piece) {
            self.doubt(file, self.layout.all_pieces_of(file), false);
        }
        self.to_check.remove(&piece);
    }

    /// A piece could be read that could not be before: then all of its file may be.
    fn readable_again(&mut self, piece: u32) {
        for file in self.files(piece) {
            if let Some(mut pieces) = self.unread.remove(&file) {
                // With this one, which is about to be counted.
                pieces.insert(piece);
                self.doubts.add(file, pieces.iter().copied(), true);
                pieces.remove(&piece);
                self.to_check.append(&mut pieces);
            }
        }
    }

    /// All of a file was read again.
    fn judge(&mut self, verdict: Verdict) {
        let Verdict { file, bad, is_back } = verdict;
        match bad {
            0 if is_back => self.words.back(file, &mut self.wishes),
            0 => {}
            bad => self.say(file, self.words.changed(bad)),
        }
    }

    fn say(&mut self, file: usize, why: String) {
        self.words.failed(file, why, &mut self.wishes);
    }

    /// Tells the engine what was found out.
    fn tell(&mut self) {
        let found_out = std::mem::take(&mut self.found_out);
        let of = |there: bool| {
            let pieces = found_out.iter().filter(|&(_, &is_there)| is_there == there);
            pieces.map(|(&piece, _)| piece).collect::<Vec<_>>()
        };
        let (lost, found) = (of(false), of(true));
        if !lost.is_empty() {
            let event = Event::Lost { pieces: lost };
            self.wishes.push_back(Wish::Tell(event));
        }
        if !found.is_empty() {
            let event = Event::Found { pieces: found };
            self.wishes.push_back(Wish::Tell(event));
        }
        self.told = Instant::now();
    }

    /// Has the next piece read, one at a time: uploads and downloads go on beside it.
    fn go_on(&mut self) {
        if !self.found_out.is_empty() && self.told.elapsed() >= TOGETHER {
            self.tell();
        }
        if self.checking.is_some() {
            return;
        }
        if let Some(piece) = self.to_check.pop_first() {
            self.checking = Some(piece);
            return self.wishes.push_back(Wish::Job(Job::Check { piece }));
        }
        self.words.pause(&mut self.wishes);
        if std::mem::take(&mut self.settling) {
            self.tell();
            self.wishes.push_back(Wish::Job(Job::Settle));
        }
    }
}

#[cfg(test)]
mod tests;
