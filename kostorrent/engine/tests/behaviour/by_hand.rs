//! One engine that a test drives itself.

use std::net::SocketAddr;
use std::time::Duration;

use engine::{Action, Config, Encryption, Engine, Event, Time};
use handshake::{Handshake, Reserved};
use messages::{BlockRequest, Message};
use metainfo::InfoHash;
use peer_id::PeerId;
use picker::PeerKey;

/// So many seconds after the start.
pub fn at(seconds: u64) -> Time {
    Time::after_start(Duration::from_secs(seconds))
}

/// A whole block.
pub fn block(piece: u32, number: u32) -> BlockRequest {
    BlockRequest {
        piece,
        offset: number * blocks::BLOCK,
        len: blocks::BLOCK,
    }
}

/// What the peer with this number says first.
pub fn handshake(number: u32) -> Handshake {
    let mut id = *b"-TT0000-\0\0\0\0--------";
    id[8..12].copy_from_slice(&number.to_be_bytes());
    Handshake {
        reserved: Reserved::none(),
        info_hash: InfoHash([7; 20]),
        peer_id: PeerId(id),
    }
}

/// An engine that is driven by hand.
pub struct ByHand {
    pub engine: Engine,
    pub now: Time,
}

impl ByHand {
    pub fn new(config: Config) -> ByHand {
        let engine = Engine::new(config, Time::ZERO);
        let mut hand = ByHand {
            engine,
            now: Time::ZERO,
        };
        hand.drain();
        hand
    }

    fn drain(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.engine.poll_action()).collect()
    }

    /// Tells the engine something; what it wants done.
    pub fn tell(&mut self, event: Event) -> Vec<Action> {
        self.engine.handle(event, self.now);
        self.drain()
    }

    /// Lets a peer say something.
    pub fn say(&mut self, peer: PeerKey, message: Message) -> Vec<Action> {
        self.tell(Event::Message { peer, message })
    }

    /// A connection can take so many more bytes.
    pub fn room(&mut self, peer: PeerKey, bytes: u64) -> Vec<Action> {
        self.tell(Event::Room { peer, bytes })
    }

    /// The peer with this number calls, from a host of its own.
    pub fn called_by(&mut self, number: u32) -> Vec<Action> {
        let host = [10, 1, (number >> 8) as u8, number as u8];
        self.called_from(number, SocketAddr::from((host, 6881)))
    }

    /// The peer with this number calls from this address.
    pub fn called_from(&mut self, number: u32, addr: SocketAddr) -> Vec<Action> {
        self.tell(Event::Connected {
            peer: PeerKey(number),
            addr,
            incoming: true,
            encryption: Encryption::None,
            handshake: handshake(number),
        })
    }

    /// Lets time pass, and rings each timer when it is due; what the engine wants done, and when.
    pub fn pass_until(&mut self, until: Time) -> Vec<(Time, Action)> {
        let mut wanted = Vec::new();
        while let Some(due) = self.engine.poll_timeout().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            let actions = self.tell(Event::Timeout);
            wanted.extend(actions.into_iter().map(|action| (self.now, action)));
        }
        self.now = until;
        wanted
    }
}

/// The blocks that these actions ask for.
pub fn asked(actions: &[Action]) -> Vec<BlockRequest> {
    let asked = actions.iter().filter_map(|action| match action {
        Action::Send {
            message: Message::Request(block),
            ..
        } => Some(*block),
        _ => None,
    });
    asked.collect()
}

/// The connections that are ended by these actions.
pub fn closed(actions: &[Action]) -> Vec<PeerKey> {
    let closed = actions.iter().filter_map(|action| match action {
        Action::Close { peer, .. } => Some(*peer),
        _ => None,
    });
    closed.collect()
}
