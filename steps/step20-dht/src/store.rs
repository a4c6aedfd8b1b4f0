//! The peers that others have announced to us.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::address::Host;
use crate::krpc::Counts;
use crate::limits::{MAX_ALL_PEERS, MAX_PEERS, MAX_TORRENTS, MAX_TORRENTS_OF_HOST, PEER_LIFE};
use crate::{Filter, Id, is_local};

/// Somebody who has a torrent. One a host (BEP 33: "sets of unique IPs"): who announces again with
/// another port has moved.
#[derive(Clone, Copy, Debug)]
struct Peer {
    addr: SocketAddr,
    is_seed: bool,
    at: Duration,
}

/// Who has which torrent, as far as we were told in the last half hour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    torrents: BTreeMap<InfoHash, BTreeMap<Host, Peer>>,
    peers: usize,
    /// With how many torrents each host is in it.
    of_host: BTreeMap<Host, usize>,
}

impl Store {
    /// Keeps a peer, if there is room. When there are too many torrents, those stay that are nearest
    /// to `own`, our id: we are asked for those.
    pub(crate) fn insert(
        &mut self,
        info_hash: InfoHash,
        addr: SocketAddr,
        is_seed: bool,
        own: Id,
        now: Duration,
    ) -> bool {
        let host = Host::of(addr);
        let peer = Peer {
            addr,
            is_seed,
            at: now,
        };
        let known = self.torrents.get_mut(&info_hash);
        if let Some(known) = known.and_then(|peers| peers.get_mut(&host)) {
            *known = peer;
            return true;
        }
        if self.of_host.get(&host).copied().unwrap_or_default() >= MAX_TORRENTS_OF_HOST {
            return false;
        }
        if !self.make_room(info_hash, own) {
            return false;
        }
        self.torrents
            .entry(info_hash)
            .or_default()
            .insert(host, peer);
        *self.of_host.entry(host).or_default() += 1;
        self.peers += 1;
        true
    }

    /// Whether one more peer of this torrent can be kept.
    fn make_room(&mut self, info_hash: InfoHash, own: Id) -> bool {
        let count = self.torrents.get(&info_hash).map(BTreeMap::len);
        if count.is_some_and(|count| count >= MAX_PEERS) {
            return false;
        }
        let is_full = |store: &Store| {
            store.peers >= MAX_ALL_PEERS
                || (count.is_none() && store.torrents.len() >= MAX_TORRENTS)
        };
        while is_full(self) {
            let distance = |info_hash: &InfoHash| Id::from(*info_hash).distance(own);
            let farthest = self.torrents.keys().copied().max_by_key(distance);
            match farthest.filter(|farthest| distance(&info_hash) < distance(farthest)) {
                Some(farthest) => self.remove(farthest),
                None => return false,
            }
        }
        true
    }

    fn remove(&mut self, info_hash: InfoHash) {
        let peers = self.torrents.remove(&info_hash).unwrap_or_default();
        self.peers -= peers.len();
        for host in peers.into_keys() {
            forget(&mut self.of_host, host);
        }
    }

    /// Forgets those who have not announced for [`PEER_LIFE`].
    pub(crate) fn expire(&mut self, now: Duration) {
        let all: Vec<InfoHash> = self.torrents.keys().copied().collect();
        for info_hash in all {
            self.expire_of(info_hash, now);
        }
    }

    /// The same, of one torrent: for who asks for it.
    pub(crate) fn expire_of(&mut self, info_hash: InfoHash, now: Duration) {
        let Some(known) = self.torrents.get_mut(&info_hash) else {
            return;
        };
        let is_old = |_: &Host, peer: &mut Peer| now >= peer.at.saturating_add(PEER_LIFE);
        for (host, _) in known.extract_if(.., is_old) {
            self.peers -= 1;
            forget(&mut self.of_host, host);
        }
        if known.is_empty() {
            self.torrents.remove(&info_hash);
        }
    }

    /// Some peers of a torrent of a family, drawn by lot, at most so many; `noseed` for who can do
    /// nothing with seeds. Nobody outside is told local addresses.
    pub(crate) fn some(
        &self,
        info_hash: InfoHash,
        asker: SocketAddr,
        noseed: bool,
        count: usize,
        rng: &mut impl Rng,
    ) -> Vec<SocketAddr> {
        let peers = self.torrents.get(&info_hash).into_iter().flatten();
        let peers = peers.map(|(_, peer)| peer).filter(|peer| {
            peer.addr.is_ipv4() == asker.is_ipv4()
                && !(noseed && peer.is_seed)
                && (!is_local(peer.addr.ip()) || is_local(asker.ip()))
        });
        let mut peers: Vec<SocketAddr> = peers.map(|peer| peer.addr).collect();
        let (some, _) = peers.partial_shuffle(rng, count);
        some.to_vec()
    }

    /// All peers of a torrent as two filters (BEP 33), if there are any.
    pub(crate) fn counts(&self, info_hash: InfoHash) -> Option<Counts> {
        let peers = self.torrents.get(&info_hash)?;
        let (mut seeds, mut lacking) = (Filter::default(), Filter::default());
        for peer in peers.values() {
            match peer.is_seed {
                true => seeds.insert(peer.addr.ip()),
                false => lacking.insert(peer.addr.ip()),
            }
        }
        Some(Counts {
            seeds,
            peers: lacking,
        })
    }

    /// Whether this one is not taken as a peer of the torrent, because there are enough others.
    pub(crate) fn is_full(&self, info_hash: InfoHash, asker: SocketAddr) -> bool {
        let peers = self.torrents.get(&info_hash);
        peers.is_some_and(|peers| peers.len() >= MAX_PEERS && !peers.contains_key(&Host::of(asker)))
    }

    /// How many torrents and how many peers there are.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.torrents.len(), self.peers)
    }
}

/// One torrent less of this host.
fn forget(of_host: &mut BTreeMap<Host, usize>, host: Host) {
    if let Some(count) = of_host.get_mut(&host) {
        *count -= 1;
        if *count == 0 {
            of_host.remove(&host);
        }
    }
}

#[cfg(test)]
mod tests;
