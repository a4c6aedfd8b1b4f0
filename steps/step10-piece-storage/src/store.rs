//! A torrent's files, served.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BlockBuf, BlockRequest};
use layout::{Entry, Kind, Layout, Span};

use crate::create::{Created, Known, create};
use crate::error::{DiskError, Doing};
use crate::folder::{Folder, open_to_read};
use crate::handles::Handles;
use crate::hashes::Hashes;
use crate::seen::{Changed, Looks, Seen};
use crate::sync::Unsynced;
use crate::transfer::{self, Likeness};
use crate::watch::{moved, replaced};

/// Of a block that lies in more files than this, none is given along.
const MOST_GIVEN: usize = 2;

/// Bytes of a file that prove whose it is.
const PROOF: u64 = 1024;

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
    /// Files that may be somebody else's: what is in them is compared before it is written over.
    unproven: BTreeSet<usize>,
    /// Files that were found changed when they were opened.
    pub(crate) changed: Vec<Changed>,
}

impl Storage {
    /// For a download: makes every folder and file below `root` (and `root`), each file at its full
    /// length, sparse.
    ///
    /// What is in a file already stays; one that is longer than the torrent says keeps its tail
    /// until the first write to it, or [`Storage::settle`]. No path goes through a symbolic link
    /// below `root`: where one stands in the way, that is an error.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder that cannot be made.
    pub fn create(root: &Path, layout: Arc<Layout>, hashes: Hashes) -> Result<Storage, DiskError> {
        Storage::create_unless(root, layout, hashes, None, |_| true, || false)
    }

    /// The same, but a file that is not to be `written` (by its number), because it is complete, is
    /// left as it is, and links may lead to it. If it is known how the files were `before`, they were
    /// checked since, perhaps for long; [`Storage::take_changed`] has those that somebody has changed
    /// meanwhile. And it gives up as soon as `stop` says so, which is
    /// asked before each file: a torrent may have a hundred thousand. What was made by then stays.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder that cannot be made, or, of the kind
    /// [`Interrupted`](io::ErrorKind::Interrupted), for the one before which it gave up.
    pub fn create_unless(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        before: Option<&Looks>,
        written: impl Fn(usize) -> bool,
        stop: impl Fn() -> bool,
    ) -> Result<Storage, DiskError> {
        let Created {
            folder,
            longer,
            entered,
            known,
            changed,
        } = create(root, &layout, before, written, stop)?;
        let mut storage = Storage {
            root: root.to_path_buf(),
            layout,
            hashes,
            folder: Some(folder),
            longer,
            handles: Handles::default(),
            unsynced: Unsynced::new(entered),
            known,
            lost: BTreeSet::new(),
            unproven: BTreeSet::new(),
            changed: Vec::new(),
        };
        storage.mend_all(changed)?;
        Ok(storage)
    }

