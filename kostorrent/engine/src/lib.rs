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

mod blame;
mod book;
mod bucket;
mod download;
mod event;
mod explain;
mod peer;
mod peers;
mod pieces;
mod reason;
mod stats;
mod suspects;
mod time;
mod timers;
mod trackers;
mod upload;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use blocks::Geometry;
use choker::Choker;
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tracker::{AnnounceError, host_of};

pub use event::{Action, Announcement, BufKey, Command, Event, Outcome, Report, Stored};
pub use reason::{CloseReason, ConnectFailure, Failure, Stall, TrackerWord};
pub use stats::Stats;
pub use time::Time;

use blame::{Bans, Blame, Culprit};
use book::Book;
use bucket::Bucket;
use peer::Peer;
use timers::{Timer, Timers};
use trackers::Trackers;

/// Memory for pieces that are being fetched: the block buffers of all open pieces stay below this,
/// or are those of two pieces if these are larger.
pub const PIECE_MEMORY: u64 = 24 * 1024 * 1024;

/// What the engine is to work on, and within which bounds.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the torrent is cut into pieces and blocks.
    pub geometry: Geometry,
    /// The pieces that are on disk and verified.
    pub have: Bitfield,
    /// The torrent's trackers, tier by tier (BEP 12).
    pub tiers: Vec<Vec<String>>,
    /// Addresses to call without asking a tracker.
    pub peers: Vec<SocketAddr>,
    /// Whether to go on seeding when everything is there.
    pub keep_seeding: bool,
    /// Connections at most.
    pub max_peers: usize,
    /// Peers that may download from us at a time, the optimistic one included.
    pub upload_slots: usize,
    /// Payload bytes a second that may come in.
    pub limit_down: Option<u64>,
    /// Payload bytes a second that may go out.
    pub limit_up: Option<u64>,
    /// Bytes of memory that open pieces may take; two pieces may be open in any case.
    pub memory: u64,
    /// Our own peer id.
    pub peer_id: [u8; 20],
    /// The seed of every chance decision.
    pub seed: u64,
}

impl Config {
    /// A torrent of which nothing is there yet, with the usual bounds.
    pub fn new(geometry: Geometry) -> Config {
        Config {
            geometry,
            have: Bitfield::new(geometry.pieces()),
            tiers: Vec::new(),
            peers: Vec::new(),
            keep_seeding: false,
            max_peers: 200,
            upload_slots: 8,
            limit_down: None,
            limit_up: None,
            memory: PIECE_MEMORY,
            peer_id: [0; 20],
            seed: 0,
        }
    }
}

/// What the engine is about.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Phase {
    /// Fetching what is missing, or seeding.
    Running,
    /// Saying goodbye to the trackers.
    Leaving(Outcome),
    /// Everything is said and done.
    Over,
}

/// One torrent's state: peers, pieces, requests, bans.
pub struct Engine {
    geometry: Geometry,
    keep_seeding: bool,
    max_peers: usize,
    peer_id: [u8; 20],
    phase: Phase,
    picker: Picker,
    peers: BTreeMap<PeerKey, Peer>,
    book: Book,
    trackers: Trackers,
    choker: Choker,
    /// When the choker last decided.
    choked_at: Option<Time>,
    blame: Blame,
    bans: Bans,
    /// Pieces that had failed and now come whole from one peer.
    single: BTreeMap<u32, suspects::Owner>,
    /// Whole pieces that are being verified, digested or written.
    under_way: BTreeSet<u32>,
    /// Who was behind connections that have ended: a liar may hang up before it is found out.
    departed: BTreeMap<PeerKey, Culprit>,
    limit_down: Bucket,
    limit_up: Bucket,
    timers: Timers,
    rng: ChaCha8Rng,
    actions: VecDeque<Action>,
    /// The peer that was served last when a speed limit let bytes through.
    refilled: PeerKey,
    /// Room for the picker's answer, kept for the next time.
    picks: Vec<BlockRequest>,
    downloaded: u64,
    uploaded: u64,
    wasted: u64,
    left: u64,
    /// When the last useful block came.
    progress_at: Option<Time>,
    /// When the work began.
    began: Time,
    down: progress::Rate,
    up: progress::Rate,
}

