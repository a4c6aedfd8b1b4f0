//! A torrent's connections, each of which is a task of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use connection::{Heard, Order, Pool, Setup, Terms};
use messages::{Ended, Message};
use picker::PeerKey;
use tokio::sync::mpsc;
use tracing::{debug, trace};

use super::joined::Joined;
use super::source::Shared;
use engine::CloseReason;

/// What connections have to tell, at most, before their sockets are no longer read.
pub(super) const HEARD: usize = 256;

/// The ways to a torrent's connections.
pub(super) struct Connections {
    open: BTreeMap<PeerKey, Connection>,
    next_key: u32,
    to_heard: mpsc::Sender<(PeerKey, Heard)>,
    pool: Pool,
    source: Rc<Shared>,
    /// Pieces of the torrent, or [`UNKNOWN_PIECES`](messages::UNKNOWN_PIECES).
    pub pieces: u32,
}

struct Connection {
    addr: SocketAddr,
    orders: mpsc::UnboundedSender<Order>,
}

impl Connections {
    /// None yet, of a torrent with so many pieces; and what they will have to tell.
    pub fn new(
        pieces: u32,
        pool: Pool,
        source: Rc<Shared>,
    ) -> (Connections, mpsc::Receiver<(PeerKey, Heard)>) {
        let (to_heard, heard) = mpsc::channel(HEARD);
        let connections = Connections {
            open: BTreeMap::new(),
            next_key: 0,
            to_heard,
            pool,
            source,
            pieces,
        };
        (connections, heard)
    }

    /// Gives a connection whose handshakes are done its number, and the work that is to be run as a
    /// task.
    pub fn add(&mut self, joined: Joined) -> (PeerKey, impl Future<Output = ()> + use<>) {
        let peer = PeerKey(self.next_key);
        self.next_key += 1;
        let Joined { addr, incoming, .. } = joined;
        let (client, both, early) = (joined.theirs.peer_id, joined.both, joined.early.len());
        let encryption = joined.encryption;
        debug!(peer = peer.0, %addr, incoming, ?encryption, %client, ?both, early, "connected");
        let (orders, receiver) = mpsc::unbounded_channel();
        self.open.insert(peer, Connection { addr, orders });
        let setup = Setup {
            key: peer,
            stream: joined.stream,
            early: joined.early,
            pieces: self.pieces,
            terms: Terms {
                later: engine::LATER,
                choke_forgets_nothing: both.fast(),
            },
            pool: self.pool.clone(),
            source: self.source.clone(),
            to: self.to_heard.clone(),
            orders: receiver,
        };
        (peer, connection::run(setup))
    }

    /// Ends a connection. The engine has forgotten it already.
    pub fn close(&mut self, peer: PeerKey, why: &CloseReason) {
        if let Some(connection) = self.open.remove(&peer) {
            debug!(peer = peer.0, addr = %connection.addr, %why, "closed by us");
            let _ = connection.orders.send(Order::Close);
        }
    }

    /// A connection has ended by itself.
    pub fn ended(&mut self, peer: PeerKey, why: &Ended) {
        if let Some(connection) = self.open.remove(&peer) {
            debug!(peer = peer.0, addr = %connection.addr, %why, "closed");
        }
    }

    /// Has a message sent.
    pub fn send(&self, peer: PeerKey, message: Message) {
        trace!(peer = peer.0, ?message, "sent");
        self.order(peer, Order::Send(message));
    }

    /// Gives an order. A connection that has ended is about to tell us so.
    pub fn order(&self, peer: PeerKey, order: Order) {
        if let Some(connection) = self.open.get(&peer) {
            let _ = connection.orders.send(order);
        }
    }
}
