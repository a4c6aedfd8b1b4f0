//! What a peer can get wrong in the stream of messages. Each of these ends the connection.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{MAX_BLOCK, MAX_SKIPPED, ids};

/// Why a peer's bytes are not a stream of BitTorrent messages. There is no way to find the next
/// message after one of these: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum WireError {
    /// A message whose kind has one possible length came with another.
    #[error(
        "the peer sent a `{}` message (id {id}) of {length} bytes, which is always {expected} long",
        ids::name(*id)
    )]
    WrongLength {
        /// The message's id.
        id: u8,
        /// The length it announced, id included.
        length: u32,
        /// The length it has to have.
        expected: u32,
    },
    /// A `piece` message that carries nothing, or not even its own header.
    #[error("the peer sent a `piece` message of {length} bytes: there is no block in it")]
    EmptyBlock {
        /// The length it announced, id and header included.
        length: u32,
    },
    /// A `piece` message with a block longer than anyone asks for.
    #[error("the peer announced a block of {len} bytes; more than {MAX_BLOCK} is never asked for")]
    BlockTooLong {
        /// The block's length in bytes, without id and header.
        len: u32,
    },
    /// A message of an unknown kind that is too long to be skipped.
    #[error(
        "the peer announced a message (id {id}, {}) of {length} bytes; more than {MAX_SKIPPED} is \
         not believed",
        ids::name(*id)
    )]
    MessageTooLong {
        /// The message's id.
        id: u8,
        /// The length it announced, id included.
        length: u32,
    },
    /// A piece number at or beyond the number of pieces.
    #[error(
        "the peer sent a `{}` message for piece {piece}, but the torrent has {pieces} pieces, \
         counted from 0",
        ids::name(*id)
    )]
    NoSuchPiece {
        /// The message's id.
        id: u8,
        /// The piece it named.
        piece: u32,
        /// How many pieces there are.
        pieces: u32,
    },
}
