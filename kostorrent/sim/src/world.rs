//! The world: its nodes, its clock, and what happens next.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use blocks::Geometry;
use engine::{Config, ContentConfig, Event, Report, Time};
use handshake::Reserved;
use messages::{Bitfield, Message};
use metainfo::InfoHash;
use picker::PeerKey;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::agenda::{Agenda, Place};
use crate::ends::End;
use crate::flow::Flow;
use crate::happen::Happens;
use crate::order::Order;
use crate::uplink::Parcel;
use crate::{Disk, Line, Node, Recording, Tracker, Vice};

/// The URL of the tracker that all nodes know unless they are told of others.
pub const TRACKER: &str = "http://tracker.example/announce";

/// The port at which all nodes can be called, unless they were given an address.
pub(crate) const PORT: u16 = 6881;

/// What lies between the seeds of two worlds: the nodes of a world count up from one.
const SEEDS_APART: u64 = 0x9e37_79b9_7f4a_7c15;

/// One torrent and all its peers, in virtual time.
///
/// # Panics
///
/// Whatever lets time pass panics when an engine does what no driver could do for it: asks a peer
/// twice for the same block, says twice what is to become of a buffer, has a piece stored that is
/// not whole, or sets a timer that never stops ringing.
pub struct World {
    /// The peers, in the order in which they came.
    pub nodes: Vec<Node>,
    /// What time it is.
    pub now: Time,
    /// The line of every node that has none of its own.
    pub line: Line,
    /// The disk of every node that has none of its own.
    pub disk: Disk,
    /// Whether nodes that come from now on keep a [`Recording`].
    pub records: bool,
    /// The extensions that nodes speak whose config is made from now on.
    pub reserved: Reserved,
    /// The bytes of the torrent's `info` dictionary; empty, if nobody is to ask for it.
    pub info: Vec<u8>,
    /// The DHT: it names those that have searched it, as a tracker does that is never told of an end.
    pub dht: Tracker,
    /// What the names of hosts lead to.
    pub names: BTreeMap<String, Vec<SocketAddr>>,
    pub(crate) geometry: Geometry,
    pub(crate) agenda: Agenda<(usize, Happens)>,
    pub(crate) order: Order,
    /// The place of what happens, while something does.
    pub(crate) happening: Option<Place>,
    pub(crate) trackers: BTreeMap<String, Tracker>,
    pub(crate) by_addr: BTreeMap<SocketAddr, usize>,
    /// Who tells the local network of the torrent, and when next.
    pub(crate) local: BTreeMap<usize, Time>,
    pub(crate) rng: ChaCha8Rng,
    seed: u64,
}

impl World {
    /// A world without peers, about this torrent.
    pub fn new(geometry: Geometry) -> World {
        World::seeded(geometry, 0)
    }

