//! The torrent's task: carries events to the engine and does what its actions say.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use connection::{FileSpan, Heard, Order, Pool};
use engine::{
    Action, Announcement, Command, Engine, Event, Failure, Outcome, Report, Source, Time,
};
use layout::{Kind, Layout};
use messages::BlockRequest;
use picker::PeerKey;
use recording::Recorder;
use storage::Job;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, debug, trace};
use tracker::host_of;

use super::body::Body;
use super::buffers::Buffers;
use super::choosing::Choosing;
use super::connections::{Connections, HEARD};
use super::details::Showcase;
use super::dht::Dht;
use super::disk::TorrentDisk;
use super::doors::Door;
use super::exchange::Ways;
use super::figures::{self, Notice, Snapshot};
use super::joined::Joined;
use super::link;
use super::local::Local;
use super::route::Presence;
use super::shares::Share;
use super::source::Shared;
use super::trackers::Announcer;
use super::unknown::{Found, Unknown};
use super::vouch::{Ending, Voucher};
use super::watch::{Watch, Wish};

mod choice;
mod jobs;
mod memory;
mod metadata;
mod search;

use memory::{answer, due};

/// The least time between two snapshots.
const PUBLISH: Duration = Duration::from_millis(200);

/// What the torrent's other tasks have to tell.
enum Told {
    Joined(Joined),
    Event(Event),
    /// What is on disk of the torrent that a magnet link has become.
    Found(Box<Result<Found, Failure>>),
}

/// All that a torrent's task works with.
pub(super) struct Parts {
    pub engine: Engine,
    pub recorder: Option<Recorder>,
    /// Pieces of the torrent, as far as they are known.
    pub pieces: u32,
    pub body: Body,
    pub pool: Pool,
    pub source: Rc<Shared>,
    pub announcer: Announcer,
    pub local: Local,
    /// `None` where nobody may be found by it.
    pub dht: Option<Dht>,
    pub door: Door,
    pub share: Share,
    /// Whether the interface is there that everything goes through.
    pub presence: Presence,
    pub commands: mpsc::UnboundedReceiver<Command>,
    /// What the budgets say.
    pub orders: mpsc::UnboundedReceiver<Command>,
    pub publish: watch::Sender<Snapshot>,
    pub details: Showcase,
    pub notify: mpsc::UnboundedSender<Notice>,
    /// What makes a torrent of a magnet link.
    pub unknown: Option<Unknown>,
}

/// A torrent at work.
pub(super) struct Task {
    engine: Engine,
    recorder: Option<Recorder>,
    started: Instant,
    layout: Arc<Layout>,
    pool: Pool,
    buffers: Buffers,
    disk: TorrentDisk,
    source: Rc<Shared>,
    watch: Watch,
    /// What the resume file vouches for, if there is one.
    vouch: Option<Voucher>,
    choosing: Option<Choosing>,
    announcer: Announcer,
    local: Local,
    dht: Option<Dht>,
    door: Door,
    share: Share,
    presence: Presence,
    connections: Connections,
    ways: Ways,
    heard: mpsc::Receiver<(PeerKey, Heard)>,
    told: mpsc::UnboundedReceiver<Told>,
    to_told: mpsc::UnboundedSender<Told>,
    commands: mpsc::UnboundedReceiver<Command>,
    orders: mpsc::UnboundedReceiver<Command>,
    /// Connections, calls and announces. They end with the torrent.
    tasks: JoinSet<()>,
    publish: watch::Sender<Snapshot>,
    details: Showcase,
    /// When the next snapshot is due, if anything has changed since the last.
    publish_at: Option<Instant>,
    published: Instant,
    notify: mpsc::UnboundedSender<Notice>,
    unknown: Option<Unknown>,
    /// What is on disk is being looked at, and whoever does it shows how far he is.
    opening: bool,
    stopping: bool,
    outcome: Option<Outcome>,
    /// How often the loop of [`Task::run`] has turned.
    #[cfg(test)]
    pub turns: Rc<std::cell::Cell<u64>>,
}

