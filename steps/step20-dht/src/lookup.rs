//! A lookup (BEP 5): asking those who are near for somebody who is nearer, until nobody is.
//!
//! What comes back is a rumour, and some who answer lie. What keeps a lookup on its way:
//!
//! * Each answer **pays** for the questions that come of it: to an address that somebody named, and
//!   that we do not know ourselves, no more bytes go than he spent on naming it, and all that come of
//!   one answer are no more than it was long. Nobody can have us ask a hundred others, or flood one.
//!   A lookup that would end for want of money, where many are dead, has a few questions in reserve:
//!   of these one network gets two at most.
//! * A node whose id does not fit its address (BEP 42) does not count as one of the closest: the lookup
//!   goes on until there are [`K`] others. It is asked, too, but after them.
//! * A host is asked once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::address::{Host, is_somewhere, network};
use crate::limits::{
    ALPHA, K, MAX_CANDIDATES, MAX_PER_NETWORK, MAX_QUESTIONS, MAX_UNFIT_QUESTIONS, RESERVE, STALL,
    UNFIT_ALPHA,
};
use crate::{Contact, Distance, Id, is_local};

mod candidate;

use candidate::{Candidate, MAX_NAMERS, Payer, Purse, State};

/// The way to an id.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    target: Id,
    own: Id,
    /// The nearest first.
    candidates: Vec<Candidate>,
    asked: BTreeSet<Host>,
    unfit_asked: usize,
    /// What those who have answered can pay.
    purses: BTreeMap<SocketAddr, Purse>,
    /// Questions that nobody has to pay for.
    reserve: usize,
    /// How many of those went to each network.
    reserved: BTreeMap<IpAddr, usize>,
}

/// How a candidate was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) id: Option<Id>,
    pub(crate) hops: u32,
}

impl Lookup {
    /// For an id, on the way from these nodes, which we know, and these addresses, at which somebody is.
    pub(crate) fn new(target: Id, own: Id, known: &[Contact], given: &[SocketAddr]) -> Lookup {
        let mut lookup = Lookup {
            target,
            own,
            candidates: Vec::new(),
            asked: BTreeSet::new(),
            unfit_asked: 0,
            purses: BTreeMap::new(),
            reserve: RESERVE,
            reserved: BTreeMap::new(),
        };
        let known = known.iter().map(|contact| (Some(contact.id), contact.addr));
        let given = given.iter().map(|&addr| (None, addr));
        for (id, addr) in known.chain(given) {
            lookup.insert(id, addr, 1, None);
        }
        lookup
    }

    // ANCHOR: next
    /// Whom to ask now, with a question of so many bytes, if it is free to be asked. It counts as asked.
    pub(crate) fn next(
        &mut self,
        cost: usize,
        is_free: impl Fn(SocketAddr) -> bool,
        now: Duration,
    ) -> Option<SocketAddr> {
        let (all, unfit) = self.under_way();
        if all >= ALPHA || self.asked.len() >= MAX_QUESTIONS {
            return None;
        }
        // The nearest; those whose ids do not fit when there is nobody else to ask, and one at a time
        // while others are waited for.
        let mut open = self.open(cost);
        open.retain(|&at| is_free(self.candidates[at].addr));
        let fit = open.iter().find(|&&at| self.candidates[at].fits);
        let may_be_unfit = unfit < UNFIT_ALPHA || unfit == all;
        let at = *fit.or(open.first().filter(|_| may_be_unfit))?;
        self.pay(at, cost);
        let candidate = &mut self.candidates[at];
        candidate.state = State::Asked {
            at: now,
            is_stalled: false,
        };
        let addr = candidate.addr;
        self.unfit_asked += usize::from(!candidate.fits);
        self.asked.insert(Host::of(addr));
        Some(addr)
    }

    /// The candidates that are worth a question of so many bytes, the nearest first: not asked yet,
    /// paid for, and nearer than [`K`] that have answered. If there are none, and nothing is to be hoped
    /// for, those whose ids fit and for which the reserve pays.
    fn open(&self, cost: usize) -> Vec<usize> {
        let open = self.worth_it().filter(|&at| self.is_open(at));
        let paid = |at: usize| {
            self.payer(at, cost)
                .is_some_and(|payer| payer != Payer::Reserve)
        };
        let all: Vec<usize> = open.collect();
        let open: Vec<usize> = all.iter().copied().filter(|&at| paid(at)).collect();
        if self.under_way().0 > 0 || open.iter().any(|&at| self.candidates[at].fits) {
            return open;
        }
        let reserved = all.into_iter().filter(|&at| self.candidates[at].fits);
        let reserved = reserved.filter(|&at| self.payer(at, cost).is_some());
        let reserved: Vec<usize> = reserved.collect();
        if reserved.is_empty() { open } else { reserved }
    }
    // ANCHOR_END: next

