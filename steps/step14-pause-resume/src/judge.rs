//! What the next start trusts, and why.

use std::time::Duration;

use layout::{Entry, Kind, Layout};
use messages::Bitfield;

use crate::ledger::SAVE_EVERY;
use crate::{Recorded, Resume, ResumeError, Stamp, UnixTime, Verdict};

/// How much later than [`SAVE_EVERY`] our own writes may be: the next save waits for a disk, perhaps
/// a slow one that has much to do, and we write on meanwhile. And on a network the server dates what
/// it gets, which may be half a minute after it was written.
pub const WRITE_SLACK: Duration = Duration::from_secs(60);

/// How long after a save a write may still be ours. While we write we save every [`SAVE_EVERY`].
pub const WINDOW: Duration = SAVE_EVERY.saturating_add(WRITE_SLACK);

/// What a start makes of a resume file and of what is on disk. What is in neither set is missing,
/// without a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The pieces that are there: nothing of them needs to be read.
    pub trusted: Bitfield,
    /// The pieces that may be there: they have to be read and hashed.
    pub to_hash: Bitfield,
    /// Of each file of the torrent, why.
    pub files: Vec<Verdict>,
}

impl Judgement {
    /// When there is no resume file that could be used: every piece has to be read that may be
    /// there.
    pub fn without_resume(layout: &Layout, found: &[Option<Stamp>]) -> Judgement {
        let pieces = layout.geometry().pieces();
        let files = layout.files().iter().enumerate();
        let files = files.map(|(index, entry)| match found.get(index).copied().flatten() {
            _ if !has_bytes(entry) => Verdict::NoBytes,
            None => Verdict::Gone,
            Some(_) => Verdict::Unknown,
        });
        let mut judgement = Judgement {
            trusted: Bitfield::new(pieces),
            to_hash: Bitfield::full(pieces),
            files: files.collect(),
        };
        judgement.leave_out_what_is_gone(layout);
        judgement
    }

    /// How many pieces are in neither set.
    pub fn missing(&self) -> u32 {
        self.trusted.len() - self.trusted.count() - self.to_hash.count()
    }

    /// A piece that has bytes past the end of a file cannot be whole, even if the file grows as it
    /// comes.
    fn leave_out_what_is_cut(&mut self, layout: &Layout, found: &[Option<Stamp>]) {
        for (file, entry) in layout.files().iter().enumerate() {
            let now = found.get(file).copied().flatten();
            let length = now.map_or(0, |now| now.length);
            if !has_bytes(entry) || length >= entry.length {
                continue;
            }
            for piece in layout.pieces_of(file, length..entry.length) {
                self.trusted.clear(piece);
                self.to_hash.clear(piece);
            }
        }
    }

    /// A piece that has bytes in a file that is not there cannot be whole.
    fn leave_out_what_is_gone(&mut self, layout: &Layout) {
        for (file, verdict) in self.files.iter().enumerate() {
            if *verdict == Verdict::Gone {
                for piece in layout.all_pieces_of(file) {
                    self.to_hash.clear(piece);
                }
            }
        }
    }
}

