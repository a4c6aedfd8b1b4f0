//! The resume file on disk: read whole, and replaced so that at any moment the old one or the new
//! one is there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use layout::Layout;
use metainfo::InfoHash;
use thiserror::Error;

use crate::{MAX_SIZE, Resume, ResumeError, kept_name, lock_name, name, new_name};

mod lock;

pub use lock::Lock;

/// What went wrong with the resume file.
#[derive(Debug, Error)]
#[error("cannot {doing} the resume file {}: {cause}{}", path.display(), remedy(cause))]
pub struct StateError {
    doing: &'static str,
    path: PathBuf,
    cause: io::Error,
}

fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; free some space",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; name another folder for it with --state"
        }
        _ => "",
    }
}

/// The resume file of one torrent in one download folder.
#[derive(Clone, Debug)]
pub struct StateFile {
    folder: PathBuf,
    path: PathBuf,
    new: PathBuf,
    lock: PathBuf,
    /// Which torrent.
    pub info_hash: InfoHash,
    /// The download folder, as the resume file has it.
    pub root: Vec<u8>,
}

impl StateFile {
    /// The resume file in `folder` of a torrent, whose download folder is `root` (see
    /// [`folder_bytes`](crate::folder_bytes)).
    pub fn new(folder: &Path, info_hash: InfoHash, root: Vec<u8>) -> StateFile {
        StateFile {
            folder: folder.to_path_buf(),
            path: folder.join(name(info_hash, &root)),
            new: folder.join(new_name(info_hash, &root)),
            lock: folder.join(lock_name(info_hash, &root)),
            info_hash,
            root,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes, but not many more than one of ours can have; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StateError`] if it is there, and cannot be read.
    pub fn load(&self) -> Result<Option<Vec<u8>>, StateError> {
        let file = match File::open(&self.path) {
            Err(error) if is_missing(&error) => return Ok(None),
            file => file.map_err(|cause| self.error("read", cause))?,
        };
        let mut bytes = Vec::new();
        let read = file.take(MAX_SIZE as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|cause| self.error("read", cause))?;
        Ok(Some(bytes))
    }

    /// Keeps what [`StateFile::load`] gave under a name of its own, for the later version of the
    /// program that has written it in its `format`; where that is.
    ///
    /// # Errors
    ///
    /// [`StateError`] if it cannot be written there.
    pub fn keep(&self, bytes: &[u8], format: u64) -> Result<PathBuf, StateError> {
        let kept = self
            .folder
            .join(kept_name(self.info_hash, &self.root, format));
        match fs::write(&kept, bytes) {
            Ok(()) => Ok(kept),
            Err(cause) => Err(StateError {
                doing: "keep a copy of",
                path: kept,
                cause,
            }),
        }
    }

    /// What [`StateFile::load`] gave, if it is of this torrent in this folder.
    ///
    /// # Errors
    ///
    /// [`ResumeError`] says why it cannot be used.
    pub fn decode(&self, bytes: &[u8], layout: &Layout) -> Result<Resume, ResumeError> {
        let resume = Resume::decode(bytes)?;
        resume.fits(self.info_hash, &self.root, layout)?;
        Ok(resume)
    }

    /// Replaces it. When this is done, a power cut does not bring the old one back.
    ///
    /// # Errors
    ///
    /// [`StateError`] if it cannot be written. Then the old one is there, or the new one.
    pub fn save(&self, bytes: &[u8]) -> Result<(), StateError> {
        self.replace(bytes)
            .map_err(|cause| self.error("save", cause))
    }

    // ANCHOR: replace
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        // ANCHOR: yours_replace (chapter 14, "A file that is always whole")
        make_folder(&self.folder)?;
        // What a crash has left there may be the old one under another name: never written over.
        match fs::remove_file(&self.new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::create_new(&self.new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&self.new, &self.path)?;
        sync_folder(&self.folder)
        // ANCHOR_END: yours_replace
    }
    // ANCHOR_END: replace

    fn error(&self, doing: &'static str, cause: io::Error) -> StateError {
        let path = self.path.clone();
        StateError { doing, path, cause }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes a folder and those above it, so that a power cut does not take them.
fn make_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .collect();
    fs::create_dir_all(folder)?;
    for above in missing.iter().filter_map(|path| path.parent()) {
        let is_here = above.as_os_str().is_empty();
        sync_folder(if is_here { Path::new(".") } else { above })?;
    }
    Ok(())
}

/// The names in a folder are its content; so they, too, have to reach the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have nothing to do here and say so in these words.
        Err(error) if error.kind() != ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}

/// Elsewhere a folder cannot be opened so, and the system sees to it by itself.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_new_file_takes_the_place_of_the_old_one_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a").join("b");
        let state = StateFile::new(&folder, InfoHash([1; 20]), b"/x".to_vec());
        assert_eq!(state.load().unwrap(), None);
        for bytes in [&b"old"[..], b"new and longer", b"short"] {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&state.new, "left by a crash, and longer than all of them").unwrap();
            state.save(bytes).unwrap();
            assert_eq!(state.load().unwrap().as_deref(), Some(bytes));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_crash_has_left_is_removed_even_if_it_is_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateFile::new(dir.path(), InfoHash([1; 20]), vec![]);
        state.save(b"old").unwrap();
        fs::hard_link(&state.path, &state.new).unwrap();
        let old = File::open(&state.path).unwrap();
        state.save(b"new").unwrap();
        let mut bytes = String::new();
        (&old).read_to_string(&mut bytes).unwrap();
        assert_eq!(bytes, "old");
        assert_eq!(state.load().unwrap().as_deref(), Some(&b"new"[..]));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let state = StateFile::new(&file, InfoHash([1; 20]), vec![]);
        let error = state.save(b"x").unwrap_err().to_string();
        assert!(error.starts_with("cannot save the resume file"), "{error}");
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
}
