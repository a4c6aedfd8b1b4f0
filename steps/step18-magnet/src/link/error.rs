//! What can be wrong with a link.

use thiserror::Error;
use tracker::PeerAddrError;

use super::SelectedError;
use crate::limits::{MAX_LINK, MAX_SOURCES, MAX_URL};

/// Why a link cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MagnetError {
    /// Something else.
    #[error("a magnet link begins with `magnet:?`, and this with `{start}`")]
    NoMagnet {
        /// Its first characters, fit for a terminal.
        start: String,
    },
    /// Too long to be one.
    #[error("the magnet link has {bytes} bytes; more than {MAX_LINK} are not read")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A link to something, but not to a torrent.
    #[error(
        "the magnet link names no torrent: `xt=urn:btih:` with the torrent's info-hash is missing; \
         was it cut at the first `&`, perhaps by a shell? Put it in quotes"
    )]
    NoTopic,
    /// The torrent's hash cannot be one.
    #[error("at byte {offset} of the magnet link, the hash `{hash}` cannot be used: {why}")]
    Hash {
        /// Where its parameter begins, counted from 0.
        offset: usize,
        /// Its first characters, fit for a terminal.
        hash: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two hashes of one kind that differ.
    #[error(
        "the magnet link names two torrents: {first}, and at byte {offset} {second}; leave one of \
         them out"
    )]
    TwoTorrents {
        /// The hash that stands first.
        first: String,
        /// Another one.
        second: String,
        /// Where its parameter begins, counted from 0.
        offset: usize,
    },
    /// It selects files, but which?
    #[error(
        "at byte {offset} of the magnet link, `so` selects files by their numbers, but {error}; \
         without `so` all files are meant"
    )]
    Selected {
        /// Where the parameter begins, counted from 0.
        offset: usize,
        /// What is wrong with it.
        error: SelectedError,
    },
}

/// A part of a link that was left out. The link works without it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at byte {offset} of the magnet link: {why}")]
pub struct Skipped {
    /// Where the parameter begins, counted from 0.
    pub offset: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// Why a part of a link is left out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Why {
    /// Text that is none, or has in it what no URL has.
    #[error("this is no URL: `{0}`")]
    Url(String),
    /// A URL that no client would read.
    #[error("the URL is longer than {MAX_URL} bytes")]
    LongUrl,
    /// A peer that is nowhere.
    #[error("the peer cannot be called: {0}")]
    Peer(PeerAddrError),
    /// A hash that cannot be one, beside one that can.
    #[error("the hash `{0}` cannot be used: {1}")]
    Hash(String, &'static str),
    /// More than anybody needs.
    #[error("more than {MAX_SOURCES} of a kind are not read")]
    TooMany,
}
