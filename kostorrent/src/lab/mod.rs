//! The practice swarm: a tracker, seeders and trouble-makers on the loopback interface, all in one
//! process, sharing a small sample that is compiled in.
//!
//! The seeders are real ones, the very code of `kostorrent seed`, all in one node: each has a peer id
//! and a port of its own. They are slowed down so that a download takes about ten seconds and can be
//! watched.

pub mod dht;
pub mod peer;
mod rare;
pub mod sample;
pub(crate) mod temp;
pub mod tracker;
pub mod trouble;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use magnet::Magnet;
use metainfo::Metainfo;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::file_id::FileId;
use crate::node::{Endpoint, Mode, Node, NodeError, NodeOptions, Sources, Torrent, TorrentOptions};
use crate::whole_file::{self, WriteError};
use dht::{Mischief, Mischievous, Nodes};
use temp::TempFolder;
use tracker::{Announce, Serves, Swarms, Tracker};
use trouble::{Content, Trouble, TroubleMaker};

/// The tracker's port in the committed torrent of the sample.
pub const PORT: u16 = 7878;

/// How long all seeders together take to send the sample once. A download is over a little earlier:
/// whoever has been quiet may begin with a burst.
const LASTS: Duration = Duration::from_secs(12);
/// What the tracker tells clients to wait between announces.
const INTERVAL: Duration = Duration::from_secs(60);
/// The seeders must have checked their files and announced themselves by then.
const READY: Duration = Duration::from_secs(20);

/// What the lab is to consist of.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The tracker's port on 127.0.0.1, in TCP and in UDP; 0 takes a free one.
    pub port: u16,
    /// How many seeders.
    pub seeders: u8,
    /// Whether each of them has another part of the pieces: some pieces are rare then.
    pub rare: bool,
    /// Whether one trouble-maker of every kind joins them.
    pub trouble: bool,
    /// Whether everybody sends as fast as he can.
    pub fast: bool,
    /// Whether there are nodes of the DHT that know where everybody is.
    pub dht: bool,
}