    /// To seed or verify: reads only, makes nothing, and follows symbolic links. A missing file is
    /// an error when it is read, not here. What has changed since the files were looked at `before`
    /// is noticed as in [`Storage::create_unless`].
    ///
    /// # Errors
    ///
    /// [`DiskError`] when `root` is no folder.
    pub fn open(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        before: Option<&Looks>,
    ) -> Result<Storage, DiskError> {
        std::fs::read_dir(root).map_err(|e| DiskError::new(Doing::Open, root, e))?;
        let known = |entry: &Entry| match entry.kind {
            Kind::Regular { .. } => Known::only_read(&root.join(&entry.path)),
            _ => Known::default(),
        };
        let known = layout.files().iter().map(known).collect();
        let mut storage = Storage {
            root: root.to_path_buf(),
            layout,
            hashes,
            folder: None,
            longer: BTreeSet::new(),
            handles: Handles::default(),
            unsynced: Unsynced::default(),
            known,
            lost: BTreeSet::new(),
            unproven: BTreeSet::new(),
            changed: Vec::new(),
        };
        if let Some(before) = before {
            let files = storage.layout.files().iter().enumerate();
            let changed = files.filter_map(|(file, entry)| {
                before.changed(file, storage.known[file].seen, entry.length)
            });
            storage.changed = changed.collect();
        }
        Ok(storage)
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
            Some(folder) if !known.only_read && !known.stranger => {
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

    /// These files may be somebody else's: they have bytes, and no piece that would prove them. They
    /// are written to only when what is in them is what the first piece has there, or zeros.
    pub fn compare_first(&mut self, files: BTreeSet<usize>) {
        self.unproven = files;
    }

    /// The files that somebody has changed between the look that was taken before and the opening.
    pub fn take_changed(&mut self) -> Vec<Changed> {
        std::mem::take(&mut self.changed)
    }

    /// The hashes of the pieces.
    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// Cuts every file that is still longer than the torrent says. For the end of a download, when
    /// all of it is verified: nothing of the torrent is lost.
    pub(crate) fn trim(&mut self) -> Result<(), DiskError> {
        while let Some(index) = self.longer.first().copied() {
            self.cut(index)?;
        }
        Ok(())
    }

    /// Gives file `index` the torrent's length, if it is known to be longer.
    fn cut(&mut self, index: usize) -> Result<(), DiskError> {
        if self.longer.contains(&index) {
            let file = self.file(index)?;
            let entry = &self.layout.files()[index];
            let place = self.root.join(&entry.path);
            let failed = |e| DiskError::new(Doing::SetLength, &place, e);
            file.set_len(entry.length).map_err(failed)?;
            self.unsynced.touched(index);
            self.wrote(index, &file).map_err(failed)?;
            self.longer.remove(&index);
        }
        Ok(())
    }

    // ANCHOR: write
    /// Writes a whole piece: one write for each file it touches. Gives the files that somebody had
    /// taken away meanwhile: they were made anew.
    pub(crate) fn write(
        &mut self,
        piece: u32,
        blocks: &[BlockBuf],
    ) -> Result<Vec<Changed>, DiskError> {
        let layout = Arc::clone(&self.layout);
        let mut changed = Vec::new();
        let mut from = 0;
        for span in layout.piece_spans(piece) {
            let len = span.len as usize;
            if !self.is_padding(span) {
                let before = changed.len();
                while !self.write_span(span, blocks, from)? {
                    match self.look_at(span.file)? {
                        Some(mended) if changed.len() < before + TRIES => changed.push(mended),
                        _ => return Err(self.error(Doing::Write, span, moved())),
                    }
                }
            }
            from += len;
        }
        self.lost.remove(&piece);
        Ok(changed)
    }

    /// Writes a part of a piece; whether the file that it went to is still in its place.
    fn write_span(
        &mut self,
        span: Span,
        blocks: &[BlockBuf],
        from: usize,
    ) -> Result<bool, DiskError> {
        if self.known[span.file].stranger {
            return Err(self.error(Doing::Write, span, replaced()));
        }
        if std::mem::take(&mut self.known[span.file].only_read) {
            self.handles.close(|&open| open == span.file);
        }
        let file = match self.file(span.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            file => file?,
        };
        if !self.is_as_it_was(span.file, &file) {
            return Ok(false);
        }
        self.prove(span, &file, blocks, from)?;
        self.cut(span.file)?;
        self.unsynced.touched(span.file);
        let written = transfer::write(&file, span.offset, blocks, from, span.len as usize);
        // Where the disk is full a part is written: it was we who changed the file, then too.
        let is_there = self.wrote(span.file, &file);
        written
            .and(is_there)
            .map_err(|e| self.error(Doing::Write, span, e))
    }
    // ANCHOR_END: write

    /// Whether a file that may be somebody else's is the torrent's.
    fn prove(
        &mut self,
        span: Span,
        file: &File,
        blocks: &[BlockBuf],
        from: usize,
    ) -> Result<(), DiskError> {
        if !self.unproven.contains(&span.file) {
            return Ok(());
        }
        let found = transfer::compare(file, span.offset, blocks, from, span.len as usize);
        match found.map_err(|e| self.error(Doing::Read, span, e))? {
            Likeness::Zeros => {}
            // A few bytes may be the same in any file of its kind.
            Likeness::Same if span.len < PROOF && span.len < self.length(span.file) => {}
            Likeness::Same => {
                self.unproven.remove(&span.file);
            }
            Likeness::Other => {
                return Err(self.error(Doing::Overwrite, span, somebody_elses()));
            }
        }
        Ok(())
    }

    fn length(&self, file: usize) -> u64 {
        self.layout.files()[file].length
    }

    // ANCHOR: read
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
        for span in layout.spans(start, block.len.into()) {
            let (here, rest) = left.split_at_mut(span.len as usize);
            left = rest;
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
    // ANCHOR_END: read

    /// Makes durable what was written since the last time, and that the files are there: when this
    /// is done, a power cut takes nothing of it.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder for which the system cannot promise that. When
    /// it says that bytes were lost on their way to the disk it says so once and forgets them; so
    /// from then on this says the same each time, and nothing more may be claimed.
    pub fn sync(&mut self) -> Result<(), DiskError> {
        let mut unsynced = std::mem::take(&mut self.unsynced);
        let result = unsynced.sync(self);
        self.unsynced = unsynced;
        result
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Which bytes are in which file.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
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
        DiskError::new(
            doing,
            &self.root.join(&self.layout.files()[span.file].path),
            cause,
        )
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
