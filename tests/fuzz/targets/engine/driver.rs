//! What a driver of the engine holds, and what it may expect of it.

mod peers;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use blocks::{BLOCK, BlockDigests, Geometry};
use engine::{
    Action, BufKey, Command, Config, ConnectFailure, Encryption, Engine, Event, Report, Stored,
    Time,
};
use fast::Fast;
use handshake::{Handshake, Reserved};
use messages::{Bitfield, BlockRequest, Ended, Message};
use metainfo::InfoHash;
use peer_id::PeerId;
use picker::PeerKey;
use tracker::{AnnounceError, AnnounceEvent, AnnounceReply, Counts, Retry};

/// Timers that ring at most while one step lets time pass: one that rings for ever is found, and a day is not needed.
const MOST_RINGS: usize = 2_000;

/// A connection, as its task would keep it.
#[derive(Default)]
struct Connection {
    /// What it says it has.
    has: BTreeSet<u32>,
    /// Whether it was told that it may ask.
    unchoked: bool,
    /// Whether it speaks the fast extension, as we do.
    fast: bool,
    /// What we asked it for: neither answered, cancelled nor choked away.
    asked: Vec<BlockRequest>,
    /// What it asked us for, as often as it did.
    wants: Vec<BlockRequest>,
    /// Payload bytes that it can take, and that it has taken and not sent.
    room: u64,
    unsent: u64,
    /// The blocks that it was given to send; those at the front may be out.
    given: Vec<BlockRequest>,
}

pub struct Driver {
    pub geometry: Geometry,
    engine: Engine,
    metadata: bool,
    now: Time,
    next_key: u32,
    connections: BTreeMap<PeerKey, Connection>,
    dialling: Vec<SocketAddr>,
    /// Announces that wait for an answer.
    announces: Vec<(String, Option<AnnounceEvent>)>,
    /// Trackers that were asked for their counts.
    scrapes: Vec<String>,
    /// The block that the engine is deciding about.
    deciding: Option<(BufKey, BlockRequest)>,
    next_buf: u32,
    kept: BTreeMap<u32, BTreeSet<u32>>,
    stores: Vec<(u32, BlockDigests)>,
    /// Whole pieces that could not be written, and are to be written later.
    unwritten: BTreeSet<u32>,
    /// Looks at the files that were asked for after a fault of the disk.
    looks: usize,
    /// How often the files are to be looked at.
    settles: usize,
    have: Bitfield,
    wanted: Bitfield,
    /// The most that may be open, in pieces: the bound may be lowered, but what is open stays.
    most_open: u64,
    downloaded: u64,
    uploaded: u64,
    banned: BTreeSet<SocketAddr>,
    finished: bool,
}

impl Driver {
    pub fn new(config: Config, geometry: Geometry) -> Driver {
        let pieces = geometry.pieces();
        let content = config.content.as_ref();
        let have = content.map_or(Bitfield::new(pieces), |content| content.have.clone());
        let wanted = content.map_or(Bitfield::new(pieces), |content| content.wanted.clone());
        let mut driver = Driver {
            geometry,
            metadata: content.is_some(),
            now: Time::ZERO,
            next_key: 0,
            connections: BTreeMap::new(),
            dialling: Vec::new(),
            announces: Vec::new(),
            scrapes: Vec::new(),
            deciding: None,
            next_buf: 0,
            kept: BTreeMap::new(),
            stores: Vec::new(),
            unwritten: BTreeSet::new(),
            looks: 0,
            settles: 0,
            have,
            wanted,
            most_open: 0,
            downloaded: 0,
            uploaded: 0,
            banned: BTreeSet::new(),
            finished: false,
            engine: Engine::new(config.clone(), Time::ZERO),
        };
        driver.allow_memory(config.memory);
        driver.obey();
        driver.check();
        driver
    }

    /// Whether the engine has said that there is nothing left to do.
    pub fn is_over(&self) -> bool {
        self.finished
    }

    fn allow_memory(&mut self, bytes: u64) {
        let piece = u64::from(self.geometry.piece_length().div_ceil(BLOCK)) * u64::from(BLOCK);
        self.most_open = self.most_open.max(bytes / piece).max(2);
    }

    pub fn tell(&mut self, event: Event) {
        if self.finished {
            return;
        }
        self.engine.handle(event, self.now);
        self.obey();
        assert_eq!(self.deciding, None, "what becomes of the block?");
        self.check();
    }

