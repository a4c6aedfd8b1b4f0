//! One lookup, and how far it is.

use std::net::SocketAddr;
use std::time::Duration;

use super::found::Found;
use super::{Said, Search, Step};
use crate::krpc::{Ask, Counts, GetPeers, Want};
use crate::lookup::{Lookup, Reached};
use crate::{Family, Id};

/// A lookup and what belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) target: Id,
    pub(super) family: Family,
    pub(super) what: What,
    pub(super) lookup: Lookup,
    pub(super) stage: Stage,
    /// The peers that it has told.
    pub(super) found: Found,
    pub(super) counts: Option<Counts>,
}

/// What it is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Peers.
    Peers(Search),
    /// Those who are close to an id.
    Nodes,
    /// The same, for our own table: nobody is told.
    Upkeep,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Asking,
    /// Those who are close are told that we have the torrent.
    Announcing {
        left: Vec<(SocketAddr, Vec<u8>)>,
        open: usize,
        taken: usize,
    },
}

impl Running {
    /// When somebody has stalled.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.stage {
            Stage::Asking => self.lookup.due(),
            Stage::Announcing { .. } => None,
        }
    }

    /// The question to each node.
    pub(super) fn ask(&self, want: Want) -> Ask {
        match self.what {
            What::Peers(search) => Ask::GetPeers(GetPeers {
                noseed: search.noseed,
                scrape: search.scrape,
                ..GetPeers::of(search.info_hash)
            }),
            What::Nodes | What::Upkeep => Ask::FindNode {
                target: self.target,
                want,
            },
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        matches!(self.what, What::Upkeep)
    }

    pub(super) fn step(&self, addr: SocketAddr, reached: Reached, said: Said) -> Step {
        let distance = reached.id.map(|id| id.distance(self.target).bits());
        Step {
            addr,
            id: reached.id,
            hops: reached.hops,
            distance,
            said,
        }
    }
}
