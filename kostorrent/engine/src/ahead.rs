//! What is said along with our handshake, before the other end has said anything.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use messages::{Bitfield, Message};

use crate::Engine;
use crate::peer::Peer;

/// Pieces of the largest torrent of which this is done: its bitfield goes to everybody who is called.
const MOST_PIECES: u32 = 16_384;

/// Who is being called and hears along with our handshake that we have nothing yet and are interested.
#[derive(Debug, Default)]
pub(crate) struct Ahead(BTreeSet<SocketAddr>);

impl Ahead {
    /// An address is called, and told so or not.
    pub fn calls(&mut self, addr: SocketAddr, along: &[Message]) {
        if !along.is_empty() {
            self.0.insert(addr);
        }
    }

    /// A call has come to its end: whether it was told.
    pub fn over(&mut self, addr: SocketAddr) -> bool {
        self.0.remove(&addr)
    }
}

impl Engine {
    /// What whoever is called now hears along with our handshake. Most of those whom a newcomer calls have
    /// something for it, and many are seeds with a place to give: who is interested before it has heard what
    /// they have is unchoked a round trip earlier. With something of our own there is no hurry, and
    /// whoever hides what it has shows it to each in its own way.
    pub(crate) fn along(&self) -> Vec<Message> {
        let Some(content) = &self.content else {
            return Vec::new();
        };
        let pieces = content.geometry.pieces();
        if content.is_finished() || content.have().count() > 0 || pieces > MOST_PIECES {
            return Vec::new();
        }
        let nothing = Bitfield::new(pieces);
        vec![Message::Bitfield(nothing.to_bytes()), Message::Interested]
    }

    /// A peer that was told ahead hears what has come since.
    pub(crate) fn follow_up(&mut self, peer: &mut Peer) {
        peer.down.am_interested = true;
        let Some(content) = &self.content else {
            return;
        };
        for piece in content.have().iter_ones() {
            self.cx.send(peer, Message::Have(piece));
        }
    }
}
