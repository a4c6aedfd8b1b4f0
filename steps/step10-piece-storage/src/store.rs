//! A torrent's files, served.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BlockBuf, BlockRequest};
use layout::{Kind, Layout, Span};

use crate::allocate::{Allocate, Allocated};
use crate::error::{DiskError, Doing};
use crate::folder::{Folder, open_to_read};
use crate::handles::Handles;
use crate::hashes::Hashes;
use crate::known::{Known, Role};
use crate::seen::{Changed, Seen};
use crate::sync::Unsynced;
use crate::transfer::{self, Likeness};
use crate::watch::{moved, replaced};

mod aside;
mod choose;
mod clear;
mod open;
mod take_over;

use aside::Aside;

/// Of a block that lies in more files than this, none is given along.
const MOST_GIVEN: usize = 2;

/// Bytes of a file that prove whose it is.
const PROOF: u64 = 1024;

/// What became of a part of a piece.
enum Written {
    /// It is where the file's name leads.
    There,
    /// The file is not in its place any more.
    Moved,
    /// The file may be somebody else's: it has to go to the part file.
    Aside,
}

/// The error where a file turns out to be somebody else's.
fn somebody_elses() -> io::Error {
    io::Error::new(
        ErrorKind::AlreadyExists,
        "it has other bytes than the torrent's, may be somebody's, and is left alone (unless \
         --overwrite is given)",
    )
}

/// How often a file is made anew for one write of a piece.
const TRIES: usize = 3;

/// A torrent's files in the download folder.
#[derive(Debug)]
pub struct Storage {
    root: PathBuf,
    layout: Arc<Layout>,
    hashes: Hashes,
    /// `None` when the files are open to read only.
    pub(crate) folder: Option<Folder>,
    /// Files that were longer than the torrent says.
    pub(crate) longer: BTreeSet<usize>,
    pub(crate) handles: Handles,
    pub(crate) unsynced: Unsynced,
    /// What is known of each file.
    pub(crate) known: Vec<Known>,
    /// Pieces that were on disk and are not any more: where they were there are zeros now.
    pub(crate) lost: BTreeSet<u32>,
    /// Files that have proven to be ours, and of which the part file may have pieces.
    proven: Vec<usize>,
    /// Files that were found changed when they were opened.
    pub(crate) changed: Vec<Changed>,
    /// The part file, if the torrent may have one.
    pub(crate) aside: Option<Aside>,
    pub(crate) allocate: Allocate,
    allocated: Allocated,
}

impl Storage {
    /// Whether the files have the space that [`Allocate`] asked for.
    pub fn allocated(&self) -> Allocated {
        self.allocated
    }

    /// File `index` of the layout, open; to be read from only. It is one of the 40 used last, or
    /// opened now.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when it cannot be opened, or is not the file that was written to.
    pub fn file(&mut self, index: usize) -> Result<Arc<File>, DiskError> {
        let path = &self.layout.files()[index].path;
        let (root, folder, known) = (&self.root, &mut self.folder, self.known[index]);
        let mut open = || match folder {
            Some(folder) if known.role.is_ours() || known.role == Role::Unproven => {
                let file = folder.open(path)?;
                let now = Seen::of(&file.metadata()?);
                match known.seen.is_some_and(|seen| !seen.is_same_file(&now)) {
                    true => Err(replaced()),
                    false => Ok(file),
                }
            }
            _ => open_to_read(&root.join(path)),
        };
        self.handles.get(index, || {
            open().map_err(|e| DiskError::new(Doing::Open, &root.join(path), e))
        })
    }

    /// The files that somebody has changed between the look that was taken before and the opening.
    pub fn take_changed(&mut self) -> Vec<Changed> {
        std::mem::take(&mut self.changed)
    }

    /// The hashes of the pieces.
    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// Cuts every file of ours that is still longer than the torrent says. For the end of a
    /// download, when all of it is verified: nothing of the torrent is lost.
    pub(crate) fn trim(&mut self) -> Result<(), DiskError> {
        for index in self.longer.clone() {
            if self.known[index].role.is_ours() {
                let file = self.file(index)?;
                self.fit(index, &file)?;
                let (place, length) = (self.place(index), self.length(index));
                self.wrote(index, &file, length)
                    .map_err(|e| DiskError::new(Doing::SetLength, &place, e))?;
            }
        }
        Ok(())
    }

    /// Gives a file that is about to be written to the torrent's length, if it is longer, or shorter
    /// and need not grow.
    fn fit(&mut self, index: usize, file: &File) -> Result<(), DiskError> {
        let length = self.length(index);
        let is_short = self.known[index].length() < length && !self.grows(index);
        if is_short || self.longer.contains(&index) {
            self.unsynced.touched(index);
            file.set_len(length)
                .map_err(|e| DiskError::new(Doing::SetLength, &self.place(index), e))?;
            self.longer.remove(&index);
        }
        Ok(())
    }

