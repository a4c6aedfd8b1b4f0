//! What the fetching tells, and why.

use std::time::Duration;

use picker::PeerKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::MetadataError;
use crate::limits::MAX_METADATA;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FetchAction {
    /// Ask this peer for this block: [`MetadataMessage::Request`](crate::MetadataMessage::Request).
    Request {
        /// The peer.
        peer: PeerKey,
        /// The block's number, from 0.
        piece: u32,
    },
    /// Here are the metadata: the `info` dictionary whose SHA-1 is the info-hash. Nothing comes after
    /// this but [`Ban`](FetchAction::Ban)s.
    Finished {
        /// Its bytes.
        info: Vec<u8>,
    },
    /// This peer has no metadata for us, at least for a while. A connection that is for nothing else
    /// can be closed.
    Leave {
        /// The peer.
        peer: PeerKey,
        /// Why.
        why: LeaveReason,
    },
    /// This peer lied: have nothing to do with it. It may be one that has left.
    Ban {
        /// The peer.
        peer: PeerKey,
        /// What it did.
        why: Lie,
    },
}

/// Why a peer has no metadata for us.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum LeaveReason {
    /// It said so.
    #[error("the peer gives no metadata: it has none itself, or is asked by too many")]
    Refused,
    /// It did not say anything.
    #[error("the peer has not answered a question for metadata for {} s", silent.as_secs())]
    Silent {
        /// For how long.
        silent: Duration,
    },
    /// It claims more than anybody has.
    #[error("the peer claims metadata of {size} bytes; more than {MAX_METADATA} are not fetched")]
    TooLarge {
        /// What it claims, in bytes.
        size: u64,
    },
    /// It claims nothing, or that there is nothing.
    #[error("the peer does not say how many bytes its metadata have")]
    NoSize,
    /// It said something that we do not understand.
    #[error("{0}")]
    Broken(MetadataError),
}

/// What a peer did that no honest one does.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Lie {
    /// It contradicts itself.
    #[error("the peer claimed metadata of {claimed} bytes, and then of {said}")]
    Contradiction {
        /// The size that it claimed first, in bytes.
        claimed: u64,
        /// What it said later.
        said: u64,
    },
    /// It sent a block that cannot be one.
    #[error("the peer sent {len} bytes as block {piece} of its metadata, which has {expected}")]
    BlockLength {
        /// The block's number, from 0.
        piece: u32,
        /// How many bytes came.
        len: usize,
        /// How many there should be, by the size that it claims.
        expected: usize,
    },
    /// All that it sent is something else.
    #[error(
        "all metadata that the peer sent, of {size} bytes, do not have the torrent's info-hash"
    )]
    WrongHash {
        /// The size that it claimed.
        size: u64,
    },
    /// Something that it sent is something else. It is known by the right metadata.
    #[error("the peer sent metadata that are not the torrent's, among others that were")]
    WrongBlock,
    /// The metadata have another size. It is known by the right metadata.
    #[error("the peer claimed metadata of {claimed} bytes, and the torrent's have {right}")]
    WrongSize {
        /// What it claimed, in bytes.
        claimed: u64,
        /// What is true.
        right: u64,
    },
}
