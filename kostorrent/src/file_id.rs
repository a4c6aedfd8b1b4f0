//! Which file it is, by whatever name it goes.

use std::fs::Metadata;
use std::io;
use std::path::Path;

/// A file or folder of this machine. Two names that lead to the same one give the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileId(Inner);

/// The file system and the file's number in it.
#[cfg(unix)]
type Inner = (u64, u64);

/// Its path without links. Of two hard links the system does not tell us that they are one file.
#[cfg(not(unix))]
type Inner = std::path::PathBuf;

impl FileId {
    /// That of what `path` leads to, by links or without.
    ///
    /// # Errors
    ///
    /// Those of looking at it.
    pub fn of(path: &Path) -> io::Result<FileId> {
        FileId::seen(path, &path.metadata()?)
    }

    /// The same, when it was looked at already; links were followed.
    ///
    /// # Errors
    ///
    /// Those of looking at it, where its metadata does not tell.
    #[cfg(unix)]
    pub fn seen(_path: &Path, metadata: &Metadata) -> io::Result<FileId> {
        use std::os::unix::fs::MetadataExt;
        Ok(FileId((metadata.dev(), metadata.ino())))
    }

    /// The same, when it was looked at already; links were followed.
    ///
    /// # Errors
    ///
    /// Those of looking at it, where its metadata does not tell.
    #[cfg(not(unix))]
    pub fn seen(path: &Path, _metadata: &Metadata) -> io::Result<FileId> {
        path.canonicalize().map(FileId)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::{assert_eq, assert_ne};

    use super::*;

    #[cfg(unix)]
    #[test]
    fn all_names_of_a_file_are_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name| dir.path().join(name);
        for name in ["a", "b"] {
            std::fs::write(path(name), "same bytes").unwrap();
        }
        std::os::unix::fs::symlink("a", path("link")).unwrap();
        std::fs::hard_link(path("a"), path("hard link")).unwrap();
        let id = |name| FileId::of(&path(name)).unwrap();
        assert_eq!((id("link"), id("hard link")), (id("a"), id("a")));
        assert_ne!(id("a"), id("b"));
        assert!(FileId::of(&path("none")).is_err());
    }
}
