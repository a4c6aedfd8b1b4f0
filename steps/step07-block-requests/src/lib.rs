//! Pieces, blocks, and requests that keep the pipe full.
//!
//! A torrent is cut into *pieces*, each with its SHA-1 in the metainfo. A piece is too long to ask
//! for at once, so peers ask for *blocks* of 16 KiB: [`Geometry`] does the arithmetic. [`Outstanding`]
//! remembers what was asked of one peer, and says of each block that arrives what it answers.
//! [`Window`] decides how many requests to keep on their way, so that the peer is never idle.
//!
//! Nothing of this opens a socket or reads a clock: time is a [`Duration`](std::time::Duration) since
//! the start. `blocking` puts it to work over a connection, for the programs of the steps.
//!
//! ```
//! use blocks::{BlockHeader, Geometry, Landed, Outstanding};
//!
//! // 100,000 bytes in pieces of 40,000: the last block of a piece, and the last piece, are short.
//! let geometry = Geometry::new(100_000, 40_000).unwrap();
//! assert_eq!((geometry.pieces(), geometry.piece_len(2)), (3, 20_000));
//! assert_eq!((geometry.blocks_in(0), geometry.block(0, 2).len), (3, 7_232));
//!
//! // Two blocks are asked for, and come as one answer of 32 KiB.
//! let mut outstanding = Outstanding::new();
//! outstanding.ask(geometry.block(0, 0));
//! outstanding.ask(geometry.block(0, 1));
//! let answer = BlockHeader { piece: 0, offset: 0, len: 32_768 };
//! for (index, part) in (0..).zip(outstanding.arriving(answer)) {
//!     let landed = outstanding.landed(part.target.unwrap(), part.len);
//!     assert_eq!(landed, Landed::Whole(geometry.block(0, index)));
//! }
//! ```

#[cfg(feature = "blocking")]
pub mod blocking;
mod buffer;
mod geometry;
mod outstanding;
mod window;

use serde::{Deserialize, Serialize};

pub use buffer::{BlockBuf, block_buf, block_bufs};
pub use geometry::{Geometry, GeometryError, MAX_PIECES, RequestError};
pub use messages::{BlockHeader, BlockRequest, MAX_BLOCK};
pub use outstanding::{Landed, MAX_OUTSTANDING, Outstanding, Part, Parts, Target};
pub use window::Window;

// ANCHOR: block
/// How many bytes are asked for at a time: 16 KiB. BEP 3 says "all current implementations use
/// 2^14", and some peers close the connection on a request for more.
pub const BLOCK: u32 = 16 * 1024;
// ANCHOR_END: block

/// When the SHA-1 of each block of a piece is wanted, besides that of the whole: it shows who sent
/// which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockDigests {
    /// All blocks have one sender.
    Never,
    /// If the piece is wrong: several peers sent blocks of it, and one of them lied.
    IfWrong,
    /// In any case: the piece was wrong before, and is to be compared with what it was then.
    Always,
}
