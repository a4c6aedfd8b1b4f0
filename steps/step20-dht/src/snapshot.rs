//! What there is to see from outside.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::MAX_DATAGRAM;
use crate::table::{Standing, Table};
use crate::{Family, Id, Node};

/// A node at a moment, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Our place among IPv4's nodes, if we are there.
    pub v4: Option<Place>,
    /// And among IPv6's.
    pub v6: Option<Place>,
    /// Lookups under way, our own for the tables included.
    pub lookups: usize,
    /// Questions of ours that are not answered yet.
    pub open: usize,
    /// Torrents of which peers were announced to us,
    pub torrents: usize,
    /// and how many peers.
    pub peers: usize,
    /// Whether we ask without being asked (BEP 43).
    pub read_only: bool,
    /// What has come and gone.
    pub traffic: Traffic,
}

/// Our place in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Our id.
    pub id: Id,
    /// How many nodes in the table are good,
    pub good: usize,
    /// questionable,
    pub questionable: usize,
    /// and bad.
    pub bad: usize,
}

/// What has come and gone since the node began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Questions that others asked us.
    pub questions_in: u64,
    /// Answers and errors that we sent.
    pub answers_out: u64,
    /// Questions that we asked.
    pub questions_out: u64,
    /// Answers and errors that came.
    pub answers_in: u64,
    /// Questions of ours that were never answered.
    pub unanswered: u64,
    /// Datagrams that were dropped: not understood, too late, forged, too many.
    pub dropped: u64,
    /// Bytes that came,
    pub bytes_in: u64,
    /// and that we sent, without the headers of UDP and IP.
    pub bytes_out: u64,
}

impl Traffic {
    pub(crate) fn came(&mut self, bytes: usize) {
        self.bytes_in += bytes as u64;
    }

    pub(crate) fn went(&mut self, bytes: usize) {
        debug_assert!(bytes <= MAX_DATAGRAM);
        self.bytes_out += bytes as u64;
    }
}

impl Place {
    pub(crate) fn of(table: &Table, now: Duration) -> Place {
        let count = |wanted| {
            let known = table.known().map(|known| known.standing(now));
            known.filter(|&standing| standing == wanted).count()
        };
        Place {
            id: table.own(),
            good: count(Standing::Good),
            questionable: count(Standing::Questionable),
            bad: count(Standing::Bad),
        }
    }
}

impl Node {
    /// How this node is, at this moment.
    pub fn snapshot(&self, now: Duration) -> Snapshot {
        let place = |family| self.table(family).map(|table| Place::of(table, now));
        let (torrents, peers) = self.stored();
        Snapshot {
            v4: place(Family::V4),
            v6: place(Family::V6),
            lookups: self.lookups_under_way(),
            open: self.questions_open(),
            torrents,
            peers,
            read_only: self.is_read_only(now),
            traffic: self.traffic(),
        }
    }
}
