//! A torrent's life, from what was asked for to its outcome.

use std::cell::Cell;
use std::rc::Rc;

use connection::Pool;
use engine::{Command, Config, Engine, Outcome, PIECE_MEMORY, Sources, Time};
use recording::Recorder;
use storage::Names;
use tokio::sync::{Semaphore, mpsc};

use super::body::{self, Body};
use super::budget::Flow;
use super::disk::{DiskQueue, TorrentId};
use super::doors::Door;
use super::handle::{Mode, Reins, TorrentOptions};
use super::local::Local;
use super::magnet::Unknown;
use super::opening::{self, Opened};
use super::route::Presence;
use super::shares::{Shares, Wants};
use super::source::{NodeHandles, Shared};
use super::task::{Parts, Task};
use super::trackers::{Announcer, Clients};
use super::udp::Udp;

/// What all torrents of a node share.
pub(super) struct Common {
    pub disk: DiskQueue,
    pub clients: Clients,
    pub shares: Rc<Shares>,
    /// One check at a time: it keeps all processors busy.
    pub checks: Semaphore,
    /// Block buffers; as many are kept as the memory for open pieces holds.
    pub pool: Pool,
    pub handles: NodeHandles,
    /// Whether the interface is there that everything goes through.
    pub presence: Presence,
    next_id: Cell<u32>,
}

impl Common {
    pub fn new(disk: DiskQueue, shares: Rc<Shares>, presence: Presence) -> Common {
        Common {
            disk,
            clients: Clients::default(),
            shares,
            checks: Semaphore::new(1),
            pool: Pool::new((PIECE_MEMORY / u64::from(blocks::BLOCK)) as usize),
            handles: NodeHandles::default(),
            presence,
            next_id: Cell::new(0),
        }
    }

    pub fn next_id(&self) -> TorrentId {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        TorrentId(id)
    }
}

/// What connects a torrent with its node.
pub(super) struct Station {
    /// The port that trackers are told.
    pub port: u16,
    /// The socket of its endpoint.
    pub udp: Udp,
    pub local: Local,
    pub door: Door,
    pub reins: Reins,
}

/// Everything a torrent begins with.
pub(super) struct Work {
    pub options: TorrentOptions,
    pub names: Names,
    pub station: Station,
}

impl Work {
    /// Looks at what is there, then works until the engine has finished.
    pub async fn run(self, common: Rc<Common>) {
        let ended = self.station.reins.ended.clone();
        let outcome = self.until_over(&common).await;
        tracing::debug!(?outcome, "over");
        ended.send_replace(Some(outcome));
    }

    async fn until_over(mut self, common: &Rc<Common>) -> Outcome {
        let info_hash = self.station.door.ours().info_hash;
        let place = body::place(&self.options, self.names.clone(), info_hash);
        let mut waiting = None;
        let opened = tokio::select! {
            opened = opening::open(place, &common.checks, &self.station.reins.publish) => opened,
            () = stopped(&mut self.station.reins.commands, &mut waiting) => return Outcome::Stopped,
        };
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(failure) => return Outcome::Failed(failure),
        };
        for notice in opened.notices.drain(..) {
            let _ = self.station.reins.notify.send(notice);
        }
        let have = &opened.have;
        tracing::debug!(pieces = have.count(), of = have.len(), "checked");
        let mut task = self.begin(common, opened);
        if waiting.is_some() {
            task.command(waiting);
        }
        let outcome = task.run().await;
        task.end(&outcome).await;
        outcome
    }

    pub(super) fn begin(self, common: &Rc<Common>, opened: Opened) -> Task {
        let geometry = opened.storage.layout().geometry();
        let missing = opened.missing();
        let missing = missing.iter_ones();
        let left = missing.map(|p| u64::from(geometry.piece_len(p))).sum();
        let id = common.next_id();
        let choices = self.station.reins.choices.clone();
        let (body, content) = Body::new(id, common, &self.options, opened, choices);
        let options = self.options;
        let is_private = options.metainfo.private;
        if let Some(dht) = self
            .station
            .udp
            .dht()
            .filter(|_| !is_private && options.sources.dht)
        {
            dht.add_names(options.nodes);
        }
        let config = Config {
            metadata: options.info.filter(|_| !is_private),
            tiers: options.metainfo.announce.clone(),
            sources: match is_private {
                true => Sources::none(),
                false => options.sources,
            },
            peers: options.peers,
            names: options.names,
            keep_seeding: options.mode
                != Mode::Download {
                    keep_seeding: false,
                },
            super_seed: options.super_seed,
            ..Config::new(Some(content))
        };
        let start = Start {
            id,
            body,
            config,
            left,
            limits: (options.limit_down, options.limit_up),
            record: options.record,
            seed: options.seed,
            unknown: None,
        };
        start.task(common, self.station)
    }
}

/// What is common to all torrents when they begin to work.
pub(super) struct Start {
    pub id: TorrentId,
    pub body: Body,
    /// What is particular about this one.
    pub config: Config,
    /// Bytes to be fetched.
    pub left: u64,
    /// Payload bytes a second that may come in and go out.
    pub limits: (Option<u64>, Option<u64>),
    pub record: Option<recording::Target>,
    pub seed: Option<u64>,
    pub unknown: Option<Unknown>,
}

