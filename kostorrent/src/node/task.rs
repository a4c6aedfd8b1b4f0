//! The torrent's task: carries events to the engine and does what its actions say.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use blocks::BlockDigests;
use connection::{BlockBuf, FileSpan, Files, Heard, Order, Pool};
use handshake::{Handshake, Reserved};
use layout::{Kind, Layout};
use messages::{Bitfield, BlockRequest, Ended};
use peer_id::PeerId;
use picker::PeerKey;
use storage::{Done, Job, Storage};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::announcer::Announcer;
use super::buffers::Buffers;
use super::dialer::{self, Joined};
use super::disk::Disk;
use super::shared::Shared;
use super::{Mode, Notice, Options, Outcome, Phase, Snapshot, check, listener};
use engine::{Action, Command, Config, Engine, Event, Failure, PIECE_MEMORY, Report, Stored, Time};

/// What connections have to tell, at most, before their sockets are no longer read.
const HEARD: usize = 256;

/// How often the faces get new figures.
const PUBLISH: Duration = Duration::from_millis(200);

/// Everything a torrent's task begins with.
pub(super) struct Work {
    pub options: Options,
    pub layout: Arc<Layout>,
    pub listener: TcpListener,
    pub peer_id: PeerId,
    pub stopped: mpsc::UnboundedReceiver<()>,
    pub publish: watch::Sender<Snapshot>,
    pub notify: mpsc::UnboundedSender<Notice>,
}

/// What the other tasks and the disk thread have to tell.
enum News {
    Joined(Joined),
    Done(Vec<Done>),
    Event(Event),
}

impl Work {
    /// Looks at what is there, then works until the engine has finished.
    pub async fn run(mut self) -> Outcome {
        let checked = tokio::select! {
            checked = check::what_is_there(&self.options, &self.layout, &self.publish) => checked,
            _ = self.stopped.recv() => return Outcome::Stopped,
        };
        let (storage, have) = match checked {
            Ok(checked) => checked,
            Err(why) => return Outcome::Failed(Failure::Shell(why)),
        };
        // The engine reports what becomes complete; this is complete already.
        let already =
            self.options.mode == (Mode::Download { keep_seeding: true }) && have.is_full();
        let mut torrent = match self.start(storage, have) {
            Ok(torrent) => torrent,
            Err(why) => return Outcome::Failed(Failure::Shell(why.to_string())),
        };
        if already {
            torrent.report(Report::Complete);
        }
        match torrent.run().await {
            Outcome::Complete => torrent.trim(),
            outcome => outcome,
        }
    }

    fn start(self, storage: Storage, have: Bitfield) -> std::io::Result<Torrent> {
        let Options { metainfo, root, .. } = &self.options;
        let Some(info_hash) = metainfo.info_hash_v1 else {
            return Err(std::io::Error::other("a v1 torrent has a v1 info-hash"));
        };
        let ours = Handshake {
            reserved: Reserved::none(),
            info_hash,
            peer_id: self.peer_id,
        };
        let (to_news, news) = mpsc::unbounded_channel();
        let tell = to_news.clone();
        let disk = Disk::start(storage, move |done| {
            let _ = tell.send(News::Done(done));
        })?;
        let shared = Storage::open(root, self.layout.clone(), check::hashes(metainfo))
            .map_err(std::io::Error::other)?;
        let (layout, notify) = (self.layout.clone(), self.notify.clone());
        let shared = Shared::new(root.clone(), layout, shared, notify);
        let tell = to_news.clone();
        let port = self.listener.local_addr()?.port();
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        tokio::task::spawn_local(listener::listen(listener, ours, move |joined| {
            let _ = tell.send(News::Joined(joined));
        }));
        let geometry = self.layout.geometry();
        let config = Config {
            have,
            tiers: metainfo.announce.clone(),
            peers: self.options.peers.clone(),
            keep_seeding: self.options.mode
                != Mode::Download {
                    keep_seeding: false,
                },
            limit_down: self.options.limit_down,
            limit_up: self.options.limit_up,
            peer_id: self.peer_id.0,
            seed: self.options.seed.unwrap_or_else(rand::random),
            ..Config::new(geometry)
        };
        let (to_heard, heard) = mpsc::channel(HEARD);
        let pool = Pool::new((PIECE_MEMORY / u64::from(blocks::BLOCK)) as usize);
        Ok(Torrent {
            engine: Engine::new(config, Time::ZERO),
            started: Instant::now(),
            buffers: Buffers::new(geometry, pool.clone()),
            pool,
            announcer: Announcer::new(info_hash, self.peer_id, port),
            layout: self.layout,
            ours,
            disk,
            shared: Rc::new(shared),
            connections: BTreeMap::new(),
            next_key: 0,
            heard,
            to_heard,
            news,
            to_news,
            stopped: self.stopped,
            publish: self.publish,
            notify: self.notify,
            outcome: None,
            storing: BTreeMap::new(),
            digests: BTreeMap::new(),
        })
    }
}

