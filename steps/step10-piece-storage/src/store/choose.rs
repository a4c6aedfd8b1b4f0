//! Files that are wanted from now on, or not any more.

use std::io::ErrorKind;
use std::path::PathBuf;

use layout::{Kind, Span};

use super::{Storage, somebody_elses};
use crate::allocate::{Allocate, Allocated, allocate};
use crate::checker::PieceState;
use crate::create::{Known, link, make};
use crate::error::{DiskError, Doing};
use crate::job::Chosen;
use crate::seen::Seen;
use crate::seen::look;
use crate::transfer;

/// How much is copied at a time, in bytes.
pub(super) const CHUNK: u64 = 64 * 1024;

/// A part of a piece: which piece, where in the piece, and where in the file.
type Share = (u32, u64, Span);

impl Storage {
    /// [`Storage::unwant`] and [`Storage::want`] at once.
    pub(crate) fn choose(
        &mut self,
        wanted: &[usize],
        unwanted: &[usize],
    ) -> Result<Chosen, DiskError> {
        let left = self.unwant(unwanted)?;
        let mut chosen = self.want(wanted)?;
        chosen.moved.extend(left.moved);
        Ok(chosen)
    }

    /// These files are wanted from now on: they are made, and what the part file has of them is
    /// copied into them. What is no number of a file, or wanted already, is passed over.
    ///
    /// Bytes leave the part file when they are safe in their file, not before.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when a file cannot be made or written, there is no room for it
    /// ([`Allocate::Full`]), or a longer one is in its place. Then all of them are unwanted as before.
    pub fn want(&mut self, files: &[usize]) -> Result<Chosen, DiskError> {
        let new = |file: &&usize| self.known.get(**file).is_some_and(|known| known.unwanted);
        let files: Vec<usize> = files.iter().filter(new).copied().collect();
        let before: Vec<Known> = files.iter().map(|&file| self.known[file]).collect();
        let made = self.make_wanted(&files);
        match made.and_then(|()| self.take_over(&self.aside_pieces_of(&files))) {
            Ok(lost) => {
                self.lost.extend(&lost);
                self.settle_aside()?;
                let lost = lost.into_iter().collect();
                let moved = files;
                Ok(Chosen { lost, moved })
            }
            Err(error) => {
                for (&file, known) in files.iter().zip(before) {
                    self.unmake(file, known);
                }
                Err(error)
            }
        }
    }

    fn make_wanted(&mut self, files: &[usize]) -> Result<(), DiskError> {
        let layout = self.layout.clone();
        let mut made = Vec::new();
        for &index in files {
            let (entry, root) = (&layout.files()[index], self.root.clone());
            let place = root.join(&entry.path);
            let Some(folder) = &mut self.folder else {
                return Err(DiskError::new(
                    Doing::CreateFile,
                    &place,
                    ErrorKind::Unsupported.into(),
                ));
            };
            self.known[index].unwanted = false;
            let executable = match &entry.kind {
                Kind::Padding => continue,
                Kind::Symlink { target } => {
                    link(folder, &root, entry, target)?;
                    continue;
                }
                Kind::Regular { executable } => *executable,
            };
            let failed = |error| DiskError::new(Doing::CreateFile, &place, error);
            let there = look(&place).map_err(failed)?.map(|seen| seen.length);
            if self.known[index].aside {
                match there {
                    Some(length) if length > entry.length => {
                        return Err(DiskError::new(Doing::Write, &place, somebody_elses()));
                    }
                    Some(1..) => drop(self.unproven.insert(index)),
                    _ => {}
                }
            } else if there == Some(entry.length) {
                continue;
            }
            folder.walk_anew();
            let (known, _) = make(folder, entry, executable, &place, self.allocate, None)?;
            self.handles.close(|&open| open == index);
            self.known[index] = known;
            self.unsynced.touched(index);
            let folders = entry.path.ancestors().skip(1).map(|path| root.join(path));
            self.unsynced.folders.extend(folders);
            made.push(index);
        }
        if let (Allocate::Full, Some(folder)) = (self.allocate, &mut self.folder)
            && allocate(&self.root, folder, &layout, &made, &|| false)? == Allocated::Unsupported
        {
            self.allocated = Allocated::Unsupported;
        }
        Ok(())
    }

