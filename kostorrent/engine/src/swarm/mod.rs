//! The connected peers: who may come in, who has to go, who is not talked to any more.

mod admission;
mod bans;
mod hosts;
mod table;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use picker::PeerKey;

use crate::peer::Peer;
use crate::{Config, Time};

pub(crate) use admission::Admission;

use bans::Bans;
use hosts::Hosts;
use table::Table;

/// All connections of a torrent, by the numbers that the driver gave them.
pub(crate) struct Swarm {
    peers: Table,
    /// The same by peer id: nobody is connected twice.
    ids: BTreeMap<[u8; 20], PeerKey>,
    hosts: Hosts,
    /// How many of them called us.
    callers: usize,
    bans: Bans,
    max_peers: usize,
    our_id: [u8; 20],
}

impl Swarm {
    pub fn new(config: &Config) -> Swarm {
        Swarm {
            peers: Table::default(),
            ids: BTreeMap::new(),
            hosts: Hosts::default(),
            callers: 0,
            bans: Bans::default(),
            max_peers: config.max_peers,
            our_id: config.peer_id,
        }
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    pub fn max_peers(&self) -> usize {
        self.max_peers
    }

    pub fn get(&self, key: PeerKey) -> Option<&Peer> {
        self.peers.get(key)
    }

    pub fn get_mut(&mut self, key: PeerKey) -> Option<&mut Peer> {
        self.peers.get_mut(key)
    }

    /// All peers, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.peers.iter_mut()
    }

    /// The peers from this number on, in the same order.
    pub fn iter_mut_from(&mut self, first: PeerKey) -> impl Iterator<Item = &mut Peer> {
        self.peers.iter_mut_from(first)
    }

    /// The number of each peer.
    pub fn keys(&self) -> Vec<PeerKey> {
        self.peers.keys().to_vec()
    }

    pub fn add(&mut self, peer: Peer) {
        self.ids.insert(peer.id, peer.key);
        self.hosts.add(peer.addr.ip(), peer.key);
        self.callers += usize::from(peer.incoming);
        self.peers.insert(peer);
    }

    pub fn remove(&mut self, key: PeerKey) -> Option<Peer> {
        let peer = self.peers.remove(key)?;
        self.ids.remove(&peer.id);
        self.hosts.remove(peer.addr.ip(), key);
        self.callers -= usize::from(peer.incoming);
        Some(peer)
    }

    /// Takes everybody out.
    pub fn clear(&mut self) -> impl Iterator<Item = PeerKey> + use<> {
        self.ids.clear();
        self.hosts = Hosts::default();
        self.callers = 0;
        self.peers.take_all().into_iter()
    }

    /// Whether nobody at this address is talked to any more.
    pub fn is_banned(&self, addr: SocketAddr) -> bool {
        self.bans.is_banned(addr, None)
    }

    /// Bans a liar; whether it was not banned before.
    pub fn ban(&mut self, addr: SocketAddr, id: [u8; 20], now: Time) -> bool {
        let new = !self.bans.is_banned(addr, Some(id));
        if new {
            self.bans.ban(addr, id, now);
        }
        new
    }

    /// How many are banned.
    pub fn bans(&self) -> usize {
        self.bans.len()
    }

    /// When the next ban has lasted long enough to be lifted, if nobody else is left.
    pub fn next_pardon(&self) -> Option<Time> {
        self.bans.next_pardon()
    }

    /// Lifts the bans that have lasted long enough; how many.
    pub fn pardon(&mut self, now: Time) -> usize {
        self.bans.pardon(now)
    }

    /// The peers that are connected and banned.
    pub fn banned(&self) -> Vec<PeerKey> {
        let banned = |peer: &&Peer| self.bans.is_banned(peer.addr, Some(peer.id));
        self.iter().filter(banned).map(|peer| peer.key).collect()
    }

    /// Notes that an address of the peer list leads to this peer, which is connected already.
    pub fn listed(&mut self, key: PeerKey, addr: SocketAddr) {
        if let Some(peer) = self.peers.get_mut(key)
            && !peer.listed.contains(&addr)
        {
            peer.listed.push(addr);
        }
    }

    /// Whether a peer that has called us says that it listens here: a call would break the connection that works. The
    /// address is noted with the peer, and is free when that leaves. Each peer has one such address, so that nobody
    /// keeps us from all his neighbours behind a router by naming one port after the other.
    pub fn has_caller_at(&mut self, addr: SocketAddr) -> bool {
        let caller = self.iter_mut().find(|peer| {
            let theirs = peer.extended.as_ref();
            let listens_at = theirs.and_then(|theirs| theirs.listens_at(peer.addr.ip()));
            let has_no_other = peer.listed.is_empty() || peer.listed.contains(&addr);
            peer.incoming && listens_at == Some(addr) && has_no_other
        });
        let Some(caller) = caller else {
            return false;
        };
        if caller.listed.is_empty() {
            caller.listed.push(addr);
        }
        true
    }

    /// The connection that has been of no use for longest, if any has for so long that it makes
    /// room for another; `callers` looks only at those who called us.
    pub fn idle(&self, callers: bool, now: Time) -> Option<PeerKey> {
        admission::idle(self.iter().filter(|peer| peer.incoming || !callers), now)
    }
}
