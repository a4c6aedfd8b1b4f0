//! How every torrent begins to work, whatever is known of it.

use std::rc::Rc;

use engine::{Config, Engine, Time};
use recording::Recorder;
use tokio::sync::mpsc;

use super::body::Body;
use super::budget::Flow;
use super::common::Common;
use super::disk::TorrentId;
use super::doors::Door;
use super::handle::Reins;
use super::local::Local;
use super::shares::Wants;
use super::source::Shared;
use super::task::{Parts, Task};
use super::trackers::Announcer;
use super::udp::Udp;
use super::unknown::Unknown;

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
