//! A network of peers in one program: no sockets, and minutes that pass when we say so. What they say
//! to each other are the real messages.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use exchange::limits::INTERVAL;
use exchange::{Flags, Heard, Inbox, Outbox};
use rand::Rng;
use rand::seq::IndexedRandom;

/// Peers by their numbers, from 0.
pub struct Network {
    peers: Vec<Peer>,
    now: Duration,
}

/// One of them: its connections, and where it listens.
struct Peer {
    addr: SocketAddr,
    links: BTreeMap<usize, Link>,
    is_here: bool,
}

/// What a peer knows of a connection of its own.
struct Link {
    outbox: Outbox,
    inbox: Inbox,
}

/// What one has told another.
pub struct Told {
    pub from: usize,
    pub to: usize,
    pub bytes: usize,
    pub added: Vec<usize>,
    pub dropped: Vec<usize>,
}

/// What has happened in a minute.
#[derive(Default)]
pub struct Happened {
    pub told: Vec<Told>,
    /// Who has called whom.
    pub called: Vec<(usize, usize)>,
    /// Who has called somebody who is not there.
    pub in_vain: Vec<(usize, usize)>,
}

/// What one peer knows of another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Knows {
    Itself,
    Connected,
    HasHeard,
    Nothing,
}

impl Network {
    /// Peers of which each is connected to the one before and the one behind.
    pub fn chain(count: usize) -> Network {
        let peer = |n: usize| Peer {
            addr: SocketAddr::from(([10, 0, 0, n as u8 + 1], 6881)),
            links: BTreeMap::new(),
            is_here: true,
        };
        let mut network = Network {
            peers: (0..count).map(peer).collect(),
            now: Duration::ZERO,
        };
        for n in 1..count {
            network.connect(n - 1, n);
        }
        network
    }

    /// How many peers there are, or were.
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// What one knows of another.
    pub fn knows(&self, one: usize, other: usize) -> Knows {
        let addr = self.peers[other].addr;
        let mut links = self.peers[one].links.values();
        let mut has_heard = || links.any(|link| link.inbox.contacts().any(|c| c.addr == addr));
        if one == other {
            Knows::Itself
        } else if self.peers[one].links.contains_key(&other) {
            Knows::Connected
        } else if has_heard() {
            Knows::HasHeard
        } else {
            Knows::Nothing
        }
    }

    /// Whether everybody is connected to everybody.
    pub fn is_complete(&self) -> bool {
        let links = self.peers.iter().map(|peer| peer.links.len());
        links.sum::<usize>() == self.peers() * (self.peers() - 1)
    }

    /// One goes: all its connections break.
    pub fn lose(&mut self, gone: usize) {
        self.peers[gone].is_here = false;
        self.peers[gone].links.clear();
        for peer in &mut self.peers {
            peer.links.remove(&gone);
        }
    }

    /// A minute: everybody tells everybody he is connected to what is new, and then calls some of whom
    /// he has heard.
    pub fn minute(&mut self, calls: usize, rng: &mut impl Rng) -> Happened {
        self.now += INTERVAL;
        let mut happened = Happened::default();
        for from in 0..self.peers() {
            self.tell(from, &mut happened, rng);
        }
        for caller in 0..self.peers() {
            let heard: Vec<usize> = (0..self.peers())
                .filter(|&other| self.knows(caller, other) == Knows::HasHeard)
                .collect();
            let chosen: Vec<usize> = heard.sample(rng, calls).copied().collect();
            for called in chosen {
                if !self.peers[called].is_here {
                    happened.in_vain.push((caller, called));
                } else if self.connect(caller, called) {
                    happened.called.push((caller, called));
                }
            }
        }
        happened
    }

    /// Connects two, unless they are connected already.
    fn connect(&mut self, one: usize, other: usize) -> bool {
        if self.peers[one].links.contains_key(&other) {
            return false;
        }
        for (one, other) in [(one, other), (other, one)] {
            let link = Link {
                outbox: Outbox::new(),
                inbox: Inbox::new(self.peers[other].addr.ip()),
            };
            self.peers[one].links.insert(other, link);
        }
        true
    }

    /// One tells all that it is connected to.
    fn tell(&mut self, from: usize, happened: &mut Happened, rng: &mut impl Rng) {
        let links = self.peers[from].links.keys();
        let connected: BTreeMap<SocketAddr, Flags> = links
            .map(|&other| (self.peers[other].addr, Flags::NONE))
            .collect();
        let others: Vec<usize> = self.peers[from].links.keys().copied().collect();
        for to in others {
            let receiver = Some(self.peers[to].addr);
            let Some(link) = self.peers[from].links.get_mut(&to) else {
                continue;
            };
            let Some(message) = link.outbox.next(receiver, &connected, self.now, rng) else {
                continue;
            };
            let body = message.encode();
            let Some(link) = self.peers[to].links.get_mut(&from) else {
                continue;
            };
            if let Ok(Heard::News { added, dropped }) = link.inbox.handle(&body, self.now) {
                happened.told.push(Told {
                    from,
                    to,
                    bytes: body.len(),
                    added: added
                        .iter()
                        .filter_map(|new| self.number(new.addr))
                        .collect(),
                    dropped: dropped
                        .iter()
                        .filter_map(|&gone| self.number(gone))
                        .collect(),
                });
            }
        }
    }

    /// Who is at this address.
    fn number(&self, addr: SocketAddr) -> Option<usize> {
        self.peers.iter().position(|peer| peer.addr == addr)
    }
}
