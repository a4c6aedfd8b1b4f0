//! What comes of our questions.

use std::net::SocketAddr;
use std::time::Duration;

use super::pending::Purpose;
use super::{Event, Node, Said};
use crate::address::is_somewhere;
use crate::krpc::{Refusal, Response};
use crate::limits::MOVE_AGAIN;
use crate::{Contact, Family, Id, is_local};

impl Node {
    // ANCHOR: hear
    /// Somebody sends an answer. It is one if we asked there, and with this number.
    pub(super) fn hear(
        &mut self,
        from: SocketAddr,
        number: &[u8],
        response: Response,
        ip: Option<SocketAddr>,
        bytes: usize,
        now: Duration,
    ) {
        let Some(purpose) = self.pending.take(from, number) else {
            self.traffic.dropped += 1;
            return;
        };
        self.traffic.answers_in += 1;
        self.ledger.prove(from, now);
        self.reach.answered(now);
        let contact = Contact {
            id: response.id,
            addr: from,
        };
        if let Some(home) = self.home_mut(Family::from(from)) {
            home.table.answered(contact, now);
        }
        self.answer_held(from, now);
        // Only those whom we have chosen ourselves are believed: others can have us ping them.
        match purpose {
            Purpose::Ping | Purpose::Prove => {}
            Purpose::Step(lookup) => {
                self.answered(lookup, contact, response, bytes, now);
                self.believe(from, ip, now);
            }
            Purpose::Announce(lookup) => {
                self.announced(lookup, true, now);
                self.believe(from, ip, now);
            }
        }
    }
    // ANCHOR_END: hear

    /// Somebody sends an error: it is there, but has nothing for us.
    pub(super) fn hear_refusal(
        &mut self,
        from: SocketAddr,
        number: &[u8],
        refusal: Refusal,
        now: Duration,
    ) {
        let Some(purpose) = self.pending.take(from, number) else {
            self.traffic.dropped += 1;
            return;
        };
        self.traffic.answers_in += 1;
        self.ledger.prove(from, now);
        // Who answers nothing else is of no use. Only an announce may be refused for good reasons.
        let is_useless = !matches!(purpose, Purpose::Announce(_));
        if let Some(home) = self.home_mut(Family::from(from)).filter(|_| is_useless) {
            home.table.failed(from);
        }
        self.answer_held(from, now);
        match purpose {
            Purpose::Ping | Purpose::Prove => {}
            Purpose::Step(lookup) => {
                let Refusal { code, text } = refusal;
                self.unanswered(lookup, from, Said::Refused { code, text }, now);
            }
            Purpose::Announce(lookup) => self.announced(lookup, false, now),
        }
    }

    /// Nothing has come from there in time.
    pub(super) fn hear_nothing(&mut self, addr: SocketAddr, purpose: Purpose, now: Duration) {
        self.traffic.unanswered += 1;
        if let Some(home) = self.home_mut(Family::from(addr)) {
            home.table.failed(addr);
        }
        match purpose {
            Purpose::Ping => {}
            Purpose::Prove => {
                self.held.remove(&addr);
            }
            Purpose::Step(lookup) => self.unanswered(lookup, addr, Said::Nothing, now),
            Purpose::Announce(lookup) => self.announced(lookup, false, now),
        }
    }

    /// Somebody says where he sees us. When enough do, our id is made to fit, if that was not done
    /// [`MOVE_AGAIN`] ago or less.
    fn believe(&mut self, by: SocketAddr, ip: Option<SocketAddr>, now: Duration) {
        let family = Family::from(by);
        let Some(ip) = ip.filter(|&ip| Family::from(ip) == family) else {
            return;
        };
        let ip = ip.ip().to_canonical();
        if !is_somewhere(SocketAddr::new(ip, 1)) {
            return;
        }
        let Some(home) = self.home_mut(family).filter(|_| !is_local(by.ip())) else {
            return;
        };
        let Some(ip) = home.votes.add(by, ip) else {
            return;
        };
        home.seen_at = Some(ip);
        if home.table.own().fits(ip) {
            return;
        }
        if home.moved.is_some_and(|at| now < at + MOVE_AGAIN) {
            return;
        }
        home.moved = Some(now);
        let id = Id::for_address(ip, &mut self.rng);
        self.set_id(family, id, now);
        self.events.push_back(Event::Moved { ip, id });
    }
}
