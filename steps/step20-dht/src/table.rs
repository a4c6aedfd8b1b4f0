//! The routing table (BEP 5, "Routing Table"): whom we know. Many near to us, few far away.
//!
//! Nodes are sorted into buckets by how many bits their ids share with ours. Bucket 0 has those that
//! differ in the first bit, half of the network; bucket 1 a quarter; and so on. Each has room for
//! [`K`](crate::limits::K). The last one has all that are nearer, and is split in two when it is full.
//!
//! In it are only nodes that have answered a question of ours. What others say of somebody is a rumour.

use std::net::SocketAddr;
use std::time::Duration;

use rand::Rng;

use crate::address::{Host, network};
use crate::limits::{GOOD_FOR, K, MAX_BUCKETS, MAX_PER_NETWORK, MAX_WAITING, PING_AGAIN, REFRESH};
use crate::{Contact, Id};

mod known;

pub(crate) use known::Known;
pub use known::Standing;

/// The nodes of one family that we know.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    own: Id,
    buckets: Vec<Bucket>,
}

/// Nodes that share so many bits with us.
#[derive(Clone, Debug)]
struct Bucket {
    /// At most [`K`].
    nodes: Vec<Known>,
    /// They have answered too, and there was no room: the newest last.
    waiting: Vec<Known>,
    /// When something was last known to be as it is.
    changed: Duration,
    /// It has not been looked through since it came into being.
    is_new: bool,
}

impl Bucket {
    fn new(now: Duration) -> Bucket {
        Bucket {
            nodes: Vec::new(),
            waiting: Vec::new(),
            changed: now,
            is_new: false,
        }
    }
}

impl Table {
    pub(crate) fn new(own: Id, now: Duration) -> Table {
        Table {
            own,
            buckets: vec![Bucket::new(now)],
        }
    }

    pub(crate) fn own(&self) -> Id {
        self.own
    }

    /// A node has answered us. It gets a place, if there is one.
    // ANCHOR: answered
    pub(crate) fn answered(&mut self, contact: Contact, now: Duration) {
        // ANCHOR: yours_answered (chapter 20, "Whom we know")
        self.drop_others_at(contact);
        if contact.id == self.own || self.is_known(contact, now) || !self.is_welcome(contact, now) {
            return;
        }
        loop {
            let at = self.bucket_of(contact.id);
            let bucket = &mut self.buckets[at];
            if bucket.nodes.len() < K {
                bucket.nodes.push(Known::new(contact, now));
                bucket.changed = now;
                return;
            }
            // Only the bucket that we are in ourselves is split.
            let is_ours = at + 1 == self.buckets.len();
            if !is_ours || self.buckets.len() == MAX_BUCKETS {
                return self.replace_or_wait(at, Known::new(contact, now), now);
            }
            self.split();
        }
        // ANCHOR_END: yours_answered
    }
    // ANCHOR_END: answered

    /// Whether there would be a place for somebody of whom it is not known that he answers.
    pub(crate) fn wants(&self, contact: Contact, now: Duration) -> bool {
        let host = Host::of(contact.addr);
        let is_there = |known: &Known| {
            let collides = known.contact.id == contact.id || Host::of(known.contact.addr) == host;
            collides && known.standing(now) == Standing::Good
        };
        if contact.id == self.own || self.known().any(is_there) {
            return false;
        }
        let at = self.bucket_of(contact.id);
        let nodes = &self.buckets[at].nodes;
        let can_split = at + 1 == self.buckets.len() && at + 1 < MAX_BUCKETS;
        let fits = contact.id.fits(contact.addr.ip());
        let can_replace = |known: &Known| known.is_bad() || (fits && !known.fits);
        nodes.len() < K || can_split || nodes.iter().any(can_replace)
    }

    /// Somebody has asked us: if he is in the table, he is alive.
    pub(crate) fn asked(&mut self, contact: Contact, now: Duration) {
        let at = self.bucket_of(contact.id);
        let mut nodes = self.buckets[at].nodes.iter_mut();
        if let Some(known) = nodes.find(|known| known.contact == contact) {
            known.asked_us(now);
        }
    }