    /// Whether a file gets longer only by what is written to it.
    fn grows(&self, index: usize) -> bool {
        let known = self.known[index];
        self.allocate == Allocate::None || known.unwanted || known.role == Role::Unproven
    }

    // ANCHOR: write
    /// Writes a whole piece: one write for each file it touches. Gives the files that somebody had
    /// taken away meanwhile: they were made anew.
    pub(crate) fn write(
        &mut self,
        piece: u32,
        blocks: &[BlockBuf],
    ) -> Result<Vec<Changed>, DiskError> {
        let mut changed = Vec::new();
        let written = self.write_spans(piece, blocks, &mut changed);
        written.inspect_err(|_| self.tell_again(&changed))?;
        self.lost.remove(&piece);
        let brought = self.bring_in();
        brought.inspect_err(|_| self.tell_again(&changed))?;
        Ok(changed)
    }

    fn write_spans(
        &mut self,
        piece: u32,
        blocks: &[BlockBuf],
        changed: &mut Vec<Changed>,
    ) -> Result<(), DiskError> {
        let layout = Arc::clone(&self.layout);
        let mut aside = Vec::new();
        let mut from = 0;
        for span in layout.piece_spans(piece) {
            let before = changed.len();
            while !self.is_padding(span) {
                let role = self.known[span.file].role;
                let written = match role == Role::Aside {
                    true => Written::Aside,
                    false => self.write_span(span, blocks, from)?,
                };
                match written {
                    Written::There => break,
                    Written::Aside => {
                        aside.push((from, span.len as usize));
                        break;
                    }
                    Written::Moved => {}
                }
                match self.look_at(span.file)? {
                    Some(mended) if changed.len() < before + TRIES => changed.push(mended),
                    _ => return Err(self.error(Doing::Write, span, moved())),
                }
            }
            from += span.len as usize;
        }
        match aside.is_empty() {
            true => Ok(()),
            false => self.write_aside(piece, blocks, &aside),
        }
    }
    // ANCHOR_END: write

