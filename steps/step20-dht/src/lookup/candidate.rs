//! Those whom a lookup has heard of, and who pays for asking them.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Id;

/// Somebody who may be near.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Not known of those that we begin with and were only told where they are.
    pub(super) id: Option<Id>,
    pub(super) addr: SocketAddr,
    /// How far from us: 1 for those whom we knew.
    pub(super) hops: u32,
    /// Whether the id fits the address, or is not known.
    pub(super) fits: bool,
    /// Who named it, at most [`MAX_NAMERS`]; nobody if we knew it ourselves.
    pub(super) named_by: Vec<SocketAddr>,
    pub(super) state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    New,
    /// Nothing has come yet.
    Asked {
        at: Duration,
        is_stalled: bool,
    },
    Answered {
        token: Option<Vec<u8>>,
    },
    Failed,
}

/// How many of those are remembered that named somebody.
pub(super) const MAX_NAMERS: usize = 4;

/// What an answer is worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    /// How long it was, in bytes,
    pub(super) bytes: usize,
    /// and how many of them are left to pay with.
    pub(super) left: usize,
}

/// Who pays for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payer {
    /// Nobody has to: we knew whom we ask.
    Nobody,
    /// This candidate, who named it.
    Namer(SocketAddr),
    /// We do: whoever named it has spent as much on it, and has nothing left.
    Reserve,
}