    /// Who was asked at this address has not answered.
    pub(crate) fn failed(&mut self, addr: SocketAddr) {
        for bucket in &mut self.buckets {
            bucket.waiting.retain(|known| known.contact.addr != addr);
            let mut nodes = bucket.nodes.iter_mut();
            let Some(known) = nodes.find(|known| known.contact.addr == addr) else {
                continue;
            };
            known.failed();
            // Somebody who has answered is waiting for the place.
            if known.is_bad()
                && let Some(next) = bucket.waiting.pop()
            {
                *known = next;
            }
        }
    }

    /// The good nodes closest to an id, the closest first. At most half of them have ids that do not fit
    /// their addresses (BEP 42), as long as there are others: who sits down around a torrent is not all
    /// that the others hear of.
    pub(crate) fn closest(&self, target: Id, count: usize, now: Duration) -> Vec<Contact> {
        let is_good = |known: &Known| known.standing(now) == Standing::Good;
        let mut unfit = self.nearest(target, count, |known| is_good(known) && !known.fits);
        let mut closest = self.nearest(target, count, |known| is_good(known) && known.fits);
        unfit.truncate((count / 2).max(count - closest.len()));
        closest.extend(unfit);
        closest.sort_by_key(|contact| contact.id.distance(target));
        closest.truncate(count);
        closest
    }

    /// The nodes closest to an id with which a lookup may begin: good ones and questionable ones, and
    /// if there are none, as after a night without a network, the bad ones too.
    pub(crate) fn to_begin_with(&self, target: Id) -> Vec<Contact> {
        let usable = self.nearest(target, 4 * K, |known| !known.is_bad());
        match usable.is_empty() {
            true => self.nearest(target, 4 * K, |_| true),
            false => usable,
        }
    }

    fn nearest(
        &self,
        target: Id,
        count: usize,
        is_wanted: impl Fn(&Known) -> bool,
    ) -> Vec<Contact> {
        let known = self.known().filter(|known| is_wanted(known));
        let mut contacts: Vec<Contact> = known.map(|known| known.contact).collect();
        contacts.sort_by_key(|contact| contact.id.distance(target));
        contacts.truncate(count);
        contacts
    }

