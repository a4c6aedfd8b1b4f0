//! Reading the torrent file that a step's program is given.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use metainfo::{MAX_TORRENT_SIZE, Metainfo};
use thiserror::Error;

/// Why a torrent file could not be used.
#[derive(Debug, Error)]
pub enum TorrentError {
    /// It could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is no torrent, or not one that can be used.
    #[error("{}: {error}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: metainfo::Error,
    },
}

/// Reads a torrent file, at most a little more than the largest that is taken.
///
/// # Errors
///
/// When it cannot be read, or is no torrent.
pub fn read_torrent(path: &Path) -> Result<Metainfo, TorrentError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(MAX_TORRENT_SIZE as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(|error| TorrentError::Read {
            path: path.to_path_buf(),
            error,
        })?;
    Metainfo::parse(&bytes).map_err(|error| TorrentError::Parse {
        path: path.to_path_buf(),
        error,
    })
}
