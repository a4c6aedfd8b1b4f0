//! A torrent's files, served.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use layout::{Kind, Layout, Span};

use crate::create::create;
use crate::error::{DiskError, Doing};
use crate::folder::{Folder, open_to_read};
use crate::handles::Handles;
use crate::job::{BlockBuf, Done, Job, Serve};
use crate::transfer;

/// A torrent's files in the download folder.
#[derive(Debug)]
pub struct Storage {
    root: PathBuf,
    layout: Arc<Layout>,
    pieces: Arc<[[u8; 20]]>,
    /// `None` when the files are open to read only.
    folder: Option<Folder>,
    /// Files that were longer than the torrent says.
    longer: BTreeSet<usize>,
    handles: Handles,
}

impl Storage {
    /// For a download: makes every folder and file below `root` (and `root`), each file at its full
    /// length, sparse.
    ///
    /// `pieces` are the SHA-1 of the pieces. What is in a file already stays; one that is longer
    /// than the torrent says keeps its tail until the first write to it, or [`Storage::trim`]. No
    /// path goes through a symbolic link below `root`: where one stands in the way, that is an
    /// error.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder that cannot be made.
    pub fn create(
        root: &Path,
        layout: Arc<Layout>,
        pieces: Arc<[[u8; 20]]>,
    ) -> Result<Storage, DiskError> {
        let (folder, longer) = create(root, &layout)?;
        Ok(Storage {
            root: root.to_path_buf(),
            layout,
            pieces,
            folder: Some(folder),
            longer,
            handles: Handles::default(),
        })
    }

    /// To seed or verify: reads only, makes nothing, and follows symbolic links. A missing file is
    /// an error when it is read, not here.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when `root` is no folder.
    pub fn open(
        root: &Path,
        layout: Arc<Layout>,
        pieces: Arc<[[u8; 20]]>,
    ) -> Result<Storage, DiskError> {
        std::fs::read_dir(root).map_err(|e| DiskError::new(Doing::Open, root, e))?;
        Ok(Storage {
            root: root.to_path_buf(),
            layout,
            pieces,
            folder: None,
            longer: BTreeSet::new(),
            handles: Handles::default(),
        })
    }

    /// File `index` of the layout, open; to be read from only. It is one of the 40 used last, or
    /// opened now.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when it cannot be opened.
    pub fn file(&mut self, index: usize) -> Result<Arc<File>, DiskError> {
        let entry = &self.layout.files()[index];
        let (root, folder) = (&self.root, &mut self.folder);
        self.handles.get(index, || {
            let place = root.join(&entry.path);
            let opened = match folder {
                Some(folder) => folder.open(&entry.path),
                None => open_to_read(&place),
            };
            opened.map_err(|e| DiskError::new(Doing::Open, &place, e))
        })
    }

    /// The files that are longer than the torrent says, by their numbers.
    pub fn longer(&self) -> impl Iterator<Item = usize> + '_ {
        self.longer.iter().copied()
    }

    /// Cuts every file that is still longer than the torrent says. For the end of a download, when
    /// all of it is verified: nothing of the torrent is lost.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first that cannot be cut.
    pub fn trim(&mut self) -> Result<(), DiskError> {
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
            file.set_len(entry.length)
                .map_err(|e| DiskError::new(Doing::SetLength, &self.root.join(&entry.path), e))?;
            self.longer.remove(&index);
        }
        Ok(())
    }

    // ANCHOR: write
    /// Writes a whole piece: one write for each file it touches.
    fn write(&mut self, piece: u32, blocks: &[BlockBuf]) -> Result<(), DiskError> {
        let layout = Arc::clone(&self.layout);
        let mut from = 0;
        for span in layout.piece_spans(piece) {
            let len = span.len as usize;
            if !self.is_padding(span) {
                self.cut(span.file)?;
                let file = self.file(span.file)?;
                transfer::write(&file, span.offset, blocks, from, len)
                    .map_err(|e| self.error(Doing::Write, span, e))?;
            }
            from += len;
        }
        Ok(())
    }
    // ANCHOR_END: write

    fn is_padding(&self, span: Span) -> bool {
        self.layout.files()[span.file].kind == Kind::Padding
    }

    fn error(&self, doing: Doing, span: Span, cause: std::io::Error) -> DiskError {
        DiskError::new(
            doing,
            &self.root.join(&self.layout.files()[span.file].path),
            cause,
        )
    }

    /// The bytes of a piece, as slices of its blocks.
    fn parts<'b>(&self, piece: u32, blocks: &'b [BlockBuf]) -> Vec<&'b [u8]> {
        transfer::slices(blocks, 0, self.layout.geometry().piece_len(piece) as usize).collect()
    }
}

// ANCHOR: serve
impl Serve for Storage {
    fn serve(&mut self, jobs: Vec<Job>, done: &mut Vec<Done>) {
        let mut waiting = Vec::new();
        for job in jobs {
            match job {
                Job::Verify { piece, blocks } => waiting.push((piece, blocks)),
                Job::Write { piece, blocks } => {
                    let result = self.write(piece, &blocks);
                    done.push(Done::Written {
                        piece,
                        blocks,
                        result,
                    });
                }
                Job::Digest { piece, blocks } => {
                    let each: Vec<_> = self
                        .parts(piece, &blocks)
                        .into_iter()
                        .map(|block| vec![block])
                        .collect();
                    let digests = hashing::digest_many(&each);
                    done.push(Done::Digests {
                        piece,
                        digests,
                        blocks,
                    });
                }
                Job::Trim => done.push(Done::Trimmed(self.trim())),
            }
        }
        self.verify(waiting, done);
    }
}

impl Storage {
    /// Hashes all that waits side by side.
    fn verify(&self, waiting: Vec<(u32, Vec<BlockBuf>)>, done: &mut Vec<Done>) {
        let messages: Vec<_> = waiting
            .iter()
            .map(|(piece, blocks)| self.parts(*piece, blocks))
            .collect();
        let digests = hashing::digest_many(&messages);
        for ((piece, blocks), digest) in waiting.into_iter().zip(digests) {
            let ok = self.pieces.get(piece as usize) == Some(&digest);
            done.push(Done::Verified { piece, ok, blocks });
        }
    }
}
// ANCHOR_END: serve

#[cfg(test)]
mod tests;
