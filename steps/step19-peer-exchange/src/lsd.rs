//! Local service discovery: who on the local network has the same torrent (BEP 14).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bucket::Bucket;
use crate::contact::dialable;
use crate::limits::{LOCAL_INTERVAL, LOCAL_PAUSE, MAX_HEARD, MAX_NAMED};

mod search;

pub use search::{GROUP_V4, GROUP_V6, Group, Search, SearchError};

// ANCHOR: lsd
/// Tells the local network of our torrents, and hears of others'. One for each interface, or one for
/// all of them.
///
/// A torrent is told of once in five minutes at most, and a datagram goes out once a minute at most.
/// Up to five torrents each have a datagram of their own, which all clients read (aria2 takes no more
/// than 200 bytes); of more torrents several share one.
#[derive(Clone, Debug)]
pub struct Lsd {
    port: u16,
    cookie: String,
    /// When each torrent was last told of.
    torrents: BTreeMap<InfoHash, Option<Duration>>,
    last: Option<Duration>,
    heard: Bucket,
}
// ANCHOR_END: lsd

/// Somebody on the local network has torrents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Where to call: an IPv4 address as such, also if it came over a socket of IPv6; an address that is
    /// good on one link only with the interface.
    pub addr: SocketAddr,
    /// What it has: those that we have, too.
    pub torrents: Vec<InfoHash>,
}

/// Why a datagram tells us nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Unheard {
    /// It is our own, which comes back.
    #[error("our own announce")]
    Ours,
    /// There are too many of them.
    #[error("{MAX_HEARD} datagrams a minute are read, and there are more")]
    TooMany,
    /// Nobody can be where it came from.
    #[error("nobody can be called at {0}")]
    Nowhere(SocketAddr),
    /// None of its torrents is ours.
    #[error("none of our torrents")]
    OtherTorrents,
    /// It cannot be read.
    #[error(transparent)]
    Broken(#[from] SearchError),
}

impl Lsd {
    /// With no torrent, and a cookie of its own. `port` is where we take calls.
    pub fn new(port: u16, rng: &mut impl Rng) -> Lsd {
        let each = LOCAL_PAUSE / MAX_HEARD;
        Lsd {
            port,
            cookie: format!("{:08x}", rng.random::<u32>()),
            torrents: BTreeMap::new(),
            last: None,
            heard: Bucket::new(MAX_HEARD, each),
        }
    }

    /// Begins to tell of a torrent, which must not be private (BEP 27).
    pub fn insert(&mut self, torrent: InfoHash) {
        self.torrents.entry(torrent).or_insert(None);
    }

    /// Tells of a torrent no more.
    pub fn remove(&mut self, torrent: InfoHash) {
        self.torrents.remove(&torrent);
    }

    // ANCHOR: announce
    /// What to send to the group, if it is time to: those torrents that have waited longest.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<Search> {
        // ANCHOR: yours_poll_transmit (chapter 19, "Telling the neighbours")
        if self.poll_timeout().is_none_or(|due| due > now) {
            return None;
        }
        let due = self.torrents.iter();
        let due = due.filter(|(_, told)| told.is_none_or(|told| next_of(told) <= now));
        let mut due: Vec<(Option<Duration>, InfoHash)> =
            due.map(|(&torrent, &told)| (told, torrent)).collect();
        due.sort_unstable();
        // As many as are needed for all to have their turn in five minutes.
        let turns = (LOCAL_INTERVAL.as_secs() / LOCAL_PAUSE.as_secs()) as usize;
        due.truncate(self.torrents.len().div_ceil(turns).min(MAX_NAMED));
        let torrents: Vec<InfoHash> = due.into_iter().map(|(_, torrent)| torrent).collect();
        for torrent in &torrents {
            self.torrents.insert(*torrent, Some(now));
        }
        self.last = Some(now);
        Some(Search {
            port: self.port,
            torrents,
            cookie: Some(self.cookie.clone()),
        })
        // ANCHOR_END: yours_poll_transmit
    }

    /// When [`poll_transmit`](Lsd::poll_transmit) has something to send; never, without torrents.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let due = self.torrents.values();
        let due = due.map(|told| told.map_or(Duration::ZERO, next_of)).min()?;
        let pause = self.last.map(|last| last.saturating_add(LOCAL_PAUSE));
        Some(due.max(pause.unwrap_or(Duration::ZERO)))
    }
    // ANCHOR_END: announce

    // ANCHOR: handle
    /// Takes a datagram that came from this address. Whether that is on the local network is for the
    /// caller to say, who knows its networks: a datagram that comes from farther away is not to be
    /// handed in, or anybody could have us call anybody.
    ///
    /// # Errors
    ///
    /// Why it tells us nothing.
    pub fn handle(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Duration,
    ) -> Result<Neighbour, Unheard> {
        if !self.heard.take(now) {
            return Err(Unheard::TooMany);
        }
        let search = Search::decode(datagram)?;
        if search.cookie.as_ref() == Some(&self.cookie) {
            return Err(Unheard::Ours);
        }
        let mut addr = from;
        addr.set_port(search.port);
        let addr = dialable(addr).ok_or(Unheard::Nowhere(from))?;
        let torrents = search.torrents.into_iter();
        let ours = torrents.filter(|torrent| self.torrents.contains_key(torrent));
        let torrents: Vec<InfoHash> = ours.collect();
        if torrents.is_empty() {
            return Err(Unheard::OtherTorrents);
        }
        Ok(Neighbour { addr, torrents })
    }
    // ANCHOR_END: handle
}

/// When a torrent is told of again.
fn next_of(told: Duration) -> Duration {
    told.saturating_add(LOCAL_INTERVAL)
}

#[cfg(test)]
mod tests;
