//! How the program of every step begins and ends: a torrent file, and an exit code.

use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use metainfo::Metainfo;
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
    let bytes = File::open(path)
        .and_then(metainfo::read_limited)
        .map_err(|error| TorrentError::Read {
            path: path.to_path_buf(),
            error,
        })?;
    Metainfo::parse(&bytes).map_err(|error| TorrentError::Parse {
        path: path.to_path_buf(),
        error,
    })
}

/// Ends a step's program: an error is one line on standard error and exit code 1.
///
/// A broken pipe is no error: whoever read our output, `head` perhaps, has seen enough.
pub fn finish(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
