//! The choker.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use picker::PeerKey;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use crate::reason::{Decision, Place, Reason};

/// How often the regular slots are given out anew (BEP 3: ten seconds).
pub const ROUND: Duration = Duration::from_secs(10);

/// With which round after it was given the optimistic slot goes to another peer: the third (BEP 3),
/// after 30 seconds if it was given with a round. What was given between two rounds goes on with
/// the same round as if it had been given with the one before, so that a turn never lasts longer.
pub const OPTIMISTIC: u32 = 3;

/// How long a peer counts as new, and is three times as likely to get the optimistic slot.
pub const NEW: Duration = Duration::from_secs(60);

/// When we seed and others wait, a peer keeps its slot until it has got a whole piece, which it can pass
/// on, but for a round at least, and no longer than this.
pub const TURN: Duration = Duration::from_secs(30);

// ANCHOR: candidate
/// What the choker must know of a connected peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which peer.
    pub peer: PeerKey,
    /// Where it is: one host with many connections is not to get all slots.
    pub host: IpAddr,
    /// Whether it wants something from us. A slot for one that does not would be wasted.
    pub interested: bool,
    /// Whether it is unchoked now.
    pub unchoked: bool,
    /// Bytes a second: what it gives us while we download, what we give it while we seed.
    pub rate: u64,
    /// How long it has been connected.
    pub since: Duration,
    /// Whether it owes us blocks and has sent none for long.
    pub snubbed: bool,
    /// Whether we have given it the bytes of a whole piece since we unchoked it last.
    pub served: bool,
    /// How many pieces it says it has.
    pub pieces: u32,
    /// Payload bytes that it has given us.
    pub gave: u64,
    /// Payload bytes that it got from us.
    pub got: u64,
}
// ANCHOR_END: candidate

impl Candidate {
    /// Whether it had something from us and gave nothing.
    fn only_takes(&self) -> bool {
        self.got > 0 && self.gave == 0
    }
}

// ANCHOR: choker
/// Decides who may download from us. The same calls with the same random numbers give the same
/// answers.
#[derive(Clone, Debug)]
pub struct Choker {
    slots: usize,
    /// When the regular slots are given out anew.
    next_round: Duration,
    /// Who has the optimistic slot.
    optimistic: Option<PeerKey>,
    /// How many rounds there were since it was given.
    rounds_held: u32,
    /// When each peer was unchoked last, or choked last if it is choked. For seeding.
    changed: BTreeMap<PeerKey, Duration>,
}
// ANCHOR_END: choker

impl Choker {
    /// A choker for this many slots, the optimistic one among them.
    pub fn new(slots: usize) -> Choker {
        Choker {
            slots,
            next_round: Duration::ZERO,
            optimistic: None,
            rounds_held: 0,
            changed: BTreeMap::new(),
        }
    }

    /// From the next [round](Choker::round) on there are so many slots, the optimistic one among them.
    pub fn set_slots(&mut self, slots: usize) {
        self.slots = slots;
    }

    /// When [`Choker::round`] is to be called again at the latest.
    pub fn next_round(&self) -> Duration {
        self.next_round
    }

    // ANCHOR: round
    /// Who is to be unchoked now and who is to be choked, each with the reason: a decision for each
    /// candidate, in the order of their keys.
    ///
    /// To be called every [`ROUND`], and whenever a peer has become interested, or is no longer, or
    /// has left. Between two rounds nobody loses a slot but who snubs us, and a free one is given
    /// at once.
    pub fn round(
        &mut self,
        now: Duration,
        seeding: bool,
        candidates: &[Candidate],
        rng: &mut impl Rng,
    ) -> Vec<Decision> {
        let mut peers: Vec<Candidate> = candidates.to_vec();
        peers.retain(|candidate| candidate.interested);
        peers.sort_unstable_by_key(|candidate| candidate.peer);

        let due = now >= self.next_round;
        if due {
            self.next_round = now + ROUND;
            self.rounds_held = self.rounds_held.saturating_add(1);
        }
        let chosen = if seeding {
            self.optimistic = None;
            self.seed(now, due, &peers, rng)
        } else {
            self.trade(due, &peers, rng)
        };
        let decisions = self.decisions(now, seeding, candidates, &chosen);
        self.note_changes(now, candidates, &chosen);
        decisions
    }
    // ANCHOR_END: round

