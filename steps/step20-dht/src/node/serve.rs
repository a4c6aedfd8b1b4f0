//! Answering the questions of others.
//!
//! An answer with eight nodes is three times as long as its question. Who writes a victim's address
//! into a question as its sender would have us send three bytes there for one of his. So the answer
//! waits: we ping the address first, which is shorter than what came, and answer in full when somebody
//! is there and says so. So we do, too, when there is room for him in our table. All nodes answer pings,
//! but those that are read-only (BEP 43); they get an answer that is no longer than their question: the
//! nearest node, and a token.

use std::net::SocketAddr;
use std::time::Duration;

use super::Node;
use super::pending::Purpose;
use crate::address::Host;
use crate::krpc::{AnnouncePeer, Ask, Body, GetPeers, Message, Query, Refusal, Response, Want};
use crate::limits::{K, MAX_DATAGRAM, MAX_HELD, MAX_VALUES_SENT, QUERIES_PER_SECOND, QUERY_BURST};
use crate::rate::Rate;
use crate::{Contact, Family, Id, VERSION, is_local};

/// A question whose asker is to prove himself first.
#[derive(Clone, Debug)]
pub(super) struct Held {
    number: Vec<u8>,
    query: Query,
}

/// How many of one address are held.
const MAX_HELD_AT: usize = 4;

/// How many nodes and peers are left in an answer that has to become shorter, and whether the token is.
const SHAPES: [(usize, usize, bool); 9] = [
    (K, MAX_VALUES_SENT, true),
    (K, 20, true),
    (K, 5, true),
    (2, 2, true),
    (1, 1, true),
    (1, 0, true),
    (0, 1, true),
    (1, 0, false),
    (0, 0, false),
];

impl Node {
    // ANCHOR: serve
    /// Somebody asks us something.
    pub(super) fn serve(
        &mut self,
        from: SocketAddr,
        number: Vec<u8>,
        query: Query,
        is_read_only: bool,
        now: Duration,
    ) {
        self.traffic.questions_in += 1;
        let Some(own) = self.id(Family::from(from)).filter(|&own| own != query.id) else {
            return;
        };
        if !self.ledger.was_called(from, now) {
            self.reach.called(now);
        }
        let new = || Rate::new(QUERIES_PER_SECOND, QUERY_BURST, now);
        let asker = self.askers.entry(Host::of(from), new);
        if self.reach.is_read_only(now) || !asker.spend(1, now) {
            self.traffic.dropped += 1;
            return;
        }
        let contact = Contact {
            id: query.id,
            addr: from,
        };
        let mut wants_proof = false;
        if let Some(home) = self.home_mut(Family::from(from)).filter(|_| !is_read_only) {
            home.table.asked(contact, now);
            wants_proof = home.table.wants(contact, now);
        }
        wants_proof &= !self.ledger.is_proven(from, now);
        // Two who wait for each other's answer to a ping wait for ever; an announce is taken once.
        let is_urgent = matches!(query.ask, Ask::Ping | Ask::AnnouncePeer(_));
        // Nothing is looked up that there is no room for.
        if !self.answer_rate.has(1, now) {
            self.traffic.dropped += 1;
            return;
        }
        let body = self.answer(from, own, &query, now);
        let held = Held { number, query };
        let message = reply(from, &held.number, body);
        let is_short = message.encode().len() <= self.ledger.may_send(from, now);
        let may_wait = !is_read_only && !is_urgent && (wants_proof || !is_short);
        if !may_wait || !self.hold(from, held, now) {
            self.reply(from, message, now);
        }
    }
    // ANCHOR_END: serve

    /// Sends an answer, as much of it as may go there.
    fn reply(&mut self, to: SocketAddr, message: Message, now: Duration) {
        let room = self.ledger.may_send(to, now).min(MAX_DATAGRAM);
        let Some(bytes) = shortened(message, room) else {
            self.traffic.dropped += 1;
            return;
        };
        if !self.answer_rate.spend(bytes.len(), now) {
            self.traffic.dropped += 1;
            return;
        }
        self.traffic.answers_out += 1;
        self.send(to, bytes);
    }

    /// Keeps a question until its asker has proven himself, and has him do so; whether it could.
    fn hold(&mut self, from: SocketAddr, held: Held, now: Duration) -> bool {
        if let Some(before) = self.held.get_mut(&from) {
            let has_room = before.len() < MAX_HELD_AT;
            if has_room {
                before.push(held);
            }
            return has_room;
        }
        let Some(own) = self.id(Family::from(from)) else {
            return false;
        };
        let ping = self.cost(own, &Ask::Ping, now);
        let may_ping = self.held.len() < MAX_HELD
            && ping <= self.ledger.may_send(from, now)
            // It is a part of the answer: who floods us with questions does not keep us from asking.
            && self.answer_rate.spend(ping, now)
            && self.ask(from, Ask::Ping, Purpose::Prove, now);
        if may_ping {
            self.held.insert(from, vec![held]);
        }
        may_ping
    }

