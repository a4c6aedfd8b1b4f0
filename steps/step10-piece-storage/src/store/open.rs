//! A torrent's files, laid out or found.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use layout::{Entry, Kind, Layout};

use super::Storage;
use crate::allocate::{Allocate, Allocated};
use crate::create::{Created, create};
use crate::error::{DiskError, Doing};
use crate::handles::Handles;
use crate::hashes::Hashes;
use crate::known::Known;
use crate::seen::Looks;
use crate::setup::{FileUse, Setup};
use crate::sync::Unsynced;

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
        Storage::create_unless(root, layout, hashes, |_| true, || false)
    }

    /// The same, but a file that is not to be `written` (by its number), because it is complete, is
    /// left as it is, and links may lead to it. And it gives up as soon as `stop` says so, which is
    /// asked before each file: a torrent may have a hundred thousand. What was made by then stays.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder that cannot be made, or, of the kind
    /// [`Interrupted`](std::io::ErrorKind::Interrupted), for the one before which it gave up.
    pub fn create_unless(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        written: impl Fn(usize) -> bool,
        stop: impl Fn() -> bool,
    ) -> Result<Storage, DiskError> {
        let used = |file| match written(file) {
            true => FileUse::Write,
            false => FileUse::Leave,
        };
        // There is no part file for the info-hash to name.
        let setup = Setup {
            stop: &stop,
            ..Setup::new([0; 20], &used)
        };
        Storage::made(root, layout, hashes, &setup)
    }

    /// For a download of which perhaps not all files are wanted: makes those that are, as
    /// [`Storage::create`] does, and no others. What is in the part file of a file that is wanted
    /// now is copied into it, unless the file may be somebody else's and has other bytes; a part
    /// file that nothing needs is deleted.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder that cannot be made, or, of the kind
    /// [`Interrupted`](std::io::ErrorKind::Interrupted), for the one before which it gave up. With
    /// [`Allocate::Full`] also when there is no space for all: then what was allocated is given back.
    pub fn lay_out(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        setup: &Setup<'_>,
    ) -> Result<Storage, DiskError> {
        let mut storage = Storage::made(root, layout, hashes, setup)?;
        storage.open_aside(&setup.info_hash)?;
        storage.take_over_all(setup.stop)?;
        Ok(storage)
    }

    pub(crate) fn made(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        setup: &Setup<'_>,
    ) -> Result<Storage, DiskError> {
        let Created {
            folder,
            longer,
            entered,
            known,
            changed,
            allocated,
        } = create(root, &layout, setup)?;
        let mut storage = Storage {
            folder: Some(folder),
            longer,
            unsynced: Unsynced::new(entered),
            allocate: setup.allocate,
            allocated,
            ..Storage::of(root, layout, hashes, known)
        };
        storage.mend_all(changed)?;
        Ok(storage)
    }

    fn of(root: &Path, layout: Arc<Layout>, hashes: Hashes, known: Vec<Known>) -> Storage {
        Storage {
            root: root.to_path_buf(),
            layout,
            hashes,
            folder: None,
            longer: BTreeSet::new(),
            handles: Handles::default(),
            unsynced: Unsynced::default(),
            known,
            lost: BTreeSet::new(),
            proven: Vec::new(),
            changed: Vec::new(),
            aside: None,
            allocate: Allocate::Sparse,
            allocated: Allocated::All,
        }
    }

    /// To seed or verify: reads only, makes nothing, and follows symbolic links. A missing file is
    /// an error when it is read, not here. What has changed since the files were looked at `before`
    /// is in [`Storage::take_changed`].
    ///
    /// # Errors
    ///
    /// [`DiskError`] when `root` is no folder, or the system cannot say whether a file is there.
    pub fn open(
        root: &Path,
        layout: Arc<Layout>,
        hashes: Hashes,
        before: Option<&Looks>,
    ) -> Result<Storage, DiskError> {
        std::fs::read_dir(root).map_err(|e| DiskError::new(Doing::Open, root, e))?;
        let known = |entry: &Entry| match entry.kind {
            Kind::Regular { .. } => Known::only_read(&root.join(&entry.path)),
            _ => Ok(Known::default()),
        };
        let known: Result<Vec<Known>, DiskError> = layout.files().iter().map(known).collect();
        let known = known?;
        let mut changed = Vec::new();
        if let Some(before) = before {
            let files = layout.files().iter().enumerate();
            changed.extend(
                files.filter_map(|(file, entry)| {
                    before.changed(file, known[file].seen, entry.length)
                }),
            );
        }
        Ok(Storage {
            changed,
            ..Storage::of(root, layout, hashes, known)
        })
    }
}
