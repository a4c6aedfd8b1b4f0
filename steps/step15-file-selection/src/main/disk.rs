//! The download folder: what is in it, and what is to be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BlockDigests, block_bufs};
use handshake::blocking::MeetError;
use layout::{Kind, Layout};
use messages::Bitfield;
use metainfo::Metainfo;
use selection::Selection;
use storage::{
    Checker, Disk, DiskError, Done, FileUse, Hashes, Job, Parts, PieceState, Setup, Storage,
    Stored, part_file_name,
};
use thiserror::Error;

/// Why the folder cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The torrent has no info-hash of 20 bytes.
    #[error(transparent)]
    OnlyV2(#[from] MeetError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file of somebody else's would be written over.
    #[error(
        "{} is not empty, and nothing in it is the torrent's: move it away, or choose another folder",
        .0.display()
    )]
    Stranger(PathBuf),
    /// Pieces went away while we were at work.
    #[error("{0} pieces are not in their files any more: start again, and they are fetched")]
    Lost(usize),
}

/// How a file is found in the end.
pub enum State {
    /// All of it is there, and good.
    Whole,
    /// Not all of it, because nobody wants it.
    Unfinished,
}

/// The download folder.
pub struct Folder {
    root: PathBuf,
    layout: Arc<Layout>,
    part_file: String,
    disk: Disk<()>,
    /// The pieces that are there, and good.
    pub have: Bitfield,
}

impl Folder {
    /// Looks what is there, and makes the files that are wanted.
    pub fn open(
        root: &Path,
        torrent: &Metainfo,
        layout: Layout,
        selection: &Selection,
    ) -> Result<Folder, FolderError> {
        let info_hash = torrent.info_hash_v1.ok_or(MeetError::OnlyV2)?;
        let hashes = Hashes::from(torrent.pieces.as_slice());
        let mut found = Found::look(root, &info_hash.0, Arc::new(layout), &hashes, selection)?;
        let mut uses = Vec::new();
        for file in 0..found.layout.files().len() {
            uses.push(found.how_to_use(file, selection)?);
        }
        let used = |file| uses[file];
        let setup = Setup::new(info_hash.0, &used);
        let layout = found.layout;
        let storage = Storage::lay_out(root, layout.clone(), hashes, &setup)?;
        let mut disk = Disk::new();
        disk.add((), storage);
        Ok(Folder {
            root: root.to_path_buf(),
            layout,
            part_file: part_file_name(&info_hash.0),
            disk,
            have: found.have,
        })
    }

    /// Writes a piece if it is the torrent's; whether it is.
    pub fn store(&mut self, piece: u32, data: &[u8]) -> Result<bool, DiskError> {
        let job = Job::Store {
            piece,
            blocks: block_bufs(data),
            digests: BlockDigests::Never,
        };
        match self.disk.ask((), job) {
            Some(Done::Stored { result, .. }) => match result {
                Stored::Written { .. } => {
                    self.have.set(piece);
                    Ok(true)
                }
                Stored::Wrong { .. } => Ok(false),
                Stored::Failed(error) => Err(error),
            },
            _ => Ok(false),
        }
    }

    /// Makes everything durable, and sees that it is in its place.
    pub fn finish(&mut self) -> Result<(), FolderError> {
        if let Some(Done::Settled(settled)) = self.disk.ask((), Job::Settle) {
            let lost = settled?.lost.len();
            if lost > 0 {
                return Err(FolderError::Lost(lost));
            }
        }
        match self.disk.ask((), Job::Sync) {
            Some(Done::Synced(Err(error))) => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The files that are there: path, length in bytes, and how they are.
    pub fn there(&self) -> impl Iterator<Item = (String, u64, State)> + '_ {
        let files = self.layout.files().iter().enumerate();
        files.filter_map(|(file, entry)| {
            let found = std::fs::symlink_metadata(self.root.join(&entry.path)).ok()?;
            if entry.kind == Kind::Padding {
                return None;
            }
            let mut pieces = self.layout.all_pieces_of(file);
            let state = match pieces.all(|piece| self.have.get(piece)) {
                true => State::Whole,
                false => State::Unfinished,
            };
            let names = entry.path.iter().map(|name| name.to_string_lossy());
            Some((names.collect::<Vec<_>>().join("/"), found.len(), state))
        })
    }

    /// The part file's name and its length in bytes, if there is one.
    pub fn part_file(&self) -> Option<(&str, u64)> {
        let found = std::fs::metadata(self.root.join(&self.part_file)).ok()?;
        Some((&self.part_file, found.len()))
    }
}

/// What is on disk before we begin.
struct Found<'r> {
    root: &'r Path,
    layout: Arc<Layout>,
    checker: Checker,
    have: Bitfield,
}

impl<'r> Found<'r> {
    fn look(
        root: &'r Path,
        info_hash: &[u8; 20],
        layout: Arc<Layout>,
        hashes: &Hashes,
        selection: &Selection,
    ) -> Result<Found<'r>, DiskError> {
        let unwanted = (0..layout.files().len()).map(|file| !selection.is_wanted(file));
        let parts = Parts::open(root, info_hash, &layout)?;
        let checker = Checker::new(root, layout.clone(), hashes.clone());
        let mut checker = checker.parts(parts, unwanted.collect());
        let pieces = layout.geometry().pieces();
        let mut have = Bitfield::new(pieces);
        checker.check(0..pieces, |piece, state| {
            if state == PieceState::Good {
                have.set(piece);
            }
        })?;
        Ok(Found {
            root,
            layout,
            checker,
            have,
        })
    }

    /// A file with a good piece in it is ours. One that has bytes and no such piece is somebody
    /// else's.
    fn how_to_use(&mut self, file: usize, selection: &Selection) -> Result<FileUse, FolderError> {
        let is_wanted = selection.is_wanted(file);
        let layout = self.layout.clone();
        let entry = &layout.files()[file];
        let (mut is_ours, mut is_empty, mut is_whole) = (false, true, true);
        if matches!(entry.kind, Kind::Regular { .. }) {
            for piece in layout.all_pieces_of(file) {
                is_whole &= self.have.get(piece);
                let span = layout.piece_spans(piece).find(|span| span.file == file);
                if let Some(span) = span
                    && self.checker.has_data(span)?
                {
                    let is_aside = self.checker.files_aside(piece)?.contains(&file);
                    is_ours |= self.have.get(piece) && !is_aside;
                    is_empty = false;
                }
            }
        }
        let place = self.root.join(&entry.path);
        let is_there = std::fs::metadata(&place).is_ok_and(|found| found.len() == entry.length);
        match is_wanted {
            true if is_whole && is_there && entry.length > 0 => Ok(FileUse::Leave),
            true if is_ours || is_empty => Ok(FileUse::Write),
            true => Err(FolderError::Stranger(place)),
            false if is_ours || is_empty => Ok(FileUse::UnwantedOurs),
            false => Ok(FileUse::Unwanted),
        }
    }
}
