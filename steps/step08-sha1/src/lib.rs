//! SHA-1 from the standard: for one message, and for many at once.
//!
//! A torrent names the SHA-1 of every piece, so a client hashes every byte it downloads. The
//! algorithm is here in three forms:
//!
//! - [`Sha1`] and [`sha1`]: ours, written from FIPS 180-4, one message at a time. This is the form
//!   to read.
//! - [`lanes`]: the same compression for 4, 8 or 16 messages at once.
//! - [`digest`], [`digest_many`] and [`Batch`]: what the client calls. One message is hashed by the
//!   `sha1` crate, which uses the processor's SHA instructions; many by the lanes, when enough of
//!   them wait to be faster.

#![forbid(unsafe_code)]

mod batch;
mod choice;
mod compress;
pub mod lanes;
mod sha1;

pub use batch::{Batch, digest, digest_many};
pub use choice::{has_sha_instructions, lane_count};
pub use sha1::{Sha1, sha1};

/// A SHA-1 digest: 20 bytes.
pub type Digest = [u8; 20];
