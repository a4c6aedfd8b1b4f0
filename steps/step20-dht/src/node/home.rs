//! What a node is in one of the two networks, IPv4's or IPv6's (BEP 32).

use std::net::IpAddr;
use std::time::Duration;

use super::LookupId;
use super::seeds::Seeds;
use super::votes::Votes;
use crate::Id;
use crate::limits::{FIRST_RETRY, LONGEST_RETRY};
use crate::table::Table;

/// Our place in a network.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) table: Table,
    /// Addresses to begin from.
    pub(super) seeds: Seeds,
    /// Where others see us.
    pub(super) votes: Votes,
    /// Where they said so last, when enough had.
    pub(super) seen_at: Option<IpAddr>,
    /// When we last took another id because of that.
    pub(super) moved: Option<Duration>,
    /// The lookup of our own id, by which we get to know our neighbours, or of a bucket, if it is under
    /// way.
    pub(super) upkeep: Option<LookupId>,
    /// When to look for our own id, if nothing happens before, and how long to wait after that.
    pub(super) join: Option<Duration>,
    wait: Duration,
}

impl Home {
    pub(super) fn new(own: Id, now: Duration) -> Home {
        Home {
            table: Table::new(own, now),
            seeds: Seeds::default(),
            votes: Votes::default(),
            seen_at: None,
            moved: None,
            upkeep: None,
            join: Some(now),
            wait: FIRST_RETRY,
        }
    }

    /// We have looked for our own id, and there are nodes in the table, or not.
    pub(super) fn joined(&mut self, is_in: bool, now: Duration) {
        if is_in {
            self.join = None;
            self.wait = FIRST_RETRY;
        } else {
            self.join = Some(now + self.wait);
            self.wait = (2 * self.wait).min(LONGEST_RETRY);
        }
    }
}