    fn obey(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            assert!(!self.finished, "after the last action of all: {action:?}");
            self.act(action);
        }
    }

    fn connection(&mut self, peer: PeerKey) -> &mut Connection {
        self.connections
            .get_mut(&peer)
            .expect("a connection that is there")
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Connect { addr } => {
                assert!(
                    !self.dialling.contains(&addr),
                    "called twice at once: {addr}"
                );
                assert!(!self.banned.contains(&addr), "it was banned: {addr}");
                self.dialling.push(addr);
            }
            Action::Close { peer, .. } => {
                self.connections
                    .remove(&peer)
                    .expect("a connection that is there");
            }
            Action::Rejected { peer, block } => {
                let asked = &mut self.connection(peer).asked;
                let place = asked.iter().position(|&other| other == block);
                asked.remove(place.expect("a block that was asked for"));
            }
            Action::Send { peer, message } => self.send(peer, message),
            Action::Keep { buf, piece, block } => {
                let (key, asked) = self.deciding.take().expect("a block that came just now");
                assert_eq!(
                    (buf, piece, block),
                    (key, asked.piece, asked.offset / BLOCK)
                );
                assert!(!self.have.get(piece), "piece {piece} is on disk");
                let kept = self.kept.entry(piece).or_default();
                assert!(
                    kept.insert(block),
                    "block {block} of piece {piece} is kept already"
                );
            }
            Action::Drop { buf } => {
                let decided = self.deciding.take().map(|(key, _)| key);
                assert_eq!(decided, Some(buf), "a block that came just now");
            }
            Action::Store { piece, digests } => {
                let blocks = self.kept.get(&piece).map_or(0, BTreeSet::len);
                assert_eq!(
                    blocks,
                    self.geometry.blocks_in(piece) as usize,
                    "piece {piece} is not whole"
                );
                assert!(
                    self.stores.iter().all(|&(other, _)| other != piece),
                    "piece {piece} is at the disk"
                );
                self.unwritten.remove(&piece);
                self.stores.push((piece, digests));
            }
            Action::Forget { piece } => {
                assert!(
                    self.stores.iter().all(|&(other, _)| other != piece),
                    "piece {piece} is at the disk"
                );
                self.kept.remove(&piece);
                self.unwritten.remove(&piece);
            }
            Action::Check { piece } => assert!(self.have.get(piece), "we have no piece {piece}"),
            Action::Settle => self.settles += 1,
            Action::Look => self.looks += 1,
            Action::Upload { peer, block } => {
                assert!(
                    self.have.get(block.piece),
                    "we have no piece {}",
                    block.piece
                );
                let connection = self.connection(peer);
                assert!(connection.unchoked || connection.fast, "it is choked");
                let place = connection.wants.iter().position(|&other| other == block);
                connection
                    .wants
                    .remove(place.expect("a block that was asked for"));
                let bytes = u64::from(block.len);
                assert!(
                    connection.room >= bytes,
                    "it takes {} bytes more",
                    connection.room
                );
                connection.room -= bytes;
                connection.unsent += bytes;
                connection.given.push(block);
            }
            Action::LookUp { name, .. } => panic!("nobody has named {name}"),
            Action::Metadata { .. }
            | Action::SearchDht
            | Action::DhtNode { .. }
            | Action::TellLocal { .. } => {
                panic!("the torrent is known, and has trackers alone: {action:?}")
            }
            Action::Announce {
                tracker,
                announcement,
            } => {
                assert!(
                    announcement.downloaded == self.downloaded
                        && announcement.uploaded == self.uploaded
                );
                self.announces.push((tracker, announcement.event));
            }
            Action::Scrape { tracker } => self.scrapes.push(tracker),
            Action::Report(Report::PeerBanned { addr, .. }) => {
                self.banned.insert(addr);
            }
            Action::Report(Report::BansLifted { .. }) => self.banned.clear(),
            Action::Report(_) => {}
            Action::Finished(_) => {
                assert!(self.connections.is_empty(), "connections are left");
                self.finished = true;
            }
        }
    }

    fn send(&mut self, peer: PeerKey, message: Message) {
        let (geometry, had) = (self.geometry, self.have.clone());
        let metadata = self.metadata;
        let connection = self.connection(peer);
        match message {
            Message::Request(block) => {
                assert!(
                    metadata && geometry.index_of(block).is_some(),
                    "{block:?} is no block"
                );
                assert!(
                    connection.has.contains(&block.piece),
                    "it has not got piece {}",
                    block.piece
                );
                assert!(!had.get(block.piece), "piece {} is here", block.piece);
                assert!(!connection.asked.contains(&block), "asked twice: {block:?}");
                connection.asked.push(block);
            }
            Message::Cancel(block) => {
                let place = connection.asked.iter().position(|&other| other == block);
                connection
                    .asked
                    .remove(place.expect("a block that was asked for"));
            }
            Message::Unchoke => {
                assert!(!connection.unchoked, "unchoked twice");
                connection.unchoked = true;
            }
            Message::Choke => {
                assert!(connection.unchoked, "choked twice");
                connection.unchoked = false;
                if !connection.fast {
                    connection.wants.clear();
                }
            }
            Message::Later { id, body } => {
                assert!(connection.fast, "it does not speak that");
                match Fast::read(id, &body, geometry.pieces()) {
                    Ok(Some(Fast::Reject(block))) => {
                        // Also what it cannot ask for is rejected.
                        connection.wants.retain(|&other| other != block);
                    }
                    Ok(Some(Fast::AllowedFast(piece))) => assert!(had.get(piece)),
                    Ok(Some(Fast::HaveAll)) => assert!(had.is_full()),
                    Ok(Some(Fast::HaveNone)) => assert_eq!(had.count(), 0),
                    other => panic!("never sent: {other:?}"),
                }
            }
            Message::Have(piece) => assert!(had.get(piece), "we have no piece {piece}"),
            Message::Bitfield(bytes) => assert_eq!(bytes, had.to_bytes()),
            Message::KeepAlive | Message::Interested | Message::NotInterested => {}
            Message::Skipped(_) => panic!("never sent"),
        }
    }

    /// What must hold after every event.
    fn check(&mut self) {
        let stats = self.engine.stats(self.now);
        if !stats.leaving {
            assert_eq!(stats.peers, self.connections.len());
            let asked: usize = self
                .connections
                .values()
                .map(|other| other.asked.len())
                .sum();
            assert_eq!(stats.requests, asked, "requests that are out");
        }
        assert_eq!(
            (stats.downloaded, stats.uploaded),
            (self.downloaded, self.uploaded)
        );
        assert!(stats.waste.total() <= stats.downloaded);
        if self.metadata {
            assert_eq!(self.engine.have(), Some(&self.have));
            // Who wants nothing is told what a seeder has not.
            let nothing = self.wanted.count() == 0;
            let missing = |any: bool| -> u64 {
                let missing = self
                    .have_not()
                    .filter(|&piece| any || self.wanted.get(piece));
                missing
                    .map(|piece| u64::from(self.geometry.piece_len(piece)))
                    .sum()
            };
            assert_eq!(stats.left, missing(nothing));
            assert_eq!(stats.complete, missing(false) == 0);
        }
        assert!(
            stats.open_pieces as u64 <= self.most_open,
            "{} pieces are open",
            stats.open_pieces
        );
        assert!(
            self.kept.len() <= self.most_open as usize,
            "{} pieces are held",
            self.kept.len()
        );
        if self.finished {
            assert_eq!(
                self.engine.poll_timeout(),
                None,
                "after the last action of all"
            );
        }
    }

    fn have_not(&self) -> impl Iterator<Item = u32> {
        (0..self.geometry.pieces()).filter(|&piece| !self.have.get(piece))
    }

    /// Some connection, if there is any.
    fn some_peer(&self, number: u8) -> Option<PeerKey> {
        let count = self.connections.len().max(1);
        self.connections
            .keys()
            .nth(usize::from(number) % count)
            .copied()
    }

    pub fn block_of(&self, piece: u8, block: u8) -> BlockRequest {
        let piece = u32::from(piece) % self.geometry.pieces();
        self.geometry
            .block(piece, u32::from(block) % self.geometry.blocks_in(piece))
    }

    // The end.

    /// Everybody goes, what is at the disk is good, and an honest seeder comes: then all that is wanted is there.
    pub fn finish(mut self) {
        if self.finished {
            return;
        }
        // The disk is well, and nobody wants a pause.
        self.command(Command::Resume);
        while self.disk_answers() {}
        while !self.connections.is_empty() {
            self.hung_up(0);
        }
        self.command(Command::Limits {
            down: None,
            up: None,
        });
        if self.engine.stats(self.now).leaving || !self.metadata {
            return self.leave();
        }
        // The calls that are under way come to nothing, and time lets the choker and the limits settle.
        while let Some(addr) = self.some_call(0) {
            self.tell(Event::ConnectFailed {
                addr,
                why: ConnectFailure::HungUp,
            });
        }
        self.pass(Duration::from_secs(60));
        if self.engine.stats(self.now).leaving {
            return self.leave();
        }
        let seeder = self.connected(SocketAddr::from(([10, 9, 9, 9], 40_000)), true, 255);
        if !self.connections.contains_key(&seeder) {
            return self.leave(); // no connections are allowed at all
        }
        self.say_as(
            seeder,
            Message::Bitfield(Bitfield::full(self.geometry.pieces()).to_bytes()),
        );
        if self.connections.contains_key(&seeder) {
            self.say_as(seeder, Message::Unchoke);
        }
        for _ in 0..20_000 {
            if self.engine.stats(self.now).complete {
                return self.leave();
            }
            let asked = self
                .connections
                .get(&seeder)
                .and_then(|other| other.asked.first());
            if let Some(&block) = asked {
                self.block_from(seeder, block);
            } else if !self.disk_answers() {
                assert!(
                    self.connections.contains_key(&seeder),
                    "the honest one was sent away"
                );
                self.pass(Duration::from_secs(1));
            }
        }
        panic!("{} bytes are still left", self.engine.stats(self.now).left);
    }

    /// The disk does what it was asked, if it was asked for anything.
    fn disk_answers(&mut self) -> bool {
        if self.looks > 0 {
            self.disk_well();
        } else if self.settles > 0 {
            self.settled();
        } else if !self.stores.is_empty() {
            self.stored(0, false, 0);
        } else {
            return false;
        }
        true
    }

    /// Whatever the trackers do not say: it ends.
    fn leave(mut self) {
        self.command(Command::Stop);
        while !self.stores.is_empty() {
            self.stored(0, false, 0);
        }
        self.pass(Duration::from_secs(60));
        assert!(self.finished, "it does not end");
    }
}