    // ANCHOR: trade
    /// Tit for tat: all slots but one to those who give us most, one to somebody else.
    fn trade(&mut self, due: bool, peers: &[Candidate], rng: &mut impl Rng) -> BTreeSet<PeerKey> {
        // ANCHOR: yours_trade (chapter 16, "The choker")
        // Who snubs us gets nothing from us, but when its turn at the optimistic slot comes.
        let mut regular: Vec<&Candidate> = peers.iter().filter(|peer| !peer.snubbed).collect();
        // Among those who give nothing chance decides, with every round anew: or who came first would
        // keep everybody's slots, and some would get nothing from anybody.
        let kept = |peer: &Candidate| {
            let rests = due && peer.rate == 0;
            peer.unchoked && self.optimistic != Some(peer.peer) && !rests
        };
        regular.shuffle(rng);
        // Those who keep their slot stand first; among equals too, so that nobody is choked for
        // another who gives no more.
        regular.sort_by_key(|peer| (!due && !kept(peer), u64::MAX - peer.rate, !kept(peer)));
        regular.truncate(self.slots.saturating_sub(1));
        let mut chosen: BTreeSet<PeerKey> = regular.iter().map(|peer| peer.peer).collect();

        let waiting: Vec<&Candidate> = peers
            .iter()
            .filter(|peer| !chosen.contains(&peer.peer))
            .collect();
        let holds = waiting
            .iter()
            .any(|peer| Some(peer.peer) == self.optimistic);
        if !holds || (due && self.rounds_held >= OPTIMISTIC) {
            self.optimistic = next_optimistic(&waiting, self.optimistic, rng);
            self.rounds_held = 0;
        }
        if self.slots > 0 {
            chosen.extend(self.optimistic);
        }
        chosen
        // ANCHOR_END: yours_trade
    }
    // ANCHOR_END: trade

    // ANCHOR: seed
    /// Everyone in turn. Whoever has got a whole piece, or has a slot and takes nothing, or has had a
    /// slot for [`TURN`], makes room for the one that has waited longest. By time and not by speed: the
    /// fastest peers find what they need anyway, and a swarm lives on pieces that reach many.
    fn seed(
        &self,
        now: Duration,
        due: bool,
        peers: &[Candidate],
        rng: &mut impl Rng,
    ) -> BTreeSet<PeerKey> {
        // ANCHOR: yours_seed (chapter 16, "The seeder's order")
        let age = |peer: &Candidate| now.saturating_sub(self.changed_at(now, peer));
        let keeps = |peer: &Candidate| {
            let had_enough = peer.served || peer.rate == 0;
            let over = age(peer) >= TURN || (age(peer) >= ROUND && had_enough);
            peer.unchoked && !(due && over)
        };
        let mut order: Vec<&Candidate> = peers.iter().collect();
        // Among those who have waited equally long chance decides, or some would always be first.
        order.shuffle(rng);
        // First those who keep theirs, then those who wait, longest first, then those whose turn is
        // over: they go on if nobody waits, and the one that began last goes on longest.
        order.sort_by_key(|peer| {
            let changed = self.changed_at(now, peer);
            match (keeps(peer), peer.unchoked) {
                (true, _) => (0, changed),
                (false, false) => (1, changed),
                (false, true) => (2, Duration::MAX - changed),
            }
        });
        share(&order, self.slots)
        // ANCHOR_END: yours_seed
    }
    // ANCHOR_END: seed

    /// What was decided about each candidate. Nothing of it decides anything.
    fn decisions(
        &self,
        now: Duration,
        seeding: bool,
        candidates: &[Candidate],
        chosen: &BTreeSet<PeerKey>,
    ) -> Vec<Decision> {
        let givers = candidates.iter().filter(|c| c.interested && !c.snubbed);
        let mut rates: Vec<u64> = givers.map(|giver| giver.rate).collect();
        rates.sort_unstable();
        let decide = |candidate: &Candidate| {
            let unchoke = chosen.contains(&candidate.peer);
            let reason = match seeding {
                _ if !candidate.interested => Reason::NotInterested,
                true => self.turn(now, candidate, unchoke),
                false => self.merit(candidate, unchoke, &rates),
            };
            let peer = candidate.peer;
            Decision {
                peer,
                unchoke,
                reason,
            }
        };
        let mut decisions: Vec<Decision> = candidates.iter().map(decide).collect();
        decisions.sort_unstable_by_key(|decision| decision.peer);
        decisions
    }

    /// The reason while we trade; `rates` are those of all who give, lowest first.
    fn merit(&self, peer: &Candidate, unchoke: bool, rates: &[u64]) -> Reason {
        let better = rates.len() - rates.partition_point(|&rate| rate <= peer.rate);
        let place = Place {
            rate: peer.rate,
            place: better + 1,
            of: rates.len(),
        };
        if unchoke && self.optimistic == Some(peer.peer) {
            let left = ROUND * OPTIMISTIC.saturating_sub(self.rounds_held);
            Reason::Optimistic { left }
        } else if peer.snubbed {
            Reason::Snubbed
        } else if unchoke {
            Reason::Gives(place)
        } else {
            Reason::NoSlot(place)
        }
    }

    /// The reason while we seed.
    fn turn(&self, now: Duration, peer: &Candidate, unchoke: bool) -> Reason {
        let age = now.saturating_sub(self.changed_at(now, peer));
        match (unchoke, peer.unchoked) {
            (true, true) => Reason::Turn { held: age },
            (true, false) => Reason::WaitedLongest { waited: age },
            (false, true) => Reason::TurnOver { held: age },
            (false, false) => Reason::Waits { waited: age },
        }
    }