/// Compares a resume file with what is on disk now: for each file of the torrent a stamp, `None`
/// where there is no file. It costs a look at each file and each piece, and reads nothing.
///
/// **After an end in order** nobody has written since. A file is trusted that has the same length,
/// times and number, and a stamp that was settled; what is not vouched for is missing then. A file
/// that differs is hashed again, every piece that touches it.
///
/// **After another end** we had written on. What the resume file vouches for was synced before, and
/// is not written again, so it is trusted though the file's time has moved on; but not when it has
/// moved on for longer than we can have written (see [`WINDOW`]), when it has moved back, and when
/// all of the file was vouched for, for then we had nothing to write. All that is not vouched for is
/// hashed: some of it may have reached the disk.
///
/// Clocks can be wrong, and then more is read, not less. One that was set back makes times that are
/// earlier than recorded. FAT keeps local time: where the zone changes, all its times do. A copy has
/// new times, or else a new number. If the clock of a file server is ahead of ours, files that we
/// had not written to for a while seem to be written to too late.
///
/// What is not noticed:
///
/// - somebody else's write within the window, to a file of which pieces are missing, after an end
///   that was not in order, if nobody had noticed it before that end;
/// - a write after which the time was set back, where the system does not keep when a file was
///   changed (Windows), in a resume file that does not say it (of an earlier version), and on FAT,
///   where that is the same time; there a copy that was given the time passes for the file, too;
/// - a write after which the clock of the system was set back, and the time then;
/// - bytes that change on the disk itself, without anybody's writing.
///
/// Reading what has to be read may take hours. A file that has another stamp when it is opened at
/// last, to be written to or watched, was changed meanwhile, and has to be read again.
///
/// # Errors
///
/// [`ResumeError`] if the resume file has other pieces or files than the torrent. Use
/// [`Resume::fits`] first: it looks at the torrent and the folder, too.
pub fn judge(
    resume: &Resume,
    layout: &Layout,
    found: &[Option<Stamp>],
) -> Result<Judgement, ResumeError> {
    resume.fits_layout(layout)?;
    let files = layout.files().iter().enumerate();
    let files = files.map(|(index, entry)| {
        if !has_bytes(entry) {
            return Verdict::NoBytes;
        }
        let (Some(now), recorded) = (found.get(index).copied().flatten(), resume.files[index])
        else {
            return Verdict::Gone;
        };
        let is_whole = || {
            layout
                .all_pieces_of(index)
                .all(|piece| resume.pieces.get(piece))
        };
        recorded.map_or(Verdict::Unknown, |recorded| {
            verdict(resume, entry, &recorded, &now, is_whole)
        })
    });
    let files: Vec<Verdict> = files.collect();
    let mut trusted = resume.pieces.clone();
    let mut to_hash = Bitfield::new(trusted.len());
    for (file, _) in files.iter().enumerate().filter(|(_, v)| !v.is_trusted()) {
        for piece in layout.all_pieces_of(file) {
            trusted.clear(piece);
            to_hash.set(piece);
        }
    }
    if !resume.in_order {
        for piece in trusted.iter_zeros() {
            to_hash.set(piece);
        }
    }
    let mut judgement = Judgement {
        trusted,
        to_hash,
        files,
    };
    judgement.leave_out_what_is_gone(layout);
    judgement.leave_out_what_is_cut(layout, found);
    Ok(judgement)
}

// ANCHOR: verdict_same
/// Why a file that is there, and of which something is recorded, is trusted or not.
fn verdict(
    resume: &Resume,
    entry: &Entry,
    recorded: &Recorded,
    now: &Stamp,
    is_whole: impl Fn() -> bool,
) -> Verdict {
    // ANCHOR: yours_verdict (chapter 14, "The judge")
    let was = &recorded.stamp;
    if !was.is_same_file(now) {
        return Verdict::AnotherFile;
    }
    // One that grows as it comes is shorter than the torrent says for long.
    let least = was.length.min(entry.length);
    if now.length < least {
        let (of, is) = (least, now.length);
        return Verdict::Shorter { of, is };
    }
    if (was.length, was.modified) == (now.length, now.modified) {
        let has_both = was.changed.is_some() && now.changed.is_some();
        if has_both && was.changed != now.changed {
            return Verdict::Altered;
        }
        // In a file that we write to, the next write may be ours within the same tick.
        return match recorded.settled || !(resume.in_order || is_whole()) {
            true => Verdict::AsRecorded,
            false => Verdict::Racy,
        };
    }
    // ANCHOR_END: verdict_same
    // ANCHOR: verdict_other
    if resume.in_order {
        return Verdict::Touched;
    }
    // What is longer than the torrent says is cut when we first write to it; to no other length.
    if now.length != was.length && now.length > entry.length {
        let (was, is) = (was.length, now.length);
        return Verdict::Longer { was, is };
    }
    if is_whole() {
        return Verdict::TouchedWhole;
    }
    if now.modified < was.modified {
        let by = was.modified.since(now.modified);
        return Verdict::Earlier { by };
    }
    // The file's own clock may be ahead of ours.
    let saved = UnixTime::from_seconds(resume.saved).max(was.modified);
    if now.modified > saved.plus(WINDOW) {
        let after = now.modified.since(saved);
        return Verdict::TooLate { after };
    }
    let later = now.modified.since(was.modified);
    Verdict::WrittenOn { later }
    // ANCHOR_END: yours_verdict
}
// ANCHOR_END: verdict_other

fn has_bytes(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Regular { .. }) && entry.length > 0
}

#[cfg(test)]
mod tests;
