//! Lookups under way.

use std::net::SocketAddr;
use std::time::Duration;

use super::found::Found;
use super::pending::Purpose;
use super::running::{Running, Stage, What};
use super::{Announcing, Event, LookupId, Node, Said, Search, SearchError, Summary};
use crate::address::is_somewhere;
use crate::krpc::{AnnouncePeer, Ask, Counts, Response, Want};
use crate::limits::{ASK_AGAIN, K, MAX_FOUND, MAX_LOOKUPS};
use crate::lookup::Lookup;
use crate::{Contact, Family, Id, is_local};

impl Node {
    /// Looks for the peers of a torrent, and announces us at the end if that is wanted. Peers come as
    /// events, as they are found, and then the end.
    ///
    /// # Errors
    ///
    /// When there is no such network for us, or nobody in it to begin with, or too much is being looked
    /// for already.
    pub fn search(&mut self, search: Search, now: Duration) -> Result<LookupId, SearchError> {
        let announce = search.announce;
        if announce.is_some_and(|announce| announce.port == 0 && !announce.implied_port) {
            return Err(SearchError::Port);
        }
        let (target, family) = (search.info_hash.into(), search.family);
        self.store.expire_of(search.info_hash, now);
        let id = self.begin(target, family, What::Peers(search))?;
        self.tell_our_own(id, search);
        self.drive(id, now);
        Ok(id)
    }

    /// Looks for the nodes that are closest to an id.
    ///
    /// # Errors
    ///
    /// As [`Node::search`].
    pub fn find_nodes(
        &mut self,
        target: Id,
        family: Family,
        now: Duration,
    ) -> Result<LookupId, SearchError> {
        let id = self.begin(target, family, What::Nodes)?;
        self.drive(id, now);
        Ok(id)
    }

    /// Gives a lookup up. There will be no more events of it.
    pub fn cancel(&mut self, id: LookupId) {
        self.lookups.remove(&id);
    }

    /// Looks for an id for our own table.
    pub(super) fn look_after(&mut self, target: Id, family: Family, now: Duration) {
        let begun = self.begin(target, family, What::Upkeep).ok();
        if let Some(home) = self.home_mut(family) {
            home.upkeep = begun;
        }
        if let Some(id) = begun {
            self.drive(id, now);
        }
    }

    fn begin(&mut self, target: Id, family: Family, what: What) -> Result<LookupId, SearchError> {
        let (home, rng) = match family {
            Family::V4 => (&self.v4, &mut self.rng),
            Family::V6 => (&self.v6, &mut self.rng),
        };
        let home = home.as_ref().ok_or(SearchError::NoFamily)?;
        let known = home.table.to_begin_with(target);
        // With few, or none, also those that somebody told us to begin from.
        let seeds = match known.len() < K {
            true => home.seeds.draw(4 * K, rng),
            false => Vec::new(),
        };
        if known.is_empty() && seeds.is_empty() {
            return Err(SearchError::NobodyKnown);
        }
        // What looks after our tables, one each, is always possible.
        if self.lookups.len() >= MAX_LOOKUPS && !matches!(what, What::Upkeep) {
            return Err(SearchError::TooMany);
        }
        let running = Running {
            target,
            family,
            what,
            lookup: Lookup::new(target, home.table.own(), &known, &seeds),
            stage: Stage::Asking,
            found: Found::default(),
            counts: None,
        };
        let id = LookupId(self.next_lookup);
        self.next_lookup += 1;
        self.lookups.insert(id, running);
        Ok(id)
    }

    /// What others have announced to ourselves.
    fn tell_our_own(&mut self, id: LookupId, search: Search) {
        let us: SocketAddr = match search.family {
            Family::V4 => ([127, 0, 0, 1], 1).into(),
            Family::V6 => (std::net::Ipv6Addr::LOCALHOST, 1).into(),
        };
        let (info_hash, rng) = (search.info_hash, &mut self.rng);
        let peers = self
            .store
            .some(info_hash, us, search.noseed, MAX_FOUND, rng);
        let counts = match search.scrape {
            true => self.store.counts(info_hash),
            false => None,
        };
        if let Some(running) = self.lookups.get_mut(&id) {
            running.counts = counts;
            let new = running.found.take_new(None, peers);
            self.tell_peers(id, None, new);
        }
    }

