//! The datagrams (BEP 5, "KRPC Protocol"): a question, its answer, or an error, each one bencoded
//! dictionary.
//!
//! Whatever a node sends us may be odd: keys in any order, keys that nobody knows, ids of transactions
//! in any length. [`Message::decode`] takes what makes sense, and drops what does not. What we write
//! has one spelling.

use std::net::SocketAddr;

use metainfo::InfoHash;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Filter, Id};

mod compact;
mod read;
mod write;

pub(crate) use compact::{contacts, read_contacts};

/// A node: what it is called, and where it is ("compact node info" on the wire: 26 bytes with IPv4, 38
/// with IPv6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: Id,
    /// Its address.
    pub addr: SocketAddr,
}

// ANCHOR: message
/// A datagram of the DHT (BEP 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `t`: by which an answer is known to be one to our question. Whoever answers gives it back as it
    /// is. 1 to [`MAX_TRANSACTION`](crate::limits::MAX_TRANSACTION) bytes.
    pub transaction: Vec<u8>,
    /// `v`: which program this is, mostly two letters and two bytes. Often missing.
    pub version: Option<Vec<u8>>,
    /// `ro`: whoever asks takes no questions, and is to be kept out of tables (BEP 43).
    pub read_only: bool,
    /// `ip`: where whoever answers sees us (BEP 42).
    pub ip: Option<SocketAddr>,
    /// What is said.
    pub body: Body,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `q`: a question.
    Query(Query),
    /// `r`: an answer.
    Response(Response),
    /// `e`: no answer, and why.
    Error(Refusal),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Who asks.
    pub id: Id,
    /// What for.
    pub ask: Ask,
}

/// The four questions (BEP 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `ping`: are you there?
    Ping,
    /// `find_node`: who of those you know is closest to this id?
    FindNode {
        /// The id.
        target: Id,
        /// Of which families.
        want: Want,
    },
    /// `get_peers`: who has this torrent? And who is closest to it?
    GetPeers(GetPeers),
    /// `announce_peer`: I have this torrent.
    AnnouncePeer(AnnouncePeer),
    /// A question that we do not know.
    Unknown,
}
// ANCHOR_END: message

/// The question for peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPeers {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Nodes of which families.
    pub want: Want,
    /// `noseed`: rather those who lack something (BEP 33).
    pub noseed: bool,
    /// `scrape`: how many there are, too (BEP 33).
    pub scrape: bool,
}

impl GetPeers {
    /// For all peers, and nodes of the family over which it is asked.
    pub fn of(info_hash: InfoHash) -> GetPeers {
        GetPeers {
            info_hash,
            want: Want::default(),
            noseed: false,
            scrape: false,
        }
    }
}

/// That somebody has a torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncePeer {
    /// The torrent.
    pub info_hash: InfoHash,
    /// The TCP port at which he takes calls; 0 if only `implied_port` says.
    pub port: u16,
    /// Whether it is the port that this datagram came from.
    pub implied_port: bool,
    /// What we gave him, when he asked for the peers.
    pub token: Vec<u8>,
    /// Whether he has all of it (BEP 33).
    pub seed: bool,
}

/// Of which families nodes are wanted (BEP 32). Nothing said: of the one over which is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// `n4`: of IPv4.
    pub v4: bool,
    /// `n6`: of IPv6.
    pub v6: bool,
}

/// An answer. What was not asked for is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Who answers.
    pub id: Id,
    /// `nodes` and `nodes6`: nodes close to what was asked for.
    pub nodes: Vec<Contact>,
    /// `values`: peers that have the torrent.
    pub values: Vec<SocketAddr>,
    /// `token`: what to show for announcing.
    pub token: Option<Vec<u8>>,
    /// `BFsd` and `BFpe`: how many have the torrent (BEP 33).
    pub counts: Option<Box<Counts>>,
}

impl Response {
    /// One that says nothing but who answers.
    pub fn of(id: Id) -> Response {
        Response {
            id,
            nodes: Vec::new(),
            values: Vec::new(),
            token: None,
            counts: None,
        }
    }
}

/// Those who have a torrent, as two sets of addresses (BEP 33).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// `BFsd`: who has all of it.
    pub seeds: Filter,
    /// `BFpe`: who lacks something.
    pub peers: Filter,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A number: 201 generic, 202 server, 203 protocol, 204 unknown method (BEP 5).
    pub code: i64,
    /// Some words, fit for a terminal, at most [`MAX_TEXT`](crate::limits::MAX_TEXT) characters.
    pub text: String,
}

impl Refusal {
    /// 203: the question is none, or its token is not good.
    pub fn protocol(text: &str) -> Refusal {
        Refusal {
            code: 203,
            text: text.to_owned(),
        }
    }

    /// 204: a question that we do not know.
    pub fn unknown_method() -> Refusal {
        Refusal {
            code: 204,
            text: "Method Unknown".to_owned(),
        }
    }
}

/// Why a datagram is none of the DHT's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// It is too long.
    #[error("{bytes} bytes are too long for a datagram of the DHT")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It is no bencode.
    #[error("{0}")]
    Bencode(#[from] bencode::Error),
    /// A key that has to be there is not, or has no such value.
    #[error("`{key}` is missing, or is not {expected}")]
    Key {
        /// The key, with those that it is in: `a.id`.
        key: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

#[cfg(test)]
mod tests;