impl Task {
    /// The task at its beginning.
    pub fn new(parts: Parts) -> Task {
        let (to_told, told) = mpsc::unbounded_channel();
        let now = Instant::now();
        let body = parts.body;
        let (pool, source) = (parts.pool.clone(), parts.source.clone());
        let (connections, heard) = Connections::new(parts.pieces, pool, source);
        Task {
            engine: parts.engine,
            recorder: parts.recorder,
            started: now,
            buffers: Buffers::new(body.layout.geometry(), parts.pool.clone()),
            pool: parts.pool,
            layout: body.layout,
            disk: body.disk,
            source: parts.source,
            watch: body.watch,
            vouch: body.vouch,
            choosing: body.choosing,
            announcer: parts.announcer,
            local: parts.local,
            dht: parts.dht,
            door: parts.door,
            share: parts.share,
            presence: parts.presence,
            connections,
            ways: Ways::default(),
            heard,
            told,
            to_told,
            commands: parts.commands,
            orders: parts.orders,
            tasks: JoinSet::new(),
            publish: parts.publish,
            details: parts.details,
            publish_at: Some(now),
            published: now,
            notify: parts.notify,
            unknown: parts.unknown,
            opening: false,
            stopping: false,
            outcome: None,
            #[cfg(test)]
            turns: Rc::default(),
        }
    }

    // ANCHOR: run
    /// Waits for what happens, tells the engine, does what it says; until it has
    /// finished.
    pub async fn run(&mut self) -> Outcome {
        let mut heard = Vec::with_capacity(HEARD);
        self.door.open();
        self.act();
        while self.outcome.is_none() {
            #[cfg(test)]
            self.turns.set(self.turns.get() + 1);
            let timeout = self.engine.poll_timeout();
            let timeout = timeout.map(|at| self.started + at.since_start());
            tokio::select! {
                _ = self.heard.recv_many(&mut heard, HEARD) => {
                    for (peer, heard) in heard.drain(..) {
                        self.heard(peer, heard);
                    }
                }
                Some(done) = self.disk.done.recv() => self.done(done),
                Some(told) = self.told.recv() => self.told(told),
                Some(joined) = self.door.calls.recv() => self.joined(joined),
                Some(command) = self.orders.recv() => self.tell(Event::Command(command)),
                command = self.commands.recv(), if !self.stopping => self.command(command),
                choice = choice::next(&mut self.choosing) => self.choose(&choice),
                there = self.presence.changed() => self.tell(there.into()),
                () = sleep_until(timeout) => self.tell(Event::Timeout),
                () = sleep_until(self.publish_at) => self.publish(),
                () = self.details.asked() => self.publish(),
                () = sleep_until(self.watch.due()) => self.watch(Watch::ring),
                () = sleep_until(due(&self.vouch)) => self.vouch(Voucher::ring),
                answer = answer(&mut self.vouch) => self.vouch(|vouch| vouch.did(answer)),
            }
        }
        self.publish();
        self.outcome.take().unwrap_or(Outcome::Stopped)
    }
    // ANCHOR_END: run

    /// Ends what is still under way, and waits until everything that was handed to the disk is
    /// done.
    pub async fn end(mut self, outcome: &Outcome) {
        self.tasks.abort_all();
        if let Some(mut vouch) = self.vouch.take() {
            let ending = match outcome {
                Outcome::Complete => Ending::Quick,
                Outcome::Stopped | Outcome::Failed(_) => Ending::InOrder,
            };
            for event in self.watch.last_words() {
                vouch.hears(&event);
            }
            vouch.doubts(self.watch.in_doubt());
            vouch.end(&mut self.disk, ending).await;
        }
        if let Some(recorder) = self.recorder.take() {
            // What is left goes to the disk, which nobody else here is to wait for.
            let finished = tokio::task::spawn_blocking(|| recorder.finish()).await;
            self.record_failed(finished.ok().flatten());
        }
        self.disk.leave().await;
    }

    fn now(&self) -> Time {
        Time::after_start(self.started.elapsed())
    }

    fn tell(&mut self, event: Event) {
        // Time alone changes no figures, unless something comes of it.
        let mut changed = !matches!(event, Event::Timeout);
        let now = self.now();
        if let Some(recorder) = &mut self.recorder {
            recorder.event(now, &event);
        }
        if let Some(vouch) = &mut self.vouch {
            vouch.hears(&event);
        }
        self.engine.handle(event, now);
        changed |= self.act();
        self.watch(|_| {});
        if changed && self.publish_at.is_none() {
            self.publish_at = Some(self.published + PUBLISH);
        }
    }

    /// What the user wants. A torrent whose handle is gone is stopped.
    pub(super) fn command(&mut self, command: Option<Command>) {
        let command = command.unwrap_or(Command::Stop);
        debug!(?command, "command");
        self.stopping = command == Command::Stop;
        self.tell(Event::Command(command));
        if self.stopping {
            self.give_back();
        }
    }

