//! The heart of the client: one torrent's rules, as a pure state machine.
//!
//! The engine owns no socket, no file, no clock and no random source. Whoever drives it
//!
//! 1. tells it what has happened, and when: [`Engine::handle`];
//! 2. does what it wants done: [`Engine::poll_action`], until there is nothing more;
//! 3. waits for the next event, or until [`Engine::poll_timeout`], which is [`Event::Timeout`].
//!
//! One rule is strict: after every event the actions are drained, in order.
//!
//! Payload never passes through the engine. The driver holds it in block buffers, by number, and
//! is told for each whether to keep it or to drop it.
//!
//! Inside there are five parts, each with its own state, and none of them knows the engine:
//! *discovery* (trackers, the peer list), the *swarm* (connections, bans), the *content* (pieces,
//! and which of them can be trusted), *download* and *upload*. What an event means for which of
//! them stands here and in the files `connections`, `pieces`, `trust`, `passing` and `leaving`.

mod becoming;
mod bound;
mod config;
mod connections;
mod content;
mod cx;
mod details;
mod dht;
mod discovery;
mod download;
mod event;
mod exchanging;
mod explain;
mod extended;
mod fast_extension;
mod files;
mod leaving;
mod limit;
mod metadata;
mod network;
mod offline;
mod ours;
mod passing;
mod pausing;
mod peer;
mod pieces;
mod priority;
mod reason;
mod stats;
mod superseeding;
mod swarm;
mod time;
mod timers;
mod trust;
mod upload;
mod wanting;
mod why;

pub use bound::Bound;
pub use config::{Config, ContentConfig, PIECE_MEMORY};
pub use details::{Details, Doing, OpenPiece, PeerDetails, TrackerDetails};
pub use discovery::{Source, Sources};
pub use event::{
    Action, Announcement, BufKey, Command, Encryption, Event, Known, Outcome, Report, Stored,
};
pub use reason::{CloseReason, ConnectFailure, Failure, Stall, TrackerWord};
pub use stats::{Stats, Waste};
pub use time::Time;
pub use why::{Choice, Why};

use handshake::Reserved;
use magnet::EXTENDED;
use messages::Bitfield;
use picker::Order;

use content::Content;
use cx::Cx;
use discovery::{Discovery, Totals};
use download::Download;
use files::Doubts;
use leaving::Stage;
use metadata::Metadata;
use pausing::{Fault, Trial};
use swarm::Swarm;
use timers::Timer;
use upload::{SuperSeed, Upload};

/// The ids of the messages that the engine wants to hear of beyond those of BEP 3.
pub const LATER: &[u8] = &[dht::PORT, 13, 14, 15, 16, 17, EXTENDED];

/// The extensions that the engine speaks: what a handshake can say, and [`Config::reserved`].
pub fn speaks() -> Reserved {
    Reserved::none().with_fast().with_extension_protocol()
}

/// What trackers are told is missing of a torrent of which nothing is known: something is. (libtorrent
/// says the same.)
const UNKNOWN_LEFT: u64 = 16 * 1024;

/// One torrent at work.
pub struct Engine {
    stage: Stage,
    keep_seeding: bool,
    /// The extensions that our handshake says we speak.
    reserved: Reserved,
    allows_fast: bool,
    /// Who is asked for peers beside trackers.
    sources: Sources,
    /// When the work began.
    began: Time,
    cx: Cx,
    /// Our own peer id.
    peer_id: [u8; 20],
    /// What we call ourselves, and where we can be called.
    client: String,
    port: u16,
    /// The port of our node of the DHT; 0 if there is none.
    dht_port: u16,
    /// Bytes for open pieces.
    memory: u64,
    metadata: Metadata,
    discovery: Discovery,
    swarm: Swarm,
    /// `None` while only the info-hash is known.
    content: Option<Content>,
    download: Download,
    upload: Upload,
    /// `None` if we show everybody all that we have.
    super_seed: Option<SuperSeed>,
    /// Everything wanted is there, and the user has heard of it.
    is_complete: bool,
    /// `completed` was told to the trackers, or is not to be told: it is said once for a torrent.
    is_announced: bool,
    /// What is to be looked at because a peer has hung up.
    doubts: Doubts,
    /// The user wants a pause.
    paused: bool,
    /// The disk has a fault.
    fault: Option<Fault>,
    /// The network interface that is not there, though everything is to go through it.
    offline: Option<String>,
}

impl Engine {
    /// An engine that begins at `now`; its first actions wait to be polled.
    pub fn new(config: Config, now: Time) -> Engine {
        let mut cx = Cx::new(config.seed, config.explain, now);
        let (memory, peer_id) = (config.memory, config.peer_id);
        let mut engine = Engine {
            stage: Stage::Running,
            keep_seeding: config.keep_seeding,
            reserved: config.reserved,
            allows_fast: config.allows_fast,
            sources: config.sources,
            began: now,
            peer_id,
            client: config.client.clone(),
            port: config.port,
            dht_port: config.dht_port,
            memory,
            metadata: Metadata::new(&config),
            discovery: Discovery::new(&config, &mut cx),
            swarm: Swarm::new(&config),
            download: Download::new(config.limit_down, now),
            upload: Upload::new(&config, now),
            super_seed: None,
            content: config
                .content
                .map(|content| Content::new(content, &peer_id, memory)),
            cx,
            is_complete: false,
            is_announced: false,
            doubts: Doubts::default(),
            paused: false,
            fault: None,
            offline: None,
        };
        if config.super_seed {
            engine.super_seed();
        }
        engine.start();
        engine
    }

