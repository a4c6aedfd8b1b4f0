//! A file that is written whole or not at all.
//!
//! The bytes go into a new file beside it, and only when all of them are on the disk does that get
//! the name. So a full disk, or an end in the middle, costs nothing that was there before.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::file_id::FileId;

/// What the names of our unfinished files begin with.
const PREFIX: &str = ".kostorrent-";
/// And what they end with.
const SUFFIX: &str = ".unfinished";

/// Why a file was not written. What had its name before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another has made a file of this name meanwhile.
    #[error("{} was not there before and is there now: nothing was written over it", .0.display())]
    Appeared(PathBuf),
    /// The file that was to be replaced is another one now.
    #[error("{} is not the same file any more: nothing was written over it", .0.display())]
    Exchanged(PathBuf),
    /// The system refused.
    #[error("cannot write {}: {cause}{}", path.display(), remedy(cause))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// What a person can do about it, for the end of a sentence.
fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; free some space, or choose a place on another disk"
        }
        ErrorKind::FileTooLarge => {
            "; allow larger files (`ulimit -f`), or choose a place on another disk"
        }
        ErrorKind::PermissionDenied => "; check who may write there, or choose another folder",
        ErrorKind::ReadOnlyFilesystem => "; the disk is read-only: choose another folder",
        _ => "",
    }
}

/// Whether this is the name of a file that was never finished, because the program was killed.
pub fn is_unfinished(name: &str) -> bool {
    let inner = name.strip_prefix(PREFIX);
    inner.is_some_and(|inner| inner.ends_with(SUFFIX))
}

/// Whether a file can be made beside `path`, found by making one. Nothing stays.
///
/// # Errors
///
/// [`WriteError::Io`] if not.
pub fn try_beside(path: &Path) -> Result<(), WriteError> {
    beside(path).map(drop).map_err(at(path))
}

/// Writes the file. Where nothing was before, nothing is written over; to replace a file, name
/// which one.
///
/// # Errors
///
/// [`WriteError`], and then there is nothing new in the folder.
pub fn write(path: &Path, bytes: &[u8], over: Option<&FileId>) -> Result<(), WriteError> {
    let mut file = beside(path).map_err(at(path))?;
    file.as_file_mut().write_all(bytes).map_err(at(path))?;
    if over.is_some() {
        // Who may read the old one may read the new one. Where that is unknown, as it is for all.
        let _ =
            fs::metadata(path).and_then(|old| file.as_file().set_permissions(old.permissions()));
    }
    file.as_file().sync_all().map_err(at(path))?;
    match over {
        None => name_new(file, path)?,
        Some(old) => match FileId::of(path) {
            Ok(now) if now == *old => drop(file.persist(path).map_err(|e| at(path)(e.error))?),
            Ok(_) => return Err(WriteError::Exchanged(path.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => name_new(file, path)?,
            Err(error) => return Err(at(path)(error)),
        },
    }
    sync_folder(folder_of(path));
    Ok(())
}

fn at(path: &Path) -> impl Fn(io::Error) -> WriteError {
    |cause| WriteError::Io {
        path: path.to_owned(),
        cause,
    }
}

/// The folder in which `path` is.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file beside `path`, which is removed when this is dropped. Who may read it is decided as for
/// any file, unlike with the crate's own way to open one.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder.make_in(folder_of(path), |place| File::create_new(place))
}

/// Gives a file a name that nobody has.
fn name_new(file: NamedTempFile, path: &Path) -> Result<(), WriteError> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => WriteError::Appeared(path.to_owned()),
        _ => at(path)(error),
    };
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(failed(error.error)),
        // Some disks know neither hard links nor this way to rename. There the name is taken first.
        Err(error) => {
            File::create_new(path).map_err(failed)?;
            error.file.persist(path).map(drop).map_err(|error| {
                let _ = fs::remove_file(path);
                at(path)(error.error)
            })
        }
    }
}

/// A name is the folder's content, and has to reach the disk like any other. The file is there in
/// any case, so what a disk cannot do is no failure.
#[cfg(unix)]
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Elsewhere the system sees to it by itself.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) {}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn nothing_is_written_over_but_what_was_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        try_beside(&path).unwrap();
        assert_eq!(names(dir.path()), [""; 0]);
        write(&path, b"one", None).unwrap();
        let first = FileId::of(&path).unwrap();

        let appeared = write(&path, b"two", None).unwrap_err();
        assert!(matches!(appeared, WriteError::Appeared(_)), "{appeared}");
        assert_eq!(fs::read(&path).unwrap(), b"one");

        write(&path, b"two", Some(&first)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn what_fails_leaves_nothing_and_names_the_file_that_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        // A folder cannot be replaced by a file, so the last step fails.
        fs::create_dir(&path).unwrap();
        assert!(write(&path, b"one", Some(&FileId::of(&path).unwrap())).is_err());
        assert_eq!(names(dir.path()), ["file"]);

        let path = dir.path().join("none").join("file");
        let said = write(&path, b"one", None).unwrap_err().to_string();
        assert!(
            said.contains("cannot write") && !said.contains(PREFIX),
            "{said}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_took_the_place_of_the_named_one_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, b"one", None).unwrap();
        let first = FileId::of(&path).unwrap();
        fs::rename(&path, dir.path().join("elsewhere")).unwrap();
        fs::write(&path, "somebody's").unwrap();
        let error = write(&path, b"two", Some(&first)).unwrap_err();
        assert!(matches!(error, WriteError::Exchanged(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"somebody's");

        // One that is gone needs not be written over.
        fs::remove_file(&path).unwrap();
        write(&path, b"two", Some(&first)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_has_the_usual_permissions_and_a_replaced_one_keeps_its_own() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |name| {
            let path = dir.path().join(name);
            path.metadata().unwrap().permissions().mode() & 0o777
        };
        fs::write(dir.path().join("usual"), "").unwrap();
        let path = dir.path().join("file");
        write(&path, b"one", None).unwrap();
        assert_eq!(mode("file"), mode("usual"));
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        write(&path, b"two", Some(&FileId::of(&path).unwrap())).unwrap();
        assert_eq!(mode("file"), 0o640);
    }

    #[test]
    fn an_unfinished_file_is_known_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = beside(&dir.path().join("file")).unwrap();
        let name = file.path().file_name().unwrap().to_str().unwrap();
        assert!(is_unfinished(name), "{name}");
        assert!(!is_unfinished(".kostorrent-notes"));
        assert!(!is_unfinished("file.unfinished"));
    }
}