    /// Undoes what was done for a file that was to be wanted.
    fn unmake(&mut self, index: usize, before: Known) {
        if self.known[index].made && !before.made {
            self.remove(index);
        }
        self.unproven.remove(&index);
        self.handles.close(|&open| open == index);
        self.known[index] = before;
    }

    /// Nobody wants these files any more. What is in them stays and counts, and they may go on to be
    /// read; but a file of which there is nothing but the ends of pieces that others need is taken
    /// away, and those go to the part file.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when a file cannot be read, or the part file not written.
    pub fn unwant(&mut self, files: &[usize]) -> Result<Chosen, DiskError> {
        let known = |file: &&usize| self.known.get(**file).is_some_and(|known| !known.unwanted);
        let files: Vec<usize> = files.iter().filter(known).copied().collect();
        for &file in &files {
            self.known[file].unwanted = true;
        }
        let mut moved = Vec::new();
        for file in files {
            if self.clear(file)? {
                moved.push(file);
            }
        }
        let lost = Vec::new();
        Ok(Chosen { lost, moved })
    }

    /// Takes an unwanted file away if nothing is lost by it; whether it did.
    pub(super) fn clear(&mut self, index: usize) -> Result<bool, DiskError> {
        let Some(shared) = self.worth_keeping_of(index)? else {
            return Ok(false);
        };
        for &(piece, from, span) in &shared {
            let file = self.file(index)?;
            let mut buffer = vec![0; span.len.min(CHUNK) as usize];
            let mut done = 0;
            while done < span.len {
                let here = &mut buffer[..(span.len - done).min(CHUNK) as usize];
                transfer::read(&file, span.offset + done, here)
                    .map_err(|e| self.error(Doing::Read, span, e))?;
                self.put_aside(piece, from + done, here)?;
                done += here.len() as u64;
            }
        }
        if !shared.is_empty() {
            self.sync()?;
        }
        self.remove(index);
        self.known[index] = Known {
            unwanted: true,
            aside: true,
            ..Known::default()
        };
        Ok(true)
    }

    /// What would have to be kept of an unwanted file if it were taken away; `None` if it has to
    /// stay.
    fn worth_keeping_of(&mut self, index: usize) -> Result<Option<Vec<Share>>, DiskError> {
        let (layout, known) = (self.layout.clone(), self.known[index]);
        let entry = &layout.files()[index];
        let place = self.root.join(&entry.path);
        let is_as_made = place.symlink_metadata().is_ok_and(|found| {
            let is_same = known
                .seen
                .is_some_and(|seen| seen.is_same_file(&Seen::of(&found)));
            found.is_file() && is_same && found.len() <= entry.length
        });
        let is_ours =
            (known.made || entry.length > 0) && !known.stranger && !self.unproven.contains(&index);
        let may_move = self.aside.is_some() && self.folder.is_some();
        if !is_as_made || !is_ours || !may_move || !matches!(entry.kind, Kind::Regular { .. }) {
            return Ok(None);
        }
        let mut checker = self.checker();
        let mut shared = Vec::new();
        for piece in self.pieces_of(index) {
            let mut from = 0;
            let is_wanted = layout
                .piece_spans(piece)
                .any(|span| !self.is_padding(span) && !self.known[span.file].unwanted);
            for span in layout.piece_spans(piece) {
                if span.file == index && checker.has_data(span)? {
                    if !is_wanted || self.check(piece)? != PieceState::Good {
                        return Ok(None);
                    }
                    shared.push((piece, from, span));
                }
                from += span.len;
            }
        }
        Ok(Some(shared))
    }

    /// Takes a file away, and the folders that were made for it if they are empty.
    fn remove(&mut self, index: usize) {
        let entry_path: PathBuf = self.layout.files()[index].path.clone();
        self.handles.close(|&open| open == index);
        self.unsynced.files.remove(&index);
        self.longer.remove(&index);
        let Some(folder) = &mut self.folder else {
            return;
        };
        folder.walk_anew();
        // If it cannot be taken away, a file is left over that nobody wants, and no more.
        if folder.remove(&entry_path, false).is_err() {
            return;
        }
        for above in entry_path.ancestors().skip(1) {
            let place = self.root.join(above);
            folder.walk_anew();
            let is_empty = self.known[index].made && !above.as_os_str().is_empty();
            if !is_empty || folder.remove(above, true).is_err() {
                self.unsynced.folders.insert(place);
                break;
            }
            self.unsynced.folders.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests;
