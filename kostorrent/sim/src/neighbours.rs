//! The local network: everybody in a world is on it, and hears who has the torrent (BEP 14).

use std::time::Duration;

use engine::{Event, Source, Time};

use crate::World;
use crate::happen::Happens;

/// How often a node tells its neighbours.
const AGAIN: Duration = Duration::from_secs(5 * 60);

impl World {
    /// A node begins to tell the others of the torrent, and to hear them; or it does so no more.
    pub(crate) fn tell_local(&mut self, node: usize, tells: bool) {
        match tells {
            true => self.tell_neighbours_at(self.now, node),
            false => drop(self.local.remove(&node)),
        }
    }

    fn tell_neighbours_at(&mut self, at: Time, node: usize) {
        self.local.insert(node, at);
        self.schedule(at, node, Happens::Multicasts);
    }

    /// A node tells all its neighbours where it is, if it is its time, and has not been given another.
    pub(crate) fn multicasts(&mut self, node: usize) {
        if self.local.get(&node).is_none_or(|&at| at > self.now) {
            return;
        }
        let others: Vec<usize> = self.local.keys().copied().collect();
        for other in others.into_iter().filter(|&other| other != node) {
            let named = Event::Named {
                source: Source::Local,
                peers: vec![self.nodes[node].addr],
            };
            self.will_tell(self.latency(node, other), other, named);
        }
        self.tell_neighbours_at(self.now + AGAIN, node);
    }
}
