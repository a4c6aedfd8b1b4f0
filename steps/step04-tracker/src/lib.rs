//! Chapter 4: asking a tracker who else has the torrent (BEP 3, "trackers").
//!
//! An announce is one HTTP GET. Its URL says what we have and who we are; the reply names other
//! peers and says when to ask again. This library writes the URL and reads the reply:
//!
//! ```
//! use metainfo::InfoHash;
//! use peer_id::PeerId;
//! use tracker::{AnnounceRequest, AnnounceEvent, announce_url, parse_reply};
//!
//! let request = AnnounceRequest {
//!     info_hash: InfoHash([0xff; 20]),
//!     peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
//!     port: 6881,
//!     uploaded: 0,
//!     downloaded: 0,
//!     left: 1000,
//!     event: Some(AnnounceEvent::Started),
//!     numwant: None,
//!     key: 0x1234abcd,
//!     tracker_id: None,
//! };
//! let url = announce_url("http://tracker.example/announce", &request).unwrap();
//! assert!(url.starts_with("http://tracker.example/announce?info_hash=%FF%FF"));
//!
//! // One peer, in six bytes: 127.0.0.1, port 6881.
//! let reply = parse_reply(b"d8:intervali1800e5:peers6:\x7f\0\0\x01\x1a\xe1e").unwrap();
//! assert_eq!(reply.peers, ["127.0.0.1:6881".parse().unwrap()]);
//! ```
//!
//! A scrape ([`scrape_url`], [`parse_scrape`]) asks for the counts alone. A torrent may name several trackers, in [`Tiers`]. With the feature `blocking`, [`blocking`]
//! sends an announce; with the feature `http`, [`http`] has what any HTTP client needs to send one
//! within the same [`limits`].

mod announce;
#[cfg(feature = "blocking")]
pub mod blocking;
mod error;
mod escape;
mod host;
#[cfg(feature = "http")]
pub mod http;
pub mod limits;
mod peer_addr;
mod peers;
mod reply;
mod retry;
mod scrape;
mod text;
mod tiers;

pub use announce::{AnnounceEvent, AnnounceRequest, UrlError, announce_url};
pub use error::AnnounceError;
pub use escape::percent_encode;
pub use host::{host_of, is_loopback};
pub use limits::{MAX_REDIRECTS, MAX_REPLY, TIMEOUT, USER_AGENT};
pub use peer_addr::{PeerAddr, PeerAddrError};
pub use peers::{compact_v4, compact_v6};
pub use reply::{AnnounceReply, ReplyError, parse_reply};
pub use retry::Retry;
pub use scrape::{Counts, parse_scrape, scrape_url};
pub use text::printable;
pub use tiers::Tiers;
