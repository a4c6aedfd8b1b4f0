//! Connection ids that need not be remembered.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rand::{Rng, RngExt};
use sha1::{Digest as _, Sha1};

use crate::ConnectionId;
use crate::limits::CONNECTION_TAKEN;

/// An id belongs to an address and a minute.
const WINDOW: Duration = Duration::from_secs(60);

/// Gives ids and knows its own again: an id is a hash of a secret key, the address that it was given to
/// and the minute in which it was. Who knows one knows nothing of any other.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    key: [u8; 20],
}

impl Ids {
    pub(super) fn new(rng: &mut impl Rng) -> Ids {
        Ids { key: rng.random() }
    }

    // ANCHOR: ids
    /// An id for who is at this address.
    pub(super) fn give(&self, to: SocketAddr, now: Duration) -> ConnectionId {
        self.id(to, window(now))
    }

    /// Whether this id was given to this address in the last two minutes, or somewhat longer ago: up to
    /// a window's length.
    pub(super) fn is_good(&self, id: ConnectionId, from: SocketAddr, now: Duration) -> bool {
        // ANCHOR: yours_is_good (chapter 17, "Being called")
        let windows = window(CONNECTION_TAKEN);
        let now = window(now);
        (now.saturating_sub(windows)..=now).any(|window| self.id(from, window) == id)
        // ANCHOR_END: yours_is_good
    }

    fn id(&self, addr: SocketAddr, window: u64) -> ConnectionId {
        let ip = match addr.ip().to_canonical() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        // All parts have fixed lengths and a third of the hash is shown: nobody can go on with it.
        let mut hash = Sha1::new();
        hash.update(self.key);
        hash.update(ip.octets());
        hash.update(addr.port().to_be_bytes());
        hash.update(window.to_be_bytes());
        let hash: [u8; 20] = hash.finalize().into();
        let first: [u8; 8] = std::array::from_fn(|i| hash[i]);
        ConnectionId(u64::from_be_bytes(first))
    }
    // ANCHOR_END: ids
}

/// The number of the minute.
fn window(time: Duration) -> u64 {
    time.as_secs() / WINDOW.as_secs()
}
