//! The torrent file (BEP 3): what it describes, the info-hash that names it, and paths that are
//! safe to write to.
//!
//! A torrent file is one bencoded dictionary. Its `info` part describes the files and holds the
//! SHA-1 of every piece; the SHA-1 of the `info` part itself, the *info-hash*, is the torrent's
//! name in the whole protocol. What stands beside `info`, such as the trackers, can change without
//! making it another torrent.
//!
//! [`Metainfo::parse`] reads a torrent file. It takes what real programs write, notes in
//! [`Metainfo::warnings`] what was odd, and refuses with a reason what cannot be used or would be
//! dangerous. [`create`] goes the other way.
//!
//! ```
//! # fn main() -> Result<(), metainfo::Error> {
//! let bytes = b"d4:infod6:lengthi3e4:name5:a.txt12:piece lengthi16384e\
//!               6:pieces20:\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\
//!               \x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9dee";
//! let torrent = metainfo::Metainfo::parse(bytes)?;
//! assert_eq!(torrent.name, "a.txt");
//! assert_eq!(torrent.total_length, 3);
//! assert_eq!(torrent.piece_count(), 1);
//! # Ok(())
//! # }
//! ```

pub mod create;
mod error;
mod fields;
mod files;
mod info_hash;
mod limits;
mod merkle;
mod model;
mod parse;
pub mod path;
mod piece_length;
pub mod text;
mod trackers;
mod warnings;

#[cfg(test)]
mod tests;

pub use error::{Disagreement, Error};
pub use info_hash::{InfoHash, ParseInfoHashError};
pub use limits::{
    MAX_FILES, MAX_PATH_DEPTH, MAX_PATH_ELEMENTS, MAX_PATH_LENGTH, MAX_TORRENT_SIZE, read_limited,
};
pub use model::{File, Metainfo, Names, Portable, Version};
pub use parse::info_bytes;
pub use piece_length::automatic_piece_length;
pub use warnings::{Excerpt, Warning};
