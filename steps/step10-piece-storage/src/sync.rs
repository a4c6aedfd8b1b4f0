//! What would be lost in a power cut.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use layout::Kind;

use crate::Storage;
use crate::error::{DiskError, Doing};

/// How many files are open at once to be made durable.
const AT_ONCE: usize = 32;

/// What the system said when it lost something. It says so once, and whoever asks later hears that
/// all is well; so it is kept for good.
type Lost = Arc<OnceLock<DiskError>>;

/// What was changed and may not have reached the disk itself.
#[derive(Debug, Default)]
pub struct Unsynced {
    /// Files, by their numbers.
    pub files: BTreeSet<usize>,
    /// The part file.
    pub aside: bool,
    /// Folders in which something was made.
    pub folders: BTreeSet<PathBuf>,
    lost: Lost,
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
}

// ANCHOR: to_sync
/// Files and folders that are to be made durable. It waits for the disk, for seconds perhaps, and
/// needs nothing else: a thread of its own can do it, while pieces are written on.
#[derive(Debug)]
pub struct ToSync {
    files: Vec<(Arc<File>, PathBuf)>,
    aside: Option<(Arc<File>, PathBuf)>,
    folders: BTreeSet<PathBuf>,
    lost: Lost,
}

impl ToSync {
    /// Waits until all of it is on the disk.
    ///
    /// # Errors
    ///
    /// As for [`Storage::sync`], which from then on says the same.
    pub fn sync(&self) -> Result<(), DiskError> {
        for (file, place) in self.files.iter().chain(&self.aside) {
            self.sync_file(file, place)?;
        }
        for folder in &self.folders {
            let opened = open_folder(folder);
            let opened = opened.map_err(|error| self.lose(folder, error))?;
            match opened.map_or(Ok(()), |opened| opened.sync_all()) {
                // Some file systems have nothing to do here and say so in these words.
                Err(error) if error.kind() != ErrorKind::InvalidInput => {
                    return Err(self.lose(folder, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
    // ANCHOR_END: to_sync

    /// With its time, which tells later whether somebody has written to it.
    fn sync_file(&self, file: &File, place: &Path) -> Result<(), DiskError> {
        file.sync_all().map_err(|error| self.lose(place, error))
    }

    /// Notes for good that something is lost.
    pub(crate) fn lose(&self, place: &Path, error: io::Error) -> DiskError {
        let error = DiskError::new(Doing::Sync, place, error);
        self.lost.get_or_init(|| error).clone()
    }
}

impl Storage {
    /// Makes durable what was written since the last time, and that the files are there: when this
    /// is done, a power cut takes nothing of it.
    ///
    /// # Errors
    ///
    /// [`DiskError`] for the first file or folder for which the system cannot promise that. When
    /// it says that bytes were lost on their way to the disk it says so once and forgets them; so
    /// from then on this says the same each time, and nothing more may be claimed.
    pub fn sync(&mut self) -> Result<(), DiskError> {
        loop {
            let files = self.unsynced.files.iter().take(AT_ONCE);
            let files: Vec<usize> = files.copied().collect();
            self.to_sync(&files)?.sync()?;
            if self.unsynced.files.is_empty() {
                return Ok(());
            }
        }
    }

    /// Gives out what has to be synced so that these files are durable, by their numbers, whoever
    /// has written to them: the files themselves, or the part file, and all folders in which
    /// something was made. It counts as durable then: whoever takes it has to sync it.
    ///
    /// # Errors
    ///
    /// [`DiskError`] when a file cannot be opened, and once something was lost.
    pub fn to_sync(&mut self, files: &[usize]) -> Result<ToSync, DiskError> {
        if let Some(lost) = self.unsynced.lost.get() {
            return Err(lost.clone());
        }
        let mut open = Vec::with_capacity(files.len());
        let mut in_parts = self.unsynced.aside;
        for &index in files {
            let entry = &self.layout().files()[index];
            if !matches!(entry.kind, Kind::Regular { .. }) {
                continue;
            }
            // What comes for a file that is not known to be the torrent's is in the part file.
            if !self.known[index].role.is_the_torrents() {
                in_parts = true;
                continue;
            }
            let place = self.root().join(&entry.path);
            open.push((self.file(index)?, place));
        }
        let aside = match in_parts {
            true => self.aside_to_sync()?,
            false => None,
        };
        for file in files {
            self.unsynced.files.remove(file);
        }
        self.unsynced.aside = false;
        Ok(ToSync {
            files: open,
            aside,
            folders: std::mem::take(&mut self.unsynced.folders),
            lost: self.unsynced.lost.clone(),
        })
    }
}

/// The names in a folder are its content; so they, too, have to reach the disk.
#[cfg(unix)]
fn open_folder(folder: &Path) -> io::Result<Option<File>> {
    match File::open(folder) {
        Ok(opened) => Ok(Some(opened)),
        // Taken away since: there are no names in it to lose.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Elsewhere a folder cannot be opened so, and the system sees to it by itself.
#[cfg(not(unix))]
fn open_folder(_folder: &Path) -> io::Result<Option<File>> {
    Ok(None)
}
