//! Where addresses come from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Addresses that trackers named, kept at most; one may name thousands.
const FROM_TRACKERS: usize = 2_000;

/// Addresses of the local network, kept at most.
const FROM_LOCAL: usize = 100;

/// Addresses that the DHT named, kept at most.
const FROM_DHT: usize = 500;

/// Addresses that peers named, kept at most.
const FROM_EXCHANGE: usize = 500;

/// Who has named an address. The first ones are believed before the later ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Source {
    /// The user, or the magnet link that the user gave.
    User,
    /// A tracker.
    Tracker,
    /// The peer itself, on the local network (BEP 14).
    Local,
    /// The distributed hash table (BEP 5).
    Dht,
    /// Another peer (BEP 11).
    Exchange,
}

/// Which sources are to be used beside trackers. A private torrent uses none of them (BEP 27).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sources {
    /// The distributed hash table is searched, and told of us.
    pub dht: bool,
    /// The local network is told of us, and those on it that have the torrent are called.
    pub local: bool,
    /// Peers tell each other of others.
    pub exchange: bool,
}

impl Source {
    /// All, the most trusted first.
    pub(crate) const ALL: [Source; 5] = [
        Source::User,
        Source::Tracker,
        Source::Local,
        Source::Dht,
        Source::Exchange,
    ];

    /// How many addresses of it are kept. Each has a place of its own: however many addresses somebody
    /// makes up, those of the others stay.
    pub(crate) fn places(self) -> usize {
        match self {
            Source::User => usize::MAX,
            Source::Tracker => FROM_TRACKERS,
            Source::Local => FROM_LOCAL,
            Source::Dht => FROM_DHT,
            Source::Exchange => FROM_EXCHANGE,
        }
    }

    /// Whether a private torrent may use it.
    pub(crate) fn is_private(self) -> bool {
        matches!(self, Source::User | Source::Tracker)
    }
}

impl Sources {
    /// Trackers alone.
    pub fn none() -> Sources {
        Sources::default()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::User => "the user",
            Source::Tracker => "a tracker",
            Source::Local => "local discovery",
            Source::Dht => "the DHT",
            Source::Exchange => "a peer",
        })
    }
}
