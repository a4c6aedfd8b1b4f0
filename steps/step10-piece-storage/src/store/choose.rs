//! Other files are wanted from now on.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use layout::Kind;

use super::{Storage, somebody_elses};
use crate::allocate::{Allocate, Allocated, allocate};
use crate::create::{link, make};
use crate::error::{DiskError, Doing};
use crate::job::Chosen;
use crate::known::{Known, Role};
use crate::seen::look;

impl Storage {
    /// These files are wanted from now on, by their numbers, and no others.
    ///
    /// Those that were not are made, and what the part file has of them is copied into them. Bytes
    /// leave the part file when they are safe in their file, not before. Of the others, what is in
    /// them stays and counts, and they may go on to be read; but a file of which there is nothing
    /// but the ends of pieces that others need is taken away, and those go to the part file.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when a file cannot be read, made or written, there is no room for it
    /// ([`Allocate::Full`]), or somebody else's is in its place. Then no file is wanted that was not
    /// before; those that are not to be are not.
    pub fn choose(&mut self, wanted: &BTreeSet<usize>) -> Result<Chosen, DiskError> {
        let mut more = Vec::new();
        let mut less = BTreeSet::new();
        for (file, entry) in self.layout.files().iter().enumerate() {
            match (self.known[file].unwanted, wanted.contains(&file)) {
                _ if entry.kind == Kind::Padding => {}
                (true, true) => more.push(file),
                (false, false) => drop(less.insert(file)),
                _ => {}
            }
        }
        for &file in &less {
            self.known[file].unwanted = true;
        }
        let mut moved = self.clear(&less, &|| false)?;
        let changed = self.look(more.iter().copied())?;
        let lost = match self.want(&more) {
            Ok(lost) => lost,
            Err(error) => {
                self.tell_again(&changed);
                return Err(error);
            }
        };
        moved.extend(more);
        Ok(Chosen {
            changed,
            lost,
            moved: moved.into_iter().collect(),
        })
    }

    /// These files are wanted too. Gives the pieces that are not good any more.
    fn want(&mut self, files: &[usize]) -> Result<Vec<u32>, DiskError> {
        let before: Vec<Known> = files.iter().map(|&file| self.known[file]).collect();
        let made = self.make_wanted(files);
        let left = made.and_then(|()| self.take_over(&self.aside_pieces_of(files)));
        match left {
            Ok(mut left) => {
                left.bad.append(&mut left.barred);
                self.lost.extend(&left.bad);
                self.settle_aside()?;
                Ok(left.bad.into_iter().collect())
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
        if let Some(folder) = &mut self.folder {
            folder.walk_anew();
        }
        for &index in files {
            let entry = &layout.files()[index];
            let place = self.place(index);
            let failed = |error| DiskError::new(Doing::CreateFile, &place, error);
            let Some(folder) = &mut self.folder else {
                return Err(failed(ErrorKind::Unsupported.into()));
            };
            let known = &mut self.known[index];
            known.unwanted = false;
            if let Kind::Symlink { target } = &entry.kind {
                link(folder, &self.root, entry, target)?;
                continue;
            }
            let is_aside = known.role == Role::Aside;
            let there = look(&place).map_err(failed)?.map(|seen| seen.length);
            match there {
                // One of another length cannot be what we have left.
                Some(1..) if is_aside && there != Some(entry.length) => {
                    return Err(DiskError::new(Doing::Write, &place, somebody_elses()));
                }
                Some(length) if !is_aside && length == entry.length => continue,
                _ => {}
            }
            let (now, _) = make(folder, entry, &place, self.allocate, None, !is_aside)?;
            *known = now;
            self.handles.close(|&open| open == index);
            self.is_made(index);
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
        self.handles.close(|&open| open == index);
        self.known[index] = before;
    }
}

#[cfg(test)]
mod tests;