struct Torrent {
    engine: Engine,
    started: Instant,
    layout: Arc<Layout>,
    ours: Handshake,
    pool: Pool,
    buffers: Buffers,
    disk: Disk<Storage>,
    shared: Rc<dyn Files>,
    announcer: Announcer,
    connections: BTreeMap<PeerKey, mpsc::UnboundedSender<Order>>,
    next_key: u32,
    heard: mpsc::Receiver<(PeerKey, Heard)>,
    to_heard: mpsc::Sender<(PeerKey, Heard)>,
    news: mpsc::UnboundedReceiver<News>,
    to_news: mpsc::UnboundedSender<News>,
    stopped: mpsc::UnboundedReceiver<()>,
    publish: watch::Sender<Snapshot>,
    notify: mpsc::UnboundedSender<Notice>,
    outcome: Option<Outcome>,
    storing: BTreeMap<u32, (BlockDigests, Option<bool>)>,
    digests: BTreeMap<u32, Vec<[u8; 20]>>,
}

impl Torrent {
    // ANCHOR: run
    /// Waits for what happens, tells the engine, does what it says; until it has
    /// finished.
    async fn run(&mut self) -> Outcome {
        let mut heard = Vec::with_capacity(HEARD);
        let mut publish = tokio::time::interval(PUBLISH);
        let mut stopping = false;
        self.act();
        while self.outcome.is_none() {
            let timeout = self.engine.poll_timeout();
            let timeout = timeout.map(|at| self.started + at.since_start());
            tokio::select! {
                _ = self.heard.recv_many(&mut heard, HEARD) => {
                    for (peer, heard) in heard.drain(..) {
                        self.heard(peer, heard);
                    }
                }
                Some(news) = self.news.recv() => self.news(news),
                // A session whose handle is gone is stopped as well.
                _ = self.stopped.recv(), if !stopping => {
                    stopping = true;
                    self.tell(Event::Command(Command::Stop));
                }
                () = sleep_until(timeout) => self.tell(Event::Timeout),
                _ = publish.tick() => self.publish(),
            }
        }
        self.publish();
        self.outcome.take().unwrap_or(Outcome::Stopped)
    }
    // ANCHOR_END: run

    /// Tells the faces, if they listen.
    fn report(&mut self, report: Report) {
        if report == Report::Complete {
            // The figures first: whoever hears of it looks at them.
            self.publish();
            self.hand_in_job(Job::Trim);
        }
        let _ = self.notify.send(Notice::Torrent(report));
    }

    /// Cuts files that were there before, and are longer than the torrent says. It may be done
    /// already; but a fault must be known before the end.
    fn trim(self) -> Outcome {
        match self.disk.finish().map(|mut storage| storage.trim()) {
            Some(Err(error)) => Outcome::Failed(Failure::Disk(error.to_string())),
            _ => Outcome::Complete,
        }
    }

    fn now(&self) -> Time {
        Time::after_start(self.started.elapsed())
    }

    fn tell(&mut self, event: Event) {
        let now = self.now();
        self.engine.handle(event, now);
        self.act();
    }

