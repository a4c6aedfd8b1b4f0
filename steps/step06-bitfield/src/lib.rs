//! Chapter 6: which pieces a peer has, and everything peers say to each other.
//!
//! After the handshake a connection carries one stream of messages in each direction (BEP 3, "peer
//! messages"). Each begins with its length in four bytes; a length of zero is a keep-alive:
//!
//! ```text
//! 00 00 00 05   04   00 00 00 2a        have: I now have piece 42
//! length        id   body
//! ```
//!
//! * [`Bitfield`] is a set of pieces, one bit each.
//! * [`Message`] is one message; [`Message::encode`] puts it in bytes.
//! * [`Decoder`] takes the bytes as they come, in whatever cuts, and gives back [`Item`]s.
//!
//! The payload of a `piece` message, the only large one, never passes through here: the decoder
//! gives its [`BlockHeader`], and the caller reads the payload to wherever it is wanted.
//!
//! ```
//! use messages::{BlockRequest, Decoder, Item, Message};
//!
//! let request = Message::Request(BlockRequest { piece: 1, offset: 0, len: 16384 });
//! let mut bytes = Vec::new();
//! request.encode(&mut bytes);
//! assert_eq!(bytes.len(), 17);
//!
//! // The peer's decoder gets these bytes in two parts.
//! let mut decoder = Decoder::new(10);
//! assert_eq!(decoder.next(&bytes[..6]), Ok((6, None)));
//! assert_eq!(decoder.next(&bytes[6..]), Ok((11, Some(Item::Message(request)))));
//! ```

mod bitfield;
mod decoder;
mod ended;
mod error;
pub mod ids;
mod message;

pub use bitfield::{Bitfield, BitfieldError};
pub use decoder::{BlockHeader, Decoder, Item};
pub use ended::Ended;
pub use error::WireError;
pub use ids::name;
pub use message::{BlockRequest, Message, piece_header};

/// The longest block a peer may send, in bytes: 128 KiB. We ask for 16 KiB and some clients answer
/// with 32; what is longer than this is no answer to anything.
pub const MAX_BLOCK: u32 = 128 * 1024;

/// Stands for the number of pieces of a torrent of which nothing but the info-hash is known.
pub const UNKNOWN_PIECES: u32 = u32::MAX;

/// The longest message of an unknown kind that is skipped, in bytes: 1 MiB, the id included. A peer
/// that announces more is not speaking BitTorrent.
pub const MAX_SKIPPED: u32 = 1024 * 1024;

/// The longest message of a later BEP that is [kept](Decoder::keeping), in bytes: 64 KiB, the id included.
/// What is longer is skipped like a message that nobody knows.
pub const MAX_KEPT: u32 = 64 * 1024;
