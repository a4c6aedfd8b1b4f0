//! The node, and those who wait for what it finds.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use dht::{Config, Event, Family, LookupId, Node, ReadOnly, Saved, Search, SearchError, Transmit};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::kept::{self, Place};
use super::{DhtOptions, Found, Order, Routers, Searched};
use crate::node::route::Route;

/// Whom the node knows is written down so often.
const KEEP: Duration = Duration::from_secs(15 * 60);

/// The names of routers are not looked up again before so long.
const ROUTERS_AGAIN: Duration = Duration::from_secs(10 * 60);

/// Names that a torrent has, of which so many are looked up.
const MOST_NAMES: usize = 8;

/// Something that was done beside.
#[derive(Debug)]
pub(in crate::node) enum Done {
    /// The file was read.
    Read(kept::Read),
    /// The file was written, or not.
    Kept(Place),
    /// A name was looked up.
    Named(Vec<SocketAddr>),
}

/// A search of a torrent, in one network or both. When the last of them is over, so is this, and it is
/// told.
struct Seeker {
    found: mpsc::UnboundedSender<Found>,
    total: Cell<Searched>,
}

impl Drop for Seeker {
    fn drop(&mut self) {
        // Whoever has asked may be gone.
        let _ = self.found.send(Found::Ended(self.total.get()));
    }
}

/// A search in one network.
#[derive(Clone)]
struct Sought {
    search: Search,
    seeker: Rc<Seeker>,
    /// Nobody has answered the first time: it was tried from the routers.
    again: bool,
}

/// One endpoint's side of the DHT.
pub(in crate::node) struct Side {
    options: DhtOptions,
    listens: SocketAddr,
    route: Arc<Route>,
    /// There is none before somebody has asked.
    node: Option<Node>,
    /// Searches that cannot begin yet: the file is being read, or names are looked up.
    waiting: Vec<Sought>,
    searching: BTreeMap<LookupId, Sought>,
    /// Nodes that were named before anybody asked.
    names: Vec<(String, u16)>,
    errands: JoinSet<Done>,
    /// The file, while it is not being read or written.
    place: Option<Place>,
    /// It is being read.
    is_reading: bool,
    keep_at: Duration,
    routers_at: Option<Duration>,
}

impl Side {
    /// The side of a socket at this address.
    pub fn new(options: DhtOptions, listens: SocketAddr, route: Arc<Route>) -> Side {
        Side {
            options,
            listens,
            route,
            node: None,
            waiting: Vec::new(),
            searching: BTreeMap::new(),
            names: Vec::new(),
            errands: JoinSet::new(),
            place: None,
            is_reading: false,
            keep_at: KEEP,
            routers_at: None,
        }
    }

    /// What a torrent wants.
    pub fn order(&mut self, order: Order, now: Duration) {
        match order {
            Order::Node(addr) => {
                if let Some(node) = &mut self.node {
                    node.ping(addr, now);
                }
            }
            Order::Names(names) => {
                let names = names.into_iter().take(MOST_NAMES);
                match self.node {
                    Some(_) => names.for_each(|name| self.look_up(name)),
                    None => self.names.extend(names),
                }
            }
            Order::Search {
                info_hash,
                announce,
                found,
            } => {
                self.wake(now);
                let total = Cell::default();
                let seeker = Rc::new(Seeker { found, total });
                let sought = |family| Sought {
                    search: Search {
                        announce,
                        ..Search::of(info_hash, family)
                    },
                    seeker: seeker.clone(),
                    again: false,
                };
                self.waiting.extend([Family::V4, Family::V6].map(sought));
                self.begin(now);
            }
        }
        self.tell(now);
    }

