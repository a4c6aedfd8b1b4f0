//! What happens to files while we work with them: people and programs delete, move, cut and
//! overwrite them.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};

use layout::{Kind, Span};

use crate::Storage;
use crate::checker::{Checker, PieceState, Source};
use crate::create::{link, make};
use crate::error::{DiskError, Doing};
use crate::known::Role;
use crate::seen::{Change, Changed, Seen, change, look};

/// Files that are looked at for one [`Job::Look`](crate::Job::Look).
pub const LOOKS: usize = 500;

/// What [`Storage::settle`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The files that somebody has changed.
    pub changed: Vec<Changed>,
    /// The pieces that are not in their files any more.
    pub lost: Vec<u32>,
}

impl Storage {
    /// Looks whether somebody else has changed a file since the last look. In a download it is
    /// mended at once, so that pieces can be written to it again.
    ///
    /// Another file in its place is not ours to write to, unless it turns out that a piece of it is
    /// good.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when it cannot be mended: the whole download folder is gone, for one.
    pub fn look_at(&mut self, index: usize) -> Result<Option<Changed>, DiskError> {
        let layout = self.layout().clone();
        let entry = &layout.files()[index];
        // What is in the place of a file that nobody wants is no business of a download. A seed has
        // use for a file that comes back.
        let is_aside = self.known[index].role == Role::Aside && self.folder.is_some();
        if !matches!(entry.kind, Kind::Regular { .. }) || is_aside {
            return Ok(None);
        }
        let Ok(now) = look(&self.root().join(&entry.path)) else {
            return Ok(None); // the disk has a fault, which may pass: nobody has changed anything
        };
        let known = &mut self.known[index];
        let was_touched = std::mem::take(&mut known.touched).then_some(Change::Touched);
        let before = known.seen;
        let change = change(before, now, entry.length).or(was_touched);
        known.seen = now;
        let Some(mut change) = change else {
            return Ok(None);
        };
        self.handles.close(|&open| open == index);
        if self.folder.is_some() {
            match self.mend(index, change) {
                Ok(mended) => change = mended,
                Err(error) => {
                    // Nobody hears of it now, so the next look is to find it again.
                    let known = &mut self.known[index];
                    (known.seen, known.touched) = (before, true);
                    return Err(error);
                }
            }
        }
        Ok(Some(Changed {
            file: index,
            change,
        }))
    }

    /// Looks at some of the files.
    ///
    /// # Errors
    ///
    /// As [`Storage::look_at`].
    pub fn look(
        &mut self,
        files: impl IntoIterator<Item = usize>,
    ) -> Result<Vec<Changed>, DiskError> {
        let mut changed = Vec::new();
        for index in files {
            let found = self.look_at(index);
            changed.extend(found.inspect_err(|_| self.tell_again(&changed))?);
        }
        Ok(changed)
    }

    /// Nobody has heard that these files have changed: the next look is to say so.
    pub(crate) fn tell_again(&mut self, changed: &[Changed]) {
        for found in changed {
            self.known[found.file].touched = true;
        }
    }

    /// What the system says of these files now; `None` where there is none that is certainly the
    /// torrent's.
    pub(crate) fn found(&self, files: &[usize]) -> Vec<(usize, Option<Metadata>)> {
        let entries = self.layout().files();
        let found = |&index: &usize| {
            let entry = &entries[index];
            let is_file = matches!(entry.kind, Kind::Regular { .. }) && self.is_the_torrents(index);
            let place = self.root().join(&entry.path);
            (index, is_file.then(|| place.metadata().ok()).flatten())
        };
        files.iter().map(found).collect()
    }

    /// Looks at the files of a piece.
    pub(crate) fn look_at_those_of(&mut self, piece: u32) -> Result<Vec<Changed>, DiskError> {
        let layout = self.layout().clone();
        match piece < layout.geometry().pieces() {
            true => self.look(layout.piece_spans(piece).map(|span| span.file)),
            false => Ok(Vec::new()),
        }
    }

