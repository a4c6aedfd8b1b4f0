//! The DHT (BEP 5): torrents ask for peers, and the endpoint's node looks for them.
//!
//! Nothing is sent before the first torrent has asked: who has private torrents alone, or wants none of
//! it, is in no network. Where to begin is taken from what the last run knew, and from what torrents and
//! peers name; the well-known routers are looked up when all that leads to nobody.

mod kept;
mod side;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use dht::is_local;
use metainfo::InfoHash;
use tokio::sync::mpsc;

pub use dht::Announcing;
pub(super) use side::{Done, Side};

/// Nodes by whom everybody may begin, by name and UDP port.
const ROUTERS: [(&str, u16); 4] = [
    ("router.bittorrent.com", 6881),
    ("dht.transmissionbt.com", 6881),
    ("dht.libtorrent.org", 25401),
    ("dht.aelitis.com", 6881),
];

/// What torrents may ask of the DHT before it has looked at it.
const ORDERS: usize = 256;

/// Where to begin, by name or address and UDP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routers {
    /// Somebody has named these: they are asked in any case. One at a local address makes it a network in
    /// which local nodes take part.
    Named(Vec<(String, u16)>),
    /// These are asked when nobody else is known, or nobody answers any more.
    LastResort(Vec<(String, u16)>),
}

impl Default for Routers {
    /// The well-known ones, as the last resort.
    fn default() -> Routers {
        Routers::LastResort(ROUTERS.map(|(name, port)| (name.to_owned(), port)).into())
    }
}

impl Routers {
    fn all(&self) -> &[(String, u16)] {
        match self {
            Routers::Named(all) | Routers::LastResort(all) => all,
        }
    }
}

/// How an endpoint takes part in the DHT.
#[derive(Clone, Debug, Default)]
pub struct DhtOptions {
    /// Where to begin.
    pub routers: Routers,
    /// The folder in which is kept whom it knew; `None` keeps nothing.
    pub state: Option<PathBuf>,
}

impl DhtOptions {
    /// Where to begin, for a socket at this address. What listens on loopback alone asks nobody
    /// elsewhere.
    fn routers(&self, listens: SocketAddr) -> Vec<(String, u16)> {
        let mut routers = self.routers.all().to_vec();
        if listens.ip().to_canonical().is_loopback() {
            routers.retain(|(name, _)| is_here(name));
        }
        routers
    }

    /// Whether local nodes take part: where somebody has named one, or nothing else can be reached.
    fn is_local(&self, listens: SocketAddr) -> bool {
        let named = match &self.routers {
            Routers::Named(named) => named.iter().any(|(name, _)| is_here(name)),
            Routers::LastResort(_) => false,
        };
        named || is_local(listens.ip())
    }
}

/// Whether that is a node of this machine, or of a network of our own.
fn is_here(name: &str) -> bool {
    match name.parse() {
        Ok(ip) => is_local(ip),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// What a search has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// How many nodes were asked, in both networks.
    pub asked: usize,
    /// How many of them have answered.
    pub answered: usize,
    /// How many peers were found.
    pub peers: usize,
    /// How many nodes have taken our announce.
    pub announced: usize,
    /// Where we are, by the word of many nodes, in the networks of IPv4 and IPv6.
    pub seen_at: [Option<IpAddr>; 2],
}

/// What a search has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Peers, none of which it has told before, to be connected to by TCP.
    Peers(Vec<SocketAddr>),
    /// It is over.
    Ended(Searched),
}

/// What torrents ask.
#[derive(Debug)]
pub(super) enum Order {
    Search {
        info_hash: InfoHash,
        announce: Option<Announcing>,
        found: mpsc::UnboundedSender<Found>,
    },
    Node(SocketAddr),
    Names(Vec<(String, u16)>),
}

/// The DHT, for torrents that are not private. It is there as long as its endpoint's socket.
#[derive(Clone, Debug)]
pub struct Dht(mpsc::Sender<Order>);

impl Dht {
    /// A handle, and what comes of it.
    pub(super) fn new() -> (Dht, mpsc::Receiver<Order>) {
        let (orders, ordered) = mpsc::channel(ORDERS);
        (Dht(orders), ordered)
    }

    /// Looks for the peers of a torrent in the networks of both families, and announces us there if that
    /// is wanted. Peers come as they are found, and then the end; or nothing more, if there is no DHT any
    /// more. When what comes out is dropped the search is given up.
    pub fn search(
        &self,
        info_hash: InfoHash,
        announce: Option<Announcing>,
    ) -> mpsc::UnboundedReceiver<Found> {
        let (found, finds) = mpsc::unbounded_channel();
        // With too many orders it ends at once: the torrent asks again some other time.
        let _ = self.0.try_send(Order::Search {
            info_hash,
            announce,
            found,
        });
        finds
    }

    /// A peer says that a node is there (the message `port`).
    pub fn add_node(&self, addr: SocketAddr) {
        // There are others.
        let _ = self.0.try_send(Order::Node(addr));
    }

    /// A torrent names nodes to begin from, by name or address and UDP port.
    pub fn add_names(&self, nodes: Vec<(String, u16)>) {
        if !nodes.is_empty() {
            let _ = self.0.try_send(Order::Names(nodes));
        }
    }
}

#[cfg(test)]
mod tests;
