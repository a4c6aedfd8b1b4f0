//! What the link hands on to a torrent.

use std::net::SocketAddr;

use connection::Stream;
use engine::Encryption;
use handshake::{Handshake, Reserved};

/// A connection with both handshakes done: all that a torrent needs to know of it.
#[derive(Debug)]
pub(super) struct Joined {
    /// The other end.
    pub addr: SocketAddr,
    /// Whether they called us.
    pub incoming: bool,
    /// How much of it is encrypted.
    pub encryption: Encryption,
    /// What we said.
    pub ours: Handshake,
    /// What they said.
    pub theirs: Handshake,
    /// The extensions that both speak.
    pub both: Reserved,
    /// The byte stream after the handshakes.
    pub stream: Stream,
    /// What was read of it already.
    pub early: Vec<u8>,
}

impl Joined {
    pub fn new(
        (addr, incoming): (SocketAddr, bool),
        ours: Handshake,
        (theirs, early): (Handshake, Vec<u8>),
        (stream, encryption): (Stream, Encryption),
    ) -> Joined {
        Joined {
            addr,
            incoming,
            encryption,
            ours,
            theirs,
            both: ours.reserved.common(theirs.reserved),
            stream,
            early,
        }
    }
}
