//! A world in memory and in virtual time: engines joined by a network that the test controls.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use blocks::{BlockDigests, Geometry};
use handshake::{Handshake, Reserved};
use messages::{Bitfield, BlockRequest, Ended, Message};
use picker::PeerKey;
use tracker::AnnounceReply;

use crate::*;

/// One way through the network.
const LATENCY: Duration = Duration::from_millis(20);

/// A look at, or a write to, the disk.
const DISK: Duration = Duration::from_millis(1);

/// What a node does besides what its engine wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Vice {
    /// Nothing: an honest peer.
    #[default]
    None,
    /// Every block it sends is wrong.
    Lies,
    /// The next block it sends is wrong; then it is honest.
    LiesOnce,
    /// It never sends a block.
    Stalls,
    /// Its blocks come, but its tracker never answers.
    Unheard,
}

/// One engine and what its driver would hold.
pub struct Node {
    pub engine: Engine,
    pub vice: Vice,
    /// Whether it runs; a dead node answers nobody.
    pub alive: bool,
    pub outcome: Option<(Time, Outcome)>,
    pub reports: Vec<(Time, Report)>,
    pub announces: Vec<(Time, Option<tracker::AnnounceEvent>)>,
    /// Which tracker was asked, and when.
    pub asked: Vec<(Time, String)>,
    /// Payload bytes that its engine sent, and when.
    pub sent: Vec<(Time, u64)>,
    /// The events it was told, and the actions that came of them.
    pub recording: Vec<(Time, Event)>,
    pub actions: Vec<Action>,
    pub most_open: usize,
    bufs: BTreeMap<u32, u8>,
    next_buf: u32,
    kept: BTreeMap<(u32, u32), u8>,
    links: BTreeMap<PeerKey, Link>,
    next_key: u32,
}

/// This end of a connection.
#[derive(Clone, Default)]
struct Link {
    other: usize,
    other_key: Option<PeerKey>,
    /// What a connection would take in: asked for, not cancelled, not choked away.
    asked: BTreeSet<BlockRequest>,
}

enum Happens {
    Event(Event),
    /// A caller arrives.
    Called {
        from: usize,
        key: PeerKey,
    },
    /// A block arrives, with the digest of what is in it.
    Block {
        key: PeerKey,
        block: BlockRequest,
        content: u8,
    },
}

pub struct World {
    pub nodes: Vec<Node>,
    pub now: Time,
    geometry: Geometry,
    queue: BTreeMap<(Time, u64), (usize, Happens)>,
    ticket: u64,
    expected: usize,
    /// Bytes a second that any node can send; `None` is no bound.
    pub bandwidth: Option<u64>,
    /// How long trackers take to answer; `None` is the network's time.
    pub slow_tracker: Option<Duration>,
    /// Trackers that answer, and know nobody.
    pub ignorant: BTreeSet<String>,
    /// Nodes that can send less, and how much.
    pub slow: BTreeMap<usize, u64>,
    free_at: Vec<Time>,
}

pub const TRACKER: &str = "http://tracker.example/announce";

/// What is right in every block of the torrent; whatever else is there is a lie.
const RIGHT: u8 = 1;

pub fn geometry(pieces: u32, piece_length: u32) -> Geometry {
    // The last piece is shorter, and its last block is no whole block.
    let total = u64::from(pieces) * u64::from(piece_length) - u64::from(piece_length / 3);
    Geometry::new(total, piece_length.into()).unwrap()
}

/// What a node says first.
pub fn handshake(number: usize) -> Handshake {
    Handshake {
        reserved: Reserved::none(),
        info_hash: metainfo::InfoHash([0; 20]),
        peer_id: peer_id::PeerId([number as u8; 20]),
    }
}

impl World {
    pub fn new(geometry: Geometry) -> World {
        World {
            nodes: Vec::new(),
            now: Time::ZERO,
            geometry,
            queue: BTreeMap::new(),
            ticket: 0,
            expected: 0,
            bandwidth: None,
            slow_tracker: None,
            ignorant: BTreeSet::new(),
            slow: BTreeMap::new(),
            free_at: Vec::new(),
        }
    }

    pub fn config(&self) -> Config {
        Config {
            tiers: vec![vec![TRACKER.to_owned()]],
            ..Config::new(self.geometry)
        }
    }

    pub fn seeder(&mut self) -> usize {
        let config = Config {
            have: Bitfield::full(self.geometry.pieces()),
            keep_seeding: true,
            ..self.config()
        };
        self.add(config)
    }

    pub fn leecher(&mut self) -> usize {
        self.add(self.config())
    }

