//! What a node does by itself: gets to know others, and looks whether they are still there.

use std::net::SocketAddr;
use std::time::Duration;

use super::Node;
use super::pending::Purpose;
use super::seeds::Seeds;
use crate::address::canonical;
use crate::krpc::Ask;
use crate::limits::PINGS_PER_TICK;
use crate::{Family, Id};

impl Node {
    /// An address to begin from, at which a node is known to be: of a well-known router, or of a
    /// torrent's `nodes`. The caller has looked up its name. It is called when nobody is known;
    /// the last [`MAX_SEEDS`](crate::limits::MAX_SEEDS) of a family are kept.
    pub fn add_seed(&mut self, addr: SocketAddr, now: Duration) {
        self.keep_seed(addr, Seeds::name, now);
    }

    /// The last run knew somebody at this address.
    pub(super) fn remember_seed(&mut self, addr: SocketAddr, now: Duration) {
        self.keep_seed(addr, Seeds::remember, now);
    }

    fn keep_seed(
        &mut self,
        addr: SocketAddr,
        keep: impl FnOnce(&mut Seeds, SocketAddr),
        now: Duration,
    ) {
        let addr = canonical(addr);
        let family = Family::from(addr);
        if !self.is_ours(addr) {
            return;
        }
        let Some(home) = self.home_mut(family) else {
            return;
        };
        keep(&mut home.seeds, addr);
        if home.table.len() == 0 && home.upkeep.is_none() {
            home.join = Some(now);
            self.next_tick = self.next_tick.min(now);
        }
    }

    /// Every ten seconds.
    pub(super) fn tick(&mut self, now: Duration) {
        self.tokens.turn(now, &mut self.rng);
        self.store.expire(now);
        for family in [Family::V4, Family::V6] {
            self.ping_questionable(family, now);
            self.refresh(family, now);
        }
    }

    /// Asks those who have been silent whether they are still there.
    fn ping_questionable(&mut self, family: Family, now: Duration) {
        let Some(home) = self.home_mut(family) else {
            return;
        };
        for contact in home.table.take_silent(PINGS_PER_TICK, now) {
            self.ask(contact.addr, Ask::Ping, Purpose::Ping, now);
        }
    }

    /// Looks for our own id when nobody is known, else for somebody in a bucket in which nothing has
    /// happened.
    fn refresh(&mut self, family: Family, now: Duration) {
        let is_alone = self.table(family).is_some_and(|table| !table.has_good(now));
        let Some(home) = self.home_mut(family).filter(|home| home.upkeep.is_none()) else {
            return;
        };
        if is_alone {
            home.join.get_or_insert(now);
        }
        if home.join.is_some_and(|at| at <= now) {
            let own = home.table.own();
            return self.look_after(own, family, now);
        }
        let (table, rng) = match family {
            Family::V4 => (&mut self.v4, &mut self.rng),
            Family::V6 => (&mut self.v6, &mut self.rng),
        };
        let target = table
            .as_mut()
            .and_then(|home| home.table.take_stale(now, rng));
        if let Some(target) = target {
            self.look_after(target, family, now);
        }
    }

    /// Looks for our own id, soon.
    pub(super) fn join(&mut self, family: Family, now: Duration) {
        if let Some(home) = self.home_mut(family) {
            home.join = Some(now);
            self.next_tick = self.next_tick.min(now);
        }
    }

    /// A lookup for our own table is over. It was the one of our own id only if we still have that id: we
    /// may have learned our address meanwhile, and the neighbours of the old one are not ours.
    pub(super) fn looked_after(&mut self, target: Id, family: Family, now: Duration) {
        let Some(home) = self.home_mut(family) else {
            return;
        };
        home.upkeep = None;
        let was_joining = home.join.is_some_and(|at| at <= now) && target == home.table.own();
        let is_in = home.table.has_good(now);
        if was_joining {
            home.joined(is_in, now);
            // Of those who are far we know few yet.
            if is_in {
                home.table.refresh_all();
            }
        }
    }

    /// A node that has been there for long, and knows these: for tests.
    #[cfg(test)]
    pub(crate) fn settle(&mut self, contacts: &[crate::Contact], now: Duration) {
        for &contact in contacts {
            if let Some(home) = self.home_mut(Family::from(contact.addr)) {
                home.table.answered(contact, now);
                home.table.refreshed_all();
                home.join = None;
            }
        }
    }
}