    // ANCHOR: act
    /// Does everything the engine wants done; whether there was anything.
    fn act(&mut self) -> bool {
        let mut acted = false;
        while let Some(action) = self.engine.poll_action() {
            acted = true;
            if let Some(recorder) = &mut self.recorder {
                recorder.action(&action);
            }
            match action {
                Action::Connect { addr } => self.dial(addr),
                Action::Close { peer, why } => self.connections.close(peer, &why),
                Action::Rejected { peer, block } => {
                    self.connections.order(peer, Order::Rejected(block));
                }
                Action::Send { peer, message } => self.connections.send(peer, message),
                Action::Upload { peer, block } => self.upload(peer, block),
                Action::Keep { buf, piece, block } => self.buffers.keep(buf, piece, block),
                Action::Drop { buf } => self.buffers.drop(buf),
                Action::Forget { piece } => self.buffers.forget(piece),
                Action::Store { piece, digests } => self.store(piece, digests),
                Action::Check { piece } => self.watch.suspect(piece),
                Action::Settle => self.hand_in(Job::Settle),
                Action::Look => self.watch.ask(),
                Action::LookUp { name, port } => self.look_up(name, port),
                Action::Metadata { info } => self.metadata(&info),
                Action::SearchDht => self.search_dht(),
                Action::DhtNode { addr } => self.dht_node(addr),
                Action::TellLocal { tells } => self.tell_local(tells),
                Action::Announce {
                    tracker,
                    announcement,
                } => self.announce(tracker, announcement),
                Action::Scrape { tracker } => self.scrape(tracker),
                Action::Report(report) => self.report(report),
                Action::Finished(outcome) => self.outcome = Some(outcome),
            }
        }
        acted
    }
    // ANCHOR_END: act

    /// Does what follows from what others do to the files.
    fn watch(&mut self, tell: impl FnOnce(&mut Watch)) {
        tell(&mut self.watch);
        while let Some(wish) = self.watch.next() {
            match wish {
                Wish::Job(job) => self.hand_in(job),
                Wish::Tell(event) => self.tell(event),
                Wish::Close(file) => {
                    self.source.close(file);
                    self.vouch(|vouch| vouch.changed([file]));
                }
                Wish::Notice(notice) => {
                    debug!(?notice, "files");
                    // Faces that do not listen miss it.
                    let _ = self.notify.send(notice);
                }
            }
        }
    }

    fn dial(&mut self, addr: SocketAddr) {
        let (ours, to_told) = (self.door.ours(), self.to_told.clone());
        let way = (self.door.encryption(), self.ways.of(addr));
        let route = self.door.route().clone();
        self.spawn(async move {
            let told = match link::dial(addr, ours, way, &route).await {
                Ok(joined) => Told::Joined(joined),
                Err(why) => {
                    debug!(%addr, %why, "no connection");
                    Told::Event(Event::ConnectFailed { addr, why })
                }
            };
            let _ = to_told.send(told);
        });
    }

    fn look_up(&mut self, name: String, port: u16) {
        let (route, to_told) = (self.door.route().clone(), self.to_told.clone());
        self.spawn(async move {
            route.is_there().await;
            let result = route.look_up(name.clone(), port).await;
            debug!(%name, ?result, "looked up");
            let event = Event::LookedUp { name, port, result };
            let _ = to_told.send(Told::Event(event));
        });
    }

    fn announce(&mut self, tracker: String, announcement: Announcement) {
        let (announcer, to_told) = (self.announcer.clone(), self.to_told.clone());
        self.spawn(async move {
            // The host alone: the rest of the URL may hold the user's key.
            let (host, told) = (host_of(&tracker), announcement.event);
            debug!(%host, ?told, left = announcement.left, "announcing");
            let result = announcer.announce(&tracker, announcement).await;
            match &result {
                Ok(reply) => debug!(%host, peers = reply.peers.len(), "the tracker answered"),
                Err(why) => debug!(%host, %why, "no answer of use"),
            }
            let event = Event::Announced {
                tracker,
                told,
                result,
            };
            let _ = to_told.send(Told::Event(event));
        });
    }

    fn scrape(&mut self, tracker: String) {
        let (announcer, to_told) = (self.announcer.clone(), self.to_told.clone());
        self.spawn(async move {
            let result = announcer.scrape(&tracker).await;
            debug!(host = %host_of(&tracker), ?result, "scraped");
            let _ = to_told.send(Told::Event(Event::Scraped { tracker, result }));
        });
    }