    /// A leecher whose chances are others.
    pub fn leecher_with(&mut self, seed: u64) -> usize {
        let config = Config {
            seed,
            ..self.config()
        };
        self.add(config)
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

    /// So many nodes will be there; calls to those that are still to come wait for them.
    pub fn expect_nodes(&mut self, nodes: usize) {
        self.expected = nodes;
    }

    pub fn add(&mut self, config: Config) -> usize {
        let number = self.nodes.len();
        let config = Config {
            peer_id: [number as u8; 20],
            seed: config.seed + number as u64,
            ..config
        };
        self.nodes.push(Node {
            engine: Engine::new(config, self.now),
            vice: Vice::None,
            alive: true,
            outcome: None,
            reports: Vec::new(),
            announces: Vec::new(),
            asked: Vec::new(),
            sent: Vec::new(),
            recording: Vec::new(),
            actions: Vec::new(),
            most_open: 0,
            bufs: BTreeMap::new(),
            next_buf: 0,
            kept: BTreeMap::new(),
            links: BTreeMap::new(),
            next_key: 0,
        });
        self.free_at.push(Time::ZERO);
        // An engine that joins later has its own start of time; in these worlds all begin at once,
        // and a late one is told the time by its first event.
        self.tell(number, Event::Timeout);
        number
    }

    pub fn addr(number: usize) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, number as u8 + 1], 6881))
    }

    fn number(addr: SocketAddr) -> Option<usize> {
        match addr {
            SocketAddr::V4(v4) => Some(usize::from(v4.ip().octets()[3]) - 1),
            SocketAddr::V6(_) => None,
        }
    }

    fn later(&mut self, after: Duration, node: usize, happens: Happens) {
        self.ticket += 1;
        let at = self.now + after;
        self.queue.insert((at, self.ticket), (node, happens));
    }

    pub fn tell(&mut self, node: usize, event: Event) {
        if !self.nodes[node].alive {
            return;
        }
        self.nodes[node].recording.push((self.now, event.clone()));
        self.nodes[node].engine.handle(event, self.now);
        while let Some(action) = self.nodes[node].engine.poll_action() {
            self.nodes[node].actions.push(action.clone());
            self.act(node, action);
        }
        let open = self.nodes[node].engine.stats(self.now).open_pieces;
        self.nodes[node].most_open = self.nodes[node].most_open.max(open);
    }

    /// Every peer of this node is told that it is choked, whatever its engine thinks.
    pub fn choke_everybody(&mut self, node: usize) {
        self.tell_everybody(node, Message::Choke);
        self.nodes[node].vice = Vice::Stalls;
    }

    /// Every peer of this node is told that it may ask again.
    pub fn unchoke_everybody(&mut self, node: usize) {
        self.nodes[node].vice = Vice::None;
        self.tell_everybody(node, Message::Unchoke);
    }

    fn tell_everybody(&mut self, node: usize, message: Message) {
        for link in self.nodes[node].links.values().cloned().collect::<Vec<_>>() {
            if let Some(peer) = link.other_key {
                let message = message.clone();
                self.later(
                    LATENCY,
                    link.other,
                    Happens::Event(Event::Message { peer, message }),
                );
            }
        }
    }

    /// The other ends notice that this node is gone.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].alive = false;
        for link in std::mem::take(&mut self.nodes[node].links).into_values() {
            self.hang_up(&link);
        }
    }

    fn hang_up(&mut self, link: &Link) {
        if let Some(peer) = link.other_key {
            let why = Ended::HungUp;
            self.later(
                LATENCY,
                link.other,
                Happens::Event(Event::Closed { peer, why }),
            );
        }
    }

    fn act(&mut self, node: usize, action: Action) {
        match action {
            Action::Connect { addr } => {
                let nodes = self.nodes.len().max(self.expected);
                let there = Self::number(addr).filter(|&n| n < nodes);
                let answer = match there {
                    Some(n) if n >= self.nodes.len() => None,
                    Some(n) if n == node => Some(ConnectFailure::Ourselves),
                    Some(n) if self.nodes[n].alive => None,
                    _ => Some(ConnectFailure::Network("nobody there".to_owned())),
                };
                match (answer, there) {
                    (Some(why), _) => {
                        let event = Event::ConnectFailed { addr, why };
                        self.later(LATENCY * 2, node, Happens::Event(event));
                    }
                    (None, Some(other)) => self.connect(node, other, addr),
                    (None, None) => unreachable!("an address without a node fails"),
                }
            }
            Action::Close { peer, .. } => {
                if let Some(link) = self.nodes[node].links.remove(&peer) {
                    self.hang_up(&link);
                }
            }
            Action::Send { peer, message } => self.send(node, peer, message),
            Action::Upload { peer, block } => self.upload(node, peer, block),
            Action::Keep { buf, piece, block } => {
                let content = self.nodes[node]
                    .bufs
                    .remove(&buf.0)
                    .expect("a buffer that arrived");
                self.nodes[node].kept.insert((piece, block), content);
            }
            Action::Drop { buf } => {
                self.nodes[node]
                    .bufs
                    .remove(&buf.0)
                    .expect("a buffer that arrived");
            }
            Action::Forget { piece } => {
                self.nodes[node].kept.retain(|&(p, _), _| p != piece);
            }
            Action::Store { piece, digests } => {
                let contents = self.contents(node, piece);
                let ok = contents.iter().all(|&content| content == RIGHT);
                let wanted = match digests {
                    BlockDigests::Never => false,
                    BlockDigests::IfWrong => !ok,
                    BlockDigests::Always => true,
                };
                let digests = wanted.then(|| contents.iter().map(|&c| [c; 20]).collect());
                let result = match ok {
                    true => Stored::Written { digests },
                    false => Stored::Wrong { digests },
                };
                self.later(DISK, node, Happens::Event(Event::Stored { piece, result }));
            }
            Action::Announce {
                tracker,
                announcement,
            } => {
                let now = self.now;
                self.nodes[node].announces.push((now, announcement.event));
                self.nodes[node].asked.push((now, tracker.clone()));
                if self.nodes[node].vice == Vice::Unheard {
                    return;
                }
                let known = !self.ignorant.contains(&tracker);
                let peers = (0..self.nodes.len()).filter(|&n| known && self.nodes[n].alive);
                let reply = AnnounceReply {
                    interval: Duration::from_secs(1800),
                    min_interval: None,
                    tracker_id: None,
                    complete: None,
                    incomplete: None,
                    peers: peers.map(Self::addr).collect(),
                    warning: None,
                };
                let event = Event::Announced {
                    tracker,
                    result: Ok(reply),
                };
                let takes = self.slow_tracker.unwrap_or(LATENCY * 2);
                self.later(takes, node, Happens::Event(event));
            }
            Action::Report(report) => {
                let now = self.now;
                self.nodes[node].reports.push((now, report));
            }
            Action::Finished(outcome) => {
                self.nodes[node].outcome = Some((self.now, outcome));
                self.kill(node);
            }
        }
    }

    fn contents(&self, node: usize, piece: u32) -> Vec<u8> {
        let kept = &self.nodes[node].kept;
        (0..self.geometry.blocks_in(piece))
            .map(|block| kept[&(piece, block)])
            .collect()
    }

    fn connect(&mut self, node: usize, other: usize, addr: SocketAddr) {
        let key = self.new_link(node, other, None);
        self.later(LATENCY, other, Happens::Called { from: node, key });
        let event = Event::Connected {
            peer: key,
            addr,
            incoming: false,
            handshake: handshake(other),
        };
        self.later(LATENCY * 2, node, Happens::Event(event));
    }

    fn new_link(&mut self, node: usize, other: usize, other_key: Option<PeerKey>) -> PeerKey {
        let key = PeerKey(self.nodes[node].next_key);
        self.nodes[node].next_key += 1;
        let link = Link {
            other,
            other_key,
            asked: BTreeSet::new(),
        };
        self.nodes[node].links.insert(key, link);
        key
    }

    fn send(&mut self, node: usize, peer: PeerKey, message: Message) {
        let Some(link) = self.nodes[node].links.get_mut(&peer) else {
            return;
        };
        match &message {
            Message::Request(block) => assert!(link.asked.insert(*block), "asked twice: {block:?}"),
            Message::Cancel(block) => {
                link.asked.remove(block);
            }
            _ => {}
        }
        if let (other, Some(peer)) = (link.other, link.other_key) {
            self.later(
                LATENCY,
                other,
                Happens::Event(Event::Message { peer, message }),
            );
        }
    }

    fn upload(&mut self, node: usize, peer: PeerKey, block: BlockRequest) {
        let now = self.now;
        self.nodes[node].sent.push((now, block.len.into()));
        let Some(link) = self.nodes[node].links.get(&peer) else {
            return;
        };
        let (other, other_key) = (link.other, link.other_key);
        let wire = match self.slow.get(&node).copied().or(self.bandwidth) {
            Some(rate) => {
                let takes = Duration::from_secs_f64(f64::from(block.len) / rate as f64);
                self.free_at[node] = self.free_at[node].max(now) + takes;
                self.free_at[node].since(now)
            }
            None => Duration::ZERO,
        };
        let bytes = block.len.into();
        self.later(wire, node, Happens::Event(Event::Room { peer, bytes }));
        let content = match self.nodes[node].vice {
            Vice::Stalls => return,
            Vice::Lies => 100 + node as u8,
            Vice::LiesOnce => {
                self.nodes[node].vice = Vice::None;
                100 + node as u8
            }
            _ => RIGHT,
        };
        if let Some(key) = other_key {
            self.later(
                wire + LATENCY,
                other,
                Happens::Block {
                    key,
                    block,
                    content,
                },
            );
        }
    }

    /// Lets time pass until nothing more happens before `until`, or `done` says so.
    pub fn run_until(&mut self, until: Duration, mut done: impl FnMut(&World) -> bool) {
        let until = Time::after_start(until);
        while !done(self) {
            let queued = self.queue.first_key_value().map(|(&(at, _), _)| at);
            let timer = (0..self.nodes.len())
                .filter(|&n| self.nodes[n].alive)
                .filter_map(|n| Some((self.nodes[n].engine.poll_timeout()?, n)))
                .min();
            let next = match (queued, timer) {
                (Some(queued), Some((timer, _))) => queued.min(timer),
                (Some(queued), None) => queued,
                (None, Some((timer, _))) => timer,
                (None, None) => break,
            };
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            if queued == Some(next) {
                let ((_, _), (node, happens)) = self.queue.pop_first().unwrap();
                self.happen(node, happens);
            } else if let Some((_, node)) = timer {
                self.tell(node, Event::Timeout);
            }
        }
    }

    pub fn run(&mut self, seconds: u64) {
        self.run_until(Duration::from_secs(seconds), |_| false);
    }

    fn happen(&mut self, node: usize, happens: Happens) {
        if !self.nodes[node].alive {
            return;
        }
        match happens {
            Happens::Event(Event::Message { peer, message }) => {
                let Some(link) = self.nodes[node].links.get_mut(&peer) else {
                    return;
                };
                if message == Message::Choke {
                    link.asked.clear();
                }
                self.tell(node, Event::Message { peer, message });
            }
            Happens::Event(Event::Closed { peer, why }) => {
                if self.nodes[node].links.remove(&peer).is_some() {
                    self.tell(node, Event::Closed { peer, why });
                }
            }
            Happens::Event(Event::Room { peer, bytes }) => {
                if self.nodes[node].links.contains_key(&peer) {
                    self.tell(node, Event::Room { peer, bytes });
                }
            }
            Happens::Event(event) => {
                let connected = match &event {
                    Event::Connected { peer, .. } => Some(*peer),
                    _ => None,
                };
                if connected.is_some_and(|peer| !self.nodes[node].links.contains_key(&peer)) {
                    return;
                }
                self.tell(node, event);
                if let Some(peer) = connected {
                    self.room(node, peer);
                }
            }
            Happens::Called { from, key } => {
                if !self.nodes[from].links.contains_key(&key) {
                    return;
                }
                let peer = self.new_link(node, from, Some(key));
                if let Some(link) = self.nodes[from].links.get_mut(&key) {
                    link.other_key = Some(peer);
                }
                let addr = SocketAddr::new(Self::addr(from).ip(), 40_000 + key.0 as u16);

                self.tell(
                    node,
                    Event::Connected {
                        peer,
                        addr,
                        incoming: true,
                        handshake: handshake(from),
                    },
                );
                self.room(node, peer);
            }
            Happens::Block {
                key,
                block,
                content,
            } => {
                let Some(link) = self.nodes[node].links.get_mut(&key) else {
                    return;
                };
                if !link.asked.remove(&block) {
                    return;
                }
                let number = self.nodes[node].next_buf;
                self.nodes[node].next_buf += 1;
                self.nodes[node].bufs.insert(number, content);
                self.tell(
                    node,
                    Event::Block {
                        peer: key,
                        block,
                        buf: BufKey(number),
                    },
                );
            }
        }
    }

    fn room(&mut self, node: usize, peer: PeerKey) {
        if self.nodes[node].links.contains_key(&peer) {
            self.tell(
                node,
                Event::Room {
                    peer,
                    bytes: 512 * 1024,
                },
            );
        }
    }

    /// Whether this node's work has ended with everything on disk.
    pub fn is_complete(&self, node: usize) -> bool {
        matches!(self.nodes[node].outcome, Some((_, Outcome::Complete)))
    }

    /// Block contents that are held for this node's engine.
    pub fn held(&self, node: usize) -> usize {
        self.nodes[node].bufs.len() + self.nodes[node].kept.len()
    }
}
