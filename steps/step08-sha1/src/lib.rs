//! SHA-1 from the standard: for one message, and for many at once.
//!
//! A torrent names the SHA-1 of every piece, so a client hashes each byte it downloads. This crate has the algorithm
//! three times over, all with one meaning:
//!
//! - [`Sha1`] and [`sha1`]: ours, written from FIPS 180-4, one message at a time. This is the form to read.
//! - [`lanes`]: the same compression over arrays, so that one instruction works on 4, 8 or 16 messages.
//! - [`digest`], [`digest_many`] and [`Batch`]: what the client calls. They pick the fastest way on this machine: the
//!   processor's SHA instructions (by the `sha1` crate), or the lanes when enough messages wait.

#![forbid(unsafe_code)]

mod batch;
mod compress;
pub mod lanes;
mod sha1;

pub use batch::{Batch, digest, digest_many};
pub use lanes::lane_count;
pub use sha1::{Sha1, sha1};

/// A SHA-1 digest: 20 bytes.
pub type Digest = [u8; 20];