    /// Has the local network told of this torrent, or no more. Who else there has it is told to the
    /// engine.
    fn tell_local(&mut self, tells: bool) {
        let info_hash = self.door.ours().info_hash;
        if !tells {
            return self.local.stop(info_hash);
        }
        let mut neighbours = self.local.tell(info_hash);
        let to_told = self.to_told.clone();
        self.spawn(async move {
            while let Some(addr) = neighbours.recv().await {
                let (source, peers) = (Source::Local, vec![addr]);
                let _ = to_told.send(Told::Event(Event::Named { source, peers }));
            }
        });
    }

    /// Runs a task of this torrent's beside it.
    fn spawn(&mut self, work: impl Future<Output = ()> + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn_local(work.in_current_span());
    }

    // ANCHOR: upload
    /// Says where the bytes of a block are in the files and lets the connection send them.
    fn upload(&mut self, peer: PeerKey, block: BlockRequest) {
        self.watch.used();
        let start = self.layout.geometry().piece_offset(block.piece) + u64::from(block.offset);
        let spans = self.layout.spans(start, block.len.into());
        let spans = spans.map(|span| FileSpan {
            file: (self.layout.files()[span.file].kind != Kind::Padding).then_some(span.file),
            offset: span.offset,
            len: span.len,
        });
        let spans = spans.collect();
        self.connections.order(peer, Order::Upload { block, spans });
    }
    // ANCHOR_END: upload

    /// Tells the faces, if they listen.
    pub fn report(&mut self, report: Report) {
        debug!(?report, "report");
        if report == Report::Complete {
            // The figures first: whoever hears of it looks at them.
            self.publish();
        }
        let _ = self.notify.send(Notice::Torrent(report));
    }

    /// Tells the faces how it stands, if that has changed. Rates sink while nothing happens, so as
    /// long as there are any, it looks again.
    fn publish(&mut self) {
        let now = self.now();
        let stats = self.engine.stats(now);
        if let Some(vouch) = &mut self.vouch {
            vouch.saw(&stats);
        }
        let earlier = self
            .vouch
            .as_ref()
            .map(Voucher::earlier)
            .unwrap_or_default();
        let snapshot = figures::running(&stats, earlier);
        if !self.opening {
            self.publish
                .send_if_modified(|last| std::mem::replace(last, snapshot) != *last);
        }
        // After the figures: whoever is told of these reads those, too.
        self.details.show(&self.engine, now);
        self.share.moves(&stats);
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
            let failure = recorder.failure();
            self.record_failed(failure);
        }
        self.published = Instant::now();
        let moving = stats.down_rate > 0 || stats.up_rate > 0;
        self.publish_at = moving.then(|| self.published + PUBLISH);
    }

    /// Tells that the recording has ended, if it has.
    fn record_failed(&self, failure: Option<(PathBuf, String)>) {
        if let Some((path, why)) = failure {
            let _ = self.notify.send(Notice::FileFailed { path, why });
        }
    }

    // ANCHOR: heard
    fn heard(&mut self, peer: PeerKey, heard: Heard) {
        let event = match heard {
            Heard::Message(message) => {
                trace!(peer = peer.0, ?message, "heard");
                Event::Message { peer, message }
            }
            Heard::Block { block, data } => Event::Block {
                peer,
                block,
                buf: self.buffers.arrived(data),
            },
            Heard::Wasted { block, bytes } => Event::Wasted { peer, block, bytes },
            Heard::Room(bytes) => Event::Room { peer, bytes },
            Heard::Unsent(block) => Event::Unsent { peer, block },
            Heard::Closed(why) => {
                self.connections.ended(peer, &why);
                Event::Closed { peer, why }
            }
        };
        self.tell(event);
    }
    // ANCHOR_END: heard

    fn told(&mut self, told: Told) {
        match told {
            Told::Event(event) => self.tell(event),
            Told::Joined(joined) => self.joined(joined),
            Told::Found(found) => self.found(*found),
        }
    }

    /// A connection's handshakes are done: it becomes a task.
    fn joined(&mut self, joined: Joined) {
        let (addr, incoming, handshake) = (joined.addr, joined.incoming, joined.theirs);
        let encryption = joined.encryption;
        if !incoming {
            self.ways.worked(addr, encryption);
        }
        let (peer, work) = self.connections.add(joined);
        self.spawn(work);
        self.tell(Event::Connected {
            peer,
            addr,
            incoming,
            encryption,
            handshake,
        });
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
