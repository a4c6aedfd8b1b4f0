//! Chapter 17: asking a tracker by single datagrams (BEP 15, and the options of BEP 41).
//!
//! An announce over HTTP takes a connection, some ten packets. Over UDP it takes four datagrams: the
//! tracker gives out a *connection id*, which only somebody who is where he says he is can know, and
//! whoever knows it may ask.
//!
//! ```text
//! us        connect                16 bytes
//! tracker   here is an id          16 bytes
//! us        announce, with the id  98 bytes, and options
//! tracker   peers                  20 bytes, and 6 for each peer (18 with IPv6)
//! ```
//!
//! UDP loses datagrams, doubles them, brings them in any order, and says nothing about who has really
//! sent them. What to do about that is for [`Client`], a state machine that is handed datagrams and
//! the time, and says what to send and when to look at it again. It opens no socket:
//!
//! ```
//! use std::net::SocketAddr;
//! use std::time::Duration;
//!
//! use metainfo::InfoHash;
//! use rand::{SeedableRng, rngs::SmallRng};
//! use udp_tracker::{Ask, Client, ConnectionId, Reply, Request, Said};
//!
//! let rng = &mut SmallRng::seed_from_u64(1);
//! let tracker: SocketAddr = "192.0.2.1:6969".parse().unwrap();
//! let (patience, now) = (Duration::from_secs(20), Duration::ZERO);
//! let mut client = Client::new();
//! let id = client
//!     .start(tracker, Ask::Scrape(vec![InfoHash([7; 20])]), patience, now, rng)
//!     .unwrap();
//!
//! // The first datagram asks for a connection id.
//! let sent = client.poll_transmit().unwrap();
//! let Ok(Request::Connect { transaction }) = Request::decode(&sent.bytes) else { panic!() };
//! let said = Said::Connected(ConnectionId(42));
//! let reply = Reply { transaction, said }.encode(tracker.into());
//! client.handle(tracker, &reply, now);
//!
//! // The second asks the question.
//! let sent = client.poll_transmit().unwrap();
//! assert!(matches!(Request::decode(&sent.bytes), Ok(Request::Ask { .. })));
//!
//! // Nobody answers: it is sent again after 15 seconds, and given up after 20.
//! assert_eq!(client.poll_timeout(), Some(Duration::from_secs(15)));
//! client.handle_timeout(patience, rng);
//! let ended = client.poll_event().unwrap();
//! assert_eq!(ended.id, id);
//! assert!(ended.result.is_err());
//! ```
//!
//! [`Request`] and [`Reply`] are the datagrams; [`TrackerUrl`] is where they go. [`Server`] is the other
//! side, small, for tests and practice swarms. With the feature `blocking`, [`blocking`] does it all
//! over a socket.

#[cfg(feature = "blocking")]
pub mod blocking;
mod client;
pub mod limits;
mod options;
mod packet;
mod server;
mod url;

pub use client::{Answer, Client, Ended, Failure, RequestId, StartError, Transmit};
pub use options::{decode_options, encode_options};
pub use packet::{
    Action, Announce, Announced, Ask, ConnectionId, Family, PROTOCOL_ID, PacketError, Reply,
    Request, Said, Scraped, TransactionId, UNKNOWN_LEFT,
};
pub use server::{Lookup, Server};
pub use url::{TrackerUrl, UrlError};
