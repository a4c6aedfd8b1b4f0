//! Nodes that mean no good.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::krpc::{Ask, Body, Message, Query, Response};
use crate::{Contact, Id};

/// What a hostile node does when it is asked for nodes or peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Names nodes that are nearer than anybody, at addresses where nobody is.
    Invents,
    /// Says that it is nearer than anybody itself, and names its friends as such.
    Claims,
    /// Gives a token, and forgets what is announced.
    Forgets,
    /// Names the victims, each under many ids.
    Points,
    /// Sends twenty answers for one, most of them forged or broken, and questions.
    Floods,
    /// Names a hundred peers that are none.
    Fakes,
    /// Says nothing.
    Silent,
}

pub(super) const HABITS: [Habit; 7] = [
    Habit::Invents,
    Habit::Claims,
    Habit::Forgets,
    Habit::Points,
    Habit::Floods,
    Habit::Fakes,
    Habit::Silent,
];

pub(super) struct Hostile {
    pub(super) id: Id,
    pub(super) habit: Habit,
    pub(super) friends: Vec<SocketAddr>,
    pub(super) victims: Vec<SocketAddr>,
    rng: ChaCha8Rng,
    /// The bytes spent in datagrams that name each victim, whether or not they arrive.
    pub(super) spent: BTreeMap<IpAddr, u64>,
    /// The same in all: each datagram once, however many it names.
    pub(super) spent_in_all: u64,
}

/// From, to, and what.
type Sent = (SocketAddr, SocketAddr, Vec<u8>);

impl Hostile {
    pub(super) fn new(id: Id, habit: Habit, seed: u64) -> Hostile {
        Hostile {
            id,
            habit,
            friends: Vec::new(),
            victims: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            spent: BTreeMap::new(),
            spent_in_all: 0,
        }
    }

    /// What it sends when a datagram comes.
    pub(super) fn answer(&mut self, us: SocketAddr, from: SocketAddr, bytes: &[u8]) -> Vec<Sent> {
        let Ok(Message {
            transaction,
            body: Body::Query(query),
            ..
        }) = Message::decode(bytes)
        else {
            return vec![];
        };
        if self.habit == Habit::Silent {
            return vec![];
        }
        let target = match query.ask {
            Ask::FindNode { target, .. } => Some(target),
            Ask::GetPeers(wanted) => Some(wanted.info_hash.into()),
            _ => None,
        };
        let mut response = Response::of(self.id);
        if let Some(target) = target {
            response.token = Some(b"no token".to_vec());
            self.lie(target, &mut response);
        }
        let answer = encode(transaction.clone(), Body::Response(response));
        let mut sent = vec![(us, from, answer)];
        if self.habit == Habit::Floods {
            self.flood(us, from, transaction, &mut sent);
        }
        sent
    }

    fn lie(&mut self, target: Id, response: &mut Response) {
        match self.habit {
            Habit::Invents => response.nodes = (0..16).map(|_| self.invent(target)).collect(),
            Habit::Claims => {
                response.id = self.near(target);
                let friends = self.friends.clone();
                let named = friends.into_iter().take(8);
                response.nodes = named
                    .map(|addr| Contact {
                        id: self.near(target),
                        addr,
                    })
                    .collect();
            }
            Habit::Points => {
                let victims = self.victims.clone();
                for _ in 0..8 {
                    let victim = victims[self.rng.random_range(0..victims.len())];
                    // One that is asked first, on some port.
                    let id = Id::for_address(victim.ip(), &mut self.rng);
                    let id = if self.rng.random() {
                        id
                    } else {
                        self.near(target)
                    };
                    let addr = SocketAddr::new(victim.ip(), self.rng.random_range(1..=u16::MAX));
                    response.nodes.push(Contact { id, addr });
                }
                let message = encode(vec![0; 4], Body::Response(response.clone()));
                self.spent_in_all += message.len() as u64;
                let named: std::collections::BTreeSet<IpAddr> =
                    response.nodes.iter().map(|node| node.addr.ip()).collect();
                for ip in named {
                    *self.spent.entry(ip).or_default() += message.len() as u64;
                }
            }
            Habit::Fakes => {
                let ips = (0..100).map(|_| Ipv4Addr::from_bits(self.rng.random()));
                response.values = ips.map(|ip| (ip, 6881).into()).collect();
            }
            Habit::Forgets | Habit::Floods | Habit::Silent => {}
        }
    }

    fn flood(&mut self, us: SocketAddr, to: SocketAddr, number: Vec<u8>, sent: &mut Vec<Sent>) {
        for _ in 0..20 {
            let mut forged = Response::of(Id::random(&mut self.rng));
            forged.values = vec![(Ipv4Addr::from_bits(self.rng.random()), 6666).into(); 3];
            // The right number from the wrong place, the wrong one from the right place, and again.
            let elsewhere = SocketAddr::new(us.ip(), us.port() ^ 1);
            let wrong = self.rng.random::<[u8; 4]>().to_vec();
            let body = Body::Response(forged);
            sent.push((elsewhere, to, encode(number.clone(), body.clone())));
            sent.push((us, to, encode(wrong, body)));
            let ask = Ask::FindNode {
                target: self.id,
                want: Default::default(),
            };
            let question = Body::Query(Query { id: self.id, ask });
            sent.push((us, to, encode(b"qq".to_vec(), question)));
            let junk: [u8; 40] = self.rng.random();
            sent.push((us, to, junk.to_vec()));
        }
    }

    /// A node that does not exist, very near.
    fn invent(&mut self, target: Id) -> Contact {
        let ip = Ipv4Addr::from_bits(self.rng.random());
        let id = self.near(target);
        Contact {
            id,
            addr: (ip, 6881).into(),
        }
    }

    /// An id that shares 100 bits with another one. Nobody's does by chance.
    fn near(&mut self, target: Id) -> Id {
        target.random_beside(100, &mut self.rng)
    }
}

pub(super) fn encode(transaction: Vec<u8>, body: Body) -> Vec<u8> {
    Message {
        transaction,
        version: None,
        read_only: false,
        ip: None,
        body,
    }
    .encode()
}