impl Engine {
    /// An engine that begins at `now`; its first actions wait to be polled.
    pub fn new(config: Config, now: Time) -> Engine {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let geometry = config.geometry;
        let mut picker = Picker::new(geometry, max_open_pieces(&geometry, config.memory));
        let mut left = 0;
        for piece in 0..geometry.pieces() {
            if config.have.get(piece) {
                picker.set_have(piece);
            } else {
                left += u64::from(geometry.piece_len(piece));
            }
        }
        let trackers = Trackers::new(&config.tiers, &mut rng);
        let mut engine = Engine {
            geometry,
            keep_seeding: config.keep_seeding,
            max_peers: config.max_peers,
            peer_id: config.peer_id,
            phase: Phase::Running,
            picker,
            peers: BTreeMap::new(),
            book: Book::default(),
            trackers,
            choker: Choker::new(config.upload_slots),
            choked_at: None,
            blame: Blame::default(),
            bans: Bans::default(),
            single: BTreeMap::new(),
            under_way: BTreeSet::new(),
            departed: BTreeMap::new(),
            limit_down: Bucket::new(config.limit_down, now),
            limit_up: Bucket::new(config.limit_up, now),
            timers: Timers::default(),
            rng,
            actions: VecDeque::new(),
            refilled: PeerKey(0),
            picks: Vec::new(),
            downloaded: 0,
            uploaded: 0,
            wasted: 0,
            left,
            progress_at: None,
            began: now,
            down: progress::Rate::new(),
            up: progress::Rate::new(),
        };
        for addr in config.peers {
            engine.book.add_kept(addr, now);
        }
        engine.start(now);
        engine
    }

    fn start(&mut self, now: Time) {
        if self.picker.is_complete() && !self.keep_seeding {
            self.leave(Outcome::Complete, now);
            return;
        }
        self.timers.set(Timer::Announce, now);
        self.timers.set(Timer::Dial, now);
        self.timers.set(Timer::Tick, now + TICK);
        self.timers.set(Timer::Stalled, now + STALLED);
        self.ring(now);
    }

    // ANCHOR: handle
    /// Takes note of what has happened. `now` never goes back.
    pub fn handle(&mut self, event: Event, now: Time) {
        match event {
            Event::Connected {
                peer,
                addr,
                incoming,
                handshake,
            } => self.connected(peer, addr, incoming, handshake, now),
            Event::ConnectFailed { addr, why } => self.connect_failed(addr, why, now),
            Event::Closed { peer, .. } => self.closed(peer, now),
            Event::Message { peer, message } => self.message(peer, message, now),
            Event::Block { peer, block, buf } => self.block(peer, block, buf, now),
            Event::Stored { piece, result } => self.stored(piece, result, now),
            Event::DiskFailed { why } => self.leave(Outcome::Failed(Failure::Disk(why)), now),
            Event::Room { peer, bytes } => self.room(peer, bytes, now),
            Event::Announced { tracker, result } => self.announced(&tracker, result, now),
            Event::Timeout => {}
            Event::Command(command) => self.command(command, now),
        }
        self.ring(now);
    }
    // ANCHOR_END: handle