    /// All that have a place.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Known> {
        self.buckets.iter().flat_map(|bucket| &bucket.nodes)
    }

    /// How many of them there are.
    pub(crate) fn len(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.nodes.len()).sum()
    }

    /// The questionable nodes to be pinged now, at most so many: those first that were not pinged yet, or
    /// longest ago, and of these those that have been silent longest. They count as pinged.
    pub(crate) fn take_silent(&mut self, count: usize, now: Duration) -> Vec<Contact> {
        let nodes = self.buckets.iter_mut().flat_map(|bucket| &mut bucket.nodes);
        let mut due: Vec<&mut Known> = nodes
            .filter(|known| known.standing(now) == Standing::Questionable)
            .filter(|known| known.pinged.is_none_or(|at| now >= at + PING_AGAIN))
            .collect();
        due.sort_by_key(|known| (known.pinged, known.last_heard()));
        let due = due.into_iter().take(count);
        due.map(|known| {
            known.pinged = Some(now);
            known.contact
        })
        .collect()
    }

    /// An id in a bucket that is new, or in which nothing has changed for [`REFRESH`], if there is one:
    /// to be looked for. The bucket counts as changed.
    pub(crate) fn take_stale(&mut self, now: Duration, rng: &mut impl Rng) -> Option<Id> {
        let is_due = |bucket: &Bucket| bucket.is_new || now >= bucket.changed + REFRESH;
        let at = self.buckets.iter().position(is_due)?;
        self.buckets[at].changed = now;
        self.buckets[at].is_new = false;
        // The last bucket has all that are nearer, too (BEP 5: "a random ID in the range of the bucket").
        match at + 1 == self.buckets.len() {
            true => Some(self.own.random_near(at, rng)),
            false => Some(self.own.random_beside(at, rng)),
        }
    }

    /// All buckets are to be looked through soon.
    pub(crate) fn refresh_all(&mut self) {
        for bucket in &mut self.buckets {
            bucket.is_new = true;
        }
    }

    /// None of them is.
    #[cfg(test)]
    pub(crate) fn refreshed_all(&mut self) {
        for bucket in &mut self.buckets {
            bucket.is_new = false;
        }
    }

    /// Whether anybody is good.
    pub(crate) fn has_good(&self, now: Duration) -> bool {
        self.known()
            .any(|known| known.standing(now) == Standing::Good)
    }

    /// The same nodes, seen from another id of ours.
    pub(crate) fn seen_from(&self, own: Id, now: Duration) -> Table {
        let mut table = Table::new(own, now);
        for known in self.known() {
            let at = table.bucket_of(known.contact.id);
            table.answered(known.contact, now);
            // Its past goes with it.
            let at = at.min(table.buckets.len() - 1);
            let nodes = table.buckets[at..].iter_mut().flat_map(|b| &mut b.nodes);
            for new in nodes.filter(|new| new.contact == known.contact) {
                *new = known.clone();
            }
        }
        table
    }

    fn bucket_of(&self, id: Id) -> usize {
        self.own.shared_bits(id).min(self.buckets.len() - 1)
    }

    /// Notes that a node has answered, if it is in the table, or waits.
    fn is_known(&mut self, contact: Contact, now: Duration) -> bool {
        let at = self.bucket_of(contact.id);
        let bucket = &mut self.buckets[at];
        let mut nodes = bucket.nodes.iter_mut().chain(&mut bucket.waiting);
        match nodes.find(|known| known.contact == contact) {
            Some(known) => {
                known.answered(now);
                bucket.changed = now;
                true
            }
            None => false,
        }
    }

    /// Whoever answers from the address of somebody else has begun anew: the old id is there no more.
    fn drop_others_at(&mut self, contact: Contact) {
        let is_other =
            |known: &Known| known.contact.addr == contact.addr && known.contact.id != contact.id;
        for bucket in &mut self.buckets {
            bucket.waiting.retain(|known| !is_other(known));
            let before = bucket.nodes.len();
            bucket.nodes.retain(|known| !is_other(known));
            if bucket.nodes.len() < before {
                bucket.nodes.extend(bucket.waiting.pop());
            }
        }
    }

    /// Whether nobody speaks against a new node: no two have one id, or one host, and few are of one
    /// network. Who is no longer good makes room for who is.
    fn is_welcome(&mut self, contact: Contact, now: Duration) -> bool {
        let host = Host::of(contact.addr);
        let collides =
            |known: &Known| known.contact.id == contact.id || Host::of(known.contact.addr) == host;
        let is_good = |known: &Known| known.standing(now) == Standing::Good;
        if self.known().any(|known| collides(known) && is_good(known)) {
            return false;
        }
        if let Some(net) = network(contact.addr.ip()) {
            let bucket = &self.buckets[self.bucket_of(contact.id)];
            let others = bucket.nodes.iter().chain(&bucket.waiting);
            let others = others.filter(|known| !collides(known));
            let of_network = others.filter(|known| network(known.contact.addr.ip()) == Some(net));
            if of_network.count() >= MAX_PER_NETWORK {
                return false;
            }
        }
        for bucket in &mut self.buckets {
            bucket.nodes.retain(|known| !collides(known));
            bucket.waiting.retain(|known| !collides(known));
        }
        true
    }

    /// A full bucket: the new node takes the place of a bad one, or of one whose id does not fit its
    /// address (BEP 42) if its own does; or it waits.
    fn replace_or_wait(&mut self, at: usize, new: Known, now: Duration) {
        let bucket = &mut self.buckets[at];
        let bad = bucket.nodes.iter().position(Known::is_bad);
        let unfit = || bucket.nodes.iter().position(|known| !known.fits);
        if let Some(at) = bad.or_else(|| unfit().filter(|_| new.fits)) {
            bucket.nodes[at] = new;
            bucket.changed = now;
            return;
        }
        if bucket.waiting.len() == MAX_WAITING {
            bucket.waiting.remove(0);
        }
        bucket.waiting.push(new);
    }

    /// The last bucket becomes two: those that share one bit more than the others, and the others. Both
    /// are to be looked through: what fell into the one may have had no room for the other.
    fn split(&mut self) {
        let shared = self.buckets.len() - 1;
        let own = self.own;
        let Some(last) = self.buckets.last_mut() else {
            return;
        };
        let is_nearer = |known: &mut Known| own.shared_bits(known.contact.id) > shared;
        last.is_new = true;
        let mut nearer = Bucket {
            is_new: true,
            ..Bucket::new(last.changed)
        };
        nearer.nodes = last.nodes.extract_if(.., is_nearer).collect();
        nearer.waiting = last.waiting.extract_if(.., is_nearer).collect();
        self.buckets.push(nearer);
    }
}

#[cfg(test)]
mod tests;