    // ANCHOR: act
    /// Does everything the engine wants done.
    fn act(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Connect { addr } => self.dial(addr),
                Action::Close { peer, .. } => {
                    if let Some(orders) = self.connections.remove(&peer) {
                        let _ = orders.send(Order::Close);
                    }
                }
                Action::Send { peer, message } => self.order(peer, Order::Send(message)),
                Action::Upload { peer, block } => self.upload(peer, block),
                Action::Keep { buf, piece, block } => self.buffers.keep(buf, piece, block),
                Action::Drop { buf } => self.buffers.drop(buf),
                Action::Forget { piece } => self.buffers.forget(piece),
                Action::Store { piece, digests } => {
                    self.storing.insert(piece, (digests, None));
                    self.hand_in(piece, |blocks| Job::Verify { piece, blocks });
                }
                Action::Announce {
                    tracker,
                    announcement,
                } => self.announce(tracker, announcement),
                Action::Report(report) => self.report(report),
                Action::Finished(outcome) => self.outcome = Some(outcome),
            }
        }
    }
    // ANCHOR_END: act

    fn order(&self, peer: PeerKey, order: Order) {
        if let Some(orders) = self.connections.get(&peer) {
            // A connection that has ended is about to tell us so.
            let _ = orders.send(order);
        }
    }

    fn hand_in(&mut self, piece: u32, job: impl FnOnce(Vec<BlockBuf>) -> Job) {
        let Some(blocks) = self.buffers.lend(piece) else {
            return;
        };
        self.hand_in_job(job(blocks));
    }

    fn hand_in_job(&self, job: Job) {
        if !self.disk.hand_in(job) {
            let why = "the thread that writes to the disk has ended unexpectedly".to_owned();
            let _ = self.to_news.send(News::Event(Event::DiskFailed { why }));
        }
    }

    fn dial(&self, addr: SocketAddr) {
        let (ours, to_news) = (self.ours, self.to_news.clone());
        tokio::task::spawn_local(async move {
            let news = match dialer::dial(addr, &ours).await {
                Ok(joined) => News::Joined(joined),
                Err(why) => News::Event(Event::ConnectFailed { addr, why }),
            };
            let _ = to_news.send(news);
        });
    }

    fn announce(&self, tracker: String, announcement: engine::Announcement) {
        let (announcer, to_news) = (self.announcer.clone(), self.to_news.clone());
        tokio::task::spawn_local(async move {
            let result = announcer.announce(&tracker, announcement).await;
            let _ = to_news.send(News::Event(Event::Announced { tracker, result }));
        });
    }

    /// Finds the bytes of a block in the files and lets the connection send them.
    fn upload(&self, peer: PeerKey, block: BlockRequest) {
        let start = self.layout.geometry().piece_offset(block.piece) + u64::from(block.offset);
        let spans = self.layout.spans(start, block.len.into());
        let spans = spans.map(|span| FileSpan {
            file: (self.layout.files()[span.file].kind != Kind::Padding).then_some(span.file),
            offset: span.offset,
            len: span.len,
        });
        let spans = spans.collect();
        self.order(peer, Order::Upload { block, spans });
    }

    fn publish(&mut self) {
        let stats = self.engine.stats(self.now());
        let total = self.layout.geometry().total_length();
        self.publish.send_replace(Snapshot {
            phase: match (stats.leaving, stats.complete) {
                (true, _) => Phase::Ended,
                (false, true) => Phase::Seeding,
                (false, false) => Phase::Downloading,
            },
            checked: stats.pieces,
            pieces_have: stats.pieces_have,
            pieces: stats.pieces,
            left: stats.left,
            total,
            downloaded: stats.downloaded,
            uploaded: stats.uploaded,
            down_rate: stats.down_rate,
            up_rate: stats.up_rate,
            peers: stats.peers,
            seeds: stats.seeds,
            eta: progress::eta(stats.left, stats.down_rate),
        });
    }

    fn heard(&mut self, peer: PeerKey, heard: Heard) {
        let event = match heard {
            Heard::Message(message) => Event::Message { peer, message },
            Heard::Block { block, data } => Event::Block {
                peer,
                block,
                buf: self.buffers.arrived(data),
            },
            Heard::Room(bytes) => Event::Room { peer, bytes },
            Heard::Closed(why) => {
                self.connections.remove(&peer);
                let why = Ended::Network(why);
                Event::Closed { peer, why }
            }
        };
        self.tell(event);
    }

    fn news(&mut self, news: News) {
        match news {
            News::Event(event) => self.tell(event),
            News::Joined(joined) => self.joined(joined),
            News::Done(done) => {
                for done in done {
                    self.done(done);
                }
            }
        }
    }

    /// A connection's handshakes are done: it becomes a task.
    fn joined(&mut self, joined: Joined) {
        let peer = PeerKey(self.next_key);
        self.next_key += 1;
        let (orders, receiver) = mpsc::unbounded_channel();
        self.connections.insert(peer, orders);
        let pieces = self.layout.geometry().pieces();
        tokio::task::spawn_local(connection::run(
            joined.stream,
            pieces,
            self.pool.clone(),
            self.shared.clone(),
            peer,
            self.to_heard.clone(),
            receiver,
        ));
        self.tell(Event::Connected {
            peer,
            addr: joined.addr,
            incoming: joined.incoming,
            handshake: joined.theirs,
        });
    }

    fn done(&mut self, done: Done) {
        let event = match done {
            Done::Verified { piece, ok, blocks } => {
                self.buffers.back(piece, blocks);
                let digests = match self.storing.get(&piece) {
                    Some((BlockDigests::Always, _)) => true,
                    Some((BlockDigests::IfWrong, _)) => !ok,
                    _ => false,
                };
                match (digests, ok) {
                    (true, _) => {
                        self.storing.insert(piece, (BlockDigests::Never, Some(ok)));
                        return self.hand_in(piece, |blocks| Job::Digest { piece, blocks });
                    }
                    (false, true) => {
                        return self.hand_in(piece, |blocks| Job::Write { piece, blocks });
                    }
                    (false, false) => Event::Stored {
                        piece,
                        result: Stored::Wrong { digests: None },
                    },
                }
            }
            Done::Written {
                piece,
                blocks,
                result,
            } => {
                self.buffers.back(piece, blocks);
                let digests = self.digests.remove(&piece);
                let result = match result {
                    Ok(()) => Stored::Written { digests },
                    Err(error) => Stored::Failed(error.to_string()),
                };
                Event::Stored { piece, result }
            }
            Done::Digests {
                piece,
                digests,
                blocks,
            } => {
                self.buffers.back(piece, blocks);
                if let Some((_, Some(true))) = self.storing.get(&piece) {
                    self.digests.insert(piece, digests);
                    return self.hand_in(piece, |blocks| Job::Write { piece, blocks });
                }
                let digests = Some(digests);
                let result = Stored::Wrong { digests };
                Event::Stored { piece, result }
            }
            Done::Trimmed(Ok(())) => return,
            Done::Trimmed(Err(error)) => Event::DiskFailed {
                why: error.to_string(),
            },
        };
        self.tell(event);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
