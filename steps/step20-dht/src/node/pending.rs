//! Our questions that are not answered yet.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use rand::{Rng, RngExt};

use super::LookupId;
use crate::limits::{MAX_PENDING, MAX_PENDING_AT, QUERY_TIMEOUT};

/// How an answer is known: by where it comes from, and by the number that stood in the question. Who
/// wants to forge one has to guess 32 bits.
type Key = (SocketAddr, [u8; 4]);

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To know whether somebody is there.
    Ping,
    /// The same, of somebody who has asked us: a part of the answer.
    Prove,
    /// A step of a lookup.
    Step(LookupId),
    /// The announce at the end of a lookup.
    Announce(LookupId),
}

/// A question under way.
#[derive(Clone, Copy, Debug)]
struct Open {
    purpose: Purpose,
    /// A datagram was let in that may have been its answer.
    has_let_in: bool,
}

/// The questions under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    asked: BTreeMap<Key, Open>,
    /// All wait equally long: the oldest first. Those that were answered meanwhile are still in it.
    order: VecDeque<(Duration, Key)>,
}

impl Pending {
    /// Whether one more question may be under way, at this address.
    pub(super) fn has_room(&self, to: SocketAddr) -> bool {
        let there = self.asked.range((to, [0; 4])..=(to, [0xff; 4])).count();
        self.asked.len() < MAX_PENDING && there < MAX_PENDING_AT
    }

    /// Whether an answer from there is waited for, and so a datagram is let in however many others come:
    /// one for each question.
    pub(super) fn lets_in(&mut self, from: SocketAddr) -> bool {
        let mut there = self.asked.range_mut((from, [0; 4])..=(from, [0xff; 4]));
        let open = there.find(|(_, open)| !open.has_let_in);
        open.is_some_and(|(_, open)| {
            open.has_let_in = true;
            true
        })
    }

    /// A number for a question to there.
    pub(super) fn insert(
        &mut self,
        to: SocketAddr,
        purpose: Purpose,
        now: Duration,
        rng: &mut impl Rng,
    ) -> [u8; 4] {
        let number = loop {
            let number = rng.random();
            if !self.asked.contains_key(&(to, number)) {
                break number;
            }
        };
        let open = Open {
            purpose,
            has_let_in: false,
        };
        self.asked.insert((to, number), open);
        self.order.push_back((now + QUERY_TIMEOUT, (to, number)));
        number
    }

    /// What this is the answer to, if it is one. No question is answered twice.
    pub(super) fn take(&mut self, from: SocketAddr, number: &[u8]) -> Option<Purpose> {
        let number: [u8; 4] = number.try_into().ok()?;
        self.asked.remove(&(from, number)).map(|open| open.purpose)
    }

    /// The next question that has not been answered in time, if there is one.
    pub(super) fn expired(&mut self, now: Duration) -> Option<(SocketAddr, Purpose)> {
        while let Some(&(due, key)) = self.order.front() {
            if self.asked.contains_key(&key) && due > now {
                return None;
            }
            self.order.pop_front();
            if let Some(open) = self.asked.remove(&key) {
                return Some((key.0, open.purpose));
            }
        }
        None
    }

    /// When the next one is not answered in time.
    pub(super) fn due(&self) -> Option<Duration> {
        let mut order = self.order.iter();
        let next = order.find(|(_, key)| self.asked.contains_key(key));
        next.map(|&(due, _)| due)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }
}
