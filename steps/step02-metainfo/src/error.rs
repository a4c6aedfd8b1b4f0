//! Why a torrent file is refused.

use thiserror::Error;

use crate::limits::{MAX_FILES, MAX_PATH_DEPTH, MAX_PATH_ELEMENTS, MAX_PATH_LENGTH};

/// Why a torrent file is refused.
///
/// A `field` is named with where it stands: `info.piece length`, `info.files[3].length`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// It is not bencoded, or cut short.
    #[error("this is not a torrent file, or a damaged one: {0}")]
    Bencode(#[from] bencode::Error),
    /// Bencoded, but no dictionary.
    #[error("this is not a torrent file: it holds no dictionary")]
    NotADictionary,
    /// Something that every torrent must have is not there.
    #[error("the torrent has no \"{field}\"; it is no torrent file, or incomplete")]
    Missing {
        /// What is missing.
        field: String,
    },
    /// Something is of another kind than it must be.
    #[error("\"{field}\" (at byte {offset}) must be {expected}")]
    Wrong {
        /// What is wrong.
        field: String,
        /// Its offset in the torrent file, in bytes.
        offset: usize,
        /// What it must be.
        expected: &'static str,
    },
    /// The sizes of all files together fit in no 63 bits.
    #[error("the sizes of the files add up to more than any disk holds")]
    TooLarge,
    /// More pieces than the protocol can number.
    #[error("the torrent has more pieces than the protocol can number")]
    TooManyPieces,
    /// `pieces` does not fit the size of the files.
    #[error(
        "\"info.pieces\" (at byte {offset}) has {found} bytes, but the files make {expected} pieces \
         of {piece_length} bytes, and each needs 20"
    )]
    PiecesLength {
        /// The offset of `pieces` in the torrent file, in bytes.
        offset: usize,
        /// The bytes it has.
        found: usize,
        /// The number of pieces the files make.
        expected: u64,
        /// The bytes of a piece.
        piece_length: u64,
    },
    /// The list of files is empty.
    #[error("the torrent lists no files")]
    NoFiles,
    /// More files than [`MAX_FILES`].
    #[error("the torrent lists more than {MAX_FILES} files")]
    TooManyFiles,
    /// A path of more than [`MAX_PATH_DEPTH`] elements.
    #[error("\"{field}\" is more than {MAX_PATH_DEPTH} folders deep")]
    PathTooDeep {
        /// The path at fault.
        field: String,
    },
    /// A path of more than [`MAX_PATH_LENGTH`] bytes.
    #[error("\"{field}\" is longer than {MAX_PATH_LENGTH} bytes")]
    PathTooLong {
        /// The path at fault.
        field: String,
    },
    /// More path elements than [`MAX_PATH_ELEMENTS`].
    #[error("the paths of all files have more than {MAX_PATH_ELEMENTS} elements together")]
    TooManyPathElements,
    /// A symbolic link whose target is not plainly inside the torrent's folder (BEP 47).
    #[error(
        "\"{field}\" (at byte {offset}) points out of the torrent's own folder; such a torrent is not safe to use"
    )]
    SymlinkLeaves {
        /// The link's target.
        field: String,
        /// Its offset in the torrent file, in bytes.
        offset: usize,
    },
    /// A file that would be written through a symbolic link of the same torrent.
    #[error(
        "the file \"{path}\" lies behind a symbolic link of the same torrent; such a torrent is not safe to use"
    )]
    PathThroughSymlink {
        /// The file's path.
        path: String,
    },
    /// In the file tree of version 2 something is both a file and a folder (BEP 52).
    #[error("in \"info.file tree\" (at byte {offset}) something is both a file and a folder")]
    FileAndFolder {
        /// Where, in bytes from the start of the torrent file.
        offset: usize,
    },
    /// A version of the protocol that came after this program.
    #[error("the torrent is of version {0}; versions 1 and 2 are known")]
    UnknownVersion(i64),
}
