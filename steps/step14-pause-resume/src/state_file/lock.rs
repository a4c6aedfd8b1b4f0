//! One program at a time works on a torrent in a folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;

use super::{StateError, StateFile, make_folder};

/// As long as this is there, no other program works on the torrent in its folder. The system ends
/// it with the program, however that ends.
#[derive(Debug)]
pub struct Lock {
    #[cfg_attr(not(unix), expect(dead_code, reason = "it holds the lock"))]
    file: File,
    path: PathBuf,
}

impl StateFile {
    /// Keeps other programs from the torrent in this folder; `None` if one is at work on it.
    ///
    /// # Errors
    ///
    /// [`StateError`] if the file that is locked for it cannot be made.
    pub fn lock(&self) -> Result<Option<Lock>, StateError> {
        let locked = make_folder(&self.folder).and_then(|()| self.try_lock());
        locked.map_err(|cause| self.error("lock", cause))
    }

    fn try_lock(&self) -> io::Result<Option<Lock>> {
        loop {
            let mut options = File::options();
            let options = options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&self.lock)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let path = self.lock.clone();
            let lock = Lock { file, path };
            // The one before us may have taken the file away between our opening and our locking.
            if lock.is_in_place()? {
                return Ok(Some(lock));
            }
        }
    }
}

impl Lock {
    #[cfg(unix)]
    fn is_in_place(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let ours = self.file.metadata()?;
        match fs::metadata(&self.path) {
            Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
            Err(error) if super::is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Elsewhere it is never taken away.
    #[cfg(not(unix))]
    fn is_in_place(&self) -> io::Result<bool> {
        Ok(true)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still locked: nobody else can have locked what goes.
        if cfg!(unix) && self.is_in_place().unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use metainfo::InfoHash;

    use super::*;

    #[test]
    fn one_at_a_time_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        let file = |root: &[u8]| StateFile::new(&folder, InfoHash([1; 20]), root.to_vec());
        let first = file(b"/x").lock().unwrap();
        assert!(first.is_some());
        assert!(file(b"/x").lock().unwrap().is_none());
        // Another folder is another matter.
        assert!(file(b"/y").lock().unwrap().is_some());
        drop(first);
        assert!(file(b"/x").lock().unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_stays_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = StateFile::new(dir.path(), InfoHash([1; 20]), b"/x".to_vec());
        drop(file.lock().unwrap().unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn what_was_taken_away_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let file = StateFile::new(dir.path(), InfoHash([1; 20]), b"/x".to_vec());
        let first = file.lock().unwrap().unwrap();
        fs::remove_file(&first.path).unwrap();
        assert!(!first.is_in_place().unwrap());
        let second = file.lock().unwrap();
        drop(first);
        assert!(second.unwrap().is_in_place().unwrap(), "not the second's");
    }
}