    /// Writes a part of a piece, unless it has to go to the part file.
    fn write_span(
        &mut self,
        span: Span,
        blocks: &[BlockBuf],
        from: usize,
    ) -> Result<Written, DiskError> {
        if self.known[span.file].role == Role::Stranger {
            return Err(self.error(Doing::Write, span, replaced()));
        }
        self.write_from_now_on(span.file);
        let file = match self.file(span.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Written::Moved),
            file => file?,
        };
        if !self.is_as_it_was(span.file, &file) {
            return Ok(Written::Moved);
        }
        let len = span.len as usize;
        if self.known[span.file].role == Role::Unproven
            && !self.prove(span, &file, transfer::slices(blocks, from, len))?
            && self.aside.is_some()
        {
            return Ok(Written::Aside);
        }
        self.fit(span.file, &file)?;
        self.unsynced.touched(span.file);
        let written = transfer::write(&file, span.offset, blocks, from, len);
        // Where the disk is full a part is written: it was we who changed the file, then too.
        let is_there = self.wrote(span.file, &file, self.full_length(span));
        match written.and(is_there) {
            Ok(true) => Ok(Written::There),
            Ok(false) => Ok(Written::Moved),
            Err(error) => Err(self.error(Doing::Write, span, error)),
        }
    }

    /// A file is not only read any more, if it was.
    fn write_from_now_on(&mut self, index: usize) {
        if self.known[index].role == Role::Complete {
            self.known[index].role = Role::Ours;
            self.handles.close(|&open| open == index);
        }
    }

    /// How long the file of a span is at least, once the span is written.
    fn full_length(&self, span: Span) -> u64 {
        let length = self.length(span.file);
        match self.grows(span.file) {
            true => {
                let before = self.known[span.file].length().min(length);
                before.max(span.offset + span.len)
            }
            false => length,
        }
    }

    /// Whether a file that may be somebody else's proves to be ours by what is to be written to it.
    /// It must have nothing there but that, or zeros; and zeros prove nothing.
    fn prove<'b>(
        &mut self,
        span: Span,
        file: &File,
        slices: impl Iterator<Item = &'b [u8]>,
    ) -> Result<bool, DiskError> {
        let found = transfer::compare(file, span.offset, slices);
        let found = found.map_err(|e| self.error(Doing::Read, span, e))?;
        match self.judge(span, found) {
            Some(is_proven) => Ok(is_proven),
            None => Err(self.error(Doing::Overwrite, span, somebody_elses())),
        }
    }

    /// Whether what is in a file that may be somebody else's proves it to be ours, in the place of a
    /// part of a piece; `None` if it proves the contrary.
    fn judge(&mut self, span: Span, found: Likeness) -> Option<bool> {
        let length = self.length(span.file);
        // What is too long would be cut.
        if found == Likeness::Other || self.known[span.file].length() > length {
            return None;
        }
        // A few bytes may be the same in any file of its kind.
        let is_proven = found == Likeness::Same && (span.len >= PROOF || span.len == length);
        if is_proven {
            self.take_for_ours(span.file);
        }
        Some(is_proven)
    }

    /// A file that might have been somebody else's is ours: it is as any other from now on. What the
    /// part file has of it is to be [brought in](Storage::bring_in) before anybody reads it.
    pub(crate) fn take_for_ours(&mut self, file: usize) {
        self.known[file].role = Role::Ours;
        self.handles.close(|&open| open == file);
        self.proven.push(file);
    }

    fn place(&self, file: usize) -> PathBuf {
        self.root.join(&self.layout.files()[file].path)
    }

    fn length(&self, file: usize) -> u64 {
        self.layout.files()[file].length
    }

    /// Reads bytes of a piece to the front of `buf`; padding reads as zeros. Gives the files they
    /// lie in, by their numbers, open; but none if they are more than two. Of files so small
    /// hundreds may be in a block, and all would have to be open at once.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when a file cannot be opened or read, or ends too soon; and when there are no
    /// such bytes, or the buffer is too short for them.
    pub fn read(
        &mut self,
        block: &BlockRequest,
        buf: &mut [u8],
    ) -> Result<Vec<(usize, Arc<File>)>, DiskError> {
        let layout = Arc::clone(&self.layout);
        let geometry = layout.geometry();
        let refused = |why| DiskError::new(Doing::Read, &self.root, io::Error::other(why));
        geometry
            .check(block)
            .map_err(|error| refused(error.to_string()))?;
        if self.lost.contains(&block.piece) {
            return Err(refused(format!("piece {} is gone", block.piece)));
        }
        let mut left = buf
            .get_mut(..block.len as usize)
            .ok_or_else(|| refused(format!("a buffer too short for {} bytes", block.len)))?;
        let mut files = Vec::new();
        let start = geometry.piece_offset(block.piece) + u64::from(block.offset);
        let mut at = u64::from(block.offset);
        for span in layout.spans(start, block.len.into()) {
            let (here, rest) = left.split_at_mut(span.len as usize);
            left = rest;
            let from = at;
            at += span.len;
            if matches!(self.known[span.file].role, Role::Aside | Role::Unproven)
                && self.read_aside(block.piece, from, here)?
            {
                continue;
            }
            if self.is_padding(span) {
                here.fill(0);
                continue;
            }
            let file = self.file(span.file)?;
            transfer::read(&file, span.offset, here)
                .map_err(|e| self.error(Doing::Read, span, e))?;
            // The third counts, though it is not kept.
            if files.len() <= MOST_GIVEN {
                files.push((span.file, file));
            }
        }
        if files.len() > MOST_GIVEN {
            files.clear();
        }
        Ok(files)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Which bytes are in which file.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The pieces that were found when the files were looked at, and are not good any more: what
    /// the part file has of them cannot go into a file that may be somebody else's.
    pub fn lost(&self) -> impl Iterator<Item = u32> + '_ {
        self.lost.iter().copied()
    }

    /// Whether it is certain that what is in a file, by its number, is the torrent's.
    pub fn is_the_torrents(&self, file: usize) -> bool {
        self.known[file].role.is_the_torrents()
    }

    /// How many files are open.
    pub(crate) fn open_files(&self) -> usize {
        self.handles.len()
    }

    /// Closes all files; each is opened again when it is needed.
    pub(crate) fn close_files(&mut self) {
        self.handles.close(|_| true);
    }

    fn is_padding(&self, span: Span) -> bool {
        self.layout.files()[span.file].kind == Kind::Padding
    }

    fn error(&self, doing: Doing, span: Span, cause: io::Error) -> DiskError {
        DiskError::new(doing, &self.place(span.file), cause)
    }

    /// The bytes of a piece, as slices of its blocks.
    pub(crate) fn parts<'b>(&self, piece: u32, blocks: &'b [BlockBuf]) -> Vec<&'b [u8]> {
        transfer::slices(blocks, 0, self.layout.geometry().piece_len(piece) as usize).collect()
    }

    /// SHA-1 of each block of a piece.
    pub(crate) fn block_digests(&self, piece: u32, blocks: &[BlockBuf]) -> Vec<[u8; 20]> {
        let parts = self.parts(piece, blocks).into_iter();
        hashing::digest_many(&parts.map(|block| vec![block]).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests;