    fn tell_peers(&mut self, lookup: LookupId, by: Option<SocketAddr>, peers: Vec<SocketAddr>) {
        if !peers.is_empty() {
            self.events.push_back(Event::Peers { lookup, by, peers });
        }
    }

    /// All lookups that wait for something that is due.
    pub(super) fn drive_late(&mut self, now: Duration) {
        let may_retry = self.retry.is_some_and(|at| at <= now);
        if may_retry {
            self.retry = None;
        }
        let late = self.lookups.iter();
        let late =
            late.filter(|(_, running)| may_retry || running.due().is_some_and(|at| at <= now));
        let late: Vec<LookupId> = late.map(|(&id, _)| id).collect();
        for id in late {
            self.drive(id, now);
        }
    }

    /// Has a lookup ask whom it wants to ask, and ends it if it is over.
    fn drive(&mut self, id: LookupId, now: Duration) {
        let Some(mut running) = self.lookups.remove(&id) else {
            return;
        };
        if self.go_on(id, &mut running, now) {
            self.lookups.insert(id, running);
        } else {
            self.end(id, running, now);
        }
    }

    /// Whether there is more to come.
    fn go_on(&mut self, id: LookupId, running: &mut Running, now: Duration) -> bool {
        if let Stage::Asking = running.stage {
            let Some(own) = self.id(running.family) else {
                return false;
            };
            let ask = running.ask(self.wanted(running.family));
            let cost = self.cost(own, &ask, now);
            running.lookup.stall(now);
            while self.may_ask(now) {
                let is_free = |addr| self.pending.has_room(addr);
                let Some(to) = running.lookup.next(cost, is_free, now) else {
                    break;
                };
                if !self.ask(to, ask.clone(), Purpose::Step(id), now) {
                    running.lookup.failed(to);
                }
            }
            if !running.lookup.is_done(cost) {
                if running.lookup.is_held_up(cost) {
                    self.retry.get_or_insert(now + ASK_AGAIN);
                }
                return true;
            }
            let What::Peers(Search {
                announce: Some(_), ..
            }) = running.what
            else {
                return false;
            };
            running.stage = Stage::Announcing {
                left: running.lookup.to_announce(),
                open: 0,
                taken: 0,
            };
        }
        self.announce(id, running, now)
    }

    /// Tells those who are close that we have the torrent. Whether there is more to come.
    fn announce(&mut self, id: LookupId, running: &mut Running, now: Duration) -> bool {
        let What::Peers(search) = running.what else {
            return false;
        };
        let (Some(announce), Stage::Announcing { left, open, .. }) =
            (search.announce, &mut running.stage)
        else {
            return false;
        };
        let Announcing {
            port,
            implied_port,
            seed,
        } = announce;
        while !left.is_empty() && self.may_ask(now) {
            let (to, token) = left.remove(0);
            let ask = Ask::AnnouncePeer(AnnouncePeer {
                info_hash: search.info_hash,
                port,
                implied_port,
                token,
                seed,
            });
            *open += usize::from(self.ask(to, ask, Purpose::Announce(id), now));
        }
        *open > 0 || !left.is_empty()
    }

    /// Somebody has taken our announce, or has not.
    pub(super) fn announced(&mut self, id: LookupId, is_taken: bool, now: Duration) {
        let running = self.lookups.get_mut(&id);
        if let Some(Stage::Announcing { open, taken, .. }) = running.map(|r| &mut r.stage) {
            *open = open.saturating_sub(1);
            *taken += usize::from(is_taken);
            self.drive(id, now);
        }
    }

