//! What is to be worked on: a torrent, or a magnet link that becomes one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use magnet::Magnet;
use metainfo::{InfoHash, Metainfo};
use tracker::PeerAddr;

use super::failure::Failure;
use crate::node::{MagnetOptions, Mode, TorrentOptions};

/// Something to be worked on.
pub(crate) enum Job {
    Torrent(Box<TorrentOptions>),
    Magnet(Box<MagnetJob>),
}

/// A magnet link to follow.
pub(crate) struct MagnetJob {
    pub(crate) options: MagnetOptions,
    /// What will become of its torrent.
    pub(crate) mode: Mode,
    /// Where its torrent is to go, unless the disk wants it otherwise.
    pub(crate) root: PathBuf,
    pub(crate) becomes: Becomes,
}

/// What is to be done with the torrent of a link, when its metadata are here.
pub(crate) type Becomes = Box<dyn Fn(Found) -> Result<TorrentOptions, Failure>>;

/// The torrent of a link.
pub(crate) struct Found {
    pub(crate) metainfo: Arc<Metainfo>,
    /// The bytes of its `info` dictionary.
    pub(crate) info: Arc<[u8]>,
    /// Nodes of the DHT that its torrent file names.
    pub(crate) nodes: Vec<(String, u16)>,
}

impl Job {
    /// The torrent's info-hash; `None` of one that has nothing but pieces of BitTorrent v2.
    pub(crate) fn info_hash(&self) -> Option<InfoHash> {
        match self {
            Job::Torrent(options) => options.metainfo.info_hash_v1,
            Job::Magnet(job) => job.options.magnet.info_hash_v1,
        }
    }
}

impl From<TorrentOptions> for Job {
    fn from(options: TorrentOptions) -> Job {
        Job::Torrent(Box::new(options))
    }
}

/// A link, the peers that it names, and those that the user does.
pub(crate) fn link(
    magnet: &Arc<Magnet>,
    mut peers: Vec<SocketAddr>,
    mut names: Vec<(String, u16)>,
) -> MagnetOptions {
    peers.extend(magnet.peers.iter().filter_map(PeerAddr::known));
    let named = magnet.peers.iter().filter_map(PeerAddr::name);
    names.extend(named.map(|(name, port)| (name.to_owned(), port)));
    MagnetOptions {
        peers,
        names,
        ..MagnetOptions::new(magnet.clone())
    }
}

/// What every magnet link begins with.
const SCHEME: &str = "magnet:";

/// The magnet link, if that is what was given in the place of a torrent file.
pub(crate) fn magnet(given: &Path) -> Result<Option<Magnet>, Failure> {
    let text = given.to_string_lossy();
    let scheme = text.get(..SCHEME.len());
    if !scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
        return Ok(None);
    }
    let magnet = text.parse();
    magnet
        .map(Some)
        .map_err(|error| Failure::Failed(format!("this magnet link cannot be followed: {error}")))
}