    /// Somebody has proven himself: his questions are answered.
    pub(super) fn answer_held(&mut self, to: SocketAddr, now: Duration) {
        for held in self.held.remove(&to).unwrap_or_default() {
            let Some(own) = self.id(Family::from(to)) else {
                return;
            };
            let body = self.answer(to, own, &held.query, now);
            self.reply(to, reply(to, &held.number, body), now);
        }
    }

    /// What there is to answer.
    fn answer(&mut self, from: SocketAddr, own: Id, query: &Query, now: Duration) -> Body {
        self.tokens.turn(now, &mut self.rng);
        let response = match &query.ask {
            Ask::Ping => Response::of(own),
            Ask::FindNode { target, want } => Response {
                nodes: self.nodes(from, *target, *want, now),
                ..Response::of(own)
            },
            Ask::GetPeers(wanted) => self.peers(from, own, wanted, now),
            Ask::AnnouncePeer(announce) => return self.take_announce(from, own, announce, now),
            Ask::Unknown => return Body::Error(Refusal::unknown_method()),
        };
        Body::Response(response)
    }

    /// The nodes closest to an id, of the families that are wanted.
    fn nodes(&self, from: SocketAddr, target: Id, want: Want, now: Duration) -> Vec<Contact> {
        let is_v4 = from.is_ipv4();
        let nothing_said = want == Want::default();
        let families = [
            (Family::V4, want.v4 || (nothing_said && is_v4)),
            (Family::V6, want.v6 || (nothing_said && !is_v4)),
        ];
        let tables = families.into_iter().filter(|(_, is_wanted)| *is_wanted);
        let tables = tables.filter_map(|(family, _)| self.table(family));
        let nodes = tables.flat_map(|table| table.closest(target, K, now));
        nodes
            .filter(|node| node.addr != from)
            .filter(|node| is_local(from.ip()) || !is_local(node.addr.ip()))
            .collect()
    }

    fn peers(&mut self, from: SocketAddr, own: Id, wanted: &GetPeers, now: Duration) -> Response {
        let GetPeers {
            info_hash,
            want,
            noseed,
            scrape,
        } = *wanted;
        self.store.expire_of(info_hash, now);
        let rng = &mut self.rng;
        let values = self
            .store
            .some(info_hash, from, noseed, MAX_VALUES_SENT, rng);
        // Who takes no more peers of it gives no token (BEP 33), but to those who are among them.
        let token = (!self.store.is_full(info_hash, from))
            .then(|| self.tokens.give(from.ip(), info_hash).to_vec());
        let counts = match scrape {
            true => self.store.counts(info_hash),
            false => None,
        };
        Response {
            nodes: self.nodes(from, info_hash.into(), want, now),
            values,
            token,
            counts: counts.map(Box::new),
            ..Response::of(own)
        }
    }

    fn take_announce(
        &mut self,
        from: SocketAddr,
        own: Id,
        announce: &AnnouncePeer,
        now: Duration,
    ) -> Body {
        let info_hash = announce.info_hash;
        if !self.tokens.is_good(&announce.token, from.ip(), info_hash) {
            return Body::Error(Refusal::protocol("Bad Token"));
        }
        let mut peer = from;
        if !announce.implied_port {
            peer.set_port(announce.port);
        }
        match self.store.insert(info_hash, peer, announce.seed, own, now) {
            true => Body::Response(Response::of(own)),
            false => Body::Error(Refusal {
                code: 202,
                text: "No Room".to_owned(),
            }),
        }
    }
}

/// An answer, with all that belongs to one: who we are, and where we see the other (BEP 42).
fn reply(to: SocketAddr, number: &[u8], body: Body) -> Message {
    Message {
        transaction: number.to_vec(),
        version: Some(VERSION.to_vec()),
        read_only: false,
        ip: Some(to),
        body,
    }
}

/// The datagram, with as much as fits into so many bytes; none if nothing does.
fn shortened(mut message: Message, room: usize) -> Option<Vec<u8>> {
    let bytes = message.encode();
    if bytes.len() <= room {
        return Some(bytes);
    }
    // What is only nice to have goes first.
    if room < MAX_DATAGRAM {
        message.version = None;
        message.ip = None;
    }
    let Body::Response(full) = message.body.clone() else {
        return Some(message.encode()).filter(|bytes| bytes.len() <= room);
    };
    SHAPES.into_iter().find_map(|(nodes, values, has_token)| {
        let mut response = full.clone();
        response.nodes = at_most(nodes, &full.nodes);
        response.values.truncate(values);
        response.token = full.token.clone().filter(|_| has_token);
        if nodes < K {
            response.counts = None;
        }
        message.body = Body::Response(response);
        Some(message.encode()).filter(|bytes| bytes.len() <= room)
    })
}

/// The first so many nodes of each family.
fn at_most(count: usize, nodes: &[Contact]) -> Vec<Contact> {
    let of = |is_v4: bool| {
        nodes
            .iter()
            .filter(move |node| node.addr.is_ipv4() == is_v4)
    };
    of(true)
        .take(count)
        .chain(of(false).take(count))
        .copied()
        .collect()
}
