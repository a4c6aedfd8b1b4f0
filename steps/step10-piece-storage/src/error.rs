//! What can go wrong on a disk, in words for the person who has to mend it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file operation that failed: what was being done, to which file, why, and what helps.
#[derive(Clone, Debug, thiserror::Error)]
pub struct DiskError {
    doing: Doing,
    path: PathBuf,
    #[source]
    cause: Arc<io::Error>,
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Making a folder.
    CreateFolder,
    /// Making a file, or opening one to write.
    CreateFile,
    /// Giving a file its length.
    SetLength,
    /// Giving a file its space on the disk.
    Allocate,
    /// Making a symbolic link.
    CreateSymlink,
    /// Opening a file to read.
    Open,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Writing over what may be somebody else's. It stays refused, whatever the disk does.
    Overwrite,
    /// Making durable what was written.
    Sync,
    /// Taking a file away.
    Remove,
}

impl DiskError {
    /// `cause` happened while `doing` something to the file or folder `path`.
    pub fn new(doing: Doing, path: &Path, cause: io::Error) -> DiskError {
        DiskError {
            doing,
            path: path.to_path_buf(),
            cause: Arc::new(cause),
        }
    }

    /// A job came for a torrent that was taken away.
    pub(crate) fn no_torrent() -> DiskError {
        let cause = io::Error::new(ErrorKind::NotFound, "its torrent was taken away");
        DiskError::new(Doing::Open, Path::new(""), cause)
    }

    /// What was being done.
    pub fn doing(&self) -> Doing {
        self.doing
    }

    /// The file or folder; empty for a job of a torrent that was taken away.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of fault the system named.
    pub fn kind(&self) -> ErrorKind {
        self.cause.kind()
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.as_os_str().is_empty() {
            return write!(f, "cannot {}: {}", self.doing, self.cause);
        }
        write!(
            f,
            "cannot {} {}: {}",
            self.doing,
            self.path.display(),
            self.cause
        )?;
        match remedy(self.doing, &self.cause) {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doing::CreateFolder => "create the folder",
            Doing::CreateFile => "create or open the file",
            Doing::SetLength => "set the length of the file",
            Doing::Allocate => "allocate space in",
            Doing::CreateSymlink => "create the symbolic link",
            Doing::Open => "open the file",
            Doing::Read => "read from the file",
            Doing::Write => "write to the file",
            Doing::Overwrite => "write over the file",
            Doing::Sync => "make durable what was written to",
            Doing::Remove => "delete the file",
        })
    }
}

/// What a person can do about it.
fn remedy(doing: Doing, cause: &io::Error) -> Option<&'static str> {
    if is_too_many_open(cause) {
        return Some("close other programs, or allow more open files (`ulimit -n`), and try again");
    }
    Some(match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space and start again: what is written stays"
        }
        ErrorKind::PermissionDenied => {
            "check who owns it and who may write there, or choose another folder"
        }
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only: choose another folder",
        ErrorKind::FileTooLarge => {
            "the disk takes no file of this length, or a limit forbids it: choose a folder on another \
             disk, or allow larger files (`ulimit -f`)"
        }
        ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "something else is in its place: move that away, or choose another folder"
        }
        ErrorKind::NotFound if matches!(doing, Doing::CreateFolder | Doing::CreateFile) => {
            "choose a folder that exists, or in which one can be made"
        }
        ErrorKind::NotFound => "it is gone: put it back, or start again",
        ErrorKind::UnexpectedEof => {
            "the file is shorter than it should be: start again, and it is checked first"
        }
        _ => return None,
    })
}

/// Whether this program, or the whole system, has as many files open as it may.
#[cfg(unix)]
fn is_too_many_open(cause: &io::Error) -> bool {
    use rustix::io::Errno;
    let too_many = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    cause.raw_os_error().is_some_and(|e| too_many.contains(&e))
}

#[cfg(not(unix))]
fn is_too_many_open(_cause: &io::Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn says_which_file_what_is_wrong_and_what_helps() {
        let error = DiskError::new(
            Doing::Write,
            Path::new("d/file"),
            ErrorKind::StorageFull.into(),
        );
        assert_eq!(
            error.to_string(),
            "cannot write to the file d/file: no storage space; free some space and start again: what is written stays"
        );
    }

    #[cfg(unix)]
    #[test]
    fn too_many_open_files_have_a_remedy() {
        for errno in [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE] {
            let error = DiskError::new(Doing::Open, Path::new("file"), errno.into());
            assert!(error.to_string().contains("`ulimit -n`"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_made_was_not_there_before() {
        let said = |doing| DiskError::new(doing, Path::new("x"), ErrorKind::NotFound.into());
        assert!(said(Doing::CreateFolder).to_string().contains("choose"));
        assert!(said(Doing::Open).to_string().contains("put it back"));
    }

    #[test]
    fn keeps_the_systems_own_words() {
        let cause = io::Error::other("the disk is on fire");
        let error = DiskError::new(Doing::Read, Path::new("d/file"), cause);
        assert_eq!(
            error.to_string(),
            "cannot read from the file d/file: the disk is on fire"
        );
    }
}
