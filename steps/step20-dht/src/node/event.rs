//! What a node has to tell.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{Contact, Id};

/// Which lookup. No two of a node are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LookupId(pub u64);

/// Something has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Peers have been found, none of which this lookup has told before.
    Peers {
        /// By which lookup.
        lookup: LookupId,
        /// By whom they were named; by nobody if they were announced to ourselves.
        by: Option<SocketAddr>,
        /// Where they are, to be connected to by TCP.
        peers: Vec<SocketAddr>,
    },
    /// Somebody who was asked has answered, or will not.
    Heard {
        /// In which lookup.
        lookup: LookupId,
        /// Who, and what.
        step: Step,
    },
    /// A lookup is over; there will be no other event of it.
    Ended {
        /// Which one.
        lookup: LookupId,
        /// What has come of it.
        summary: Summary,
    },
    /// So many others say that we are at this address that we believe it, and have taken an id that
    /// fits it (BEP 42).
    Moved {
        /// Our address.
        ip: IpAddr,
        /// Our new id.
        id: Id,
    },
}

/// One question of a lookup and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who was asked.
    pub addr: SocketAddr,
    /// Its id, unless it was not known and nothing has come.
    pub id: Option<Id>,
    /// How far from us it is: 1 for those whom we knew, 2 for those whom they named, and so on.
    pub hops: u32,
    /// How far from the target its id is: in bits, 0 to 160.
    pub distance: Option<usize>,
    /// What it said.
    pub said: Said,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// An answer.
    Answered {
        /// How many nodes were in it.
        nodes: usize,
        /// How many peers.
        peers: usize,
    },
    /// An error.
    Refused {
        /// Its number.
        code: i64,
        /// Its words, fit for a terminal.
        text: String,
    },
    /// Nothing, for [`QUERY_TIMEOUT`](crate::limits::QUERY_TIMEOUT).
    Nothing,
}

/// What has come of a lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many nodes were asked.
    pub asked: usize,
    /// How many of them answered.
    pub answered: usize,
    /// How many peers were found.
    pub peers: usize,
    /// The closest that answered, at most [`K`](crate::limits::K), the closest first.
    pub closest: Vec<Contact>,
    /// How many nodes have taken our announce.
    pub announced: usize,
    /// How many seeds and how many other peers there are, about, if that was asked for and anybody knew
    /// (BEP 33).
    pub counts: Option<(u32, u32)>,
}
