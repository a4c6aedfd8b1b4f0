//! What is known about one connection: who it is, and what goes over it in each direction. Every
//! part of the engine looks at this; each changes what is its own.

mod down;
mod early;
mod extended;
mod fast;
mod requests;
mod trust;
mod up;

use std::borrow::Cow;
use std::net::SocketAddr;

use blocks::BLOCK;
use messages::Bitfield;
use picker::PeerKey;

use crate::{Encryption, Time};

pub(crate) use down::Down;
pub(crate) use early::Early;
pub(crate) use extended::Extended;
pub(crate) use fast::{Fast, MOST_ALLOWED};
pub(crate) use requests::MOST_REQUESTS;
pub(crate) use up::Up;

/// A peer is far slower than another if that one is so many times as fast.
pub(crate) const FAR_SLOWER: u64 = 10;

/// One connection. What each direction is about stands in a part of its own.
///
/// In this order in memory: a `have` is by far the most frequent message, and what it looks at lies
/// together, at the end.
#[repr(C)]
pub(crate) struct Peer {
    pub key: PeerKey,
    pub addr: SocketAddr,
    pub incoming: bool,
    pub encryption: Encryption,
    pub id: [u8; 20],
    pub connected: Time,
    /// The entries of the peer list that lead to it: where we called it, or would have.
    pub listed: Vec<SocketAddr>,
    /// `None` if one of us does not speak the fast extension.
    pub fast: Option<Box<Fast>>,
    /// `None` if one of us does not speak the extension protocol.
    pub extended: Option<Box<Extended>>,
    /// What it has said of pieces before it was known what pieces there are.
    pub early: Option<Box<Early>>,

    /// When a block last went in either direction, or the connection was made.
    pub payload_at: Time,
    /// When it was last seen that one of us wants something of the other, or might.
    pub wanted_at: Time,
    pub spoke: Time,

    /// What it gets from us.
    pub up: Up,
    /// What we get from it.
    pub down: Down,

    pub heard: Time,
    /// The pieces it says it has.
    pub has: Bitfield,
    /// How many of its pieces we miss: we are interested while this is not zero.
    pub offers: u32,
}

impl Peer {
    /// Whether it would answer a request now.
    pub fn serves(&self) -> bool {
        !self.down.peer_choking && self.down.am_interested
    }

    /// The pieces it can be asked for now; `None` if it would answer no request. It may be none that we
    /// miss.
    pub fn askable(&self) -> Option<Cow<'_, Bitfield>> {
        if !self.down.am_interested {
            return None;
        }
        match (&self.fast, self.down.peer_choking) {
            (Some(fast), true) => fast.while_choked(&self.has).map(Cow::Owned),
            (None, true) => None,
            (Some(fast), false) if fast.refuses_any() => {
                Some(Cow::Owned(fast.without_refused(&self.has)))
            }
            (_, false) => Some(Cow::Borrowed(&self.has)),
        }
    }

    /// Whether a request for something would be answered now.
    pub fn can_be_asked(&self) -> bool {
        let is_allowed = || {
            let allowed = self.fast.as_ref().map(|fast| fast.allowed.iter());
            let mut allowed = allowed.into_iter().flatten();
            allowed.any(|&piece| self.has.get(piece))
        };
        self.serves() || (self.down.am_interested && is_allowed())
    }

    /// Whether it would send this piece now.
    pub fn would_send(&self, piece: u32) -> bool {
        let rests = |fast: &Fast| fast.rests(piece);
        self.serves() && self.has.get(piece) && !self.fast.as_deref().is_some_and(rests)
    }

    /// Bytes a second that it sends us. One that has just come has no rate yet, and gets the benefit
    /// of the doubt.
    pub fn speed(&self, now: Time) -> u64 {
        let rate = self.down.rate.per_second(now.since_start());
        rate.max(BLOCK.into())
    }

    /// Whether it has the whole torrent.
    pub fn is_seed(&self) -> bool {
        self.has.len() > 0 && self.has.is_full()
    }

    /// Whether it wants nothing: it has everything, or says so (BEP 21).
    pub fn wants_nothing(&self) -> bool {
        let extended = self.extended.as_ref();
        self.is_seed() || extended.is_some_and(|extended| extended.is_upload_only())
    }

    /// How many requests it keeps, by its own words.
    pub fn most_requests(&self) -> usize {
        let extended = self.extended.as_ref();
        extended.map_or(usize::MAX, |extended| extended.most_requests())
    }

    /// Whether a block has ever gone in either direction.
    pub fn was_of_use(&self) -> bool {
        self.down.total + self.up.total > 0
    }

    /// Whether either side wants anything of the other.
    pub fn is_wanted(&self) -> bool {
        self.down.am_interested || self.up.peer_interested
    }
}