    /// For the end of a download: looks at every file once more, and cuts those that are longer
    /// than the torrent says. When nothing has changed and nothing is lost, all that was written is
    /// where it belongs.
    ///
    /// # Errors
    ///
    /// As [`Storage::look_at`]; and when a file cannot be cut.
    pub fn settle(&mut self) -> Result<Settled, DiskError> {
        let changed = self.look(0..self.layout().files().len())?;
        let put_in_order = self
            .mend_links()
            .and_then(|()| self.trim())
            .and_then(|()| self.prove_whole())
            .and_then(|()| self.take_over_needless())
            .and_then(|()| self.settle_aside());
        put_in_order.inspect_err(|_| self.tell_again(&changed))?;
        let lost = self.lost.iter().copied().collect();
        Ok(Settled { changed, lost })
    }

    /// Whether a piece is on disk and good, where it is read from.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when it cannot be read.
    pub fn check(&mut self, piece: u32) -> Result<PieceState, DiskError> {
        let mut checker = self.checker();
        self.check_with(piece, &mut checker)
    }

    /// A checker of the files as they are.
    pub(crate) fn checker(&self) -> Checker {
        Checker::new(self.root(), self.layout().clone(), self.hashes().clone()).open_files(1)
    }

    /// The same with a checker that is there already.
    pub(crate) fn check_with(
        &mut self,
        piece: u32,
        checker: &mut Checker,
    ) -> Result<PieceState, DiskError> {
        let mut found = PieceState::Missing;
        let mut in_files: Vec<Span> = self.layout().piece_spans(piece).collect();
        match self.placed(piece)? {
            Some((parts, placed)) => {
                checker.set_parts(parts, Vec::new());
                found = checker.check_placed(piece, &placed)?;
                let placed = placed.into_iter();
                let placed = placed.filter(|&(_, _, source)| source == Source::File);
                in_files = placed.map(|(span, ..)| span).collect();
            }
            None => checker.check(piece..piece + 1, |_, state| found = state)?,
        }
        if found == PieceState::Good {
            self.lost.remove(&piece);
            for span in in_files {
                let is_doubtful =
                    matches!(self.known[span.file].role, Role::Stranger | Role::Unproven);
                // Zeros prove nothing.
                if is_doubtful && checker.has_data(span)? {
                    self.take_for_ours(span.file);
                }
            }
            self.bring_in()?;
        }
        Ok(found)
    }

    // ANCHOR: wrote
    /// We have written to a file; whether what was written is where the file's name leads, and that
    /// is so long at least.
    pub(crate) fn wrote(&mut self, index: usize, file: &File, length: u64) -> io::Result<bool> {
        let entry = &self.layout().files()[index];
        let ours = Seen::of(&file.metadata()?);
        let Some(now) = look(&self.root().join(&entry.path))? else {
            return Ok(false);
        };
        let is_there = now.is_same_file(&ours) && now.length >= length;
        if is_there {
            self.known[index].seen = Some(ours);
        }
        Ok(is_there)
    }
    // ANCHOR_END: wrote

    /// We are about to write to a file; false if it was cut, which has to be mended before. That
    /// somebody has written to it is noted for the next look: after our own write its time would
    /// not tell.
    pub(crate) fn is_as_it_was(&mut self, index: usize, file: &File) -> bool {
        let length = self.layout().files()[index].length;
        let known = &mut self.known[index];
        let Ok(now) = file.metadata().map(|found| Seen::of(&found)) else {
            return true; // writing will say what is wrong
        };
        match change(known.seen, Some(now), length) {
            Some(Change::Cut(_)) => return false,
            Some(_) => known.touched = true,
            None => {}
        }
        if now.length > length {
            self.longer.insert(index);
        }
        true
    }

