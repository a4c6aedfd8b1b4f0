//! Chapter 18: from a magnet link to the torrent that it names (BEP 9, 10, 53).
//!
//! A magnet link is a torrent's info-hash and little else. Everything that a torrent file tells, its
//! `info` dictionary, is fetched from peers that have it, in four steps:
//!
//! ```text
//! link           magnet:?xt=urn:btih:<info-hash>          a Magnet
//! handshakes     "I hear ut_metadata under number 3"      Extensions, ExtendedHandshake
//! messages       "block 7, please"; "here it is"          MetadataMessage
//! all of it      its SHA-1 is the info-hash, or not       MetadataFetch
//! ```
//!
//! Only the last of them can be checked, and only when all of it is there: a peer may say of the
//! metadata's length and of each block what it likes. [`MetadataFetch`] believes nobody, asks everybody
//! at once, and finds out who lied. [`MetadataServe`] is the other side. Neither opens a connection:
//!
//! ```
//! use std::time::Duration;
//!
//! use magnet::{FetchAction, Magnet, MetadataFetch, MetadataMessage, MetadataServe};
//! use metainfo::InfoHash;
//! use picker::PeerKey;
//!
//! let info = b"d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
//! let link = format!("magnet:?xt=urn:btih:{}", InfoHash::of(info));
//! let magnet: Magnet = link.parse().unwrap();
//! let mut fetch = MetadataFetch::new(magnet.info_hash_v1.unwrap());
//! let mut peer = MetadataServe::new(&info[..]);
//!
//! // The peer has said in its extension handshake how long its metadata are.
//! let (key, now) = (PeerKey(1), Duration::ZERO);
//! fetch.joined(key, peer.metadata_size(), now);
//! let request = FetchAction::Request { peer: key, piece: 0 };
//! assert_eq!(fetch.poll_action(), Some(request));
//!
//! // It answers, and it is the truth.
//! let answer = peer.answer(key, 0, now).unwrap();
//! fetch.handle(key, answer, now);
//! let found = FetchAction::Finished { info: info.to_vec() };
//! assert_eq!(fetch.poll_action(), Some(found));
//! ```
//!
//! [`torrent_file`] makes a torrent file of what has come. What goes over the wire are bodies of the
//! message `extended`, number [`EXTENDED`]: [`Extensions::hear`] takes them, and
//! [`Extensions::body`], [`ExtendedHandshake::to_body`] and [`MetadataMessage::to_body`] make them. With
//! the feature `blocking`, [`blocking`] does it all over connections.

#[cfg(feature = "blocking")]
pub mod blocking;
mod extended;
mod extensions;
mod fetch;
pub mod limits;
mod link;
mod metadata;
mod serve;
mod torrent;

pub use extended::{EXTENDED, ExtendedError, ExtendedHandshake, HANDSHAKE_ID};
pub use extensions::{Extensions, Heard, UT_METADATA};
pub use fetch::{FetchAction, LeaveReason, Lie, MetadataFetch};
pub use link::{Magnet, MagnetError, Selected, SelectedError, Skipped, Why};
pub use metadata::{MetadataError, MetadataMessage, block_count, block_len};
pub use serve::MetadataServe;
pub use torrent::torrent_file;
