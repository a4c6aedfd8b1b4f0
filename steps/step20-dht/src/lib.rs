//! Chapter 20: the distributed hash table (BEP 5): finding peers without a tracker.
//!
//! Millions of clients are the tracker together. Each of them has an [`Id`] of 160 bits, as each torrent
//! has an info-hash, and keeps the peers of those torrents that are near to it. How near is a matter of
//! arithmetic ([`Id::distance`]). To find a torrent's peers one asks nodes that one knows for nodes that
//! are nearer to it, these again, and after a few steps those who keep its peers.
//!
//! [`Node`] does both: it asks for us, and answers others. It is a state machine that opens no socket:
//! it is handed datagrams and the time, and says what to send and when to look at it again.
//!
//! ```
//! use std::net::SocketAddr;
//! use std::time::Duration;
//!
//! use dht::{Config, Event, Family, Node, Search};
//! use metainfo::InfoHash;
//! use rand::{SeedableRng, rngs::SmallRng};
//!
//! let rng = &mut SmallRng::seed_from_u64(1);
//! let now = Duration::ZERO;
//! let [a, b]: [SocketAddr; 2] = ["127.0.0.1:1001", "127.0.0.1:1002"].map(|addr| addr.parse().unwrap());
//! let mut ours = Node::new(Config::LOCAL, now, rng);
//! let mut other = Node::new(Config::LOCAL, now, rng);
//!
//! // We have been told of one node, and look for the peers of a torrent.
//! ours.add_seed(b, now);
//! let search = Search::of(InfoHash([7; 20]), Family::V4);
//! let lookup = ours.search(search, now).unwrap();
//! let mut events = Vec::new();
//! loop {
//!     let mut is_silent = true;
//!     while let Some(sent) = ours.poll_transmit() {
//!         other.handle(a, &sent.bytes, now);
//!         is_silent = false;
//!     }
//!     while let Some(sent) = other.poll_transmit() {
//!         ours.handle(b, &sent.bytes, now);
//!         is_silent = false;
//!     }
//!     events.extend(std::iter::from_fn(|| ours.poll_event()));
//!     if is_silent {
//!         break;
//!     }
//! }
//! // The other one has answered, and knows neither peers nor other nodes.
//! let Some(Event::Ended { summary, .. }) = events.last() else { panic!() };
//! assert_eq!((summary.answered, summary.peers), (1, 0));
//! // Now it is in our table.
//! assert_eq!(ours.snapshot(now).v4.unwrap().good, 1);
//! ```
//!
//! Anybody can send us anything, in anybody's name. What follows from that is in [`limits`], and in the
//! modules' own words: no address gets more bytes from us than came from it, until it has proven that
//! somebody is there who wants them; nobody is in our table who has not answered us; nobody has a lookup
//! of ours ask more than he has paid for, but for [`RESERVE`](limits::RESERVE) questions.
//!
//! [`Message`](krpc::Message) is what a datagram says. With the feature `blocking`, [`blocking`] runs a
//! node over a socket.

mod address;
#[cfg(feature = "blocking")]
pub mod blocking;
mod filter;
mod generations;
mod id;
pub mod krpc;
mod ledger;
pub mod limits;
mod lookup;
mod node;
mod rate;
mod saved;
mod snapshot;
mod store;
mod table;
mod tokens;
mod torrent_nodes;

pub use filter::Filter;
pub use id::{Distance, Id, crc32c, is_local};
pub use krpc::Contact;
pub use node::{
    Announcing, Config, Event, LookupId, Node, ReadOnly, Said, Search, SearchError, Step, Summary,
    Transmit,
};
pub use saved::{Saved, SavedError};
pub use snapshot::{Place, Snapshot, Traffic};
pub use table::Standing;
pub use torrent_nodes::torrent_nodes;
pub use udp_tracker::Family;

/// What we say we are: two letters, and two of the version (BEP 5, `v`; BEP 20).
pub const VERSION: [u8; 4] = *b"KO01";

#[cfg(test)]
mod simulation;