impl Start {
    pub fn task(self, common: &Rc<Common>, station: Station) -> Task {
        let Station {
            port,
            udp,
            local,
            door,
            reins,
        } = station;
        let flow = |most| Flow {
            most,
            ..Flow::default()
        };
        let wants = Wants {
            down: flow(self.limits.0),
            up: flow(self.limits.1),
            left: self.left,
        };
        let (to_orders, orders) = mpsc::unbounded_channel();
        let (share, given) = common.shares.enter(self.id, wants, to_orders);
        let ours = door.ours();
        let record = self.record.as_ref();
        // What is reckoned from addresses tells of them.
        let is_anonymous = record.is_some_and(|target| target.anonymous);
        let config = Config {
            limit_down: given.down,
            limit_up: given.up,
            memory: given.memory,
            peer_id: ours.peer_id.0,
            client: concat!("kostorrent ", env!("CARGO_PKG_VERSION")).to_owned(),
            port,
            dht_port: udp.dht_port(),
            reserved: ours.reserved,
            allows_fast: !is_anonymous,
            ranks_peers: !is_anonymous,
            seed: self.seed.unwrap_or_else(rand::random),
            ..self.config
        };
        let recorder = record.map(|target| Recorder::start(target, &config));
        let pool = common.pool.clone();
        let queue = self.body.disk.queue.clone();
        let source = Shared::new(self.id, queue, pool.clone(), common.handles.clone());
        let clients = common.clients.clone();
        let dht = udp.dht().filter(|_| config.sources.dht);
        let announcer = Announcer::new(
            (ours.info_hash, ours.peer_id, port),
            clients,
            udp,
            door.route(),
        );
        Task::new(Parts {
            pieces: match config.content {
                Some(_) => self.body.layout.geometry().pieces(),
                None => messages::UNKNOWN_PIECES,
            },
            engine: Engine::new(config, Time::ZERO),
            recorder,
            body: self.body,
            pool,
            source: Rc::new(source),
            announcer,
            local,
            dht,
            door,
            share,
            presence: common.presence.clone(),
            commands: reins.commands,
            orders,
            publish: reins.publish,
            details: reins.details,
            notify: reins.notify,
            unknown: self.unknown,
        })
    }
}

/// Waits until the user wants to stop, or the handle is gone. A pause, or the end of it, is
/// `waiting` until there is something to pause.
async fn stopped(commands: &mut mpsc::UnboundedReceiver<Command>, waiting: &mut Option<Command>) {
    while let Some(command) = commands.recv().await {
        if command == Command::Stop {
            return;
        }
        *waiting = Some(command);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use encryption::Policy;
    use layout::{Kind, Layout};
    use messages::Bitfield;
    use metainfo::Metainfo;
    use metainfo::create::Create;
    use peer_id::PeerId;
    use storage::{Hashes, Storage};
    use tokio::task::LocalSet;

    use super::super::disk;
    use super::super::doors::Doors;
    use super::super::handle::Torrent;
    use super::super::local::LocalNetwork;
    use super::super::route::Route;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_idle_seeder_hardly_ever_wakes() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "x").unwrap();
        let create = Create::single("a", 1, 16 * 1024);
        let torrent = create.to_bytes(&[hashing::digest(&[b"x"])]).unwrap();
        let metainfo = Arc::new(Metainfo::parse(&torrent).unwrap());
        let info_hash = metainfo.info_hash_v1.unwrap();
        let files = vec![("a".into(), 1, Kind::Regular { executable: false })];
        let names = Names::new(Layout::new(files, 16 * 1024).unwrap(), None);
        let hashes = Hashes::from(metainfo.pieces.as_slice());
        let storage = Storage::open(dir.path(), names.own().clone(), hashes, None).unwrap();
        let opened = Opened {
            storage,
            have: Bitfield::full(1),
            changed: Vec::new(),
            needs: None,
            proofs: Vec::new(),
            memory: None,
            notices: Vec::new(),
        };
        let (disk, disk_thread) = disk::start().unwrap();
        let shares = Rc::new(Shares::new(None, None, PIECE_MEMORY));
        let presence = Presence::of(&Route::default()).0;
        let common = Rc::new(Common::new(disk, shares.clone(), presence));
        let doors = Arc::new(Doors::new(PeerId([1; 20]), Policy::Allow, Arc::default()));
        let (handle, reins) = Torrent::new(info_hash);
        let work = Work {
            options: TorrentOptions::new(metainfo, dir.path(), Mode::Seed),
            names,
            station: Station {
                port: 1,
                udp: Udp::closed(&std::io::Error::other("none is needed")),
                local: Local::new(1, LocalNetwork::None).0,
                door: doors.add(info_hash, engine::speaks()).unwrap(),
                reins,
            },
        };
        let hour = Duration::from_secs(60 * 60);
        let idle = async {
            tokio::task::spawn_local(async move { shares.keep_dividing().await });
            let mut task = work.begin(&common, opened);
            let turns = task.turns.clone();
            // Time stands still but for the timers, so an hour is over when they have all rung.
            assert!(tokio::time::timeout(hour, task.run()).await.is_err());
            task.end(&Outcome::Stopped).await;
            turns.get()
        };
        let turns = LocalSet::new().run_until(idle).await;
        assert!(turns < 60 * 60, "{turns} turns in an hour");
        drop((handle, common));
        disk_thread.join().unwrap();
    }
}