    /// The same with other chances: for the world's, and for each of its engines.
    pub fn seeded(geometry: Geometry, seed: u64) -> World {
        World {
            seed,
            nodes: Vec::new(),
            now: Time::ZERO,
            line: Line::default(),
            disk: Disk::default(),
            records: false,
            reserved: Reserved::none(),
            info: Vec::new(),
            dht: Tracker::default(),
            names: BTreeMap::new(),
            geometry,
            agenda: Agenda::new(),
            order: Order::OfTime,
            happening: None,
            trackers: BTreeMap::new(),
            by_addr: BTreeMap::new(),
            local: BTreeMap::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// What a usual leecher begins with: nothing, and one tracker.
    pub fn config(&self) -> Config {
        self.having(Bitfield::new(self.geometry.pieces()))
    }

    /// What a leecher begins with that has these pieces already.
    pub fn having(&self, have: Bitfield) -> Config {
        Config {
            tiers: vec![vec![TRACKER.to_owned()]],
            reserved: self.reserved,
            metadata: (!self.info.is_empty()).then(|| self.info.as_slice().into()),
            ..Config::new(Some(ContentConfig::all(self.geometry, have)))
        }
    }

    /// What a leecher begins with that has a magnet link alone, without a tracker.
    pub fn magnet(&self) -> Config {
        Config {
            info_hash: Some(self.info_hash()),
            reserved: self.reserved,
            ..Config::new(None)
        }
    }

    /// The torrent's info-hash.
    pub fn info_hash(&self) -> InfoHash {
        match self.info.is_empty() {
            true => InfoHash(*b"the swarm's one hash"),
            false => InfoHash::of(&self.info),
        }
    }

    /// Adds a peer that has everything and stays.
    pub fn seeder(&mut self) -> usize {
        self.add(self.seeding())
    }

    /// What a usual seeder begins with: everything, and one tracker. It stays.
    pub fn seeding(&self) -> Config {
        Config {
            keep_seeding: true,
            ..self.having(Bitfield::full(self.geometry.pieces()))
        }
    }

    /// Adds a peer that has nothing, and goes when it has everything.
    pub fn leecher(&mut self) -> usize {
        self.add(self.config())
    }

    /// Adds a peer at the usual address of its number; its number. Its peer id is made from that,
    /// and so is its seed, together with the one given.
    pub fn add(&mut self, config: Config) -> usize {
        self.add_at(World::addr(self.nodes.len()), config)
    }

    /// Adds a peer at this address, as [`World::add`] does. Peers may share a host.
    pub fn add_at(&mut self, addr: SocketAddr, config: Config) -> usize {
        let number = self.enter(addr, config, self.now);
        self.nodes[number].alive = true;
        number
    }

    /// Adds a peer that comes at this moment, counted from the world's beginning, or at once if that
    /// is over. Until then nobody is at its address.
    pub fn add_later(&mut self, at: Duration, config: Config) -> usize {
        let addr = World::addr(self.nodes.len());
        let at = Time::after_start(at).max(self.now);
        self.enter(addr, config, at)
    }

    fn enter(&mut self, addr: SocketAddr, config: Config, at: Time) -> usize {
        let number = self.nodes.len();
        let config = Config {
            peer_id: peer_id(number),
            seed: (config.seed)
                .wrapping_add(number as u64)
                .wrapping_add(self.seed.wrapping_mul(SEEDS_APART)),
            ..config
        };
        let mut node = Node::new(config.clone(), addr, at);
        if self.records {
            node.recording = Some(Box::new(Recording::new(config, at)));
        }
        self.nodes.push(node);
        self.by_addr.insert(addr, number);
        self.schedule(at, number, Happens::Starts);
        number
    }

    /// The usual address of the node with this number.
    pub fn addr(number: usize) -> SocketAddr {
        let host = u32::from(Ipv4Addr::new(10, 0, 0, 1)).wrapping_add(number as u32);
        SocketAddr::from((Ipv4Addr::from(host), PORT))
    }

    /// The node that can be called at this host's usual port.
    pub(crate) fn by_host(&self, ip: IpAddr) -> Option<&usize> {
        self.by_addr.get(&SocketAddr::new(ip, PORT))
    }

    /// The tracker with this URL. One that was not there before is there from now on.
    pub fn tracker(&mut self, url: &str) -> &mut Tracker {
        self.trackers.entry(url.to_owned()).or_default()
    }

    /// Whether this node's work has ended with everything on disk.
    pub fn is_complete(&self, node: usize) -> bool {
        self.nodes[node].is_complete()
    }

    /// Whom this node has banned, each once.
    pub fn banned(&self, node: usize) -> Vec<IpAddr> {
        let reports = self.nodes[node].reports.iter();
        let banned = reports.filter_map(|(_, report)| match report {
            Report::PeerBanned { addr, .. } => Some(addr.ip()),
            _ => None,
        });
        let banned: BTreeSet<_> = banned.collect();
        banned.into_iter().collect()
    }

    /// Ends this node's life without a goodbye. The other ends of its connections notice.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].alive = false;
        self.local.remove(&node);
        for end in self.nodes[node].ends.take_all() {
            self.hang_up(node, &end);
        }
    }

    /// Every peer of this node is told that it is choked, whatever its engine thinks, and gets no
    /// more blocks.
    pub fn choke_everybody(&mut self, node: usize) {
        self.nodes[node].vice = Vice::Stalls;
        self.tell_everybody(node, &Message::Choke);
    }

    /// Every peer of this node is told that it may ask again, and gets blocks.
    pub fn unchoke_everybody(&mut self, node: usize) {
        self.nodes[node].vice = Vice::None;
        self.tell_everybody(node, &Message::Unchoke);
    }

    fn tell_everybody(&mut self, node: usize, message: &Message) {
        for peer in self.nodes[node].ends.keys() {
            self.dispatch(node, peer, Parcel::Message(message.clone()));
        }
    }

    /// Tells a node's engine something, and does what it wants.
    pub fn tell(&mut self, node: usize, event: Event) {
        if !self.nodes[node].alive {
            return;
        }
        if let Some(recording) = &mut self.nodes[node].recording {
            recording.events.push((self.now, event.clone()));
        }
        self.nodes[node].engine.handle(event, self.now);
        self.obey(node);
    }

    // ANCHOR: obey
    /// Does what a node's engine wants, and sets its alarm.
    pub(crate) fn obey(&mut self, node: usize) {
        while let Some(action) = self.nodes[node].engine.poll_action() {
            if let Some(recording) = &mut self.nodes[node].recording {
                recording.act(action.clone());
            }
            self.act(node, action);
        }
        self.set_alarm(node);
    }
    // ANCHOR_END: obey

    /// Lets time pass until `until`, counted from the world's beginning, or until `done` says so.
    pub fn run_until(&mut self, until: Duration, mut done: impl FnMut(&World) -> bool) {
        while !done(self) && self.step(until) {}
    }

    /// Lets time pass until so many seconds after the world's beginning.
    pub fn run_to(&mut self, seconds: u64) {
        self.run_until(Duration::from_secs(seconds), |_| false);
    }

    // ANCHOR: step
    /// Lets the next thing happen. If there is none before `until`, which is counted from the
    /// world's beginning, then it is `until` and nothing has happened: `false`.
    pub fn step(&mut self, until: Duration) -> bool {
        let Some((at, node, happens)) = self.next(Time::after_start(until)) else {
            return false;
        };
        self.now = at;
        self.happen(node, happens);
        true
    }
    // ANCHOR_END: step

    /// Makes sure that a node is woken when its engine wants to be. An alarm that is due earlier
    /// stays, and looks again.
    pub(crate) fn set_alarm(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        let Some(at) = node.engine.poll_timeout().filter(|_| node.alive) else {
            return;
        };
        let at = at.max(self.now);
        if node.alarm.is_none_or(|alarm| at < alarm) {
            node.alarm = Some(at);
            self.schedule(at, number, Happens::Alarm);
        }
    }

    pub(crate) fn line_of(&self, node: usize) -> Line {
        self.nodes[node].line.unwrap_or(self.line)
    }

    pub(crate) fn disk_of(&self, node: usize) -> Disk {
        self.nodes[node].disk.unwrap_or(self.disk)
    }

    /// Makes this end of a connection between two nodes; its number.
    pub(crate) fn new_end(
        &mut self,
        node: usize,
        other: usize,
        other_key: Option<PeerKey>,
    ) -> PeerKey {
        let latency = self.latency(node, other);
        let tcp = self.tcp_between(node, other);
        let end = End {
            other,
            other_key,
            latency,
            jitter: self.line_of(node).jitter + self.line_of(other).jitter,
            last: Time::ZERO,
            asked: BTreeSet::new(),
            flow: tcp.map(|tcp| Box::new(Flow::new(tcp, latency * 2))),
        };
        self.nodes[node].ends.add(end)
    }

    /// Whether two nodes have agreed on the fast extension.
    pub(crate) fn both_fast(&self, one: usize, other: usize) -> bool {
        let says = |node: usize| self.nodes[node].config.reserved;
        says(one).common(says(other)).fast()
    }

    pub(crate) fn latency(&self, one: usize, other: usize) -> Duration {
        self.line_of(one).latency + self.line_of(other).latency
    }
}

/// A peer id as clients make them, with the node's number in place of chance.
fn peer_id(number: usize) -> [u8; 20] {
    let mut id = *b"-SM0001-000000000000";
    let mut rest = number;
    for digit in id[8..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    id
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn every_node_has_an_address_and_an_id_of_its_own() {
        assert_eq!(World::addr(0).to_string(), "10.0.0.1:6881");
        assert_eq!(World::addr(70_000).to_string(), "10.1.17.113:6881");
        assert_eq!(&peer_id(0), b"-SM0001-000000000000");
        assert_eq!(&peer_id(1_234_567), b"-SM0001-000001234567");
    }
}