/// Why the lab cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Mostly: another lab has the port.
    #[error(
        "the lab's tracker cannot listen on port {port}: {cause}; is another lab running? `kostorrent lab --port 0 --dir D` takes a free port and writes a torrent file for it"
    )]
    Tracker {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        cause: io::Error,
    },
    /// The sample cannot be written to the temporary folder.
    #[error("cannot write the sample to {}: {cause}", path.display())]
    Sample {
        /// Where.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The folder for the torrent file cannot be made, or looked at.
    #[error("cannot write to {}: {cause}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Another file has the torrent file's name.
    #[error(
        "{} is there already, and no lab has written it: move it away, or choose another folder",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// The torrent file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A seeder cannot start.
    #[error("a seeder of the lab: {0}")]
    Seeder(#[from] NodeError),
    /// The sample's own torrent is tested, so this does not happen.
    #[error("the sample: {0}")]
    Torrent(#[from] metainfo::Error),
    /// A trouble-maker, or a seeder that has a part, cannot listen.
    #[error("a peer of the lab: {0}")]
    Trouble(io::Error),
    /// The nodes of the DHT have no ports.
    #[error("a node of the lab's DHT: {0}")]
    Dht(io::Error),
    /// Something is very slow, or goes wrong without a word.
    #[error("the lab's seeders did not announce themselves within {} seconds", READY.as_secs())]
    NotReady,
}

/// The practice swarm at work. [`Lab::stop`] ends it.
pub struct Lab {
    tracker: Tracker,
    announces: mpsc::Receiver<Announce>,
    node: Node,
    seeders: Vec<(Endpoint, Torrent)>,
    /// Seeders that have a part.
    parts: Vec<TroubleMaker>,
    trouble: Vec<(Trouble, TroubleMaker)>,
    nodes: Option<Nodes>,
    mischief: Vec<(Mischief, Mischievous)>,
    torrent: Vec<u8>,
    metainfo: Arc<Metainfo>,
    /// Removed last, when nobody reads from it any more.
    folder: TempFolder,
}

impl Lab {
    /// Sets everything up. When this returns, the tracker knows all the seeders.
    pub async fn start(options: Options) -> Result<Lab, LabError> {
        let known = Metainfo::parse(sample::TORRENT)?;
        let serves = Serves::Only(known.info_hash_v1.into_iter().collect());
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let swarms = Swarms::new(serves, INTERVAL);
        let (tracker, announces) =
            Tracker::start(addr, swarms, rand::random())
                .await
                .map_err(|cause| LabError::Tracker {
                    port: options.port,
                    cause,
                })?;
        let torrent = sample::with_tracker(&tracker.announce_url());
        let metainfo = Arc::new(Metainfo::parse(&torrent)?);

        let folder = TempFolder::new().map_err(|cause| LabError::Sample {
            path: std::env::temp_dir(),
            cause,
        })?;
        let failed = |cause| LabError::Sample {
            path: folder.path().to_owned(),
            cause,
        };
        sample::write(folder.path()).map_err(failed)?;
        fs::write(folder.path().join(torrent_name()), &torrent).map_err(failed)?;

        let rate = options.rate(metainfo.total_length);
        let mut lab = Lab {
            tracker,
            announces,
            node: Node::start(NodeOptions::default())?,
            seeders: Vec::new(),
            parts: Vec::new(),
            trouble: Vec::new(),
            nodes: None,
            mischief: Vec::new(),
            torrent,
            metainfo,
            folder,
        };
        if options.rare {
            lab.add_parts(options.seeders, rate).await?;
        } else {
            for _ in 0..options.seeders {
                lab.add_seeder(rate)?;
            }
        }
        if options.trouble {
            lab.add_trouble(rate).await?;
        }
        if options.dht {
            lab.nodes = Some(Nodes::start().await.map_err(LabError::Dht)?);
        }
        lab.wait_for_seeders().await?;
        lab.tell_nodes().await;
        if options.trouble {
            lab.add_mischief().await?;
        }
        Ok(lab)
    }

    /// Has the DHT know where everybody is.
    async fn tell_nodes(&self) {
        let (Some(nodes), Some(info_hash)) = (&self.nodes, self.metainfo.info_hash_v1) else {
            return;
        };
        let trouble = self.trouble().map(|(_, addr)| addr);
        for (number, addr) in self.seeders().chain(trouble).enumerate() {
            nodes.announce(info_hash, addr.port(), number).await;
        }
    }

    fn add_seeder(&mut self, rate: Option<u64>) -> Result<(), LabError> {
        let endpoint = self.node.listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let mut seeder = endpoint.add(TorrentOptions {
            info: metainfo::info_bytes(&self.torrent).map(Into::into),
            sources: Sources {
                exchange: true,
                ..Sources::none()
            },
            limit_up: rate,
            ..TorrentOptions::new(self.metainfo.clone(), self.folder.path(), Mode::Seed)
        })?;
        // Nobody reads what they have to say, so it is not to pile up.
        drop(seeder.notices());
        self.seeders.push((endpoint, seeder));
        Ok(())
    }

    async fn add_parts(&mut self, seeders: u8, rate: Option<u64>) -> Result<(), LabError> {
        let Some(content) = Content::new(&self.metainfo, sample::bytes()) else {
            return Ok(());
        };
        let content = Arc::new(content);
        for has in rare::parts(seeders, content.geometry().pieces()) {
            let peer = TroubleMaker::part(has, content.clone(), rate)
                .await
                .map_err(LabError::Trouble)?;
            self.tracker.introduce(content.info_hash(), peer.addr());
            self.parts.push(peer);
        }
        Ok(())
    }

    async fn add_trouble(&mut self, rate: Option<u64>) -> Result<(), LabError> {
        let Some(content) = Content::new(&self.metainfo, sample::bytes()) else {
            return Ok(());
        };
        let info = metainfo::info_bytes(&self.torrent).unwrap_or_default();
        let content = Arc::new(content.with_info(info));
        for trouble in Trouble::ALL {
            let peer = TroubleMaker::start(trouble, content.clone(), rate)
                .await
                .map_err(LabError::Trouble)?;
            self.tracker.introduce(content.info_hash(), peer.addr());
            self.trouble.push((trouble, peer));
        }
        Ok(())
    }

    async fn add_mischief(&mut self) -> Result<(), LabError> {
        let (Some(nodes), Some(info_hash)) = (&self.nodes, self.metainfo.info_hash_v1) else {
            return Ok(());
        };
        for kind in Mischief::ALL {
            let node = nodes.disturb(kind, info_hash).await;
            self.mischief.push((kind, node.map_err(LabError::Dht)?));
        }
        Ok(())
    }

    /// A seeder announces itself when it has checked its files.
    async fn wait_for_seeders(&mut self) -> Result<(), LabError> {
        let mut missing = self.seeders.len();
        let all = async {
            while missing > 0 {
                match self.announces.recv().await {
                    Some(announce) if announce.left == 0 => missing -= 1,
                    Some(_) => {}
                    None => break,
                }
            }
        };
        timeout(READY, all).await.map_err(|_| LabError::NotReady)
    }

    /// The tracker's URL.
    pub fn announce_url(&self) -> String {
        self.tracker.announce_url()
    }

    /// The same tracker's URL for whoever asks by UDP.
    pub fn udp_url(&self) -> String {
        self.tracker.udp_url()
    }

    /// The sample's magnet link, with this lab's tracker in it.
    pub fn magnet(&self) -> Magnet {
        Magnet::of(&self.metainfo)
    }

    /// The sample's torrent, with this lab's tracker in it.
    pub fn torrent(&self) -> &[u8] {
        &self.torrent
    }

    /// The same, parsed.
    pub fn metainfo(&self) -> Arc<Metainfo> {
        self.metainfo.clone()
    }

    /// A torrent file with this lab's tracker in it; it is there as long as the lab.
    pub fn torrent_path(&self) -> PathBuf {
        self.folder.path().join(torrent_name())
    }

    /// Writes the torrent into a folder, which is made if need be. One that a lab has written there
    /// before is replaced.
    ///
    /// # Errors
    ///
    /// [`LabError`] when it cannot be written, or another file has its name.
    pub fn write_torrent(&self, folder: &Path) -> Result<PathBuf, LabError> {
        let path = folder.join(torrent_name());
        let failed = |cause| LabError::Folder {
            path: folder.to_owned(),
            cause,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let old = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let old = File::open(&path).and_then(metainfo::read_limited);
                Some(old.map_err(failed)?)
            }
            Ok(_) => return Err(LabError::NotOurs(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let over = match old {
            Some(old) if !sample::is_ours(&old) => return Err(LabError::NotOurs(path)),
            Some(_) => Some(FileId::of(&path).map_err(failed)?),
            None => None,
        };
        whole_file::write(&path, &self.torrent, over.as_ref())?;
        Ok(path)
    }

    /// Where the seeders listen.
    pub fn seeders(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        let whole = self.seeders.iter();
        let whole = whole.map(|(endpoint, _)| endpoint.local_addr());
        whole.chain(self.parts.iter().map(TroubleMaker::addr))
    }

    /// A node of the DHT to begin from, if there are any.
    pub fn router(&self) -> Option<SocketAddr> {
        self.nodes.as_ref().map(Nodes::first)
    }

    /// The trouble-makers, and where they listen.
    pub fn trouble(&self) -> impl Iterator<Item = (Trouble, SocketAddr)> + '_ {
        self.trouble
            .iter()
            .map(|(trouble, peer)| (*trouble, peer.addr()))
    }

    /// The nodes of the DHT that misbehave, and where they are.
    pub fn mischief(&self) -> impl Iterator<Item = (Mischief, SocketAddr)> + '_ {
        let all = self.mischief.iter();
        all.map(|(kind, node)| (*kind, node.addr()))
    }

    /// The next announce the tracker accepts.
    pub async fn next_announce(&mut self) -> Option<Announce> {
        self.announces.recv().await
    }

    /// Ends everybody and removes the temporary files.
    pub async fn stop(self) {
        for (_, seeder) in &self.seeders {
            seeder.stop();
        }
        for (_, seeder) in self.seeders {
            seeder.wait().await;
        }
        self.node.end().await;
        drop(self.folder);
    }
}

impl Options {
    /// What each seeder sends in a second.
    fn rate(&self, total: u64) -> Option<u64> {
        let all = total / LASTS.as_secs();
        (!self.fast).then(|| (all / u64::from(self.seeders).max(1)).max(1))
    }
}

fn torrent_name() -> String {
    format!("{}.torrent", sample::NAME)
}
