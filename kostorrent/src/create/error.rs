//! Why no torrent was made.

use std::io;
use std::path::{Path, PathBuf};

use metainfo::text::grouped;
use metainfo::{MAX_FILES, MAX_TORRENT_SIZE};

/// Why no torrent was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// What is to be shared is a socket, a pipe, a device.
    #[error("{} is neither a file nor a folder: it cannot be shared", .0.display())]
    NeitherFileNorFolder(PathBuf),
    /// The file that is to be shared is the one that the torrent is to be written over.
    #[error("{} is to be shared and written over: choose another place for the torrent file", .0.display())]
    OutputIsInput(PathBuf),
    /// The name is not text.
    #[error("the name of {} is not UTF-8: rename it, or leave it out with --exclude", .0.display())]
    NotUtf8(PathBuf),
    /// The path ends in no name, as `/` does.
    #[error("{} has no name of its own: give one with --name", .0.display())]
    NoName(PathBuf),
    /// No file, or none with a byte in it.
    #[error("{} holds not a single byte to share{}", path.display(), but_left_out(*left_out))]
    Empty {
        /// Which file or folder.
        path: PathBuf,
        /// How much in it was left out.
        left_out: usize,
    },
    /// More files than a torrent may list.
    #[error("there are more than {} files, which is more than one torrent can hold: share parts of the folder, or leave some out with --exclude", grouped(MAX_FILES as u64))]
    TooManyFiles,
    /// Links lead along too many ways.
    #[error("the symbolic links lead to more than {} folders: share it without --follow-links, or leave some of them out with --exclude", grouped(MAX_FILES as u64))]
    TooManyFolders,
    /// Somebody has written to the file, or has put another in its place.
    #[error("{} changed while it was read: try again when nothing writes to it", .0.display())]
    Changed(PathBuf),
    /// More pieces than a torrent file can hold that clients read.
    #[error("{} pieces make a torrent file of more than {}, which clients do not read: {}", grouped(*pieces), progress::bytes(MAX_TORRENT_SIZE as u64), longer_pieces(*least))]
    TooManyPieces {
        /// How many there would be.
        pieces: u64,
        /// The shortest pieces that would do, in bytes, if any would.
        least: Option<u64>,
    },
    /// The torrent would not be read by others as it is meant.
    #[error("{}{}", .0, other_way(.0))]
    Torrent(#[from] metainfo::create::CreateError),
    /// The torrent would be refused.
    #[error(transparent)]
    Metainfo(#[from] metainfo::Error),
}

impl CreateError {
    pub(super) fn read(path: &Path, cause: io::Error) -> CreateError {
        CreateError::Read {
            path: path.to_owned(),
            cause,
        }
    }
}

/// What may be done about a name besides renaming its file.
fn other_way(error: &metainfo::create::CreateError) -> &'static str {
    match error {
        metainfo::create::CreateError::UnsafeName { is_own: true, .. } => {
            ", or give another with --name"
        }
        metainfo::create::CreateError::UnsafeName { .. } => ", or leave it out with --exclude",
        _ => "",
    }
}

fn but_left_out(number: usize) -> &'static str {
    match number {
        0 => "",
        _ => ", for what is in it is left out",
    }
}

fn longer_pieces(least: Option<u64>) -> String {
    match least {
        Some(bytes) if bytes < 1 << 20 => format!("--piece-length {}K would do", bytes >> 10),
        Some(bytes) => format!("--piece-length {}M would do", bytes >> 20),
        None => "share it in several torrents".to_owned(),
    }
}
