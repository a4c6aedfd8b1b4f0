//! One peer: an engine, and what its driver would hold.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use engine::{Config, Engine, Outcome, Report, Time};
use peer_id::PeerId;

use crate::ends::Ends;
use crate::line::Direction;
use crate::uplink::Uplink;
use crate::{Content, Disk, Line, Recording};

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
    /// Every block of this piece that it sends is wrong.
    LiesAbout(u32),
    /// It never sends a block.
    Stalls,
}

/// A call that a node made to a tracker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announced {
    /// When.
    pub at: Time,
    /// The tracker's URL.
    pub tracker: String,
    /// What had happened.
    pub event: Option<tracker::AnnounceEvent>,
}

/// One peer of the swarm.
pub struct Node {
    /// Its heart.
    pub engine: Engine,
    /// Where others can call it.
    pub addr: SocketAddr,
    /// What is wrong with it.
    pub vice: Vice,
    /// Whether it runs; a dead node answers nobody, nor does one that has not come yet.
    pub alive: bool,
    /// When it came, or comes.
    pub joined: Time,
    /// Its line, if it has not the world's usual one. Of one that is changed, connections keep the
    /// latency with which they were made.
    pub line: Option<Line>,
    /// Its disk, if it has not the world's usual one.
    pub disk: Option<Disk>,
    /// When its last piece came to disk.
    pub completed: Option<Time>,
    /// When and how its work ended.
    pub outcome: Option<(Time, Outcome)>,
    /// What its engine told the user, and when.
    pub reports: Vec<(Time, Report)>,
    /// What it told the trackers.
    pub announces: Vec<Announced>,
    /// Payload bytes that have gone out.
    pub sent: u64,
    /// Payload bytes that have come in, asked for or not.
    pub received: u64,
    /// Those of them that came from nodes which lacked something themselves: not from seeders.
    pub traded: u64,
    /// Bytes of all packets that have come in, headers included, if its line is like TCP's.
    pub packets: u64,
    /// The only node that it can call and that can call it, if it is not free to.
    pub only: Option<usize>,
    /// What its engine was told and wanted, if the world keeps recordings.
    pub recording: Option<Box<Recording>>,

    pub(crate) config: Box<Config>,
    /// How often it has begun: what a former life had asked for is not for this one.
    pub(crate) life: u32,
    pub(crate) id: PeerId,
    pub(crate) ends: Ends,
    pub(crate) uplink: Uplink,
    pub(crate) downlink: Direction,
    /// Its line's sending direction, for packets.
    pub(crate) out: Direction,
    pub(crate) disk_free: Time,
    /// Pieces on its disk that came there while it ran.
    pub(crate) written: u32,
    /// The block that its engine is deciding about.
    pub(crate) bufs: BTreeMap<u32, Content>,
    pub(crate) next_buf: u32,
    /// The kept blocks of each open piece.
    pub(crate) kept: BTreeMap<u32, Vec<Option<Content>>>,
    /// The most pieces that it held blocks of at a time.
    pub(crate) most_open: usize,
    /// When its next alarm is due.
    pub(crate) alarm: Option<Time>,
}

impl Node {
    /// A node that begins at `joined`, and is not alive before it does.
    pub(crate) fn new(config: Config, addr: SocketAddr, joined: Time) -> Node {
        Node {
            engine: Engine::new(config.clone(), joined),
            id: PeerId(config.peer_id),
            config: Box::new(config),
            life: 0,
            addr,
            vice: Vice::None,
            alive: false,
            joined,
            line: None,
            disk: None,
            completed: None,
            outcome: None,
            reports: Vec::new(),
            announces: Vec::new(),
            sent: 0,
            received: 0,
            traded: 0,
            packets: 0,
            only: None,
            recording: None,
            ends: Ends::default(),
            uplink: Uplink::default(),
            downlink: Direction::default(),
            out: Direction::default(),
            disk_free: Time::ZERO,
            written: 0,
            bufs: BTreeMap::new(),
            next_buf: 0,
            kept: BTreeMap::new(),
            most_open: 0,
            alarm: None,
        }
    }

    /// Begins again with what is on its disk. Its connections are gone already.
    pub(crate) fn begin_again(&mut self, now: Time) {
        if let (Some(content), Some(have)) = (&mut self.config.content, self.engine.have()) {
            content.have = have.clone();
        }
        self.engine = Engine::new(Config::clone(&self.config), now);
        self.life += 1;
        self.uplink = Uplink::default();
        self.downlink = Direction::default();
        self.out = Direction::default();
        self.bufs.clear();
        self.kept.clear();
        self.alarm = None;
        self.outcome = None;
    }

    /// Whether its work has ended with everything on disk.
    pub fn is_complete(&self) -> bool {
        matches!(self.outcome, Some((_, Outcome::Complete)))
    }

    /// How many blocks are held for its engine.
    pub fn held(&self) -> usize {
        let kept = self.kept.values().flatten().flatten().count();
        self.bufs.len() + kept
    }

    /// The most pieces that blocks were held of at a time: its memory.
    pub fn most_open(&self) -> usize {
        self.most_open
    }

    /// Whether it has everything.
    pub fn is_seed(&self) -> bool {
        self.engine.have().is_some_and(|have| have.is_full())
    }

    /// Whether a block of its is on its line; never of one that is like TCP's.
    pub fn is_sending(&self) -> bool {
        self.uplink.is_busy()
    }

    /// What is in the kept blocks of a whole piece.
    pub(crate) fn contents(&self, piece: u32) -> Vec<Content> {
        let kept = self.kept.get(&piece).into_iter().flatten();
        kept.map(|content| content.expect("every block of the piece is kept"))
            .collect()
    }
}
