//! A network of nodes: datagrams take time, and some are lost.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::hostile::Hostile;
use crate::{Contact, Event, Id, LookupId, Node, Step, Summary};

/// Whoever is at an address.
pub(super) enum Actor {
    Honest(Box<Node>),
    Hostile(Box<Hostile>),
    /// It has gone. Others may not know yet.
    Dead,
}

/// What a lookup has told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Each peer with how far the node was that named it first.
    pub(super) peers: BTreeMap<SocketAddr, u32>,
    pub(super) steps: Vec<Step>,
    pub(super) summary: Option<Summary>,
}

pub(super) struct Network {
    pub(super) now: Duration,
    pub(super) rng: ChaCha8Rng,
    actors: Vec<(SocketAddr, Actor)>,
    at: BTreeMap<SocketAddr, usize>,
    /// Of a hundred datagrams so many are lost.
    loss: u32,
    on_the_way: BTreeMap<(Duration, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    /// When each node wants to be woken, by time and by node.
    wakes: BTreeSet<(Duration, usize)>,
    wake_of: Vec<Option<Duration>>,
    pub(super) told: BTreeMap<(usize, LookupId), Told>,
    /// The bytes that honest nodes have sent to each address.
    pub(super) sent_to: BTreeMap<IpAddr, u64>,
}

impl Network {
    pub(super) fn new(seed: u64, loss: u32) -> Network {
        Network {
            now: Duration::ZERO,
            rng: ChaCha8Rng::seed_from_u64(seed),
            actors: Vec::new(),
            at: BTreeMap::new(),
            loss,
            on_the_way: BTreeMap::new(),
            count: 0,
            wakes: BTreeSet::new(),
            wake_of: Vec::new(),
            told: BTreeMap::new(),
            sent_to: BTreeMap::new(),
        }
    }

    /// A public address that nobody has yet.
    pub(super) fn free_address(&mut self) -> SocketAddr {
        loop {
            let ip = Ipv4Addr::from_bits(self.rng.random());
            let addr = SocketAddr::from((ip, self.rng.random_range(1_024..=u16::MAX)));
            let is_public = crate::address::is_somewhere(addr) && !crate::is_local(addr.ip());
            if is_public && !self.at.contains_key(&addr) {
                return addr;
            }
        }
    }

    pub(super) fn add(&mut self, addr: SocketAddr, actor: Actor) -> usize {
        let index = self.actors.len();
        self.actors.push((addr, actor));
        self.at.insert(addr, index);
        self.wake_of.push(None);
        self.drain(index);
        index
    }

    /// Somebody else is there from now on.
    pub(super) fn replace(&mut self, index: usize, actor: Actor) {
        self.actors[index].1 = actor;
        if let Some(before) = self.wake_of[index].take() {
            self.wakes.remove(&(before, index));
        }
        self.drain(index);
    }

    pub(super) fn is_dead(&self, addr: SocketAddr) -> bool {
        let at = self.at.get(&addr);
        at.is_none_or(|&index| matches!(self.actors[index].1, Actor::Dead))
    }

    /// What a hostile node has spent on naming a victim.
    pub(super) fn spent_on(&self, index: usize, victim: IpAddr) -> u64 {
        match &self.actors[index].1 {
            Actor::Hostile(hostile) => hostile.spent.get(&victim).copied().unwrap_or_default(),
            _ => 0,
        }
    }

    /// What it has spent on naming all of them: each datagram counts once.
    pub(super) fn spent_on_all(&self, index: usize) -> u64 {
        match &self.actors[index].1 {
            Actor::Hostile(hostile) => hostile.spent_in_all,
            _ => 0,
        }
    }

    pub(super) fn addr(&self, index: usize) -> SocketAddr {
        self.actors[index].0
    }

    pub(super) fn node(&self, index: usize) -> Option<&Node> {
        match &self.actors[index].1 {
            Actor::Honest(node) => Some(node),
            _ => None,
        }
    }

