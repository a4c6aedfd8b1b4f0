//! Trackers that are asked through a socket, and those who wait for their answers.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tracker::TIMEOUT;
use udp_tracker::{Client, RequestId, Transmit};

use super::{AskError, Question};

/// The client of all torrents that share the socket: so they share the connection ids, too.
#[derive(Default)]
pub(super) struct Trackers {
    client: Client,
    waiting: BTreeMap<RequestId, Question>,
}

impl Trackers {
    pub fn ask(&mut self, question: Question, now: Duration) {
        let (to, ask) = (question.to, question.ask.clone());
        let started = self.client.start(to, ask, TIMEOUT, now, &mut rand::rng());
        match started {
            Ok(id) => drop(self.waiting.insert(id, question)),
            Err(why) => {
                let why = AskError::Unreachable(why.to_string());
                let _ = question.answer.send(Err(why));
            }
        }
    }

    pub fn heard(&mut self, from: SocketAddr, datagram: &[u8], now: Duration) {
        self.client.handle(from, datagram, now);
        self.tell();
    }

    /// When to ring next.
    pub fn due(&self) -> Option<Duration> {
        self.client.poll_timeout()
    }

    /// Does what is due. For whom nobody waits any more is given up: nothing is sent again.
    pub fn ring(&mut self, now: Duration) {
        let is_over = |question: &Question| question.answer.is_closed();
        for (id, _) in self.waiting.extract_if(.., |_, question| is_over(question)) {
            self.client.cancel(id);
        }
        self.client.handle_timeout(now, &mut rand::rng());
        self.tell();
    }

    /// The next datagram to send.
    pub fn next(&mut self) -> Option<Transmit> {
        self.client.poll_transmit()
    }

    /// The system has no way to this address: who asks there need not wait.
    pub fn unreachable(&mut self, to: SocketAddr, error: &io::Error) {
        let is_there = |question: &Question| question.to == to;
        for (id, question) in self
            .waiting
            .extract_if(.., |_, question| is_there(question))
        {
            self.client.cancel(id);
            let why = AskError::Unreachable(error.to_string());
            let _ = question.answer.send(Err(why));
        }
    }

    /// Tells what has ended.
    fn tell(&mut self) {
        while let Some(ended) = self.client.poll_event() {
            if let Some(question) = self.waiting.remove(&ended.id) {
                let _ = question.answer.send(ended.result.map_err(AskError::from));
            }
        }
    }
}
