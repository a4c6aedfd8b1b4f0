//! The part file of a download: written, read, given up.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::BlockBuf;
use layout::Kind;

use super::Storage;
use crate::checker::{Placed, Source};
use crate::error::{DiskError, Doing};
use crate::folder::open_to_read;
use crate::known::Role;
use crate::parts::{Parts, Slots, Whose, part_file_name, read_slots};
use crate::seen::{Seen, look};
use crate::transfer;

/// How much is copied at a time, in bytes.
pub(super) const CHUNK: u64 = 64 * 1024;

/// The part file's number among the open files: it is none of the layout's.
const PARTS: usize = usize::MAX;

/// The error where something else has the part file's name.
fn no_part_file() -> io::Error {
    io::Error::new(
        ErrorKind::AlreadyExists,
        "it should be this torrent's part file, which keeps bytes of files that nobody wants, and \
         is not",
    )
}

/// Locks a part file for this program; an error if another has done so. The lock ends with the last
/// handle of this opening, however the program ends.
fn hold(file: &File) -> io::Result<()> {
    // On Windows a lock would keep readers away, too.
    if !cfg!(unix) {
        return Ok(());
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            ErrorKind::ResourceBusy,
            "another program that downloads this torrent into this folder writes to it; end one of \
             the two",
        )),
        // A file system without locks: then nobody can be kept away.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Writes zeros over what another piece has left in a slot. A piece does not fill all of its own.
fn empty(file: &File, slot: u64, len: u64) -> io::Result<()> {
    let end = file.metadata()?.len().min(slot + len);
    let zeros = vec![0; CHUNK.min(len) as usize];
    let mut at = slot;
    while at < end {
        let here = &zeros[..CHUNK.min(end - at) as usize];
        transfer::write_all(file, at, here)?;
        at += here.len() as u64;
    }
    Ok(())
}

/// What is known of the part file.
#[derive(Debug)]
pub struct Aside {
    /// Its name in the download folder.
    name: PathBuf,
    pub slots: Arc<Slots>,
    /// Which file it is; `None` if there is none.
    seen: Option<Seen>,
    /// While this is open no other program writes to the part file.
    held: Option<Arc<File>>,
}

impl Storage {
    /// The same, with the torrent's part file: what is in no file is read from there.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if there is one that cannot be read.
    pub fn with_parts(mut self, info_hash: &[u8; 20]) -> Result<Storage, DiskError> {
        for (known, entry) in self.known.iter_mut().zip(self.layout.files()) {
            if matches!(entry.kind, Kind::Regular { .. }) && known.seen.is_none() {
                known.role = Role::Aside;
            }
        }
        self.open_aside(info_hash)?;
        Ok(self)
    }

    /// Looks what is in the part file.
    pub(super) fn open_aside(&mut self, info_hash: &[u8; 20]) -> Result<(), DiskError> {
        let geometry = self.layout.geometry();
        let none = Slots::new(geometry.pieces(), geometry.piece_length());
        self.aside = Some(Aside {
            name: part_file_name(info_hash).into(),
            slots: Arc::new(none),
            seen: None,
            held: None,
        });
        self.find_aside(false).map(drop)
    }

    pub(super) fn aside_place(&self) -> PathBuf {
        let name = self.aside.as_ref().map(|aside| aside.name.as_path());
        self.root.join(name.unwrap_or(Path::new("")))
    }

    /// The part file, open; `None` if there is none. If it is not the one that it was, what was in
    /// that is lost, and what is in this one is as good as anything that is found on a disk.
    fn find_aside(&mut self, make: bool) -> Result<Option<Arc<File>>, DiskError> {
        let (place, root) = (self.aside_place(), self.root.clone());
        let Some(aside) = &mut self.aside else {
            return Ok(None);
        };
        let failed = |e| DiskError::new(Doing::Open, &place, e);
        let now = look(&place).map_err(failed)?;
        let is_it = match (aside.seen, now) {
            (Some(seen), Some(now)) => seen.is_same_file(&now),
            (None, None) => true,
            _ => false,
        };
        if is_it && let Some(file) = self.handles.known(&PARTS) {
            return Ok(Some(file));
        }
        self.handles.close(|&open| open == PARTS);
        let opened = match &mut self.folder {
            Some(folder) if make => folder.create(&aside.name, false).map(|(file, _)| file),
            Some(folder) => folder.open(&aside.name),
            None => open_to_read(&place),
        };
        let file = match opened {
            Ok(file) => Some(Arc::new(file)),
            Err(error) if error.kind() == ErrorKind::NotFound && !make => None,
            Err(error) => return Err(failed(error)),
        };
        if !is_it || aside.seen.is_none() {
            self.lost.extend(aside.slots.pieces());
            let none = aside.slots.none();
            let slots = file.as_ref().map(|file| read_slots(file, none.clone()));
            aside.slots = Arc::new(slots.transpose().map_err(failed)?.unwrap_or(none));
            let found = file.as_ref().map(|file| file.metadata()).transpose();
            aside.seen = found.map_err(failed)?.map(|found| Seen::of(&found));
            aside.held = None;
            if make && now.is_none() {
                self.unsynced.folders.insert(root);
            }
        }
        if let Some(file) = &file {
            self.handles.keep(PARTS, file.clone());
        }
        Ok(file)
    }

