//! A torrent's pieces on disk, waiting for each: what is there already, and what comes. It is what
//! the programs of the steps use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BLOCK, BlockBuf, BlockDigests, BlockRequest, block_buf};
use layout::{Kind, Layout, LayoutError};
use messages::Bitfield;
use metainfo::Metainfo;
use thiserror::Error;

use crate::{
    Checker, Disk, DiskError, Done, FileUse, Hashes, Job, PieceState, Setup, Storage, Stored,
};

/// A piece is held in memory; longer ones than 256 MiB are not fetched.
const MOST: u32 = 256 << 20;

/// Why pieces cannot be kept.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The torrent cannot be laid out over files.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// More than we hold in memory.
    #[error("a piece of this torrent has {0} bytes; more than {MOST} are not fetched")]
    TooLong(u32),
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

/// A torrent's files in a folder.
#[derive(Debug)]
pub struct Store {
    disk: Disk<()>,
    layout: Arc<Layout>,
}

impl Store {
    /// Makes what is missing of the torrent's files below `root`; says which pieces are there
    /// already. A file of somebody else's is left as it is, and is an error.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the torrent cannot be laid out, or its files cannot be made.
    pub fn open(root: &Path, torrent: &Metainfo) -> Result<(Store, Bitfield), StoreError> {
        let layout = Arc::new(Layout::from_metainfo(torrent)?);
        let longest = layout.geometry().piece_len(0);
        if longest > MOST {
            return Err(StoreError::TooLong(longest));
        }
        let hashes = Hashes::from(&torrent.pieces[..]);
        refuse_others(root, &layout)?;
        let mut checker = Checker::new(root, layout.clone(), hashes.clone());
        let have = check(&mut checker, &layout)?;
        let unproven = unproven(&mut checker, &layout, &have)?;
        if have.count() == 0 && has_more_than_one(&mut checker, &layout)? {
            return Err(StoreError::Strangers);
        }
        let used = |file| match unproven.contains(&file) {
            true => FileUse::Compare,
            false => FileUse::Write,
        };
        let info_hash = torrent.info_hash_v1.map_or([0; 20], |hash| hash.0);
        let setup = Setup::new(info_hash, &used);
        let storage = Storage::lay_out(root, layout.clone(), hashes, &setup)?;
        let mut disk = Disk::new();
        disk.add((), storage);
        Ok((Store { disk, layout }, have))
    }

    /// Which bytes are where.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    // ANCHOR: keep
    /// Writes a piece, given as its blocks in order, if it is what the torrent promises; whether it
    /// is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Disk`] when it is right and cannot be written.
    pub fn keep(&mut self, piece: u32, blocks: Vec<BlockBuf>) -> Result<bool, StoreError> {
        let digests = BlockDigests::Never;
        let job = Job::Store {
            piece,
            blocks,
            digests,
        };
        match self.disk.ask((), job) {
            Some(Done::Stored { result, .. }) => match result {
                Stored::Written { .. } => Ok(true),
                Stored::Wrong { .. } => Ok(false),
                Stored::Failed(error) => Err(error.into()),
            },
            _ => Ok(false),
        }
    }
    // ANCHOR_END: keep

    /// Reads a block of a piece that is on disk, at most [`BLOCK`] bytes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Disk`] when it cannot be read, or there is no such block.
    pub fn read(&mut self, block: BlockRequest) -> Result<Vec<u8>, StoreError> {
        let buf = block_buf();
        match self.disk.ask((), Job::Read { block, buf }) {
            Some(Done::Read { buf, result, .. }) => {
                result?;
                Ok(buf[..block.len.min(BLOCK) as usize].to_vec())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Makes durable what was written: from now on not even a power cut takes anything of it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Disk`] when the system cannot promise that.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        match self.disk.ask((), Job::Sync) {
            Some(Done::Synced(result)) => Ok(result?),
            _ => Ok(()),
        }
    }

    /// For the end of a download: how many pieces that were written are gone, because somebody has
    /// deleted or cut a file meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Disk`] when the files cannot be looked at, or put in order.
    pub fn lost(&mut self) -> Result<usize, StoreError> {
        match self.disk.ask((), Job::Settle) {
            Some(Done::Settled(settled)) => Ok(settled?.lost.len()),
            _ => Ok(0),
        }
    }
}

/// Refuses what is not a file that we may have made: those have their full length from the start.
fn refuse_others(root: &Path, layout: &Layout) -> Result<(), StoreError> {
    for entry in layout.files() {
        let place = root.join(&entry.path);
        if matches!(entry.kind, Kind::Regular { .. })
            && let Ok(found) = fs::metadata(&place)
            && !(found.is_file() && [0, entry.length].contains(&found.len()))
        {
            return Err(StoreError::Another(place));
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

/// The files that have bytes, and no good piece that would show that they are the torrent's.
fn unproven(
    checker: &mut Checker,
    layout: &Layout,
    have: &Bitfield,
) -> Result<BTreeSet<usize>, DiskError> {
    let mut unproven = BTreeSet::new();
    for (file, entry) in layout.files().iter().enumerate() {
        let whole = layout::Span {
            file,
            offset: 0,
            len: entry.length,
        };
        let mut pieces = layout.all_pieces_of(file);
        if !pieces.any(|piece| have.get(piece)) && checker.has_data(whole)? {
            unproven.insert(file);
        }
    }
    Ok(unproven)
}

/// Whether there are bytes in more than one piece. One may be left of a download that was killed at
/// its first, and what is in it is compared before it is written over.
fn has_more_than_one(checker: &mut Checker, layout: &Layout) -> Result<bool, DiskError> {
    let mut begun = 0;
    for piece in 0..layout.geometry().pieces() {
        for span in layout.piece_spans(piece) {
            if checker.has_data(span)? {
                begun += 1;
                break;
            }
        }
        if begun > 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
