//! What peers tell each other of the DHT: at which port each is a node of it (BEP 5).

use std::net::SocketAddr;

use handshake::Handshake;
use messages::Message;
use picker::PeerKey;

use crate::peer::Peer;
use crate::{Action, CloseReason, Engine};

/// The number of the message `port`. Its body is the port, two bytes.
pub(crate) const PORT: u8 = 9;

impl Engine {
    /// Says where our node is, to a peer that has one.
    pub(crate) fn say_dht_port(&mut self, peer: &mut Peer, theirs: &Handshake) {
        let both = self.reserved.common(theirs.reserved);
        if both.dht() && self.sources.dht && self.dht_port > 0 {
            let body = self.dht_port.to_be_bytes().to_vec();
            self.cx.send(peer, Message::Later { id: PORT, body });
        }
    }

    /// A peer says where its node is. Whether it is one shows when it is asked.
    pub(crate) fn dht_port(&mut self, key: PeerKey, body: &[u8]) -> Result<(), CloseReason> {
        let peer = self.swarm.get(key).filter(|_| self.sources.dht);
        if let (Some(peer), Ok(port)) = (peer, <[u8; 2]>::try_from(body)) {
            let port = u16::from_be_bytes(port);
            if port > 0 {
                let addr = SocketAddr::new(peer.addr.ip(), port);
                self.cx.act(Action::DhtNode { addr });
            }
        }
        Ok(())
    }
}
