//! The node: everything of this process that moves, and what its torrents share.
//!
//! A [`Node`] has a thread with a tokio runtime of one thread, on which everything with a socket is
//! a task: listeners, torrents, connections, announces. A second thread hashes, writes and reads
//! for all of them. They share that thread, the HTTP clients, and the budgets of memory and speed.
//!
//! An [`Endpoint`] is one way to reach us: a peer id and a listening socket, which finds the
//! torrent that a caller is after by its handshake; and a socket for datagrams beside it. Faces talk to a [`Torrent`] by channels: they
//! read [`Snapshot`]s and [`Notice`]s, and give commands.
//!
//! From the bottom up:
//!
//! - `route`: by which way everything goes;
//! - `exchange` and `link`: from a socket to a connection whose handshakes are done;
//! - `doors` and `listener`: from a caller to its torrent;
//! - `disk`, `source`, `buffers`: where the bytes are;
//! - `watch`: what others do to the files;
//! - `vouch`: what is remembered of them, and when that is true;
//! - `connections`: each a task;
//! - `udp`: the socket for datagrams, and `dht`: a node of the DHT, which speaks through it;
//! - `local`: who has the same on the local network;
//! - `trackers`: announces;
//! - `budget` and `shares`: who gets how much;
//! - `space`: whether the disks have room;
//! - `choosing`: other files are wanted;
//! - `opening`, `foreign`, `unknown`, `task`, `start`: a torrent's life, and `begin` and `magnet` how it begins;
//! - `handle`, `figures` and `details`: what is seen of it from outside;
//! - this file: the threads.

mod begin;
mod body;
mod budget;
mod buffers;
mod choosing;
mod common;
mod connections;
mod details;
mod dht;
mod disk;
mod doors;
mod exchange;
mod figures;
mod foreign;
mod handle;
mod joined;
mod link;
mod listener;
mod local;
mod magnet;
mod names;
mod opening;
mod route;
mod shares;
mod source;
mod space;
mod start;
mod task;
mod trackers;
mod udp;
mod unknown;
mod vouch;
mod watch;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use encryption::Policy;
use metainfo::{InfoHash, Metainfo};
use peer_id::PeerId;
use storage::Names;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tracing::{Instrument, error_span};
use tracker::{AnnounceError, Counts};

pub use dht::{Announcing, Dht, DhtOptions, Found, Routers, Searched};
pub use engine::{Bound, Command, Details, Failure, Outcome, Report, Sources, Waste};
pub use figures::{Earlier, Notice, Snapshot, TorrentState};
pub use handle::{Mode, Remember, Torrent, TorrentOptions};
pub use local::LocalNetwork;
pub use magnet::MagnetOptions;
pub use route::{Interface, ParseInterfaceError, ParseProxyError, Proxy, Route};

use begin::Work;
use common::Common;
use disk::DiskQueue;
use doors::Door;
use doors::Doors;
use handle::Reins;
use handshake::Reserved;
use local::Local;
use magnet::MagnetWork;
use route::Presence;
use shares::Shares;
use start::Station;
use trackers::Announcer;
use udp::Udp;

/// What all torrents of a node may use together.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Payload bytes a second that may come in.
    pub limit_down: Option<u64>,
    /// Payload bytes a second that may go out.
    pub limit_up: Option<u64>,
    /// Bytes of memory for pieces that are being fetched.
    pub memory: u64,
    /// Whether connections are encrypted, in both directions.
    pub encryption: Policy,
    /// Where others are looked for who have the same torrents (BEP 14). An endpoint at a loopback address
    /// looks on this machine alone.
    pub local: LocalNetwork,
    /// By which way everything goes that the node says to others.
    pub route: Route,
}

impl Default for NodeOptions {
    fn default() -> NodeOptions {
        NodeOptions {
            limit_down: None,
            limit_up: None,
            memory: engine::PIECE_MEMORY,
            encryption: Policy::default(),
            local: LocalNetwork::Usual,
            route: Route::default(),
        }
    }
}