    /// These were found changed when the files of a download were made.
    pub(crate) fn mend_all(&mut self, changed: Vec<Changed>) -> Result<(), DiskError> {
        for Changed { file, change } in changed {
            let change = self.mend(file, change)?;
            self.changed.push(Changed { file, change });
        }
        Ok(())
    }

    /// Makes a file of a download usable again. Says what has become of it: another may be in its
    /// place by now.
    fn mend(&mut self, index: usize, change: Change) -> Result<Change, DiskError> {
        let layout = self.layout().clone();
        let entry = &layout.files()[index];
        let place = self.root().join(&entry.path);
        let root = self.root().to_path_buf();
        let known = &mut self.known[index];
        match change {
            Change::Touched => {
                let length = known.length();
                // What a link leads to is not ours to cut.
                if length > entry.length && known.role != Role::Complete {
                    self.longer.insert(index);
                }
                return Ok(change);
            }
            Change::Replaced | Change::Back => {
                // Nothing has to be written to a file that nobody wants.
                known.role = match known.unwanted {
                    true => Role::Aside,
                    false => Role::Stranger,
                };
                return Ok(change);
            }
            Change::Gone => self.lose(index, 0),
            Change::Cut(length) => {
                let is_strangers = known.role == Role::Stranger;
                self.lose(index, length);
                // He may do with it what he likes: it stays his.
                if is_strangers {
                    return Ok(change);
                }
            }
        }
        let (Some(folder), Kind::Regular { .. }) = (&mut self.folder, &entry.kind) else {
            return Ok(change);
        };
        if !folder.is_at(&root) {
            return Err(DiskError::new(Doing::Open, &root, moved()));
        }
        folder.walk_anew();
        if self.known[index].unwanted {
            // What is left of it counts; nothing is made anew.
            if change == Change::Gone {
                self.known[index].role = Role::Aside;
            }
            return Ok(change);
        }
        let before = Some(self.known[index].seen);
        let is_proven = self.known[index].role != Role::Unproven;
        let (now, since) = make(folder, entry, &place, self.allocate, before, is_proven)?;
        self.known[index] = now;
        self.is_made(index);
        Ok(match now.role == Role::Stranger {
            true => since.unwrap_or(change),
            false => change,
        })
    }

    /// A file was made anew, perhaps with the folders that it is in.
    pub(crate) fn is_made(&mut self, index: usize) {
        let (layout, root) = (self.layout().clone(), self.root().to_path_buf());
        self.unsynced.touched(index);
        let above = layout.files()[index].path.ancestors().skip(1);
        self.unsynced
            .folders
            .extend(above.map(|path| root.join(path)));
    }

    /// What was in a file from an offset on is not there any more.
    fn lose(&mut self, index: usize, from: u64) {
        let length = self.layout().files()[index].length;
        let pieces = self.layout().pieces_of(index, from..length);
        self.lost.extend(pieces);
    }

    /// Makes links that are gone anew.
    fn mend_links(&mut self) -> Result<(), DiskError> {
        let (layout, root) = (self.layout().clone(), self.root().to_path_buf());
        let Some(folder) = &mut self.folder else {
            return Ok(());
        };
        for (entry, known) in layout.files().iter().zip(&self.known) {
            if let Kind::Symlink { target } = &entry.kind
                && !known.unwanted
                && root.join(&entry.path).symlink_metadata().is_err()
            {
                link(folder, &root, entry, target)?;
            }
        }
        Ok(())
    }
}

/// The error where another file is in the place of the one that we wrote to.
pub fn replaced() -> io::Error {
    io::Error::new(
        ErrorKind::AlreadyExists,
        "another file was put in its place, of which nothing is the torrent's, and is left alone",
    )
}

/// The error where a file or folder does not stay where it was made.
pub fn moved() -> io::Error {
    io::Error::new(
        ErrorKind::NotFound,
        "it was moved or deleted while we were at work in it",
    )
}

#[cfg(test)]
mod tests;
