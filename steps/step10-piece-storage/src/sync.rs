//! What would be lost in a power cut.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::Storage;
use crate::error::{DiskError, Doing};

/// What was changed and may not have reached the disk itself.
#[derive(Debug, Default)]
pub struct Unsynced {
    /// Files, by their numbers.
    pub files: BTreeSet<usize>,
    /// The part file.
    pub aside: bool,
    /// Folders in which something was made.
    pub folders: BTreeSet<PathBuf>,
    /// What the system said when it lost something. It says so once, whoever asks later hears that
    /// all is well.
    lost: Option<DiskError>,
}

impl Unsynced {
    pub fn new(folders: BTreeSet<PathBuf>) -> Unsynced {
        Unsynced {
            folders,
            ..Unsynced::default()
        }
    }

    /// A file is about to be changed.
    pub fn touched(&mut self, file: usize) {
        self.files.insert(file);
    }

    // ANCHOR: sync
    /// Waits until all of it is on the disk.
    pub fn sync(&mut self, storage: &mut Storage) -> Result<(), DiskError> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        while let Some(index) = self.files.first().copied() {
            let file = storage.file(index)?;
            if let Err(error) = file.sync_data() {
                let path = &storage.layout().files()[index].path;
                return Err(self.lose(&storage.root().join(path), error));
            }
            self.files.remove(&index);
        }
        if self.aside {
            let (file, place) = storage.aside_to_sync()?;
            if let Some(Err(error)) = file.map(|file| file.sync_data()) {
                return Err(self.lose(&place, error));
            }
            self.aside = false;
        }
        while let Some(folder) = self.folders.first().cloned() {
            let opened = open_folder(&folder);
            let opened = opened.map_err(|e| DiskError::new(Doing::Sync, &folder, e))?;
            match opened.map_or(Ok(()), |opened| opened.sync_all()) {
                // Some file systems have nothing to do here and say so in these words.
                Err(error) if error.kind() != ErrorKind::InvalidInput => {
                    return Err(self.lose(&folder, error));
                }
                _ => self.folders.remove(&folder),
            };
        }
        Ok(())
    }
    // ANCHOR_END: sync

    /// Notes for good that something is lost.
    pub fn lose(&mut self, path: &Path, error: io::Error) -> DiskError {
        let error = DiskError::new(Doing::Sync, path, error);
        self.lost.insert(error).clone()
    }
}

/// The names in a folder are its content; so they, too, have to reach the disk.
#[cfg(unix)]
fn open_folder(folder: &Path) -> io::Result<Option<File>> {
    File::open(folder).map(Some)
}

/// Elsewhere a folder cannot be opened so, and the system sees to it by itself.
#[cfg(not(unix))]
fn open_folder(_folder: &Path) -> io::Result<Option<File>> {
    Ok(None)
}
