//! The side that answers: what a tracker needs to speak UDP. For tests and practice swarms.

use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::Rng;

use crate::limits::{DEFAULT_WANTED, MAX_DATAGRAM, MAX_SCRAPED};
use crate::{Announce, Announced, Ask, Family, Reply, Request, Said, Scraped};

mod ids;

use ids::Ids;

/// What a tracker knows: who is where.
pub trait Lookup {
    /// Somebody announces from this address; the port at which he can be called is in the announce.
    ///
    /// # Errors
    ///
    /// Why the tracker refuses, in words for him.
    fn announce(&mut self, from: SocketAddr, announce: &Announce) -> Result<Announced, String>;

    /// Somebody asks for the counts of these torrents; the answer has them in the same order.
    ///
    /// # Errors
    ///
    /// Why the tracker refuses, in words for him.
    fn scrape(&mut self, torrents: &[InfoHash]) -> Result<Vec<Scraped>, String>;
}

/// Answers datagrams. It keeps nothing of those who ask: a connection id can be checked without
/// having been noted.
///
/// Who asks for an id may lie about where he is, and gets 16 bytes for 16. Only who has got the id, and
/// so is there, gets more than he has sent. Anything else is not answered at all.
#[derive(Clone, Debug)]
pub struct Server {
    ids: Ids,
}

impl Server {
    /// A tracker with a key of its own, by which it knows its connection ids.
    pub fn new(rng: &mut impl Rng) -> Server {
        Server { ids: Ids::new(rng) }
    }

    // ANCHOR: answer
    /// The answer to a datagram from this address, if it gets one. `now` is the time since any moment,
    /// always the same.
    ///
    /// As many peers are named as were asked for, 50 if nothing was said, and no more than fit into
    /// [`MAX_DATAGRAM`] bytes. Of a scrape, the first [`MAX_SCRAPED`] torrents are looked at.
    pub fn answer(
        &self,
        from: SocketAddr,
        datagram: &[u8],
        now: Duration,
        lookup: &mut impl Lookup,
    ) -> Option<Vec<u8>> {
        let family = Family::from(from);
        let (transaction, said) = match Request::decode(datagram).ok()? {
            Request::Connect { transaction } => {
                (transaction, Said::Connected(self.ids.give(from, now)))
            }
            Request::Ask {
                connection,
                transaction,
                ask,
            } => {
                if !self.ids.is_good(connection, from, now) {
                    return None;
                }
                (transaction, look_up(from, ask, lookup))
            }
        };
        Some(Reply { transaction, said }.encode(family))
    }
    // ANCHOR_END: answer
}

/// What the tracker says to somebody who is where he says.
fn look_up(from: SocketAddr, ask: Ask, lookup: &mut impl Lookup) -> Said {
    let said = match ask {
        Ask::Announce(announce) => lookup.announce(from, &announce).map(|mut announced| {
            let family = Family::from(from);
            announced.peers.retain(|&peer| Family::from(peer) == family);
            let fit = (MAX_DATAGRAM - 20) / family.peer_len();
            let wanted = announce.request.numwant.unwrap_or(DEFAULT_WANTED);
            announced.peers.truncate(fit.min(wanted as usize));
            Said::Announced(announced)
        }),
        Ask::Scrape(mut torrents) => {
            torrents.truncate(MAX_SCRAPED);
            lookup.scrape(&torrents).map(|mut counts| {
                counts.truncate(torrents.len());
                Said::Scraped(counts)
            })
        }
    };
    said.unwrap_or_else(|mut reason| {
        reason.truncate(reason.floor_char_boundary(MAX_DATAGRAM - 8));
        Said::Refused(reason)
    })
}

#[cfg(test)]
mod tests;
