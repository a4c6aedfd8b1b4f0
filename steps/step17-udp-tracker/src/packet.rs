//! The datagrams, as bytes (BEP 15). All numbers have their high byte first.
//!
//! Whoever reads them is prepared for more bytes than it knows of, which are left unread: later
//! versions may have something to say. Behind an announce they are options (BEP 41), and one that is cut
//! short is an error, as fewer bytes than needed are.

use std::net::SocketAddr;

use thiserror::Error;

mod announce;
mod announced;
mod reply;
mod request;
mod scraped;

pub use announce::{Announce, UNKNOWN_LEFT};
pub use announced::Announced;
pub use reply::{Reply, Said};
pub use request::{Ask, Request};
pub use scraped::Scraped;

/// What stands in a connect request in place of a connection id (BEP 15: "magic constant").
pub const PROTOCOL_ID: u64 = 0x417_2710_1980;

/// By which a tracker knows that we are where we say we are (BEP 15). It means nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId(pub u64);

/// By which a reply is known to be one to our question: a number drawn for it, which the tracker
/// gives back (BEP 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionId(pub u32);

/// What a datagram is about (BEP 15), the same number in the question and in its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// 0: for a connection id.
    Connect,
    /// 1: for peers.
    Announce,
    /// 2: for the counts of torrents.
    Scrape,
    /// 3: the tracker refuses; only in replies.
    Error,
}

impl Action {
    /// Its number.
    pub fn number(self) -> u32 {
        match self {
            Action::Connect => 0,
            Action::Announce => 1,
            Action::Scrape => 2,
            Action::Error => 3,
        }
    }

    fn of(number: u32) -> Result<Action, PacketError> {
        match number {
            0 => Ok(Action::Connect),
            1 => Ok(Action::Announce),
            2 => Ok(Action::Scrape),
            3 => Ok(Action::Error),
            action => Err(PacketError::Action { action }),
        }
    }
}

/// The kind of addresses between which a datagram travels. It decides how long a peer is in a reply;
/// nothing in the datagram tells (BEP 15, "IPv6").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A peer takes 6 bytes.
    V4,
    /// A peer takes 18 bytes.
    V6,
}

impl Family {
    /// The length of a peer in bytes: address and port.
    pub fn peer_len(self) -> usize {
        match self {
            Family::V4 => 6,
            Family::V6 => 18,
        }
    }
}

impl From<SocketAddr> for Family {
    /// The family of who is at this address. A socket for both families shows IPv4 addresses in the
    /// clothes of IPv6 (`::ffff:192.0.2.1`); their datagrams are IPv4 all the same.
    fn from(addr: SocketAddr) -> Family {
        match addr.ip().to_canonical().is_ipv4() {
            true => Family::V4,
            false => Family::V6,
        }
    }
}

/// Why a datagram is none of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PacketError {
    /// It ends too soon.
    #[error("{what} has {needed} bytes at least, and this datagram has {found}")]
    TooShort {
        /// What it would be: `an announce request`.
        what: &'static str,
        /// The shortest one, in bytes.
        needed: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// It is about something unknown.
    #[error("action {action} is unknown: there are 0, connect, to 3, error")]
    Action {
        /// The number of the action.
        action: u32,
    },
    /// A connect request of something else that has 16 bytes.
    #[error("a connect request begins with {PROTOCOL_ID:#x}, and this one with {found:#x}")]
    ProtocolId {
        /// What stands in its place.
        found: u64,
    },
    /// A tracker's refusal, sent to a tracker.
    #[error("errors go from the tracker to the client only")]
    ErrorRequest,
    /// An option (BEP 41) that is longer than what is there.
    #[error("the option at byte {offset} goes on beyond the end of the datagram")]
    Option {
        /// Where it begins, counted from the first option.
        offset: usize,
    },
}

/// The bytes of a datagram, if there are enough.
fn at_least<'a, const N: usize>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<(&'a [u8; N], &'a [u8]), PacketError> {
    bytes.split_first_chunk().ok_or(PacketError::TooShort {
        what,
        needed: N,
        found: bytes.len(),
    })
}

/// `N` bytes, from `at` on, of a part that is long enough.
fn part<const N: usize, const M: usize>(bytes: &[u8; M], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

/// The number of 32 bits at this place.
fn u32_at<const M: usize>(bytes: &[u8; M], at: usize) -> u32 {
    u32::from_be_bytes(part(bytes, at))
}

/// The number of 64 bits at this place.
fn u64_at<const M: usize>(bytes: &[u8; M], at: usize) -> u64 {
    u64::from_be_bytes(part(bytes, at))
}

#[cfg(test)]
mod tests;