/// Why a node, or a torrent in it, cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The torrent is one that cannot be worked on.
    #[error("{0}")]
    Torrent(String),
    /// The listening socket cannot be had.
    #[error("cannot listen on {addr}: {cause}; choose another port with --port")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The interface that everything is to go through is not there.
    #[error("{0}; `ip address` lists those that are there")]
    Interface(io::Error),
    /// The system gives no thread or no runtime.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// What the node's thread is asked.
enum Request {
    Listen(TcpListener, Arc<Doors>),
    Datagrams(udp::Work),
    Local(local::Work),
    Work(Box<Work>),
    Magnet(Box<MagnetWork>),
    Scrape(Scrape, oneshot::Sender<Result<Counts, AnnounceError>>),
}

/// A tracker to be asked about a torrent that is not worked on, and who asks.
struct Scrape {
    tracker: String,
    who: (InfoHash, PeerId, u16),
    udp: Udp,
}

/// A node at work. It ends when this and its endpoints are dropped, and all its torrents are over.
#[derive(Debug)]
pub struct Node {
    encryption: Policy,
    local: LocalNetwork,
    route: Arc<Route>,
    requests: mpsc::UnboundedSender<Request>,
    thread: JoinHandle<()>,
}

/// One way to reach us, as long as its node is there.
#[derive(Debug)]
pub struct Endpoint {
    addr: SocketAddr,
    doors: Arc<Doors>,
    udp: Udp,
    local: Local,
    requests: mpsc::UnboundedSender<Request>,
}

/// The largest piece that is downloaded, in bytes: two of them are held in memory.
pub const MAX_PIECE: u64 = 256 * 1024 * 1024;

impl Node {
    /// Starts a node without torrents.
    ///
    /// # Errors
    ///
    /// [`NodeError::System`] if there is no thread or no runtime to be had.
    pub fn start(options: NodeOptions) -> Result<Node, NodeError> {
        Node::start_with(options, disk::start()?)
    }

    fn start_with(
        options: NodeOptions,
        (disk, disk_thread): (DiskQueue, JoinHandle<()>),
    ) -> Result<Node, NodeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (encryption, route) = (options.encryption, Arc::new(options.route.clone()));
        // What is to go through one interface alone is not told to all who are near.
        let local = match route.interface {
            Some(_) => LocalNetwork::None,
            None => options.local,
        };
        let (requests, asked) = mpsc::unbounded_channel();
        let thread = thread::Builder::new().name("node".to_owned());
        let thread = thread.spawn(move || {
            let tasks = LocalSet::new();
            tasks.block_on(&runtime, serve(asked, disk, options));
            drop(tasks);
            // Else a name that is being looked up would be waited for.
            runtime.shutdown_background();
            let _ = disk_thread.join();
        })?;
        Ok(Node {
            encryption,
            local,
            route,
            requests,
            thread,
        })
    }

    /// Listens at an address; port 0 takes a free one. The socket stands when this returns. Whoever
    /// calls there meets a peer with an id of its own. With a proxy there is no socket at all.
    ///
    /// # Errors
    ///
    /// [`NodeError::Listen`] if the socket cannot be had, [`NodeError::Interface`] if the interface is
    /// not there.
    pub fn listen(&self, addr: SocketAddr) -> Result<Endpoint, NodeError> {
        self.listen_with(addr, None)
    }

    /// The same, and torrents whose [`Sources`] say so find peers in the DHT. A UDP socket with the same
    /// port number speaks for it, as for trackers by UDP.
    ///
    /// # Errors
    ///
    /// As [`Node::listen`]. Without a UDP socket there is no DHT, and no error.
    pub fn listen_with(
        &self,
        addr: SocketAddr,
        dht: Option<DhtOptions>,
    ) -> Result<Endpoint, NodeError> {
        let peer_id = PeerId::generate(&mut rand::rng());
        let doors = Doors::new(peer_id, self.encryption, self.route.clone());
        let doors = Arc::new(doors);
        if self.route.proxy.is_some() {
            // Nobody can call through a proxy, and nobody is to call past it.
            return Ok(Endpoint {
                addr: SocketAddr::new(addr.ip(), 0),
                doors,
                udp: Udp::without("with --proxy nothing goes by UDP".to_owned()),
                local: Local::new(0, LocalNetwork::None).0,
                requests: self.requests.clone(),
            });
        }
        self.route.check().map_err(NodeError::Interface)?;
        let listener =
            listener::bind(addr, &self.route).map_err(|cause| NodeError::Listen { addr, cause })?;
        let addr = listener.local_addr()?;
        let request = Request::Listen(listener, doors.clone());
        let _ = self.requests.send(request);
        let (udp, work) = Udp::open(addr, dht, &self.route);
        if let Some(work) = work {
            let _ = self.requests.send(Request::Datagrams(work));
        }
        let network = match self.local {
            LocalNetwork::Usual if addr.ip().is_loopback() => LocalNetwork::Loopback,
            network => network,
        };
        let (local, work) = Local::new(addr.port(), network);
        if let Some(work) = work {
            let _ = self.requests.send(Request::Local(work));
        }
        Ok(Endpoint {
            addr,
            doors,
            udp,
            local,
            requests: self.requests.clone(),
        })
    }

    /// Waits until all its torrents are over and its thread has ended. Its endpoints must be gone.
    pub async fn end(self) {
        drop(self.requests);
        let joined = tokio::task::spawn_blocking(move || self.thread.join());
        // What a panic had to say was said on stderr.
        let _ = joined.await;
    }
}

