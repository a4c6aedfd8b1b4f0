//! A torrent's life, from what was asked for to its outcome.

use std::rc::Rc;

use engine::{Command, Config, Outcome, Sources};
use storage::Names;
use tokio::sync::mpsc;

use super::body::{self, Body};
use super::common::Common;
use super::handle::{Mode, TorrentOptions};
use super::opening::{self, Opened};
use super::start::{Start, Station};
use super::task::Task;

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
    use engine::PIECE_MEMORY;
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
    use super::super::local::{Local, LocalNetwork};
    use super::super::route::{Presence, Route};
    use super::super::shares::Shares;
    use super::super::udp::Udp;
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