    /// Somebody asks for the first time: there is a node from now on.
    fn wake(&mut self, now: Duration) {
        if self.node.is_some() {
            return;
        }
        let ip = self.listens.ip();
        let both = ip == IpAddr::from(std::net::Ipv6Addr::UNSPECIFIED);
        let local = self.options.is_local(self.listens);
        let config = Config {
            v4: both || ip.is_ipv4(),
            v6: ip.is_ipv6(),
            local,
            read_only: match local {
                true => ReadOnly::Never,
                false => ReadOnly::Unreachable,
            },
        };
        debug!(?config, "a node of the DHT");
        self.node = Some(Node::new(config, now, &mut rand::rng()));
        self.keep_at = now + KEEP;
        if let Some(folder) = self.options.state.clone() {
            self.is_reading = true;
            self.errands
                .spawn_blocking(move || Done::Read(kept::read(&folder)));
        }
        for name in std::mem::take(&mut self.names) {
            self.look_up(name);
        }
        if let Routers::Named(_) = self.options.routers {
            // Somebody wants it to begin from these.
            self.look_up_routers(now);
        }
    }

    /// Begins the searches that can begin. Those that nobody can be asked for wait as long as somebody
    /// may still be named.
    fn begin(&mut self, now: Duration) {
        // Whom the last run knew is known in a moment.
        let Some(node) = self.node.as_mut().filter(|_| !self.is_reading) else {
            return;
        };
        let mut alone = Vec::new();
        for sought in std::mem::take(&mut self.waiting) {
            match node.search(sought.search, now) {
                Ok(id) => drop(self.searching.insert(id, sought)),
                Err(SearchError::NobodyKnown) => alone.push(sought),
                Err(error) => debug!(family = ?sought.search.family, %error, "no search"),
            }
        }
        self.waiting = alone;
        if !self.waiting.is_empty() && self.errands.is_empty() {
            self.look_up_routers(now);
        }
        if self.errands.is_empty() {
            // Nobody will be named: they end.
            self.waiting.clear();
        }
    }

    fn look_up_routers(&mut self, now: Duration) {
        if self.routers_at.is_some_and(|at| now < at) {
            return;
        }
        self.routers_at = Some(now + ROUTERS_AGAIN);
        for router in self.options.routers(self.listens) {
            self.look_up(router);
        }
    }

    fn look_up(&mut self, (name, port): (String, u16)) {
        if let Ok(ip) = name.parse() {
            let addr = SocketAddr::new(ip, port);
            self.errands
                .spawn_local(async move { Done::Named(vec![addr]) });
            return;
        }
        let route = self.route.clone();
        self.errands.spawn_local(async move {
            let found = route.look_up(name.clone(), port).await;
            debug!(%name, ?found, "looked up a node of the DHT");
            Done::Named(found.unwrap_or_default())
        });
    }

    /// The next thing that was done beside; nothing if there is none to come.
    pub async fn done(&mut self) -> Option<Done> {
        loop {
            match self.errands.join_next().await? {
                Ok(done) => return Some(done),
                Err(error) => debug!(%error, "an errand for the DHT broke off"),
            }
        }
    }

    /// Takes what was done beside.
    pub fn did(&mut self, done: Done, now: Duration) {
        if let Some(node) = &mut self.node {
            match done {
                Done::Named(addrs) => addrs.iter().for_each(|&addr| node.add_seed(addr, now)),
                Done::Kept(place) => self.place = Some(place),
                Done::Read(read) => {
                    let bytes = read.bytes.unwrap_or_default();
                    restore(node, &bytes, read.place.is_some(), now);
                    self.place = read.place;
                    self.is_reading = false;
                }
            }
        }
        self.begin(now);
        self.tell(now);
    }

    /// A datagram has come that is none of anybody else's.
    pub fn heard(&mut self, from: SocketAddr, datagram: &[u8], now: Duration) {
        if let Some(node) = &mut self.node {
            node.handle(from, datagram, now);
            self.tell(now);
        }
    }

    /// When to ring next.
    pub fn due(&self) -> Option<Duration> {
        let node = self.node.as_ref()?;
        let due = node.poll_timeout().unwrap_or(Duration::MAX);
        Some(due.min(self.keep_at))
    }

    /// Does what is due.
    pub fn ring(&mut self, now: Duration) {
        if let Some(node) = &mut self.node {
            node.handle_timeout(now);
        }
        if now >= self.keep_at {
            self.keep_at = now + KEEP;
            self.keep(now);
        }
        self.tell(now);
    }

    /// The next datagram to send.
    pub fn next(&mut self) -> Option<Transmit> {
        self.node.as_mut()?.poll_transmit()
    }

