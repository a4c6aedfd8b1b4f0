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
    /// Nothing is left when the symbolic links are left out that cannot be made (BEP 47).
    #[error(
        "the torrent holds nothing but symbolic links that point out of its folder, or to nothing"
    )]
    OnlyLinks,
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
    /// Padding in the file tree of version 2, where every file begins a piece anyway (BEP 52).
    #[error("\"{path}\" is padding, and in \"info.file tree\" there is none")]
    PaddingInTree {
        /// The file's path.
        path: String,
    },
    /// The hashes of the pieces of a v2 file are not there (BEP 52).
    #[error("\"piece layers\" has no hashes for the file \"{path}\"")]
    NoLayer {
        /// The file's path.
        path: String,
    },
    /// The hashes of the pieces of a v2 file are too many or too few (BEP 52).
    #[error(
        "\"piece layers\" has {found} bytes of hashes for the file \"{path}\", but it has {pieces} \
         pieces, and each needs 32"
    )]
    LayerLength {
        /// The file's path.
        path: String,
        /// The bytes that are there.
        found: usize,
        /// The pieces of the file.
        pieces: u64,
    },
    /// The hashes of the pieces of a v2 file do not give the root of its hash tree (BEP 52).
    #[error("the hashes of the file \"{path}\" in \"piece layers\" do not fit its \"pieces root\"")]
    LayerRoot {
        /// The file's path.
        path: String,
    },
    /// Hashes of pieces under a root that is that of no file, or of a file of one piece (BEP 52).
    #[error("\"piece layers\" has hashes (at byte {offset}) that no file of the torrent needs")]
    UnknownLayer {
        /// Where, in bytes from the start of the torrent file.
        offset: usize,
    },
    /// The two halves of a hybrid torrent describe different files (BEP 52).
    #[error("the two halves of the torrent do not agree, version 1 and version 2: {0}")]
    Halves(Disagreement),
    /// A version of the protocol that came after this program.
    #[error("the torrent is of version {0}; versions 1 and 2 are known")]
    UnknownVersion(i64),
}

/// Where the two halves of a hybrid torrent differ (BEP 52, upgrade path).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Disagreement {
    /// Two files of different paths at the same place in the list.
    #[error("where one has the file \"{v1}\", the other has \"{v2}\"")]
    Path {
        /// The path in the first half.
        v1: String,
        /// The path in the second half.
        v2: String,
    },
    /// A file has two lengths.
    #[error("the file \"{path}\" has {v1} bytes in one and {v2} in the other")]
    Length {
        /// The file's path.
        path: String,
        /// Its length in the first half, in bytes.
        v1: u64,
        /// Its length in the second half, in bytes.
        v2: u64,
    },
    /// A file of the first half is not in the second.
    #[error("the file \"{path}\" is in the first alone")]
    OnlyV1 {
        /// The file's path.
        path: String,
    },
    /// A file of the second half is not in the first.
    #[error("the file \"{path}\" is in the second alone")]
    OnlyV2 {
        /// The file's path.
        path: String,
    },
    /// The padding in front of a file is too long or too short, or not there.
    #[error(
        "the file \"{path}\" begins at byte {v1} in one and at byte {v2} in the other; the padding \
         before it is wrong"
    )]
    Place {
        /// The file's path.
        path: String,
        /// Where it begins in the first half, in bytes from the start of all files.
        v1: u64,
        /// Where it begins in the second half.
        v2: u64,
    },
    /// Padding at the end that makes pieces which the second half does not have.
    #[error(
        "one ends at byte {v1}, the last piece of the other at byte {v2}; the padding is wrong"
    )]
    End {
        /// The end of the first half, in bytes from the start of all files.
        v1: u64,
        /// The end of the last piece of the second half.
        v2: u64,
    },
}