    /// Keeps other programs from writing to the part file from now on. Two that gave slots would give the
    /// same one to different pieces, and each would lose what the other overwrites.
    fn hold_aside(&mut self, file: &Arc<File>) -> io::Result<()> {
        let Some(aside) = &mut self.aside else {
            return Ok(());
        };
        if aside.held.is_some() {
            return Ok(());
        }
        hold(file)?;
        // Who held it before may have changed what is in it.
        let slots = read_slots(file, aside.slots.none())?;
        let gone = aside.slots.pieces().filter(|&piece| !slots.has(piece));
        self.lost.extend(gone);
        aside.slots = Arc::new(slots);
        aside.held = Some(file.clone());
        Ok(())
    }

    /// Writes parts of a piece, each from where in it and how many bytes, to its slot in the part
    /// file, which is made if need be.
    pub(super) fn write_aside(
        &mut self,
        piece: u32,
        blocks: &[BlockBuf],
        parts: &[(usize, usize)],
    ) -> Result<(), DiskError> {
        let place = self.aside_place();
        self.fill_slot(piece, |_, file, slot| {
            for &(from, len) in parts {
                transfer::write(file, slot + from as u64, blocks, from, len)
                    .map_err(|e| DiskError::new(Doing::Write, &place, e))?;
            }
            Ok(())
        })
    }

    /// Gives a piece a slot, has it filled, and notes its number last: a piece that has one has all
    /// of its bytes.
    pub(super) fn fill_slot(
        &mut self,
        piece: u32,
        fill: impl FnOnce(&mut Storage, &File, u64) -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let place = self.aside_place();
        let failed = |e| DiskError::new(Doing::Write, &place, e);
        let Some(file) = self.find_aside(true)? else {
            return Err(failed(ErrorKind::Unsupported.into()));
        };
        self.hold_aside(&file).map_err(failed)?;
        let Some(aside) = &mut self.aside else {
            return Err(failed(ErrorKind::Unsupported.into()));
        };
        let slots = Arc::make_mut(&mut aside.slots);
        self.unsynced.aside = true;
        match slots.whose {
            Whose::Ours => {}
            Whose::Another => return Err(failed(no_part_file())),
            Whose::Torn | Whose::Empty => {
                transfer::write_all(&file, 0, &slots.header()).map_err(failed)?;
                slots.whose = Whose::Ours;
            }
        }
        let is_new = !slots.has(piece);
        slots.give(piece);
        let slot = slots.offset(piece).unwrap_or_default();
        let (at, entry) = slots.entry(piece);
        let len = self.layout.geometry().piece_len(piece);
        let emptied = match is_new {
            true => empty(&file, slot, len.into()).map_err(failed),
            false => Ok(()),
        };
        let filled = emptied.and_then(|()| fill(self, &file, slot));
        let filled = filled.and_then(|()| match is_new {
            true => transfer::write_all(&file, at, &entry).map_err(failed),
            false => Ok(()),
        });
        if let (Err(_), true, Some(aside)) = (&filled, is_new, &mut self.aside) {
            Arc::make_mut(&mut aside.slots).free(piece);
        }
        filled
    }

