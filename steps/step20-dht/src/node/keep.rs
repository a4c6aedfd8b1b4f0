//! What is kept over a restart, and what is told to who looks.

use std::time::Duration;

use super::Node;
use crate::limits::MAX_SAVED;
use crate::saved::{Saved, SavedError};
use crate::snapshot::Traffic;
use crate::table::Standing;
use crate::{Contact, Family, Id};

impl Node {
    /// Our ids and the nodes of our tables that are not bad, as bytes to be written to disk.
    pub fn save(&self, now: Duration) -> Vec<u8> {
        let saved = Saved {
            id: self.id(Family::V4),
            id6: self.id(Family::V6),
            nodes: self.to_save(Family::V4, now),
            nodes6: self.to_save(Family::V6, now),
        };
        saved.encode()
    }

    /// Begins from what was saved: with the same ids, and from the nodes that were known. They are asked
    /// first, whether they are still there.
    ///
    /// # Errors
    ///
    /// When the bytes are not what [`save`](Node::save) gave. Then nothing has happened.
    pub fn restore(&mut self, saved: &[u8], now: Duration) -> Result<(), SavedError> {
        let saved = Saved::decode(saved)?;
        let ids = [(Family::V4, saved.id), (Family::V6, saved.id6)];
        for (family, id) in ids {
            if let Some(id) = id {
                self.set_id(family, id, now);
            }
        }
        for node in saved.nodes.iter().chain(&saved.nodes6) {
            self.remember_seed(node.addr, now);
        }
        Ok(())
    }

    fn to_save(&self, family: Family, now: Duration) -> Vec<Contact> {
        let known = self
            .table(family)
            .into_iter()
            .flat_map(|table| table.known());
        let known = known.filter(|known| known.standing(now) != Standing::Bad);
        known.map(|known| known.contact).take(MAX_SAVED).collect()
    }

    /// The nodes that are good, those closest to an id first: for a torrent's `nodes` (BEP 5).
    pub fn closest(&self, target: Id, family: Family, count: usize, now: Duration) -> Vec<Contact> {
        let table = self.table(family);
        table.map_or_else(Vec::new, |table| table.closest(target, count, now))
    }

    pub(crate) fn stored(&self) -> (usize, usize) {
        self.store.len()
    }

    pub(crate) fn lookups_under_way(&self) -> usize {
        self.lookups.len()
    }

    pub(crate) fn questions_open(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.traffic
    }
}
