//! Chapter 18: from a magnet link to the torrent it names.

mod extended;
mod extensions;
mod fetch;
pub mod limits;
mod link;
mod metadata;
mod serve;
mod torrent;

pub use extended::{ExtendedError, ExtendedHandshake, HANDSHAKE_ID};
pub use extensions::{Extensions, Heard, UT_METADATA};
pub use fetch::{FetchAction, LeaveReason, Lie, MetadataFetch};
pub use link::{Magnet, MagnetError, Selected, SelectedError, Skipped, Why};
pub use metadata::{MetadataError, MetadataMessage, block_count, block_len};
pub use serve::MetadataServe;
pub use torrent::torrent_file;
