//! A node of the DHT: what it does with each datagram, and when.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::address::{Host, canonical, is_somewhere};
use crate::generations::Generations;
use crate::krpc::{Body, Message};
use crate::ledger::Ledger;
use crate::limits::{
    ANSWER_BURST, ANSWER_RATE, ASK_BURST, ASK_RATE, MAX_ADDRESSES, READ_BURST, READ_RATE, TICK,
};
use crate::rate::Rate;
use crate::snapshot::Traffic;
use crate::store::Store;
use crate::table::Table;
use crate::tokens::Tokens;
use crate::{Family, Id, is_local};

mod ask;
mod config;
mod event;
mod found;
mod hear;
mod home;
mod keep;
mod pending;
mod reach;
mod running;
mod search;
mod seeds;
mod serve;
mod upkeep;
mod votes;

pub use config::{Announcing, Config, ReadOnly, Search, SearchError};
pub use event::{Event, LookupId, Said, Step, Summary};
use home::Home;
use pending::Pending;
use reach::Reach;
use running::Running;
use serve::Held;

/// A datagram to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// To this address, over the socket of its family.
    pub to: SocketAddr,
    /// Its bytes, at most [`MAX_DATAGRAM`](crate::limits::MAX_DATAGRAM).
    pub bytes: Vec<u8>,
}

/// A node: it answers others, and finds peers for us.
///
/// It is driven from outside. [`handle`](Node::handle) takes every datagram that came;
/// [`handle_timeout`](Node::handle_timeout) is called when [`poll_timeout`](Node::poll_timeout) says.
/// After each call, what is to be sent is fetched from [`poll_transmit`](Node::poll_transmit) and what
/// has happened from [`poll_event`](Node::poll_event), until there is no more.
///
/// `now` is the time since any moment, always the same; it never goes back. The same calls, with the
/// same random numbers at the beginning, give the same datagrams.
#[derive(Clone, Debug)]
pub struct Node {
    config: Config,
    rng: ChaCha12Rng,
    /// What we are in each of the two networks.
    v4: Option<Home>,
    v6: Option<Home>,
    next_lookup: u64,
    lookups: BTreeMap<LookupId, Running>,
    pending: Pending,
    store: Store,
    tokens: Tokens,
    reach: Reach,
    ledger: Ledger,
    /// Who has asked how much lately.
    askers: Generations<Host, Rate>,
    /// Questions whose askers are to prove themselves first.
    held: BTreeMap<SocketAddr, Vec<Held>>,
    read_rate: Rate,
    ask_rate: Rate,
    answer_rate: Rate,
    /// Something waits until we may ask again: until then.
    retry: Option<Duration>,
    next_tick: Duration,
    traffic: Traffic,
    outbox: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Node {
    /// A node that knows nobody yet. Its ids are random until others have told it where it is.
    pub fn new(config: Config, now: Duration, rng: &mut impl Rng) -> Node {
        // Its numbers must not be guessed: they come from a generator of its own, which is a good one.
        let mut rng = ChaCha12Rng::from_seed(rng.random());
        let home = |rng: &mut ChaCha12Rng| Home::new(Id::random(rng), now);
        Node {
            config,
            v4: config.v4.then(|| home(&mut rng)),
            v6: config.v6.then(|| home(&mut rng)),
            next_lookup: 0,
            lookups: BTreeMap::new(),
            pending: Pending::default(),
            store: Store::default(),
            tokens: Tokens::new(now, &mut rng),
            reach: Reach::new(config.read_only),
            ledger: Ledger::new(),
            askers: Generations::new(MAX_ADDRESSES),
            held: BTreeMap::new(),
            read_rate: Rate::new(READ_RATE, READ_BURST, now),
            ask_rate: Rate::new(ASK_RATE, ASK_BURST, now),
            answer_rate: Rate::new(ANSWER_RATE, ANSWER_BURST, now),
            retry: None,
            next_tick: now,
            traffic: Traffic::default(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            rng,
        }
    }

    /// Our id in the network of a family, if we are in it.
    pub fn id(&self, family: Family) -> Option<Id> {
        self.home(family).map(|home| home.table.own())
    }

    /// Where we are, by the word of so many nodes of a family that we believe it (BEP 42).
    pub fn seen_at(&self, family: Family) -> Option<IpAddr> {
        self.home(family)?.seen_at
    }

    /// Takes another id in the network of a family: for who knows its address, or comes back. It is
    /// looked for soon, to get to know those who are near.
    pub fn set_id(&mut self, family: Family, id: Id, now: Duration) {
        if let Some(home) = self.home_mut(family) {
            home.table = home.table.seen_from(id, now);
            self.join(family, now);
        }
    }

    /// Whether we ask without being asked (BEP 43).
    pub fn is_read_only(&self, now: Duration) -> bool {
        self.reach.is_read_only(now)
    }

    // ANCHOR: handle
    /// Takes a datagram that came from this address. What is no question, and no answer to a question of
    /// ours from where it was sent to, changes nothing.
    pub fn handle(&mut self, from: SocketAddr, datagram: &[u8], now: Duration) {
        let from = canonical(from);
        if !self.is_ours(from) {
            return;
        }
        // In a flood, what we wait for is read all the same: as many datagrams as answers are to come.
        if !self.pending.lets_in(from) && !self.read_rate.spend(1, now) {
            self.traffic.dropped += 1;
            return;
        }
        self.traffic.came(datagram.len());
        self.ledger.came(from, datagram.len());
        let Ok(message) = Message::decode(datagram) else {
            self.traffic.dropped += 1;
            return;
        };
        match message.body {
            Body::Query(query) => {
                let is_read_only = message.read_only;
                self.serve(from, message.transaction, query, is_read_only, now);
            }
            Body::Response(response) => {
                let (number, ip) = (&message.transaction, message.ip);
                self.hear(from, number, response, ip, datagram.len(), now);
            }
            Body::Error(refusal) => self.hear_refusal(from, &message.transaction, refusal, now),
        }
    }
    // ANCHOR_END: handle

    /// Does what is due. To be called at [`poll_timeout`](Node::poll_timeout); at other times it does
    /// nothing.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some((addr, purpose)) = self.pending.expired(now) {
            self.hear_nothing(addr, purpose, now);
        }
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.tick(now);
        }
        self.drive_late(now);
    }

    /// The next datagram to send, if there is one.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outbox.pop_front()
    }

    /// The next thing that has happened, if there is one.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Node::handle_timeout) is to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let lookups = self.lookups.values().filter_map(Running::due);
        let others = [self.pending.due(), self.retry, Some(self.next_tick)];
        lookups.chain(others.into_iter().flatten()).min()
    }

    /// Whether somebody at this address is any of our business.
    fn is_ours(&self, addr: SocketAddr) -> bool {
        let has_socket = self.home(Family::from(addr)).is_some();
        has_socket && is_somewhere(addr) && (self.config.local || !is_local(addr.ip()))
    }

    fn home(&self, family: Family) -> Option<&Home> {
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
    }

    fn home_mut(&mut self, family: Family) -> Option<&mut Home> {
        match family {
            Family::V4 => self.v4.as_mut(),
            Family::V6 => self.v6.as_mut(),
        }
    }

    pub(crate) fn table(&self, family: Family) -> Option<&Table> {
        self.home(family).map(|home| &home.table)
    }
}

#[cfg(test)]
mod tests;
