//! A magnet link at work: first nothing is known but the info-hash, and then it is a torrent like any
//! other.

use std::rc::Rc;
use std::sync::Arc;

use engine::{Config, PIECE_MEMORY, Sources};
use magnet::Magnet;
use tokio::sync::oneshot;

use super::body::Body;
use super::common::Common;
use super::handle::TorrentOptions;
use super::start::{Start, Station};
use super::unknown::Unknown;

/// A magnet link to follow, and how. What becomes of its torrent is said when that is known:
/// [`Torrent::begin`](super::Torrent::begin).
#[derive(Clone, Debug)]
pub struct MagnetOptions {
    /// The link.
    pub magnet: Arc<Magnet>,
    /// Whether to go on seeding when everything is there.
    pub keep_seeding: bool,
    /// Who else than trackers is asked for peers, and told of us.
    pub sources: Sources,
    /// Addresses to call without asking anybody.
    pub peers: Vec<std::net::SocketAddr>,
    /// Hosts to look up and call, by name and port.
    pub names: Vec<(String, u16)>,
    /// Where to record what happens, if anywhere.
    pub record: Option<recording::Target>,
    /// The seed of every chance decision; `None` takes one from the system.
    pub seed: Option<u64>,
}

impl MagnetOptions {
    /// A link of which the torrent is to be fetched, and nothing more.
    pub fn new(magnet: Arc<Magnet>) -> MagnetOptions {
        MagnetOptions {
            magnet,
            keep_seeding: false,
            sources: Sources::none(),
            peers: Vec::new(),
            names: Vec::new(),
            record: None,
            seed: None,
        }
    }
}

/// Everything a magnet link begins with.
pub(super) struct MagnetWork {
    pub options: MagnetOptions,
    pub station: Station,
    pub begin: oneshot::Receiver<TorrentOptions>,
}

impl MagnetWork {
    /// Fetches the metadata, then the torrent; until the engine has finished.
    pub async fn run(self, common: Rc<Common>) {
        let ended = self.station.reins.ended.clone();
        let id = common.next_id();
        let MagnetOptions {
            magnet,
            keep_seeding,
            sources,
            peers,
            names,
            record,
            seed,
        } = self.options;
        let config = Config {
            info_hash: Some(self.station.door.ours().info_hash),
            tiers: magnet
                .trackers
                .iter()
                .map(|url| vec![url.clone()])
                .collect(),
            sources,
            peers,
            names,
            keep_seeding,
            ..Config::new(None)
        };
        let choices = self.station.reins.choices.clone();
        let start = Start {
            id,
            body: Body::none(id, &common),
            config,
            // As much as it could use.
            left: PIECE_MEMORY,
            limits: (None, None),
            record,
            seed,
            unknown: Some(Unknown::new(
                id,
                magnet,
                common.clone(),
                choices,
                self.begin,
            )),
        };
        let mut task = start.task(&common, self.station);
        let outcome = task.run().await;
        task.end(&outcome).await;
        tracing::debug!(?outcome, "over");
        ended.send_replace(Some(outcome));
    }
}
