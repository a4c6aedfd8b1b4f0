//! A torrent's life, from what was asked for to its outcome.

use std::cell::Cell;
use std::rc::Rc;

use connection::Pool;
use engine::{Command, Config, ContentConfig, Engine, Outcome, PIECE_MEMORY, Time};
use messages::Bitfield;
use recording::Recorder;
use selection::Selection;
use storage::{Hashes, Names};
use tokio::sync::{Semaphore, mpsc};

use super::budget::Flow;
use super::choosing::{self, Choosing};
use super::disk::{DiskQueue, TorrentId};
use super::doors::Door;
use super::handle::{Mode, Reins, TorrentOptions};
use super::opening::{self, Opened, Place};
use super::shares::{Shares, Wants};
use super::source::{NodeHandles, Shared};
use super::task::{Parts, Task};
use super::trackers::{Announcer, Clients};
use super::udp::Udp;
use super::vouch::Voucher;
use super::watch::Watch;

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
    next_id: Cell<u32>,
}

impl Common {
    pub fn new(disk: DiskQueue, shares: Rc<Shares>) -> Common {
        Common {
            disk,
            clients: Clients::default(),
            shares,
            checks: Semaphore::new(1),
            pool: Pool::new((PIECE_MEMORY / u64::from(blocks::BLOCK)) as usize),
            handles: NodeHandles::default(),
            next_id: Cell::new(0),
        }
    }

    fn next_id(&self) -> TorrentId {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        TorrentId(id)
    }
}

/// Everything a torrent begins with.
pub(super) struct Work {
    pub options: TorrentOptions,
    pub names: Names,
    /// The port that trackers are told.
    pub port: u16,
    /// The socket of its endpoint.
    pub udp: Udp,
    pub door: Door,
    pub reins: Reins,
}

impl Work {
    /// Looks at what is there, then works until the engine has finished.
    pub async fn run(self, common: Rc<Common>) {
        let ended = self.reins.ended.clone();
        let outcome = self.until_over(&common).await;
        tracing::debug!(?outcome, "over");
        ended.send_replace(Some(outcome));
    }

    async fn until_over(mut self, common: &Common) -> Outcome {
        let metainfo = &self.options.metainfo;
        let place = Place {
            root: self.options.root.as_path().into(),
            names: self.names.clone(),
            hashes: Hashes::from(metainfo.pieces.as_slice()),
            info_hash: self.door.ours().info_hash,
            remember: self.options.remember.clone(),
            read_only: self.options.mode == Mode::Seed,
            partial: self.options.partial,
            overwrite: self.options.overwrite,
            selection: self.options.selection.clone(),
            allocate: self.options.allocate,
        };
        let mut waiting = None;
        let opened = tokio::select! {
            opened = opening::open(place, &common.checks, &self.reins.publish) => opened,
            () = stopped(&mut self.reins.commands, &mut waiting) => return Outcome::Stopped,
        };
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(failure) => return Outcome::Failed(failure),
        };
        for notice in opened.notices.drain(..) {
            let _ = self.reins.notify.send(notice);
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

    pub(super) fn begin(self, common: &Common, opened: Opened) -> Task {
        let missing = opened.missing();
        let (storage, have) = (opened.storage, opened.have);
        let id = common.next_id();
        let layout = storage.layout().clone();
        let geometry = layout.geometry();
        let flow = |most| Flow {
            most,
            ..Flow::default()
        };
        let missing = missing.iter_ones();
        let wants = Wants {
            down: flow(self.options.limit_down),
            up: flow(self.options.limit_up),
            left: missing.map(|p| u64::from(geometry.piece_len(p))).sum(),
        };
        let (to_orders, orders) = mpsc::unbounded_channel();
        let (share, given) = common.shares.enter(id, wants, to_orders);
        let ours = self.door.ours();
        let mut content = ContentConfig::all(geometry, have);
        if let Some(needs) = &opened.needs {
            (content.wanted, content.first) = choosing::pieces(needs);
        }
        if !opened.proofs.is_empty() {
            let mut proofs = Bitfield::new(geometry.pieces());
            for &piece in &opened.proofs {
                proofs.set(piece);
            }
            content.first.insert(0, proofs);
        }
        let fetches = self.options.mode != Mode::Seed;
        if !fetches {
            // What a seeder loses it does not fetch.
            content.wanted = Bitfield::new(geometry.pieces());
        }
        let (root, pause) = (&self.options.root, self.options.look);
        let mut watch = Watch::new(root, layout.clone(), fetches, pause);
        watch.changed(opened.changed);
        let sync = self.options.remember.as_ref().and_then(|to| to.sync);
        let choice = self.options.selection.as_ref().map(Selection::numbers);
        let vouch = opened
            .memory
            .map(|memory| Voucher::new(memory, layout.clone(), choice, sync));
        let choosing = fetches.then(|| {
            let first = self.options.selection.as_ref();
            Choosing::new(layout.clone(), first, self.reins.choices)
        });
        let config = Config {
            tiers: self.options.metainfo.announce.clone(),
            peers: self.options.peers.clone(),
            names: self.options.names.clone(),
            keep_seeding: self.options.mode
                != Mode::Download {
                    keep_seeding: false,
                },
            super_seed: self.options.super_seed,
            limit_down: given.down,
            limit_up: given.up,
            memory: given.memory,
            peer_id: ours.peer_id.0,
            reserved: ours.reserved,
            allows_fast: self
                .options
                .record
                .as_ref()
                .is_none_or(|target| !target.anonymous),
            seed: self.options.seed.unwrap_or_else(rand::random),
            ..Config::new(Some(content))
        };
        let recorder = self.options.record.as_ref();
        let recorder = recorder.map(|target| Recorder::start(target, &config));
        let pool = common.pool.clone();
        let disk = common.disk.enter(id, storage);
        let source = Shared::new(id, disk.queue.clone(), pool.clone(), common.handles.clone());
        let clients = common.clients.clone();
        let announcer = Announcer::new(ours.info_hash, ours.peer_id, self.port, clients, self.udp);
        Task::new(Parts {
            engine: Engine::new(config, Time::ZERO),
            recorder,
            layout,
            pool,
            disk,
            source: Rc::new(source),
            watch,
            vouch,
            choosing,
            announcer,
            door: self.door,
            share,
            commands: self.reins.commands,
            orders,
            publish: self.reins.publish,
            details: self.reins.details,
            notify: self.reins.notify,
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

    use layout::{Kind, Layout};
    use metainfo::Metainfo;
    use metainfo::create::Create;
    use peer_id::PeerId;
    use storage::Storage;
    use tokio::task::LocalSet;

    use super::super::disk;
    use super::super::doors::Doors;
    use super::super::handle::Torrent;
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
        let common = Common::new(disk, shares.clone());
        let doors = Arc::new(Doors::new(PeerId([1; 20])));
        let (handle, reins) = Torrent::new(info_hash);
        let work = Work {
            options: TorrentOptions::new(metainfo, dir.path(), Mode::Seed),
            names,
            port: 1,
            udp: Udp::closed(&std::io::Error::other("none is needed")),
            door: doors.add(info_hash).unwrap(),
            reins,
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