    /// The candidates that would be among the closest [`K`], if they answered. For one whose id fits,
    /// only others whose ids fit count.
    fn worth_it(&self) -> impl Iterator<Item = usize> {
        let (mut answered, mut fit) = (0, 0);
        self.candidates
            .iter()
            .enumerate()
            .filter_map(move |(at, candidate)| {
                let nearer = if candidate.fits { fit } else { answered };
                if matches!(candidate.state, State::Answered { .. }) {
                    answered += 1;
                    fit += usize::from(candidate.fits);
                }
                (nearer < K).then_some(at)
            })
    }

    fn is_open(&self, at: usize) -> bool {
        let candidate = &self.candidates[at];
        candidate.state == State::New
            && (candidate.fits || self.unfit_asked < MAX_UNFIT_QUESTIONS)
            && !self.asked.contains(&Host::of(candidate.addr))
    }

    /// Who pays for a question to this one, if anybody can.
    fn payer(&self, at: usize, cost: usize) -> Option<Payer> {
        let named_by = &self.candidates[at].named_by;
        if named_by.is_empty() {
            return Some(Payer::Nobody);
        }
        let purses = || {
            named_by
                .iter()
                .filter_map(|namer| Some((*namer, self.purses.get(namer)?)))
        };
        if let Some((namer, _)) = purses().find(|(_, purse)| purse.left >= cost) {
            return Some(Payer::Namer(namer));
        }
        let has_spent = purses().any(|(_, purse)| purse.bytes >= cost);
        let reserved =
            network(self.candidates[at].addr.ip()).and_then(|net| self.reserved.get(&net));
        let has_had_its_share = reserved.is_some_and(|&count| count >= MAX_PER_NETWORK);
        (has_spent && self.reserve > 0 && !has_had_its_share).then_some(Payer::Reserve)
    }

    fn pay(&mut self, at: usize, cost: usize) {
        match self.payer(at, cost) {
            Some(Payer::Namer(namer)) => {
                self.charge(namer, cost);
            }
            Some(Payer::Reserve) => {
                self.reserve -= 1;
                if let Some(net) = network(self.candidates[at].addr.ip()) {
                    *self.reserved.entry(net).or_default() += 1;
                }
            }
            Some(Payer::Nobody) | None => {}
        }
    }

    /// Has the answer that came from there pay for something; whether it could.
    pub(crate) fn charge(&mut self, from: SocketAddr, cost: usize) -> bool {
        let purse = self
            .purses
            .get_mut(&from)
            .filter(|purse| purse.left >= cost);
        let Some(purse) = purse else {
            return false;
        };
        purse.left -= cost;
        true
    }

    /// How many are waited for, and how many of them have ids that do not fit. Who has stalled is not
    /// waited for alone.
    fn under_way(&self) -> (usize, usize) {
        let waited = self.candidates.iter().filter(|candidate| {
            matches!(
                candidate.state,
                State::Asked {
                    is_stalled: false,
                    ..
                }
            )
        });
        let unfit = waited.clone().filter(|candidate| !candidate.fits);
        (waited.count(), unfit.count())
    }

    /// Somebody has answered, with so many bytes. What it says its id is counts, not what others said.
    pub(crate) fn answered(
        &mut self,
        from: Contact,
        bytes: usize,
        token: Option<Vec<u8>>,
        nodes: &[Contact],
    ) -> Option<Reached> {
        let at = self.asked_at(from.addr)?;
        let candidate = &mut self.candidates[at];
        candidate.id = Some(from.id);
        candidate.fits = from.id.fits(from.addr.ip());
        candidate.state = State::Answered { token };
        self.purses.insert(from.addr, Purse { bytes, left: bytes });
        let hops = candidate.hops;
        self.sort();
        for &node in nodes {
            if may_name(from.addr, node.addr) && node.id != self.own {
                self.insert(Some(node.id), node.addr, hops + 1, Some(from.addr));
            }
        }
        let id = Some(from.id);
        Some(Reached { id, hops })
    }

    /// Somebody will not answer, or has refused.
    pub(crate) fn failed(&mut self, addr: SocketAddr) -> Option<Reached> {
        let at = self.asked_at(addr)?;
        let candidate = &mut self.candidates[at];
        candidate.state = State::Failed;
        let (id, hops) = (candidate.id, candidate.hops);
        Some(Reached { id, hops })
    }

    fn asked_at(&self, addr: SocketAddr) -> Option<usize> {
        let mut candidates = self.candidates.iter();
        candidates.position(|candidate| {
            candidate.addr == addr && matches!(candidate.state, State::Asked { .. })
        })
    }

