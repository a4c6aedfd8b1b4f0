//! Pieces, blocks, and requests that keep the pipe full.
//!
//! A torrent is cut into *pieces*, each with its SHA-1 in the metainfo. A piece is too long to ask
//! for at once, so peers ask for *blocks* of 16 KiB: [`Geometry`] does the arithmetic. [`Outstanding`]
//! remembers what was asked of one peer, and says of each block that arrives what it answers.
//! [`Window`] decides how many requests to keep on their way, so that the peer is never idle.
//!
//! Nothing of this opens a socket or reads a clock: time is a [`Duration`](std::time::Duration) since
//! the start. `blocking` puts it to work over a connection, for the programs of the steps.

#[cfg(feature = "blocking")]
pub mod blocking;
mod geometry;
mod outstanding;
mod window;

pub use geometry::{Geometry, GeometryError, MAX_PIECES, RequestError};
pub use messages::{BlockHeader, BlockRequest, MAX_BLOCK};
pub use outstanding::{Landed, MAX_OUTSTANDING, Outstanding, Part, Parts, Target};
pub use window::Window;

// ANCHOR: block
/// How many bytes are asked for at a time: 16 KiB. BEP 3 says "all current implementations use
/// 2^14", and some peers close the connection on a request for more.
pub const BLOCK: u32 = 16 * 1024;
// ANCHOR_END: block
