//! What a tracker remembers: who shares which torrent. Pure: the time is handed in.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use metainfo::InfoHash;
use peer_id::PeerId;
use rand::Rng;
use rand::seq::index;
use tracker::AnnounceEvent;

/// Peers named when a client does not say how many it wants.
const DEFAULT_PEERS: usize = 50;
/// Peers named at most.
const MAX_PEERS: usize = 200;
/// Peers remembered for one torrent. The one silent for longest is forgotten first.
const MAX_REMEMBERED: usize = 2_000;
/// Torrents remembered by a tracker that is open to all.
const MAX_TORRENTS: usize = 500;

/// One announce, as it arrived (BEP 3, trackers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Who asks.
    pub peer_id: PeerId,
    /// Where others can reach it: the address it called from, the port it told.
    pub addr: SocketAddr,
    /// Bytes it still lacks; 0 makes it a seeder.
    pub left: u64,
    /// What has happened, or nothing: a regular announce.
    pub event: Option<AnnounceEvent>,
    /// How many peers it wants to hear of.
    pub wanted: Option<usize>,
}

/// What the tracker answers to an announce it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When to ask again.
    pub interval: Duration,
    /// Peers that have all of it.
    pub complete: usize,
    /// Peers that do not.
    pub incomplete: usize,
    /// Some of the others, in no particular order.
    pub peers: Vec<(PeerId, SocketAddr)>,
}

/// Why an announce is not accepted; it is told to the client as the `failure reason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The tracker serves a list of torrents, and this one is not on it.
    #[error("this tracker does not know the torrent {0}")]
    UnknownTorrent(InfoHash),
    /// The tracker's memory is bounded.
    #[error("this tracker has no room for another torrent")]
    Full,
    /// Nobody could be told of a peer without a port.
    #[error("port 0 cannot be reached")]
    NoPort,
}

/// Which torrents a tracker serves.
#[derive(Clone, Debug)]
pub enum Serves {
    /// These.
    Only(Vec<InfoHash>),
    /// Whatever is announced, up to a number.
    Any,
}

/// All that a tracker remembers.
#[derive(Debug)]
pub struct Swarms {
    serves: Serves,
    interval: Duration,
    torrents: BTreeMap<InfoHash, Swarm>,
}

/// One torrent's peers. A peer is its address without the port, and its peer id: so a client that
/// comes back on another port replaces itself.
#[derive(Debug, Default)]
struct Swarm {
    peers: BTreeMap<(IpAddr, PeerId), Peer>,
    /// Seeders that never expire: the lab's trouble-makers, which do not announce.
    fixed: Vec<SocketAddr>,
}

#[derive(Debug)]
struct Peer {
    addr: SocketAddr,
    left: u64,
    heard: Duration,
}

impl Swarms {
    /// Remembers nobody yet. `interval` is what clients are told to wait between announces.
    pub fn new(serves: Serves, interval: Duration) -> Swarms {
        let known = match &serves {
            Serves::Only(list) => list.clone(),
            Serves::Any => Vec::new(),
        };
        let torrents = known
            .into_iter()
            .map(|hash| (hash, Swarm::default()))
            .collect();
        Swarms {
            serves,
            interval,
            torrents,
        }
    }

    // ANCHOR: handle
    /// Takes one announce at the time `now` and answers it.
    pub fn announce(
        &mut self,
        now: Duration,
        announce: &Announce,
        rng: &mut impl Rng,
    ) -> Result<Answer, Refusal> {
        let (interval, patience) = (self.interval, 2 * self.interval);
        let stopped = announce.event == Some(AnnounceEvent::Stopped);
        if announce.addr.port() == 0 && !stopped {
            return Err(Refusal::NoPort);
        }
        let swarm = self.swarm(now, announce.info_hash)?;
        swarm.forget_silent(now, patience);

        let key = (announce.addr.ip(), announce.peer_id);
        let mut peers = Vec::new();
        if stopped {
            swarm.peers.remove(&key);
        } else {
            peers = swarm.choose(announce, rng);
            swarm.peers.insert(
                key,
                Peer {
                    addr: announce.addr,
                    left: announce.left,
                    heard: now,
                },
            );
            swarm.make_room();
        }
        let complete = swarm.complete();
        let incomplete = swarm.peers.len() + swarm.fixed.len() - complete;
        Ok(Answer {
            interval,
            complete,
            incomplete,
            peers,
        })
    }
    // ANCHOR_END: handle

    /// Names a seeder to every leecher, for as long as the tracker runs.
    pub fn introduce(&mut self, info_hash: InfoHash, addr: SocketAddr) {
        self.torrents.entry(info_hash).or_default().fixed.push(addr);
    }

    /// How many seeders and how many others a torrent has now (BEP 48, scrape).
    pub fn count(&mut self, now: Duration, info_hash: InfoHash) -> Option<(usize, usize)> {
        let patience = 2 * self.interval;
        let swarm = self.torrents.get_mut(&info_hash)?;
        swarm.forget_silent(now, patience);
        let complete = swarm.complete();
        Some((complete, swarm.peers.len() + swarm.fixed.len() - complete))
    }

    fn swarm(&mut self, now: Duration, info_hash: InfoHash) -> Result<&mut Swarm, Refusal> {
        if !self.torrents.contains_key(&info_hash) {
            if matches!(self.serves, Serves::Only(_)) {
                return Err(Refusal::UnknownTorrent(info_hash));
            }
            if self.torrents.len() >= MAX_TORRENTS {
                let patience = 2 * self.interval;
                self.torrents.retain(|_, swarm| {
                    swarm.forget_silent(now, patience);
                    !swarm.peers.is_empty() || !swarm.fixed.is_empty()
                });
            }
            if self.torrents.len() >= MAX_TORRENTS {
                return Err(Refusal::Full);
            }
        }
        Ok(self.torrents.entry(info_hash).or_default())
    }
}

impl Swarm {
    /// A peer that has missed two announces has gone without a word.
    fn forget_silent(&mut self, now: Duration, patience: Duration) {
        self.peers
            .retain(|_, peer| now.saturating_sub(peer.heard) <= patience);
    }

    // ANCHOR: choose
    /// A random few of the others. Seeders have no use for each other.
    fn choose(&self, asking: &Announce, rng: &mut impl Rng) -> Vec<(PeerId, SocketAddr)> {
        let fixed = self.fixed.iter().map(|&addr| (PeerId([0; 20]), addr, 0));
        let known = self.peers.iter();
        let known = known.map(|(&(_, id), peer)| (id, peer.addr, peer.left));
        let others: Vec<_> = fixed
            .chain(known)
            .filter(|&(_, addr, left)| addr != asking.addr && (asking.left > 0 || left > 0))
            .map(|(id, addr, _)| (id, addr))
            .collect();

        let wanted = asking
            .wanted
            .unwrap_or(DEFAULT_PEERS)
            .min(MAX_PEERS)
            .min(others.len());
        index::sample(rng, others.len(), wanted)
            .into_iter()
            .map(|at| others[at])
            .collect()
    }
    // ANCHOR_END: choose

    fn make_room(&mut self) {
        if self.peers.len() > MAX_REMEMBERED {
            let quietest = self.peers.iter().min_by_key(|(_, peer)| peer.heard);
            if let Some(key) = quietest.map(|(&key, _)| key) {
                self.peers.remove(&key);
            }
        }
    }

    fn complete(&self) -> usize {
        self.fixed.len() + self.peers.values().filter(|peer| peer.left == 0).count()
    }
}

#[cfg(test)]
mod tests;
