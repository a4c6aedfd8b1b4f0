//! What the engine knows about one connection.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use blocks::Window;
use messages::{Bitfield, BlockRequest};
use progress::Rate;

use super::Time;

/// One connection, with the four booleans of BEP 3 and both directions' requests.
pub(super) struct Peer {
    pub addr: SocketAddr,
    pub incoming: bool,
    pub id: [u8; 20],
    pub connected: Time,

    /// The pieces it says it has.
    pub has: Bitfield,
    /// How many of its pieces we lack: we are interested while this is not zero.
    pub offers: u32,

    pub am_choking: bool,
    pub am_interested: bool,
    pub peer_choking: bool,
    /// When it choked us last; every connection begins choked.
    pub choked_since: Time,
    pub peer_interested: bool,

    /// What we asked it for and have not got, in the order of asking.
    pub outstanding: VecDeque<BlockRequest>,
    /// How many requests it is worth keeping out.
    pub window: Window,
    /// Since when it owes us a block: the last block, or the first request after a pause.
    pub owes_since: Time,
    /// It kept us waiting too long; one request at a time until it delivers.
    pub snubbed: bool,
    /// When it became so.
    pub snubbed_at: Time,
    /// The picker had nothing more for it when it was last asked.
    pub starved: bool,

    /// What it asked us for, in the order of asking.
    pub requests: VecDeque<BlockRequest>,
    /// How many payload bytes its connection can take at the moment.
    pub room: u64,

    pub down: Rate,
    pub up: Rate,
    pub downloaded: u64,
    pub uploaded: u64,
    /// Payload that its connection was given and has not sent yet, in bytes.
    pub in_connection: u64,
    /// When a block last went in either direction, or the connection was made.
    pub payload_at: Time,
    pub heard: Time,
    pub spoke: Time,
}

impl Peer {
    pub fn new(addr: SocketAddr, incoming: bool, id: [u8; 20], pieces: u32, now: Time) -> Peer {
        Peer {
            addr,
            incoming,
            id,
            connected: now,
            has: Bitfield::new(pieces),
            offers: 0,
            am_choking: true,
            am_interested: false,
            peer_choking: true,
            choked_since: now,
            peer_interested: false,
            outstanding: VecDeque::new(),
            window: Window::new(),
            owes_since: now,
            snubbed: false,
            snubbed_at: now,
            starved: false,
            requests: VecDeque::new(),
            room: 0,
            down: Rate::new(),
            up: Rate::new(),
            downloaded: 0,
            uploaded: 0,
            in_connection: 0,
            payload_at: now,
            heard: now,
            spoke: now,
        }
    }

    /// Whether it would answer a request now.
    pub fn serves(&self) -> bool {
        !self.peer_choking && self.am_interested
    }

    /// Whether it has the whole torrent.
    pub fn is_seed(&self) -> bool {
        self.has.is_full()
    }

    /// How long it has owed us a block.
    pub fn overdue(&self, now: Time) -> Duration {
        if self.outstanding.is_empty() {
            Duration::ZERO
        } else {
            now.since(self.owes_since)
        }
    }

    /// Notes a request that goes out now.
    pub fn asked(&mut self, block: BlockRequest, now: Time) {
        if self.outstanding.is_empty() {
            self.owes_since = now;
        }
        self.outstanding.push_back(block);
    }

    /// Takes a block off the outstanding ones; whether it was among them. Blocks arrive mostly in
    /// the order of asking, so the search ends at once.
    pub fn answered(&mut self, block: BlockRequest) -> bool {
        match self.outstanding.iter().position(|&asked| asked == block) {
            Some(0) => {
                self.outstanding.pop_front();
                true
            }
            Some(at) => {
                self.outstanding.remove(at);
                true
            }
            None => false,
        }
    }
}