impl Endpoint {
    /// Where peers may call; at port 0 nobody can.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// The DHT, if this endpoint takes part in it.
    pub fn dht(&self) -> Option<Dht> {
        self.udp.dht()
    }

    /// Starts to work on a torrent.
    ///
    /// # Errors
    ///
    /// [`NodeError::Torrent`] if it cannot be worked on, or is here already. What goes wrong later
    /// is the [`Outcome`].
    pub fn add(&self, options: TorrentOptions) -> Result<Torrent, NodeError> {
        let (info_hash, names) = check_torrent(&options.metainfo)?;
        let sources = match options.metainfo.private {
            true => Sources::none(),
            false => options.sources,
        };
        let door = self.door(info_hash, options.record.as_ref(), sources)?;
        let (torrent, reins) = Torrent::new(info_hash);
        let work = Work {
            options,
            names,
            station: self.station(door, reins),
        };
        // A node whose thread has ended unexpectedly drops it: the outcome tells.
        let _ = self.requests.send(Request::Work(Box::new(work)));
        Ok(torrent)
    }

    /// Starts to look for the metadata of a magnet link.
    ///
    /// # Errors
    ///
    /// [`NodeError::Torrent`] if it cannot be followed, or its torrent is here already. What goes wrong
    /// later is the [`Outcome`].
    pub fn add_magnet(&self, options: MagnetOptions) -> Result<Torrent, NodeError> {
        let info_hash = options
            .magnet
            .info_hash_v1
            .ok_or_else(|| NodeError::Torrent(V2_ALONE.to_owned()))?;
        let door = self.door(info_hash, options.record.as_ref(), options.sources)?;
        let (mut torrent, reins) = Torrent::new(info_hash);
        let (to_begin, begin) = oneshot::channel();
        torrent.begin = Some(to_begin);
        let work = MagnetWork {
            options,
            station: self.station(door, reins),
            begin,
        };
        let _ = self.requests.send(Request::Magnet(Box::new(work)));
        Ok(torrent)
    }