    /// When a peer was unchoked or choked last. One that was never unchoked has been choked since
    /// it is here.
    fn changed_at(&self, now: Duration, peer: &Candidate) -> Duration {
        let arrived = now.saturating_sub(peer.since);
        self.changed.get(&peer.peer).copied().unwrap_or(arrived)
    }

    /// Notes when peers are unchoked and choked, and forgets those that are gone.
    fn note_changes(
        &mut self,
        now: Duration,
        candidates: &[Candidate],
        chosen: &BTreeSet<PeerKey>,
    ) {
        let here: BTreeSet<PeerKey> = candidates.iter().map(|peer| peer.peer).collect();
        self.changed.retain(|peer, _| here.contains(peer));
        for candidate in candidates {
            if candidate.unchoked != chosen.contains(&candidate.peer) {
                self.changed.insert(candidate.peer, now);
            }
        }
    }
}

// ANCHOR: share
/// The first so many of these, but of each host no more than its share while others wait: else one
/// host could take all slots with a hundred connections. People do share addresses, so what nobody
/// else wants is theirs, too.
fn share(order: &[&Candidate], slots: usize) -> BTreeSet<PeerKey> {
    // ANCHOR: yours_share (chapter 16, "The seeder's order")
    let mut taken: BTreeMap<IpAddr, usize> = order.iter().map(|peer| (peer.host, 0)).collect();
    let share = slots.div_ceil(taken.len().max(1));
    let (mut within, mut beyond) = (Vec::new(), Vec::new());
    for peer in order {
        let taken = taken.entry(peer.host).or_default();
        *taken += 1;
        match *taken <= share {
            true => within.push(peer.peer),
            false => beyond.push(peer.peer),
        }
    }
    within.into_iter().chain(beyond).take(slots).collect()
    // ANCHOR_END: yours_share
}
// ANCHOR_END: share

// ANCHOR: optimistic
/// Whose turn the optimistic slot is: anyone's but the last holder's, if others wait. Every other time,
/// by chance, it is drawn for, and otherwise it goes to whoever lacks most of those who have given us
/// anything: the regular slots leave out those with slow lines, and a swarm is done when its last is.
/// Who takes and gives nothing has his turn when nobody else waits.
fn next_optimistic(
    waiting: &[&Candidate],
    last: Option<PeerKey>,
    rng: &mut impl Rng,
) -> Option<PeerKey> {
    // ANCHOR: yours_next_optimistic (chapter 16, "The choker")
    let alone = waiting.len() == 1;
    let mut others: Vec<&Candidate> = waiting.to_vec();
    others.retain(|peer| Some(peer.peer) != last || alone);
    if others.iter().any(|peer| !peer.only_takes()) {
        others.retain(|peer| !peer.only_takes());
    }
    let neediest = match rng.random() {
        true => neediest_giver(&others, rng),
        false => None,
    };
    neediest.or_else(|| draw_one(&others, rng))
    // ANCHOR_END: yours_next_optimistic
}
// ANCHOR_END: optimistic

/// Of those who have given us anything the one that has the fewest pieces; chance decides among equals.
fn neediest_giver(peers: &[&Candidate], rng: &mut impl Rng) -> Option<PeerKey> {
    let mut givers: Vec<&Candidate> = peers.to_vec();
    givers.retain(|peer| peer.gave > 0);
    givers.shuffle(rng);
    let neediest = givers.iter().min_by_key(|peer| peer.pieces);
    neediest.map(|peer| peer.peer)
}

// ANCHOR: draw
/// One of these by chance. A new peer has three tickets in the draw, so that it soon has something to
/// trade with (BEP 3). The draw is among hosts first, so that many connections are not many chances.
fn draw_one(peers: &[&Candidate], rng: &mut impl Rng) -> Option<PeerKey> {
    // ANCHOR: yours_draw_one (chapter 16, "The choker")
    let mut hosts: BTreeMap<IpAddr, Vec<&Candidate>> = BTreeMap::new();
    for peer in peers {
        hosts.entry(peer.host).or_default().push(peer);
    }
    let is_new = |peer: &Candidate| peer.since < NEW;
    let host = draw(
        hosts.values(),
        |peers| peers.iter().any(|peer| is_new(peer)),
        rng,
    )?;
    draw(host.iter(), |peer| is_new(peer), rng).map(|peer| peer.peer)
    // ANCHOR_END: yours_draw_one
}
// ANCHOR_END: draw

/// One of these by chance; those that are new have three tickets.
fn draw<'c, T>(
    all: impl Iterator<Item = &'c T>,
    is_new: impl Fn(&T) -> bool,
    rng: &mut impl Rng,
) -> Option<&'c T> {
    let mut tickets = Vec::new();
    for one in all {
        let count = if is_new(one) { 3 } else { 1 };
        tickets.extend(std::iter::repeat_n(one, count));
    }
    if tickets.is_empty() {
        return None;
    }
    Some(tickets[rng.random_range(0..tickets.len())])
}

#[cfg(test)]
mod tests;
