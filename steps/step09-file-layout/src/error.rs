//! Why a torrent cannot be laid out over files.

use std::path::PathBuf;

use thiserror::Error;

/// Why a torrent cannot be laid out over files. Each is a fault of the torrent: there is nothing to
/// try again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// The lengths do not make pieces.
    #[error(transparent)]
    Geometry(#[from] blocks::GeometryError),
    /// The files together are longer than 64 bits can count.
    #[error("the files of the torrent add up to more than 2^64 bytes")]
    TooLong,
    /// A path that could lead out of the download folder.
    #[error(
        "file {file} of the torrent wants the path {path:?}, \
         which could lead out of the download folder"
    )]
    UnsafePath {
        /// Which file, from 0.
        file: usize,
        /// The path, or the target of the symlink.
        path: PathBuf,
    },
    /// Two files at one place, or a file where another needs a folder.
    #[error("the torrent wants {path:?} to be two things at once")]
    Conflict {
        /// The path that is wanted twice.
        path: PathBuf,
    },
}