    /// Does something with an honest node, at this moment.
    pub(super) fn with<T>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut Node, Duration) -> T,
    ) -> T {
        let now = self.now;
        let Actor::Honest(node) = &mut self.actors[index].1 else {
            panic!("{index} is not honest");
        };
        let result = act(node, now);
        self.drain(index);
        result
    }

    /// Puts a datagram on its way: it takes 20 to 150 ms, if it is not lost.
    pub(super) fn carry(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if self.rng.random_range(0..100) < self.loss {
            return;
        }
        let delay = Duration::from_millis(self.rng.random_range(20..150));
        self.count += 1;
        self.on_the_way
            .insert((self.now + delay, self.count), (from, to, bytes));
    }

    /// Fetches all that a node has to send and to tell.
    fn drain(&mut self, index: usize) {
        let (addr, actor) = &mut self.actors[index];
        let (addr, Actor::Honest(node)) = (*addr, actor) else {
            return;
        };
        let sent: Vec<_> = std::iter::from_fn(|| node.poll_transmit()).collect();
        let events: Vec<_> = std::iter::from_fn(|| node.poll_event()).collect();
        let wake = node.poll_timeout();
        for transmit in sent {
            assert!(transmit.bytes.len() <= crate::limits::MAX_DATAGRAM);
            assert!(crate::address::is_somewhere(transmit.to), "{}", transmit.to);
            *self.sent_to.entry(transmit.to.ip()).or_default() += transmit.bytes.len() as u64;
            self.carry(addr, transmit.to, transmit.bytes);
        }
        for event in events {
            self.note(index, event);
        }
        if self.wake_of[index] != wake {
            if let Some(before) = self.wake_of[index] {
                self.wakes.remove(&(before, index));
            }
            self.wakes.extend(wake.map(|at| (at, index)));
            self.wake_of[index] = wake;
        }
    }

    fn note(&mut self, index: usize, event: Event) {
        let (Event::Peers { lookup, .. }
        | Event::Heard { lookup, .. }
        | Event::Ended { lookup, .. }) = event
        else {
            return;
        };
        let told = self.told.entry((index, lookup)).or_default();
        match event {
            Event::Heard { step, .. } => told.steps.push(step),
            Event::Peers { by, peers, .. } => {
                let namer = told.steps.last().filter(|step| Some(step.addr) == by);
                let hops = namer.map_or(0, |step| step.hops);
                for peer in peers {
                    assert!(told.peers.insert(peer, hops).is_none(), "each peer once");
                }
            }
            Event::Ended { summary, .. } => {
                assert!(told.summary.replace(summary).is_none(), "it ends once");
            }
            Event::Moved { .. } => {}
        }
    }

    /// Goes on to this moment.
    pub(super) fn run_until(&mut self, end: Duration) {
        loop {
            let arrival = self.on_the_way.keys().next().map(|&(at, _)| at);
            let wake = self.wakes.first().map(|&(at, _)| at);
            let next = arrival.into_iter().chain(wake).min();
            let Some(next) = next.filter(|&at| at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (_, (from, to, bytes)) = self.on_the_way.pop_first().expect("it is there");
                self.arrive(from, to, &bytes);
            } else {
                let (_, index) = self.wakes.first().copied().expect("it is there");
                self.with(index, |node, now| {
                    node.handle_timeout(now);
                    let due = node.poll_timeout();
                    assert!(due.is_none_or(|due| due > now), "what is due was done");
                });
            }
        }
        self.now = end;
    }

    pub(super) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Some(&index) = self.at.get(&to) else {
            return;
        };
        let now = self.now;
        match &mut self.actors[index].1 {
            Actor::Dead => {}
            Actor::Honest(node) => {
                node.handle(from, bytes, now);
                self.drain(index);
            }
            Actor::Hostile(hostile) => {
                for (source, to, bytes) in hostile.answer(to, from, bytes) {
                    self.carry(source, to, bytes);
                }
            }
        }
    }

    /// Runs until a lookup is over, and says what it told.
    pub(super) fn finish(&mut self, index: usize, lookup: LookupId) -> &Told {
        let begun = self.now;
        let is_over = |network: &Network| {
            let told = network.told.get(&(index, lookup));
            told.is_some_and(|told| told.summary.is_some())
        };
        while !is_over(self) {
            assert!(self.now < begun + Duration::from_secs(120), "a lookup ends");
            self.run_for(Duration::from_millis(500));
        }
        &self.told[&(index, lookup)]
    }
}

/// The ids of a network in order, by which it can be told who is in which bucket of whom.
pub(super) struct Ids {
    sorted: Vec<Contact>,
}

impl Ids {
    pub(super) fn new(mut contacts: Vec<Contact>) -> Ids {
        contacts.sort_by_key(|contact| contact.id);
        Ids { sorted: contacts }
    }

    /// Up to so many of those that belong into each bucket of this node, drawn by lot: the table of
    /// somebody who has been there for long.
    pub(super) fn table_of(&self, own: Id, count: usize, rng: &mut ChaCha8Rng) -> Vec<Contact> {
        let mut table = Vec::new();
        for shared in 0..Id::BITS {
            let (first, last) = bucket(own, shared);
            let from = self.sorted.partition_point(|contact| contact.id < first);
            let to = self.sorted.partition_point(|contact| contact.id <= last);
            let range = &self.sorted[from..to];
            if range.len() <= count {
                table.extend_from_slice(range);
            } else {
                table.extend((0..count).map(|_| range[rng.random_range(0..range.len())]));
            }
        }
        table
    }

    /// The closest to an id of all.
    pub(super) fn closest(&self, target: Id, count: usize) -> Vec<Contact> {
        let mut all = self.sorted.clone();
        all.sort_by_key(|contact| contact.id.distance(target));
        all.truncate(count);
        all
    }
}

/// The first and the last id that shares exactly so many bits with this one.
fn bucket(own: Id, shared: usize) -> (Id, Id) {
    let (mut first, mut last) = (own, own);
    let mask = 0x80 >> (shared % 8);
    for id in [&mut first, &mut last] {
        id.0[shared / 8] ^= mask;
    }
    let below: u8 = mask - 1;
    first.0[shared / 8] &= !below;
    last.0[shared / 8] |= below;
    for at in shared / 8 + 1..20 {
        first.0[at] = 0;
        last.0[at] = 0xff;
    }
    (first, last)
}
