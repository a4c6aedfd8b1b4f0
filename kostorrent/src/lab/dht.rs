//! A small DHT on loopback: nodes that know each other, and where the lab's peers are.
//!
//! Each is a whole node of chapter 20 with a socket of its own, in a task of its own.

mod trouble;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use dht::limits::{K, MAX_READ};
use dht::{Announcing, Config, Event, Family, LookupId, Node, Search};
use metainfo::InfoHash;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub use trouble::{Mischief, Mischievous};

/// How many nodes there are.
pub const NODES: usize = 30;

/// A node knows enough others when so many of them are good: a bucket is full then.
const ENOUGH: usize = K;

/// The nodes have found together by then, or go on doing so.
const READY: Duration = Duration::from_secs(10);

/// What is announced is announced again after so long, before the nodes forget it.
const AGAIN: Duration = Duration::from_secs(15 * 60);

/// Nodes at work. They end when this is dropped.
#[derive(Debug)]
pub struct Nodes {
    addrs: Vec<SocketAddr>,
    first: SocketAddr,
    wishes: Vec<mpsc::UnboundedSender<Wish>>,
    _tasks: JoinSet<()>,
}

/// What a node is to do.
#[derive(Debug)]
enum Wish {
    /// Say when it knows enough others.
    Know(oneshot::Sender<()>),
    /// Announce that a peer has the torrent at this port of 127.0.0.1, now and from time to time, and say
    /// when that was done for the first time.
    Announce(InfoHash, u16, oneshot::Sender<()>),
}

impl Nodes {
    /// Starts the nodes, and waits until they know each other.
    ///
    /// # Errors
    ///
    /// When there is no port to be had.
    pub async fn start() -> io::Result<Nodes> {
        let mut tasks = JoinSet::new();
        let mut wishes = Vec::new();
        let mut addrs = Vec::new();
        let mut known = Vec::new();
        for _ in 0..NODES {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            addrs.push(socket.local_addr()?);
            let seed = addrs.first().copied();
            let (to_wishes, wished) = mpsc::unbounded_channel();
            let (know, knows) = oneshot::channel();
            // Whoever has to listen for it is the task below.
            let _ = to_wishes.send(Wish::Know(know));
            known.push(knows);
            tasks.spawn(One::new(socket, seed).run(wished));
            wishes.push(to_wishes);
        }
        let all = async {
            for knows in known {
                let _ = knows.await;
            }
        };
        // Late ones will know enough a little later.
        let _ = timeout(READY, all).await;
        let first = addrs.first().copied();
        Ok(Nodes {
            first: first.ok_or(io::ErrorKind::AddrNotAvailable)?,
            addrs,
            wishes,
            _tasks: tasks,
        })
    }

    /// One of them, to begin from.
    pub fn first(&self) -> SocketAddr {
        self.first
    }

    /// Brings somebody among them who makes trouble, close to where this torrent is kept.
    ///
    /// # Errors
    ///
    /// When there is no port to be had.
    pub async fn disturb(&self, kind: Mischief, info_hash: InfoHash) -> io::Result<Mischievous> {
        Mischievous::start(kind, info_hash.into(), &self.addrs).await
    }

    /// Has them know that there is a peer at this port of 127.0.0.1. It is the `number`th that is
    /// announced: each is announced by another node.
    pub async fn announce(&self, info_hash: InfoHash, port: u16, number: usize) {
        let (done, is_done) = oneshot::channel();
        let Some(node) = self.wishes.get(number % self.wishes.len().max(1)) else {
            return;
        };
        if node.send(Wish::Announce(info_hash, port, done)).is_ok() {
            let _ = timeout(READY, is_done).await;
        }
    }
}

/// One node and its socket.
struct One {
    socket: UdpSocket,
    node: Node,
    began: Instant,
    /// Who waits until it knows enough others.
    waits: Option<oneshot::Sender<()>>,
    /// What it announces.
    peers: Vec<(InfoHash, u16)>,
    announce_at: Instant,
    announcing: BTreeMap<LookupId, oneshot::Sender<()>>,
}

impl One {
    /// A node that begins from another one, unless it is that itself.
    fn new(socket: UdpSocket, seed: Option<SocketAddr>) -> One {
        let config = Config {
            v6: false,
            ..Config::LOCAL
        };
        let mut node = Node::new(config, Duration::ZERO, &mut rand::rng());
        let seed = seed.filter(|&seed| socket.local_addr().is_ok_and(|ours| ours != seed));
        if let Some(seed) = seed {
            node.add_seed(seed, Duration::ZERO);
        }
        let began = Instant::now();
        One {
            socket,
            node,
            began,
            waits: None,
            peers: Vec::new(),
            announce_at: began + AGAIN,
            announcing: BTreeMap::new(),
        }
    }

    async fn run(mut self, mut wishes: mpsc::UnboundedReceiver<Wish>) {
        let mut buffer = vec![0; MAX_READ + 1];
        loop {
            self.carry().await;
            let due = self.node.poll_timeout().unwrap_or(AGAIN);
            tokio::select! {
                wish = wishes.recv() => match wish {
                    Some(wish) => self.wish(wish),
                    None => return,
                },
                came = self.socket.recv_from(&mut buffer) => {
                    let now = self.began.elapsed();
                    match came {
                        Ok((len, from)) => {
                            self.node.handle(from, buffer.get(..len).unwrap_or_default(), now);
                        }
                        // Somebody to whom something was sent is gone.
                        Err(_) => tokio::task::yield_now().await,
                    }
                }
                () = tokio::time::sleep_until(self.began + due) => {
                    self.node.handle_timeout(self.began.elapsed());
                }
                () = tokio::time::sleep_until(self.announce_at) => {
                    self.announce_at = Instant::now() + AGAIN;
                    for (info_hash, port) in self.peers.clone() {
                        self.announce(info_hash, port);
                    }
                }
            }
        }
    }

    /// Sends what is to be sent, and hears what has happened.
    async fn carry(&mut self) {
        while let Some(datagram) = self.node.poll_transmit() {
            let _ = self.socket.send_to(&datagram.bytes, datagram.to).await;
        }
        while let Some(event) = self.node.poll_event() {
            if let Event::Ended { lookup, .. } = event
                && let Some(done) = self.announcing.remove(&lookup)
            {
                let _ = done.send(());
            }
        }
        if self.waits.is_some() && self.knows_enough() {
            let _ = self.waits.take().map(|waits| waits.send(()));
        }
    }

    fn knows_enough(&self) -> bool {
        let place = self.node.snapshot(self.began.elapsed()).v4;
        place.is_some_and(|place| place.good >= ENOUGH)
    }

    fn wish(&mut self, wish: Wish) {
        match wish {
            Wish::Know(waits) => self.waits = Some(waits),
            Wish::Announce(info_hash, port, done) => {
                self.peers.push((info_hash, port));
                if let Some(lookup) = self.announce(info_hash, port) {
                    self.announcing.insert(lookup, done);
                }
            }
        }
    }

    fn announce(&mut self, info_hash: InfoHash, port: u16) -> Option<LookupId> {
        let announce = Announcing {
            port,
            implied_port: false,
            seed: true,
        };
        let search = Search {
            announce: Some(announce),
            ..Search::of(info_hash, Family::V4)
        };
        // It knows others; if not, whoever waits for it waits no longer.
        self.node.search(search, self.began.elapsed()).ok()
    }
}
