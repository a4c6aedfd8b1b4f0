//! What a driver of the engine holds, and what it may expect of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use blocks::{BLOCK, BlockDigests, Geometry};
use engine::{
    Action, BufKey, Command, Config, ConnectFailure, Engine, Event, Report, Stored, Time,
};
use handshake::{Handshake, Reserved};
use messages::{Bitfield, BlockRequest, Ended, Message};
use metainfo::InfoHash;
use peer_id::PeerId;
use picker::PeerKey;
use tracker::{AnnounceError, AnnounceReply, Retry};

/// Timers that ring at most while one step lets time pass: one that rings for ever is found, and a day is not needed.
const MOST_RINGS: usize = 2_000;

/// A connection, as its task would keep it.
#[derive(Default)]
struct Connection {
    /// What it says it has.
    has: BTreeSet<u32>,
    /// Whether it was told that it may ask.
    unchoked: bool,
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
    announces: Vec<String>,
    /// The block that the engine is deciding about.
    deciding: Option<(BufKey, BlockRequest)>,
    next_buf: u32,
    kept: BTreeMap<u32, BTreeSet<u32>>,
    stores: Vec<(u32, BlockDigests)>,
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
            deciding: None,
            next_buf: 0,
            kept: BTreeMap::new(),
            stores: Vec::new(),
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
                self.stores.push((piece, digests));
            }
            Action::Forget { piece } => {
                assert!(
                    self.stores.iter().all(|&(other, _)| other != piece),
                    "piece {piece} is at the disk"
                );
                self.kept.remove(&piece);
            }
            Action::Check { piece } => assert!(self.have.get(piece), "we have no piece {piece}"),
            Action::Settle => self.settles += 1,
            Action::Upload { peer, block } => {
                assert!(
                    self.have.get(block.piece),
                    "we have no piece {}",
                    block.piece
                );
                let connection = self.connection(peer);
                assert!(connection.unchoked, "it is choked");
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
            Action::Announce {
                tracker,
                announcement,
            } => {
                assert!(
                    announcement.downloaded == self.downloaded
                        && announcement.uploaded == self.uploaded
                );
                self.announces.push(tracker);
            }
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
                connection.wants.clear();
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
        assert!(stats.wasted <= stats.downloaded);
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

    // What peers do.

    pub fn called(&mut self, id: u8, host: u8) -> PeerKey {
        let addr = SocketAddr::from((
            [10, 0, 0, host % 16],
            40_000 + (self.next_key % 1_000) as u16,
        ));
        self.connected(addr, true, id)
    }

    /// A caller that has these pieces and lets us ask.
    pub fn giver(&mut self, id: u8, host: u8, has: Bitfield) {
        let peer = self.called(id, host);
        for message in [Message::Bitfield(has.to_bytes()), Message::Unchoke] {
            if self.connections.contains_key(&peer) {
                self.say_as(peer, message);
            }
        }
    }

    pub fn answered(&mut self, which: u8, id: u8) {
        if let Some(addr) = self.some_call(which) {
            self.connected(addr, false, id);
        }
    }

    pub fn unanswered(&mut self, which: u8, why: ConnectFailure) {
        if let Some(addr) = self.some_call(which) {
            self.tell(Event::ConnectFailed { addr, why });
        }
    }

    fn some_call(&mut self, which: u8) -> Option<SocketAddr> {
        let count = self.dialling.len();
        (count > 0).then(|| self.dialling.remove(usize::from(which) % count))
    }

    fn connected(&mut self, addr: SocketAddr, incoming: bool, id: u8) -> PeerKey {
        let peer = PeerKey(self.next_key);
        self.next_key += 1;
        self.connections.insert(peer, Connection::default());
        let handshake = Handshake {
            reserved: Reserved::none(),
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId([id; 20]),
        };
        self.tell(Event::Connected {
            peer,
            addr,
            incoming,
            handshake,
        });
        peer
    }

    pub fn hung_up(&mut self, peer: u8) {
        if let Some(peer) = self.some_peer(peer) {
            self.connections.remove(&peer);
            let why = Ended::HungUp;
            self.tell(Event::Closed { peer, why });
        }
    }

    pub fn say(&mut self, peer: u8, message: Message) {
        if let Some(peer) = self.some_peer(peer) {
            self.say_as(peer, message);
        }
    }

    fn say_as(&mut self, peer: PeerKey, message: Message) {
        let pieces = self.geometry.pieces();
        let connection = self.connection(peer);
        match &message {
            Message::Choke => connection.asked.clear(),
            Message::Request(block) if connection.unchoked => connection.wants.push(*block),
            Message::Cancel(block) => connection.wants.retain(|other| other != block),
            Message::Have(piece) => drop(connection.has.insert(*piece)),
            Message::Bitfield(bytes) => {
                if let Ok(field) = Bitfield::from_bytes(pieces, bytes) {
                    connection.has = (0..pieces).filter(|&piece| field.get(piece)).collect();
                }
            }
            _ => {}
        }
        self.tell(Event::Message { peer, message });
    }

    pub fn cancel(&mut self, peer: u8, which: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let wants = &self.connection(peer).wants;
        if let Some(&block) = wants.get(usize::from(which) % wants.len().max(1)) {
            self.say_as(peer, Message::Cancel(block));
        }
    }

    pub fn deliver(&mut self, peer: u8, which: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let asked = &self.connection(peer).asked;
        if let Some(&block) = asked.get(usize::from(which) % asked.len().max(1)) {
            self.block_from(peer, block);
        }
    }

    /// Every peer in turn sends the first block that it was asked for, so many in all.
    pub fn deliver_all(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let peers: Vec<PeerKey> = self.connections.keys().copied().collect();
            let before = left;
            for peer in peers.into_iter().take(left) {
                let connection = self.connections.get(&peer);
                if let Some(&block) = connection.and_then(|other| other.asked.first()) {
                    self.block_from(peer, block);
                    left -= 1;
                }
            }
            if left == before {
                return;
            }
        }
    }

    pub fn block(&mut self, peer: u8, block: BlockRequest) {
        if let Some(peer) = self.some_peer(peer).filter(|_| self.metadata) {
            self.block_from(peer, block);
        }
    }

    fn block_from(&mut self, peer: PeerKey, block: BlockRequest) {
        let buf = BufKey(self.next_buf);
        self.next_buf += 1;
        self.connection(peer).asked.retain(|&other| other != block);
        self.downloaded += u64::from(block.len);
        self.deciding = Some((buf, block));
        self.tell(Event::Block { peer, block, buf });
    }

    pub fn room(&mut self, peer: u8, bytes: u64) {
        if let Some(peer) = self.some_peer(peer) {
            self.room_of(peer, bytes);
        }
    }

    pub fn sent(&mut self, peer: u8) {
        if let Some(peer) = self.some_peer(peer) {
            let unsent = self.connection(peer).unsent;
            self.room_of(peer, unsent);
        }
    }

    fn room_of(&mut self, peer: PeerKey, bytes: u64) {
        let connection = self.connection(peer);
        let sent = bytes.min(connection.unsent);
        connection.unsent -= sent;
        connection.room += bytes;
        self.uploaded += sent;
        self.tell(Event::Room { peer, bytes });
    }

    /// The block that a connection was given last cannot be read.
    pub fn unsent(&mut self, peer: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let connection = self.connection(peer);
        let Some(block) = connection.given.pop() else {
            return;
        };
        let bytes = u64::from(block.len);
        if connection.unsent >= bytes {
            connection.unsent -= bytes;
            connection.room += bytes;
            self.tell(Event::Unsent { peer, block });
        }
    }

    // What the disk, the trackers, the clock and the user do.

    /// Pieces are gone from the disk.
    pub fn lost(&mut self, pieces: Vec<u32>) {
        if self.metadata {
            pieces.iter().for_each(|&piece| {
                self.have.clear(piece);
            });
        }
        self.tell(Event::Lost { pieces });
    }

    /// Pieces are found on disk. What is being fetched is not taken.
    pub fn found(&mut self, pieces: Vec<u32>) {
        if self.finished || !self.metadata {
            return;
        }
        let (asked, kept) = (&self.connections, &self.kept);
        let is_open = |piece: u32| {
            kept.contains_key(&piece)
                || asked
                    .values()
                    .any(|c| c.asked.iter().any(|b| b.piece == piece))
        };
        let taken: Vec<u32> = pieces.iter().copied().filter(|&p| !is_open(p)).collect();
        let (mut with, without) = (self.have.clone(), self.have.clone());
        for &piece in &taken {
            with.set(piece);
        }
        // A piece may be open that nothing was asked of: then the engine leaves it.
        self.engine.handle(Event::Found { pieces }, self.now);
        let now = self.engine.have().cloned().unwrap_or(without);
        assert!(!now.has_any_missing_from(&with), "it takes what is open");
        self.have = now;
        self.obey();
        self.check();
    }

    pub fn settled(&mut self) {
        if self.settles > 0 {
            self.settles -= 1;
            self.tell(Event::Settled);
        }
    }

    pub fn stored(&mut self, which: u8, wrong: bool, lies: u8) {
        let Some((piece, digests)) = self.some_store(which) else {
            return;
        };
        let blocks = self.geometry.blocks_in(piece);
        let wanted = match digests {
            BlockDigests::Never => false,
            BlockDigests::IfWrong => wrong,
            BlockDigests::Always => true,
        };
        // A bit for each block that is not what it should be.
        let digest = |block: u32| [if wrong { lies >> (block % 8) & 1 } else { 0 }; 20];
        let digests = wanted.then(|| (0..blocks).map(digest).collect());
        let result = if wrong {
            Stored::Wrong { digests }
        } else {
            self.have.set(piece);
            Stored::Written { digests }
        };
        self.tell(Event::Stored { piece, result });
    }

    pub fn disk_full(&mut self, which: u8) {
        if let Some((piece, _)) = self.some_store(which) {
            let result = Stored::Failed("the disk is full".to_owned());
            self.tell(Event::Stored { piece, result });
        }
    }

    fn some_store(&mut self, which: u8) -> Option<(u32, BlockDigests)> {
        let count = self.stores.len();
        (count > 0).then(|| self.stores.remove(usize::from(which) % count))
    }

    pub fn announced(&mut self, which: u8, peers: Vec<SocketAddr>, interval: Duration, id: bool) {
        let reply = AnnounceReply {
            interval,
            min_interval: None,
            tracker_id: id.then(|| vec![which]),
            complete: None,
            incomplete: None,
            peers,
            warning: id.then(|| "a warning".to_owned()),
        };
        self.tracker_says(which, Ok(reply));
    }

    pub fn not_announced(&mut self, which: u8) {
        let retry = match which % 4 {
            0 => Some(Retry::Never),
            1 => Some(Retry::After(Duration::from_secs(3_600))),
            _ => None,
        };
        let why = AnnounceError::Status {
            host: "tracker.example".to_owned(),
            status: 503,
            retry,
        };
        self.tracker_says(which, Err(why));
    }

    fn tracker_says(&mut self, which: u8, result: Result<AnnounceReply, AnnounceError>) {
        let count = self.announces.len();
        if count > 0 {
            let tracker = self.announces.remove(usize::from(which) % count);
            self.tell(Event::Announced { tracker, result });
        }
    }

    pub fn command(&mut self, command: Command) {
        if let Command::Memory(bytes) = command {
            self.allow_memory(bytes);
        }
        self.tell(Event::Command(command));
    }

    /// Lets time pass, and rings what is due.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        for _ in 0..MOST_RINGS {
            let Some(due) = self.engine.poll_timeout().filter(|&due| due <= until) else {
                break;
            };
            self.now = self.now.max(due);
            self.tell(Event::Timeout);
            let next = self.engine.poll_timeout();
            assert!(
                next.is_none_or(|next| next > self.now),
                "a timer that rings for ever"
            );
        }
        self.now = until;
    }

    // The end.

    /// Everybody goes, what is at the disk is good, and an honest seeder comes: then all that is wanted is there.
    pub fn finish(mut self) {
        if self.finished {
            return;
        }
        while !self.stores.is_empty() {
            self.stored(0, false, 0);
        }
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
            } else if !self.stores.is_empty() {
                self.stored(0, false, 0);
            } else {
                assert!(
                    self.connections.contains_key(&seeder),
                    "the honest one was sent away"
                );
                self.pass(Duration::from_secs(1));
            }
        }
        panic!("{} bytes are still left", self.engine.stats(self.now).left);
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
