//! What one peer has told us.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bucket::Bucket;
use crate::contact::Near;
use crate::limits::{INTERVAL, MAX_ADDED, MAX_AT_ONCE, MAX_FIRST, MAX_FROM_ONE, MAX_TOO_SOON};
use crate::{Contact, Flags, PexError, PexMessage};

/// What has come of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What is new.
    News {
        /// Peers that it has not told of before, or has dropped since.
        added: Vec<Contact>,
        /// Peers that it had told of.
        dropped: Vec<SocketAddr>,
    },
    /// Nothing: it came too soon after the ones before, and was not read.
    TooSoon,
    /// Nothing: it is no message.
    Broken(PexError),
}

/// Why a peer is not worth to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error(
    "it floods us with peer exchange: {MAX_TOO_SOON} messages in a row came too soon; one a minute is allowed"
)]
pub struct Flood;

// ANCHOR: inbox
/// What one peer has told us of, and how much of it we believe. It goes when the peer goes, and all
/// that it has told with it.
///
/// A peer may lie. So of one peer no more than [`MAX_FROM_ONE`] are believed at a time; of one address
/// one, whatever the ports, but on this machine (BEP 11); and nobody on the internet has a say about
/// our local network or this machine.
#[derive(Clone, Debug)]
pub struct Inbox {
    from: Near,
    contacts: BTreeMap<SocketAddr, Flags>,
    is_first: bool,
    bucket: Bucket,
    too_soon: u32,
}
// ANCHOR_END: inbox

impl Inbox {
    /// Of a peer at this address, who has told nothing yet. A peer's first messages may come at any
    /// time.
    pub fn new(from: IpAddr) -> Inbox {
        Inbox {
            from: Near::of(from),
            contacts: BTreeMap::new(),
            is_first: true,
            bucket: Bucket::new(MAX_AT_ONCE, INTERVAL),
            too_soon: 0,
        }
    }

    // ANCHOR: handle
    /// Takes the body of a message.
    ///
    /// # Errors
    ///
    /// [`Flood`], when it is one of too many that came too soon.
    pub fn handle(&mut self, body: &[u8], now: Duration) -> Result<Heard, Flood> {
        if !self.bucket.take(now) {
            self.too_soon += 1;
            return match self.too_soon > MAX_TOO_SOON {
                true => Err(Flood),
                false => Ok(Heard::TooSoon),
            };
        }
        self.too_soon = 0;
        let message = match PexMessage::decode(body) {
            Ok(message) => message,
            Err(error) => return Ok(Heard::Broken(error)),
        };
        let most = match self.is_first {
            true => MAX_FIRST,
            false => MAX_ADDED,
        };
        self.is_first = false;
        // To forget is safe: all of them are believed.
        let dropped = message.dropped.into_iter();
        let dropped = dropped.filter(|addr| self.contacts.remove(addr).is_some());
        let dropped = dropped.collect();
        let added = message.added.into_iter().take(most);
        let added = added.filter(|&contact| self.believe(contact)).collect();
        Ok(Heard::News { added, dropped })
    }
    // ANCHOR_END: handle

    /// All peers that it has told of and not dropped, in the order of their addresses.
    pub fn contacts(&self) -> impl Iterator<Item = Contact> + '_ {
        let contacts = self.contacts.iter();
        contacts.map(|(&addr, &flags)| Contact { addr, flags })
    }

    // ANCHOR: believe
    /// Whether a peer is believed, and new.
    fn believe(&mut self, contact: Contact) -> bool {
        // ANCHOR: yours_believe (chapter 19, "What one peer has told")
        let near = Near::of(contact.addr.ip());
        let is_too_near = near < self.from;
        let is_full = self.contacts.len() >= MAX_FROM_ONE;
        if is_too_near || is_full || self.has(contact.addr, near) {
            return false;
        }
        self.contacts.insert(contact.addr, contact.flags);
        true
        // ANCHOR_END: yours_believe
    }
    // ANCHOR_END: believe

    /// Whether it has told of this address already; on this machine, with this port.
    fn has(&self, addr: SocketAddr, near: Near) -> bool {
        let first = SocketAddr::new(addr.ip(), 0);
        match near {
            Near::Here => self.contacts.contains_key(&addr),
            Near::Local | Near::Far => {
                let next = self.contacts.range(first..).next();
                next.is_some_and(|(other, _)| other.ip() == addr.ip())
            }
        }
    }
}

#[cfg(test)]
mod tests;