    // ANCHOR: poll
    /// The next thing to do; `None` when everything is done for now.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to hand in [`Event::Timeout`] if nothing else has happened; `None` is
    /// never.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.timers.next()
    }
    // ANCHOR_END: poll

    /// The pieces that are on disk and verified.
    pub fn have(&self) -> &Bitfield {
        self.picker.have()
    }

    fn ring(&mut self, now: Time) {
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Tick => self.tick(now),
                Timer::Choke => self.choke_round(now),
                Timer::Announce => self.announce(),
                Timer::Dial => self.dial(now),
                Timer::Refill => self.refill(now),
                Timer::Stalled => self.stalled(now),
                Timer::GiveUp => self.give_up(now),
            }
        }
    }

    fn command(&mut self, command: Command, now: Time) {
        match command {
            Command::Stop => self.leave(Outcome::Stopped, now),
            Command::Limits { down, up } => {
                self.limit_down.change(down, now);
                self.limit_up.change(up, now);
                self.timers.set_earlier(Timer::Refill, now);
            }
            Command::Memory(bytes) => {
                self.picker
                    .set_max_open(max_open_pieces(&self.geometry, bytes));
                self.fill_starved(now);
            }
        }
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn report(&mut self, report: Report) {
        self.act(Action::Report(report));
    }

    /// Asks the tracker that is due.
    fn announce(&mut self) {
        if self.phase != Phase::Running {
            return;
        }
        if let Some(call) = self.trackers.call() {
            self.call_tracker(call);
        }
    }

    fn call_tracker(&mut self, call: trackers::Call) {
        let leaving = call.event == Some(tracker::AnnounceEvent::Stopped);
        let announcement = Announcement {
            event: call.event,
            uploaded: self.uploaded,
            downloaded: self.downloaded,
            left: self.left,
            numwant: if leaving { 0 } else { 100 },
            tracker_id: call.tracker_id,
        };
        self.act(Action::Announce {
            tracker: call.tracker,
            announcement,
        });
    }

    fn announced(
        &mut self,
        tracker: &str,
        result: Result<tracker::AnnounceReply, AnnounceError>,
        now: Time,
    ) {
        match &self.phase {
            Phase::Running => {}
            Phase::Leaving(_) => return self.goodbye_answered(tracker, result.is_ok(), now),
            Phase::Over => return,
        }
        let pause = match result {
            Ok(reply) => {
                for &addr in &reply.peers {
                    if !self.bans.is_banned(addr, None) {
                        self.book.add(addr, now);
                    }
                }
                if let Some(warning) = &reply.warning {
                    self.report(Report::TrackerWarning {
                        tracker: host_of(tracker),
                        warning: warning.clone(),
                    });
                }
                self.timers.set(Timer::Dial, now);
                self.trackers.answered(tracker, &reply, now)
            }
            Err(why) => {
                let pause = self.trackers.failed(&why, now);
                self.report(Report::TrackerFailed {
                    tracker: host_of(tracker),
                    why,
                });
                pause
            }
        };
        self.timers.set(Timer::Announce, now + pause);
    }

    /// Ends the torrent's work: no more requests, goodbyes to the trackers. Each of the two that a
    /// complete download says takes one second at most.
    fn leave(&mut self, outcome: Outcome, now: Time) {
        if self.phase != Phase::Running {
            return;
        }
        self.phase = Phase::Leaving(outcome);
        self.timers = Timers::default();
        self.timers.set(Timer::GiveUp, now + GOODBYE);
        for peer in std::mem::take(&mut self.peers).into_keys() {
            let why = CloseReason::Leaving;
            self.act(Action::Close { peer, why });
        }
        for call in self.trackers.goodbyes() {
            self.call_tracker(call);
        }
        if self.trackers.all_said() {
            self.over();
        }
    }

    fn goodbye_answered(&mut self, tracker: &str, answered: bool, now: Time) {
        if let Some(call) = self.trackers.next_goodbye(tracker, answered) {
            if self.phase == Phase::Leaving(Outcome::Complete) {
                self.timers.set(Timer::GiveUp, now + GOODBYE);
            }
            self.call_tracker(call);
        } else if self.trackers.all_said() {
            self.over();
        }
    }

    /// The trackers have had their second. Who was told `completed` and is silent still hears
    /// `stopped`, and gets another one.
    fn give_up(&mut self, now: Time) {
        let calls = self.trackers.last_words();
        if calls.is_empty() {
            return self.over();
        }
        self.timers.set(Timer::GiveUp, now + GOODBYE);
        for call in calls {
            self.call_tracker(call);
        }
    }

    fn over(&mut self) {
        if let Phase::Leaving(outcome) = std::mem::replace(&mut self.phase, Phase::Over) {
            self.timers = Timers::default();
            self.act(Action::Finished(outcome));
        }
    }
}

/// How often silent peers and stalled requests are looked for.
const TICK: Duration = Duration::from_secs(1);

/// How long nothing may arrive before the user is told why.
const STALLED: Duration = Duration::from_secs(60);

/// How long the trackers' answers to our goodbye are waited for.
const GOODBYE: Duration = Duration::from_secs(1);

/// How many pieces may be open at a time within `memory`.
fn max_open_pieces(geometry: &Geometry, memory: u64) -> u32 {
    let blocks = geometry.piece_length().div_ceil(blocks::BLOCK).max(1);
    let piece = u64::from(blocks) * u64::from(blocks::BLOCK);
    u32::try_from(memory / piece).unwrap_or(u32::MAX).max(2)
}
