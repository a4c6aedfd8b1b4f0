//! What one peer is told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use rand::Rng;
use rand::seq::SliceRandom;

use crate::limits::{INTERVAL, MAX_TOLD};
use crate::{Contact, Flags, PexMessage};

// ANCHOR: outbox
/// What one peer has been told, and so what is new to it. There is one for each peer that understands
/// `ut_pex`, and it goes when the peer goes.
///
/// It is never told of itself, never twice a minute, and only what has changed. A connection that has
/// come and gone between two messages is not worth a word, and is never mentioned.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    told: BTreeSet<SocketAddr>,
    last: Option<Duration>,
}
// ANCHOR_END: outbox

impl Outbox {
    /// A peer that has been told nothing.
    pub fn new() -> Outbox {
        Outbox::default()
    }

    // ANCHOR: next
    /// The next message, if one may be sent and there is anything to tell.
    ///
    /// `connected` are the peers that we have shaken hands with and that can be called, by the address
    /// at which they listen: those that we have called ourselves, and those that have told us their
    /// port. `receiver` is that address of the peer that is told, if it is known. No torrent that is
    /// private (BEP 27) has an outbox.
    ///
    /// A message adds at most [`MAX_TOLD`] and drops as many; where there are more, chance says which,
    /// or all would hear of the same, and the rest is told a minute later.
    pub fn next(
        &mut self,
        receiver: Option<SocketAddr>,
        connected: &BTreeMap<SocketAddr, Flags>,
        now: Duration,
        rng: &mut impl Rng,
    ) -> Option<PexMessage> {
        // ANCHOR: yours_next (chapter 19, "What one peer is told")
        if now < self.earliest() {
            return None;
        }
        let new = connected
            .iter()
            .filter(|&(addr, _)| !self.told.contains(addr) && Some(*addr) != receiver);
        let new = new.map(|(&addr, &flags)| Contact { addr, flags });
        let gone = self.told.iter().copied();
        let gone = gone.filter(|addr| !connected.contains_key(addr));
        let message = PexMessage {
            added: some_of(new.collect(), rng),
            dropped: some_of(gone.collect(), rng),
        };
        if message.is_empty() {
            return None;
        }
        self.last = Some(now);
        for addr in &message.dropped {
            self.told.remove(addr);
        }
        self.told
            .extend(message.added.iter().map(|added| added.addr));
        Some(message)
        // ANCHOR_END: yours_next
    }
    // ANCHOR_END: next

    /// When the next message may be sent; at once, before the first.
    pub fn earliest(&self) -> Duration {
        let next = |last: Duration| last.saturating_add(INTERVAL);
        self.last.map_or(Duration::ZERO, next)
    }
}

/// As many as a message takes, chosen by chance if there are more; in order.
fn some_of<T: Ord + Copy>(mut all: Vec<T>, rng: &mut impl Rng) -> Vec<T> {
    if all.len() <= MAX_TOLD {
        return all;
    }
    let (chosen, _) = all.partial_shuffle(rng, MAX_TOLD);
    let mut chosen = chosen.to_vec();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests;