    /// Somebody has answered a question of a lookup.
    pub(super) fn answered(
        &mut self,
        id: LookupId,
        from: Contact,
        response: Response,
        bytes: usize,
        now: Duration,
    ) {
        let Some(running) = self.lookups.get_mut(&id) else {
            return;
        };
        let token = response.token;
        let Some(reached) = running.lookup.answered(from, bytes, token, &response.nodes) else {
            return;
        };
        let count = response.values.len();
        let peers = response
            .values
            .into_iter()
            .filter(|&peer| may_be_told(from.addr, peer));
        let new = running.found.take_new(Some(from.addr), peers);
        if let Some(counts) = response.counts {
            merge(&mut running.counts, *counts);
        }
        if running.is_quiet() {
            self.greet_others(id, from.addr, &response.nodes, now);
        } else {
            let said = Said::Answered {
                nodes: response.nodes.len(),
                peers: count,
            };
            let step = running.step(from.addr, reached, said);
            self.events.push_back(Event::Heard { lookup: id, step });
            self.tell_peers(id, Some(from.addr), new);
        }
        self.drive(id, now);
    }

    /// Nodes of the other network, if we know hardly anybody there: some of them are pinged, as many as
    /// the answer that named them pays for (BEP 32, "Bootstrapping").
    fn greet_others(&mut self, id: LookupId, from: SocketAddr, nodes: &[Contact], now: Duration) {
        let others = nodes
            .iter()
            .filter(|node| node.addr.is_ipv4() != from.is_ipv4());
        for node in others {
            let family = Family::from(node.addr);
            let is_wanted = self.table(family).is_some_and(|table| table.len() < K);
            let may_be = is_local(from.ip()) || !is_local(node.addr.ip());
            let Some(own) = self.id(family).filter(|_| is_wanted && may_be) else {
                continue;
            };
            let cost = self.cost(own, &Ask::Ping, now);
            let running = self.lookups.get_mut(&id);
            if running.is_some_and(|running| running.lookup.charge(from, cost)) {
                self.ping(node.addr, now);
            }
        }
    }

    /// Nodes of which families a lookup for our own table wants. Others want what they get anyway.
    fn wanted(&self, family: Family) -> Want {
        let other = match family {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        };
        let both = self.table(other).is_some_and(|table| table.len() < K);
        Want { v4: both, v6: both }
    }

    /// Somebody will not answer a question of a lookup.
    pub(super) fn unanswered(&mut self, id: LookupId, addr: SocketAddr, said: Said, now: Duration) {
        let Some(running) = self.lookups.get_mut(&id) else {
            return;
        };
        let Some(reached) = running.lookup.failed(addr) else {
            return;
        };
        if !running.is_quiet() {
            let step = running.step(addr, reached, said);
            self.events.push_back(Event::Heard { lookup: id, step });
        }
        self.drive(id, now);
    }

    fn end(&mut self, id: LookupId, running: Running, now: Duration) {
        if running.is_quiet() {
            return self.looked_after(running.target, running.family, now);
        }
        let counts = running.counts.map(|counts| {
            let about = |filter: &crate::Filter| filter.estimate().round() as u32;
            (about(&counts.seeds), about(&counts.peers))
        });
        let announced = match running.stage {
            Stage::Announcing { taken, .. } => taken,
            Stage::Asking => 0,
        };
        let summary = Summary {
            asked: running.lookup.asked(),
            answered: running.lookup.answers(),
            peers: running.found.len(),
            closest: running.lookup.closest().take(K).collect(),
            announced,
            counts,
        };
        self.events.push_back(Event::Ended {
            lookup: id,
            summary,
        });
    }
}

/// Whether somebody at the one address may tell us of a peer at the other.
fn may_be_told(from: SocketAddr, peer: SocketAddr) -> bool {
    is_somewhere(peer) && (is_local(from.ip()) || !is_local(peer.ip()))
}

fn merge(counts: &mut Option<Counts>, more: Counts) {
    match counts {
        Some(counts) => {
            counts.seeds.merge(&more.seeds);
            counts.peers.merge(&more.peers);
        }
        None => *counts = Some(more),
    }
}