    /// Has it written down whom the node knows, if it knows anybody.
    fn keep(&mut self, now: Duration) {
        let bytes = self.node.as_ref().and_then(|node| to_keep(node, now));
        let (Some(bytes), Some(_)) = (bytes, &self.place) else {
            return;
        };
        if let Some(place) = self.place.take() {
            self.errands.spawn_blocking(move || {
                write(&place, &bytes);
                Done::Kept(place)
            });
        }
    }

    /// The end: whom the node knows is written down once more. What is being written at this moment is
    /// as good.
    pub async fn end(mut self, now: Duration) {
        // It may have been a short life.
        while self.is_reading {
            match self.done().await {
                Some(Done::Read(read)) => (self.place, self.is_reading) = (read.place, false),
                Some(Done::Named(_) | Done::Kept(_)) => {}
                None => break,
            }
        }
        let bytes = self.node.as_ref().and_then(|node| to_keep(node, now));
        if let (Some(bytes), Some(place)) = (bytes, self.place.take()) {
            let written = tokio::task::spawn_blocking(move || write(&place, &bytes));
            // What a panic had to say was said on stderr.
            let _ = written.await;
        }
    }

    /// Tells what has happened.
    fn tell(&mut self, now: Duration) {
        let mut from_routers = false;
        while let Some(event) = self.node.as_mut().and_then(Node::poll_event) {
            match event {
                Event::Peers { lookup, peers, .. } => self.found(lookup, peers),
                Event::Ended { lookup, summary } => {
                    let Some(mut sought) = self.searching.remove(&lookup) else {
                        continue;
                    };
                    let seen_at = |family| self.node.as_ref()?.seen_at(family);
                    let seen_at = [Family::V4, Family::V6].map(seen_at);
                    let total = &sought.seeker.total;
                    let so_far = total.get();
                    total.set(Searched {
                        asked: so_far.asked + summary.asked,
                        answered: so_far.answered + summary.answered,
                        peers: so_far.peers + summary.peers,
                        announced: so_far.announced + summary.announced,
                        seen_at,
                    });
                    if summary.answered == 0 && !sought.again {
                        sought.again = true;
                        from_routers = true;
                        self.waiting.push(sought);
                    }
                }
                Event::Heard { .. } => {}
                Event::Moved { ip, id } => debug!(%ip, ?id, "others say where we are"),
            }
        }
        if from_routers {
            // Whom the last run knew is gone.
            self.look_up_routers(now);
            if self.errands.is_empty() {
                self.waiting.clear();
            }
        }
    }

    fn found(&mut self, lookup: LookupId, peers: Vec<SocketAddr>) {
        let Some(sought) = self.searching.get(&lookup) else {
            return;
        };
        if sought.seeker.found.send(Found::Peers(peers)).is_err() {
            self.searching.remove(&lookup);
            if let Some(node) = &mut self.node {
                node.cancel(lookup);
            }
        }
    }
}

fn write(place: &Place, bytes: &[u8]) {
    if let Err(error) = place.write(bytes) {
        warn!(%error, "cannot write the nodes of the DHT");
    }
}

/// Begins from whom the last run knew. The id that is kept is that of who writes the file: a second
/// program takes the others alone.
fn restore(node: &mut Node, bytes: &[u8], is_ours: bool, now: Duration) {
    if bytes.is_empty() {
        return;
    }
    let restored = match is_ours {
        true => node.restore(bytes, now),
        false => Saved::decode(bytes).map(|saved| {
            for contact in saved.nodes.iter().chain(&saved.nodes6) {
                node.add_seed(contact.addr, now);
            }
        }),
    };
    if let Err(error) = restored {
        warn!("{error}");
    }
}

/// What is to be kept: nothing of a node that knows nobody, which is worth less than what is there.
fn to_keep(node: &Node, now: Duration) -> Option<Vec<u8>> {
    let snapshot = node.snapshot(now);
    let mut places = [snapshot.v4, snapshot.v6].into_iter().flatten();
    let knows = places.any(|place| place.good + place.questionable > 0);
    knows.then(|| node.save(now))
}
