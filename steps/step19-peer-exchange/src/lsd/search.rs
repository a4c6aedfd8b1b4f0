//! The datagram: a request of HTTP, sent to everybody (BEP 14).

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use metainfo::InfoHash;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::{MAX_COOKIE, MAX_DATAGRAM, MAX_LOOKED_AT};

// ANCHOR: groups
/// Where all who are interested listen, over IPv4.
pub const GROUP_V4: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 192, 152, 143), 6771);

/// Where all who are interested listen, over IPv6.
pub const GROUP_V6: SocketAddrV6 = SocketAddrV6::new(
    Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0xefc0, 0x988f),
    6771,
    0,
    0,
);
// ANCHOR_END: groups

/// One of the two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// [`GROUP_V4`].
    V4,
    /// [`GROUP_V6`].
    V6,
}

impl Group {
    /// Its address.
    pub fn addr(self) -> SocketAddr {
        match self {
            Group::V4 => GROUP_V4.into(),
            Group::V6 => GROUP_V6.into(),
        }
    }
}

// ANCHOR: search
/// An announce on the local network: I have these torrents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Where the sender takes calls; its address is that of the datagram.
    pub port: u16,
    /// What it has.
    pub torrents: Vec<InfoHash>,
    /// By which the sender knows its own datagrams.
    pub cookie: Option<String>,
}
// ANCHOR_END: search

/// Why a datagram is no announce.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum SearchError {
    /// It is too long to be read.
    #[error("a local announce of {length} bytes; at most {MAX_DATAGRAM} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is something else.
    #[error("it does not begin with `BT-SEARCH * HTTP/1.`")]
    NoSearch,
    /// It does not say where to call.
    #[error("a local announce without a port from 1 to 65535")]
    NoPort,
    /// It does not say what it is about.
    #[error("a local announce without an info-hash of 40 hexadecimal digits")]
    NoTorrent,
}

impl Search {
    // ANCHOR: encode
    /// The datagram for this group.
    ///
    /// # Panics
    ///
    /// Never: writing to a string does not fail.
    pub fn encode(&self, group: Group) -> Vec<u8> {
        let mut text = format!(
            "BT-SEARCH * HTTP/1.1\r\nHost: {}\r\nPort: {}\r\n",
            group.addr(),
            self.port
        );
        for torrent in &self.torrents {
            write!(text, "Infohash: {torrent}\r\n").expect("a string takes all");
        }
        if let Some(cookie) = &self.cookie {
            write!(text, "cookie: {cookie}\r\n").expect("a string takes all");
        }
        text.push_str("\r\n\r\n");
        text.into_bytes()
    }
    // ANCHOR_END: encode

    // ANCHOR: decode
    /// Reads a datagram. The names of its lines may be written in any case, and come in any order; what
    /// is unknown is skipped, as is an info-hash that is none. Of a cookie at most [`MAX_COOKIE`]
    /// characters are kept.
    ///
    /// # Errors
    ///
    /// When it is no announce, or does not say where and what.
    pub fn decode(datagram: &[u8]) -> Result<Search, SearchError> {
        if datagram.len() > MAX_DATAGRAM {
            let length = datagram.len();
            return Err(SearchError::TooLong { length });
        }
        let text = String::from_utf8_lossy(datagram);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default().to_ascii_uppercase();
        if !first.starts_with("BT-SEARCH * HTTP/1.") {
            return Err(SearchError::NoSearch);
        }
        let (mut port, mut torrents, mut cookie) = (None, Vec::new(), None);
        let headers = lines.take_while(|line| !line.is_empty());
        for (name, value) in headers.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "port" => port = port.or(value.parse().ok().filter(|&port| port != 0)),
                "infohash" if torrents.len() < MAX_LOOKED_AT => torrents.extend(info_hash(value)),
                "cookie" => cookie = Some(value.chars().take(MAX_COOKIE).collect()),
                _ => {}
            }
        }
        torrents.sort_unstable();
        torrents.dedup();
        if torrents.is_empty() {
            return Err(SearchError::NoTorrent);
        }
        Ok(Search {
            port: port.ok_or(SearchError::NoPort)?,
            torrents,
            cookie,
        })
    }
    // ANCHOR_END: decode
}

/// Forty hexadecimal digits.
fn info_hash(text: &str) -> Option<InfoHash> {
    text.parse().ok()
}