    fn start(&mut self) {
        if self.is_finished() {
            // Who seeds from the start completes nothing.
            self.is_announced = true;
            let wants_anything = self.content.as_ref().is_some_and(Content::wants_anything);
            // A download of empty files alone wants no piece, and ends like any other.
            match wants_anything || !self.keep_seeding {
                true => self.settle(),
                false => self.is_complete = true,
            }
            if !self.keep_seeding {
                return;
            }
        }
        let now = self.cx.now;
        self.cx.timers.set(Timer::Announce, now);
        self.cx.timers.set(Timer::Dial, now);
        self.cx.timers.set(Timer::Search, now);
        self.discovery.tell_local(&mut self.cx, true);
        self.stalled_again();
        self.ring();
    }

    // ANCHOR: handle
    /// Takes note of what has happened. `now` never goes back.
    pub fn handle(&mut self, event: Event, now: Time) {
        self.cx.now = now;
        match event {
            Event::Connected {
                peer,
                addr,
                incoming,
                encryption,
                handshake,
            } => self.connected(peer, addr, (incoming, encryption), &handshake),
            Event::ConnectFailed { addr, why } => self.connect_failed(addr, &why),
            Event::Closed { peer, .. } => self.closed(peer),
            Event::Unsent { peer, block } => self.unsent(peer, block),
            Event::Lost { pieces } => self.lost(pieces),
            Event::Found { pieces } => self.found(pieces),
            Event::Settled => self.settled(),
            Event::Message { peer, message } => self.message(peer, message),
            Event::Block { peer, block, buf } => self.block(peer, block, buf),
            Event::Wasted { peer, block, bytes } => self.wasted(peer, block, bytes),
            Event::Stored { piece, result } => self.stored(piece, result),
            Event::DiskFailed { why } => self.disk_failed(why, None),
            Event::DiskWell => self.disk_is_well(Trial::Look),
            Event::DiskGone { why } => self.disk_gone(why),
            Event::Room { peer, bytes } => self.room(peer, bytes),
            Event::Announced {
                tracker,
                told,
                result,
            } => self.announced(&tracker, told, result),
            Event::Scraped { tracker, result } => self.discovery.scraped(&tracker, result.ok()),
            Event::InterfaceGone { interface } => self.interface_gone(interface),
            Event::InterfaceBack { interface } => self.interface_back(interface),
            Event::Private => self.turns_out_private(),
            Event::Known(known) => self.known(&known),
            Event::CannotBegin { why } => self.leave(Outcome::Failed(Failure::Shell(why))),
            Event::Named { source, peers } => self.named(source, &peers),
            Event::Searched { answered, seen_at } => self.searched(answered, &seen_at),
            Event::LookedUp { name, port, result } => self.looked_up(&name, port, result),
            Event::Timeout => {}
            Event::Command(command) => self.command(command),
        }
        self.ring();
        self.ask_peers();
    }
    // ANCHOR_END: handle

    // ANCHOR: poll
    /// The next thing to do; `None` when everything is done for now.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.cx.next_action()
    }

    /// Why the action is wanted that was polled last, if [`Config::explain`] asks for reasons and
    /// the action does not say it itself; to be asked before the next is polled.
    pub fn poll_why(&mut self) -> Option<Why> {
        self.cx.next_why()
    }

    /// When to hand in [`Event::Timeout`] if nothing else has happened; `None` is
    /// never.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.cx.timers.next()
    }
    // ANCHOR_END: poll

    /// The pieces that are on disk and verified; `None` while it is not known what pieces there are.
    pub fn have(&self) -> Option<&Bitfield> {
        self.content.as_ref().map(Content::have)
    }

    /// Opens pieces in another order from now on, or shares nothing out with those that fetch the same:
    /// to measure what both are good for. No user is asked, and no recording knows of it.
    pub fn set_order(&mut self, order: Order, shares: bool) {
        if let Some(content) = &mut self.content {
            content.picker.set_order(order);
            content.shares = shares;
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Stop => self.leave(Outcome::Stopped),
            Command::Pause => self.pause(),
            Command::Resume => self.resume(),
            Command::Limits { down, up } => {
                self.download.set_limit(down, &mut self.cx);
                self.upload.set_limit(up, &mut self.cx);
            }
            Command::Memory(bytes) => {
                self.memory = bytes;
                if let Some(content) = &mut self.content {
                    content.set_memory(bytes);
                }
            }
            Command::Want { wanted, first } => self.want(&wanted, &first),
        }
    }

    /// Sends the requests that this event has made possible.
    fn ask_peers(&mut self) {
        if !self.fetches() {
            return;
        }
        if let Some(content) = &mut self.content {
            let Engine {
                cx,
                swarm,
                download,
                ..
            } = self;
            download.ask_all(cx, swarm, content);
        }
    }

    /// Whether nothing is missing.
    fn is_finished(&self) -> bool {
        self.content.as_ref().is_some_and(Content::is_finished)
    }

    /// What trackers are told.
    fn totals(&self) -> Totals {
        Totals {
            uploaded: self.upload.total,
            downloaded: self.download.total,
            left: self.content.as_ref().map_or(UNKNOWN_LEFT, Content::left),
            is_partial_seed: self.is_complete
                && self
                    .content
                    .as_ref()
                    .is_some_and(|content| content.wants_anything() && !content.is_seed()),
        }
    }
}
