//! Asking: how a question of ours gets out.

use std::net::SocketAddr;
use std::time::Duration;

use super::pending::Purpose;
use super::{Node, Transmit};
use crate::krpc::{Ask, Body, Message, Query};
use crate::limits::ASK_AGAIN;
use crate::{Family, Id, VERSION};

impl Node {
    /// Asks whether somebody is at this address: for what a peer says in a `port` message (BEP 5), or
    /// somebody in a torrent's `nodes`. Who answers may get a place in the table.
    ///
    /// Nothing goes to where we have asked in the last minutes, or where nobody can be.
    pub fn ping(&mut self, addr: SocketAddr, now: Duration) {
        let addr = crate::address::canonical(addr);
        if !self.ledger.was_called(addr, now) && self.may_ask(now) {
            self.ask(addr, Ask::Ping, Purpose::Ping, now);
        }
    }

    /// Sends a question, and whether it did. Nobody is asked who cannot be there.
    pub(super) fn ask(
        &mut self,
        to: SocketAddr,
        ask: Ask,
        purpose: Purpose,
        now: Duration,
    ) -> bool {
        let Some(own) = self.id(Family::from(to)) else {
            return false;
        };
        if !self.is_ours(to) || !self.pending.has_room(to) {
            return false;
        }
        if purpose != Purpose::Prove {
            self.ask_rate.spend(1, now);
        }
        let number = self.pending.insert(to, purpose, now, &mut self.rng);
        let message = question(own, ask, number, self.reach.is_read_only(now));
        self.ledger.called(to, now);
        self.traffic.questions_out += 1;
        self.send(to, message.encode());
        true
    }

    /// Whether we may ask something now; if not, whoever wants to is called again.
    pub(super) fn may_ask(&mut self, now: Duration) -> bool {
        let may = self.ask_rate.has(1, now);
        if !may {
            self.retry.get_or_insert(now + ASK_AGAIN);
        }
        may
    }

    /// How many bytes such a question has.
    pub(super) fn cost(&self, own: Id, ask: &Ask, now: Duration) -> usize {
        let is_read_only = self.reach.is_read_only(now);
        question(own, ask.clone(), [0; 4], is_read_only)
            .encode()
            .len()
    }

    pub(super) fn send(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        self.ledger.went(to, bytes.len());
        self.traffic.went(bytes.len());
        self.outbox.push_back(Transmit { to, bytes });
    }
}

fn question(own: Id, ask: Ask, number: [u8; 4], read_only: bool) -> Message {
    Message {
        transaction: number.to_vec(),
        version: Some(VERSION.to_vec()),
        read_only,
        ip: None,
        body: Body::Query(Query { id: own, ask }),
    }
}
