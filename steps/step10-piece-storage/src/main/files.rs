//! The torrent's files: what is in them already, and what comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BLOCK, BlockBuf, BlockDigests, block_buf};
use layout::{Kind, Layout};
use messages::Bitfield;
use metainfo::Metainfo;
use storage::{Checker, Disk, DiskError, Done, Hashes, Job, PieceState, Storage, Stored};
use thiserror::Error;

/// Why pieces cannot be kept.
#[derive(Debug, Error)]
pub enum FilesError {
    /// Something else is where a file of the torrent belongs.
    #[error("{}: another file is in its place: move it, or choose another folder", .0.display())]
    Another(PathBuf),
    /// The files that are there are others.
    #[error(
        "nothing of what is on disk is the torrent's: files of somebody else's may have the same \
         names; move them away, or choose another folder"
    )]
    Strangers,
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The torrent's files, behind the disk that the client uses, too.
pub struct Files {
    disk: Disk<()>,
    layout: Arc<Layout>,
}

impl Files {
    /// Makes what is missing; says which pieces are there already.
    pub fn open(
        root: &Path,
        torrent: &Metainfo,
        layout: Arc<Layout>,
    ) -> Result<(Files, Bitfield), FilesError> {
        refuse_others(root, &layout)?;
        let hashes = Hashes::from(&torrent.pieces[..]);
        let mut checker = Checker::new(root, layout.clone(), hashes.clone());
        let have = check(&mut checker, &layout)?;
        if have.count() == 0 && has_more_than_one(&mut checker, &layout)? {
            return Err(FilesError::Strangers);
        }
        // What has bytes and is not good may be a piece that was being written when the program was
        // killed, or somebody else's file: it is compared before it is written over.
        let mut unproven = std::collections::BTreeSet::new();
        for (file, entry) in layout.files().iter().enumerate() {
            let mut pieces = storage::pieces_of(&layout, file, 0..entry.length);
            if !pieces.any(|piece| have.get(piece)) {
                unproven.insert(file);
            }
        }
        let mut storage = Storage::create(root, layout.clone(), hashes)?;
        storage.compare_first(unproven);
        let mut disk = Disk::new();
        disk.add((), storage);
        Ok((Files { disk, layout }, have))
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes a whole piece if it is what the torrent promises; whether it is.
    pub fn keep(&mut self, piece: u32, data: &[u8]) -> Result<bool, FilesError> {
        let blocks = data.chunks(BLOCK as usize).map(buffer).collect();
        let digests = BlockDigests::Never;
        let job = Job::Store {
            piece,
            blocks,
            digests,
        };
        match self.ask(job) {
            Some(Done::Stored { result, .. }) => match result {
                Stored::Written { .. } => Ok(true),
                Stored::Wrong { .. } => Ok(false),
                Stored::Failed(error) => Err(error.into()),
            },
            _ => Ok(false),
        }
    }

    /// Makes durable what was written: from now on not even a power cut takes anything of it.
    pub fn sync(&mut self) -> Result<(), FilesError> {
        match self.ask(Job::Sync) {
            Some(Done::Synced(result)) => Ok(result?),
            _ => Ok(()),
        }
    }

    /// Does one job, and waits for it.
    fn ask(&mut self, job: Job) -> Option<Done> {
        let mut answer = None;
        self.disk
            .serve(vec![((), job)], &mut |(), done| answer = Some(done));
        answer
    }
}

/// A block, in a buffer of its own.
fn buffer(bytes: &[u8]) -> BlockBuf {
    let mut buffer = block_buf();
    buffer[..bytes.len()].copy_from_slice(bytes);
    buffer
}

/// Refuses what is not a file that we may have made: those have their full length from the start.
fn refuse_others(root: &Path, layout: &Layout) -> Result<(), FilesError> {
    for entry in layout.files() {
        let place = root.join(&entry.path);
        if matches!(entry.kind, Kind::Regular { .. })
            && let Ok(found) = fs::metadata(&place)
            && !(found.is_file() && [0, entry.length].contains(&found.len()))
        {
            return Err(FilesError::Another(place));
        }
    }
    Ok(())
}

/// The pieces that are there.
fn check(checker: &mut Checker, layout: &Layout) -> Result<Bitfield, DiskError> {
    let pieces = layout.geometry().pieces();
    let mut have = Bitfield::new(pieces);
    checker.check(0..pieces, |piece, state| {
        if state == PieceState::Good {
            have.set(piece);
        }
    })?;
    Ok(have)
}

/// Whether there are bytes in more than one piece. One may be left of a download that was killed at
/// its first.
fn has_more_than_one(checker: &mut Checker, layout: &Layout) -> Result<bool, DiskError> {
    let mut begun = 0;
    for piece in 0..layout.geometry().pieces() {
        let mut is_begun = false;
        for span in layout.piece_spans(piece) {
            is_begun = is_begun || checker.has_data(span)?;
        }
        begun += u32::from(is_begun);
        if begun > 1 {
            return Ok(true);
        }
    }
    Ok(false)
}