    /// Reads bytes of a piece from the part file; whether the piece is in there.
    pub(super) fn read_aside(
        &mut self,
        piece: u32,
        from: u64,
        buffer: &mut [u8],
    ) -> Result<bool, DiskError> {
        let slot = self
            .aside
            .as_ref()
            .and_then(|aside| aside.slots.offset(piece));
        let (Some(slot), place) = (slot, self.aside_place()) else {
            return Ok(false);
        };
        let file = match self.handles.known(&PARTS) {
            Some(file) => Some(file),
            None => self.find_aside(false)?,
        };
        if self.lost.contains(&piece) {
            return Ok(false);
        }
        let Some(file) = file else {
            return Ok(false);
        };
        let read = transfer::read(&file, slot + from, buffer);
        read.map_err(|e| DiskError::new(Doing::Read, &place, e))?;
        Ok(true)
    }

    /// Whether anything of a piece is in the part file.
    fn has_slot(&self, piece: u32) -> bool {
        let aside = self.aside.as_ref();
        aside.is_some_and(|aside| aside.slots.has(piece))
    }

    /// From where the parts of a piece are read, if some of it is in the part file; `None` if all of
    /// it is in the files.
    pub(crate) fn placed(&mut self, piece: u32) -> Result<Option<(Parts, Vec<Placed>)>, DiskError> {
        if !self.has_slot(piece) {
            return Ok(None);
        }
        let parts = self.aside_view()?;
        let (mut placed, mut from) = (Vec::new(), 0);
        for span in self.layout.piece_spans(piece) {
            let source = match self.known[span.file].role {
                _ if self.is_padding(span) => Source::Padding,
                Role::Aside | Role::Unproven if parts.has(piece) => Source::Parts,
                _ => Source::File,
            };
            placed.push((span, from, source));
            from += span.len;
        }
        Ok(Some((parts, placed)))
    }

    /// The part file as it is now, to be read.
    pub(super) fn aside_view(&mut self) -> Result<Parts, DiskError> {
        let (place, file) = (self.aside_place(), self.find_aside(false)?);
        let geometry = self.layout.geometry();
        let none = || Arc::new(Slots::new(geometry.pieces(), geometry.piece_length()));
        let slots = self.aside.as_ref().map(|aside| aside.slots.clone());
        Parts::view(place, slots.unwrap_or_else(none), file)
    }

    /// The part file, open, if there is one; and where it is.
    pub(crate) fn aside_to_sync(&mut self) -> Result<Option<(Arc<File>, PathBuf)>, DiskError> {
        let file = self.find_aside(false)?;
        Ok(file.map(|file| (file, self.aside_place())))
    }

    /// Takes the slots of pieces away.
    pub(super) fn free_aside(&mut self, pieces: &[u32]) -> Result<(), DiskError> {
        let place = self.aside_place();
        let Some(file) = self.find_aside(false)? else {
            return Ok(());
        };
        let failed = |e| DiskError::new(Doing::Write, &place, e);
        self.hold_aside(&file).map_err(failed)?;
        let Some(aside) = &mut self.aside else {
            return Ok(());
        };
        let slots = Arc::make_mut(&mut aside.slots);
        self.unsynced.aside = true;
        for &piece in pieces {
            if !slots.has(piece) {
                continue;
            }
            slots.free(piece);
            let (at, entry) = slots.entry(piece);
            transfer::write_all(&file, at, &entry).map_err(failed)?;
        }
        Ok(())
    }

    /// Sees that the part file is in its place, and deletes it if there is nothing in it.
    pub(crate) fn settle_aside(&mut self) -> Result<(), DiskError> {
        let Some(file) = self.find_aside(false)? else {
            return Ok(());
        };
        // What another program writes to is its own to delete.
        if self.folder.is_none() || self.hold_aside(&file).is_err() {
            return Ok(());
        }
        let length = file.metadata().map_or(u64::MAX, |found| found.len());
        let place = self.aside_place();
        let (Some(aside), Some(folder)) = (&mut self.aside, &mut self.folder) else {
            return Ok(());
        };
        let is_ours = match aside.slots.whose {
            Whose::Ours | Whose::Torn => true,
            Whose::Empty => length <= aside.slots.header_len(),
            Whose::Another => false,
        };
        if aside.slots.is_empty() && is_ours {
            self.handles.close(|&open| open == PARTS);
            let removed = folder.remove(&aside.name, false);
            removed.map_err(|e| DiskError::new(Doing::Remove, &place, e))?;
            aside.slots = Arc::new(aside.slots.none());
            aside.seen = None;
            aside.held = None;
            self.unsynced.aside = false;
            self.unsynced.folders.insert(self.root.clone());
        }
        Ok(())
    }
}