    /// Stops waiting for those alone who have been silent for [`STALL`].
    pub(crate) fn stall(&mut self, now: Duration) {
        for candidate in &mut self.candidates {
            if let State::Asked { at, is_stalled } = &mut candidate.state {
                *is_stalled |= now >= *at + STALL;
            }
        }
    }

    /// When the next one will have been silent for so long.
    pub(crate) fn due(&self) -> Option<Duration> {
        let waited = self
            .candidates
            .iter()
            .filter_map(|candidate| match candidate.state {
                State::Asked {
                    at,
                    is_stalled: false,
                } => Some(at + STALL),
                _ => None,
            });
        waited.min()
    }

    /// Whether nobody is left to ask with a question of so many bytes, or to wait for.
    pub(crate) fn is_done(&self, cost: usize) -> bool {
        let is_waited_for = |at: usize| matches!(self.candidates[at].state, State::Asked { .. });
        let is_full = self.asked.len() >= MAX_QUESTIONS;
        !self.worth_it().any(is_waited_for) && (is_full || self.open(cost).is_empty())
    }

    /// Whether somebody could be asked and nobody is waited for: he was not free.
    pub(crate) fn is_held_up(&self, cost: usize) -> bool {
        self.under_way().0 == 0 && !self.open(cost).is_empty()
    }

    /// Those that have answered, the closest first.
    pub(crate) fn closest(&self) -> impl Iterator<Item = Contact> {
        self.candidates
            .iter()
            .filter_map(|candidate| match candidate.state {
                State::Answered { .. } => Some(Contact {
                    id: candidate.id?,
                    addr: candidate.addr,
                }),
                _ => None,
            })
    }

    /// Where to announce, and with which token: at the closest [`K`] that gave one, and at the closest
    /// [`K`] of those whose ids fit their addresses (BEP 42, "Enforcement").
    pub(crate) fn to_announce(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        let gave = self
            .candidates
            .iter()
            .filter_map(|candidate| match &candidate.state {
                State::Answered { token: Some(token) } => Some((candidate, token)),
                _ => None,
            });
        let (mut all, mut fit) = (0, 0);
        let near = gave.filter(|(candidate, _)| {
            let is_near = all < K || (candidate.fits && fit < K);
            all += 1;
            fit += usize::from(candidate.fits);
            is_near
        });
        near.map(|(candidate, token)| (candidate.addr, token.clone()))
            .collect()
    }

    /// How many were asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.len()
    }

    /// How many answered.
    pub(crate) fn answers(&self) -> usize {
        self.closest().count()
    }

    fn insert(&mut self, id: Option<Id>, addr: SocketAddr, hops: u32, namer: Option<SocketAddr>) {
        if !is_somewhere(addr) || self.asked.contains(&Host::of(addr)) {
            return;
        }
        let mut same = self.candidates.iter_mut();
        if let Some(known) = same.find(|other| other.addr == addr && other.id == id) {
            // Whom we knew ourselves nobody needs to pay for.
            let has_room = (1..MAX_NAMERS).contains(&known.named_by.len());
            known.named_by.extend(namer.filter(|_| has_room));
            return;
        }
        self.candidates.push(Candidate {
            id,
            addr,
            hops,
            fits: id.is_none_or(|id| id.fits(addr.ip())),
            named_by: namer.into_iter().collect(),
            state: State::New,
        });
        self.sort();
        if self.candidates.len() > MAX_CANDIDATES {
            self.drop_farthest();
        }
    }

    /// Somebody goes of whom nothing is to be had: who has failed, or was not asked; then one whose id does
    /// not fit, if half of all are such. Whoever has just been named was not asked.
    fn drop_farthest(&mut self) {
        let unfit = self
            .candidates
            .iter()
            .filter(|candidate| !candidate.fits)
            .count();
        let is_droppable = |candidate: &Candidate| candidate.state == State::New;
        let mut candidates = self.candidates.iter();
        let farthest = match unfit > MAX_CANDIDATES / 2 {
            true => candidates.rposition(|c| is_droppable(c) && !c.fits),
            false => None,
        };
        let mut candidates = self.candidates.iter();
        let failed = candidates.rposition(|c| c.state == State::Failed);
        let any = || self.candidates.iter().rposition(is_droppable);
        if let Some(at) = failed.or(farthest).or_else(any) {
            self.candidates.remove(at);
        }
    }

    fn sort(&mut self) {
        let target = self.target;
        let farthest = Distance([0xff; 20]);
        self.candidates
            .sort_by_key(|candidate| candidate.id.map_or(farthest, |id| id.distance(target)));
    }
}

/// Whether somebody at the one address may tell us of the other: in the family in which he speaks, and
/// nobody outside names addresses of our home.
fn may_name(from: SocketAddr, named: SocketAddr) -> bool {
    from.is_ipv4() == named.is_ipv4() && (is_local(from.ip()) || !is_local(named.ip()))
}

#[cfg(test)]
mod tests;
