//! Why a resume file is of no use.

use metainfo::InfoHash;
use thiserror::Error;

use crate::record::FORMAT;

/// Why a resume file is of no use. None of it is a misfortune: what is on disk is read and hashed
/// instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResumeError {
    /// It is longer than any that we write.
    #[error(
        "the resume file has {found} bytes or more, and none of ours has more than {}: \
         all pieces are read again",
        crate::MAX_SIZE
    )]
    TooLarge {
        /// Bytes.
        found: usize,
    },
    /// It is no canonical bencode.
    #[error("the resume file is damaged ({0}): all pieces are read again")]
    Bencode(#[from] bencode::Error),
    /// A later version of the program wrote it.
    #[error(
        "the resume file has format {found}, and this program knows {FORMAT}: a later version \
         wrote it, and all pieces are read again"
    )]
    Newer {
        /// Its format.
        found: u64,
    },
    /// Something is missing.
    #[error("the resume file is damaged (it does not say \"{key}\"): all pieces are read again")]
    Missing {
        /// Which key.
        key: &'static str,
    },
    /// Something is not what it should be.
    #[error("the resume file is damaged (\"{key}\" is not {expected}): all pieces are read again")]
    Wrong {
        /// Which key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is about another torrent.
    #[error(
        "the resume file is of the torrent {found}, and this is {expected}: \
         all pieces are read again"
    )]
    OtherTorrent {
        /// Its torrent.
        found: InfoHash,
        /// Ours.
        expected: InfoHash,
    },
    /// It is about another folder.
    #[error(
        "the resume file is of the download folder {found}, and this is {expected}: \
         all pieces are read again"
    )]
    OtherFolder {
        /// Its folder.
        found: String,
        /// Ours.
        expected: String,
    },
    /// It counts other pieces than the torrent.
    #[error(
        "the resume file is damaged (it is of {found} pieces, and the torrent has {expected}): \
         all pieces are read again"
    )]
    OtherPieces {
        /// How many it has.
        found: u32,
        /// How many the torrent has.
        expected: u32,
    },
    /// It counts other files than the torrent.
    #[error(
        "the resume file is damaged (it is of {found} files, and the torrent has {expected}): \
         all pieces are read again"
    )]
    OtherFiles {
        /// How many it has.
        found: usize,
        /// How many the torrent has.
        expected: usize,
    },
}
