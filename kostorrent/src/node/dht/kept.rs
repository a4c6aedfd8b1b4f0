//! Whom the node knew, in a file: so that the next start begins from there.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use dht::limits::MAX_SAVED_BYTES;
use tempfile::NamedTempFile;
use tracing::{debug, warn};

/// The file's name, in the folder that also keeps the resume files.
const NAME: &str = "dht.dat";

/// Who has this one locked writes the other.
const LOCK: &str = "dht.lock";

/// What was there at the start.
#[derive(Debug)]
pub(in crate::node) struct Read {
    /// What the file holds, if it could be read.
    pub bytes: Option<Vec<u8>>,
    /// Where to write; `None` if another program does, whose node has the id that is kept.
    pub place: Option<Place>,
}

/// The place of the file, which is ours as long as this is there.
#[derive(Debug)]
pub(in crate::node) struct Place {
    folder: PathBuf,
    _lock: File,
}

/// Reads the file in this folder, and takes the place if nobody has it.
pub(super) fn read(folder: &Path) -> Read {
    let bytes = match bytes(&folder.join(NAME)) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            warn!(folder = %folder.display(), %error, "cannot read the saved nodes of the DHT");
            None
        }
    };
    let place = match lock(folder) {
        Ok(lock) => Some(Place {
            folder: folder.to_owned(),
            _lock: lock,
        }),
        Err(TryLockError::WouldBlock) => {
            debug!("another program keeps the nodes of the DHT");
            None
        }
        Err(TryLockError::Error(error)) => {
            warn!(folder = %folder.display(), %error, "the nodes of the DHT are not kept");
            None
        }
    };
    Read { bytes, place }
}

/// No more than such a file may have: a longer one is known to be wrong.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MAX_SAVED_BYTES as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lock(folder: &Path) -> Result<File, TryLockError> {
    fs::create_dir_all(folder).map_err(TryLockError::Error)?;
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(LOCK))
        .map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

impl Place {
    /// Writes the file whole, or leaves the old one.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(NAME))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_nobody_else_writes_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("state");
        let first = read(&below);
        assert_eq!(first.bytes, None);
        let place = first.place.unwrap();
        place.write(b"once").unwrap();
        place.write(b"again").unwrap();
        let second = read(&below);
        assert_eq!(second.bytes.as_deref(), Some(&b"again"[..]));
        assert!(second.place.is_none());
        drop(place);
        assert!(read(&below).place.is_some());
        let mut names: Vec<_> = fs::read_dir(&below)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [NAME, LOCK], "nothing unfinished is left");
    }

    #[test]
    fn no_more_is_read_than_a_good_file_has() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), vec![b'x'; 10 * MAX_SAVED_BYTES]).unwrap();
        let read = read(folder.path());
        assert_eq!(
            read.bytes.map(|bytes| bytes.len()),
            Some(MAX_SAVED_BYTES + 1)
        );
    }

    #[test]
    fn where_nothing_can_be_kept_it_goes_on_without() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        fs::write(&file, "x").unwrap();
        let read = read(&file);
        assert!(read.bytes.is_none() && read.place.is_none());
    }
}