    /// Asks a tracker how many have a torrent, without an announce (BEP 48; BEP 15, "Scrape").
    pub fn scrape(
        &self,
        info_hash: InfoHash,
        tracker: String,
    ) -> impl Future<Output = Result<Counts, AnnounceError>> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let host = tracker::host_of(&tracker);
        let scrape = Scrape {
            tracker,
            who: (info_hash, self.doors.peer_id(), self.addr.port()),
            udp: self.udp.clone(),
        };
        let _ = self.requests.send(Request::Scrape(scrape, answer));
        async move {
            answered.await.unwrap_or_else(|_| {
                let reason = "the node has ended".to_owned();
                Err(AnnounceError::Unreachable { host, reason })
            })
        }
    }

    fn station(&self, door: Door, reins: Reins) -> Station {
        Station {
            port: self.addr.port(),
            udp: self.udp.clone(),
            local: self.local.clone(),
            door,
            reins,
        }
    }

    /// A door for a torrent. Who records without names does not speak of addresses and metadata.
    fn door(
        &self,
        info_hash: InfoHash,
        record: Option<&recording::Target>,
        sources: Sources,
    ) -> Result<Door, NodeError> {
        let has_node = sources.dht && self.udp.dht_port() > 0;
        let reserved = match record.is_some_and(|target| target.anonymous) {
            true => Reserved::none().with_fast(),
            false if has_node => engine::speaks().with_dht(),
            false => engine::speaks(),
        };
        self.doors
            .add(info_hash, reserved)
            .ok_or_else(|| NodeError::Torrent("this torrent is being worked on already".to_owned()))
    }
}

/// The node's task.
async fn serve(mut asked: mpsc::UnboundedReceiver<Request>, disk: DiskQueue, options: NodeOptions) {
    let shares = Shares::new(options.limit_down, options.limit_up, options.memory);
    let route = Arc::new(options.route);
    let (presence, looks) = Presence::of(&route);
    spawn_local(looks);
    let common = Rc::new(Common::new(disk, Rc::new(shares), presence));
    let shares = common.shares.clone();
    spawn_local(async move { shares.keep_dividing().await });
    let mut torrents = JoinSet::new();
    let mut sockets = JoinSet::new();
    while let Some(request) = asked.recv().await {
        while torrents.try_join_next().is_some() {}
        match request {
            Request::Listen(listener, doors) => {
                // It fails where there is no reactor, which is not here.
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    spawn_local(listener::listen(listener, doors));
                }
            }
            Request::Datagrams(work) => drop(sockets.spawn_local(work.run())),
            Request::Local(work) => drop(spawn_local(work.run())),
            Request::Work(work) => {
                let name = &*work.options.metainfo.name;
                let info_hash = work.station.door.ours().info_hash;
                let span = error_span!("torrent", name, %info_hash);
                torrents.spawn_local(work.run(common.clone()).instrument(span));
            }
            Request::Magnet(work) => {
                let info_hash = work.station.door.ours().info_hash;
                let span = error_span!("torrent", %info_hash);
                torrents.spawn_local(work.run(common.clone()).instrument(span));
            }
            Request::Scrape(scrape, answer) => {
                let Scrape { tracker, who, udp } = scrape;
                let announcer = Announcer::new(who, common.clients.clone(), udp, &route);
                spawn_local(async move { answer.send(announcer.scrape(&tracker).await) });
            }
        }
    }
    while torrents.join_next().await.is_some() {}
    // They have something to write down.
    while sockets.join_next().await.is_some() {}
}

/// What is said of a torrent that has nothing but pieces of BitTorrent v2.
const V2_ALONE: &str = "this is a BitTorrent v2 torrent (BEP 52) without a v1 half: kostorrent can \
                        show it, but not download it yet";

/// Refuses what cannot be downloaded yet, and lays the files out.
fn check_torrent(metainfo: &Metainfo) -> Result<(InfoHash, Names), NodeError> {
    let Some(info_hash) = metainfo.info_hash_v1 else {
        return Err(NodeError::Torrent(V2_ALONE.to_owned()));
    };
    if metainfo.piece_length > MAX_PIECE {
        return Err(NodeError::Torrent(format!(
            "its pieces are {} MiB long; kostorrent holds two pieces in memory and takes no more \
             than {} MiB",
            metainfo.piece_length / (1024 * 1024),
            MAX_PIECE / (1024 * 1024)
        )));
    }
    let names = Names::of(metainfo).map_err(|error| NodeError::Torrent(error.to_string()))?;
    Ok((info_hash, names))
}

#[cfg(test)]
mod tests;
