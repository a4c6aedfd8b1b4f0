//! Who has paid for what: that nobody can have us flood somebody who wants nothing of us.
//!
//! In a datagram anybody can write any address as its sender. Who asks us in somebody else's name has
//! our answer sent there; if the answer is longer than the question, he has made his line wider with
//! ours. So, to an address that has not proven itself, **never more bytes go than have come from it**:
//!
//! * An address has proven itself when it has answered a question of ours with the number that stood
//!   in it: the question was read there. For ten minutes after that we answer at length.
//! * What comes from any other address is written to its credit, and what we send there is paid from it.
//!
//! What goes to an address of our own accord has been paid for elsewhere: those whom a lookup asks by the
//! answer that named them (`lookup`), those whom we begin from by our user, and those in our table have
//! answered once.
//!
//! What is left: somebody who runs a node himself has proven himself to us, if he is in our table or has
//! asked us lately. Who asks in his name has long answers sent to him, as he would get if he asked
//! himself: at most [`QUERIES_PER_SECOND`](crate::limits::QUERIES_PER_SECOND) of at most
//! [`MAX_DATAGRAM`](crate::limits::MAX_DATAGRAM) bytes each, some 5 KB a second.
//!
//! The price: an unknown node's first question is answered later by one round trip, for we ask it
//! something first; see `node::serve`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::generations::Generations;
use crate::limits::{MAX_ADDRESSES, MAX_CREDIT, PROVEN_FOR};

/// What is between us and an address.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// When it last proved itself.
    proven: Option<Duration>,
    /// Bytes that have come from it and were not answered.
    credit: usize,
    /// When we last sent something there of our own accord.
    called: Option<Duration>,
}

/// All addresses that we have heard of lately.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    accounts: Generations<SocketAddr, Account>,
}

impl Ledger {
    pub(crate) fn new() -> Ledger {
        Ledger {
            accounts: Generations::new(MAX_ADDRESSES),
        }
    }

    /// So many bytes have come.
    pub(crate) fn came(&mut self, from: SocketAddr, bytes: usize) {
        let account = self.accounts.entry(from, Account::default);
        account.credit = account.credit.saturating_add(bytes).min(MAX_CREDIT);
    }

    /// Its answer had the right number.
    pub(crate) fn prove(&mut self, addr: SocketAddr, now: Duration) {
        self.accounts.entry(addr, Account::default).proven = Some(now);
    }

    pub(crate) fn is_proven(&self, addr: SocketAddr, now: Duration) -> bool {
        let proven = self.accounts.get(addr).and_then(|account| account.proven);
        proven.is_some_and(|at| now < at.saturating_add(PROVEN_FOR))
    }

    /// How many bytes may go there.
    pub(crate) fn may_send(&self, to: SocketAddr, now: Duration) -> usize {
        match self.is_proven(to, now) {
            true => usize::MAX,
            false => self.accounts.get(to).map_or(0, |account| account.credit),
        }
    }

    /// So many bytes go there. Who has not proven himself pays for them.
    pub(crate) fn went(&mut self, to: SocketAddr, bytes: usize) {
        let account = self.accounts.entry(to, Account::default);
        account.credit = account.credit.saturating_sub(bytes);
    }

    /// We asked there, of our own accord.
    pub(crate) fn called(&mut self, to: SocketAddr, now: Duration) {
        self.accounts.entry(to, Account::default).called = Some(now);
    }

    /// Whether we have asked there lately: then a way to us may be open that is closed to others.
    pub(crate) fn was_called(&self, addr: SocketAddr, now: Duration) -> bool {
        let called = self.accounts.get(addr).and_then(|account| account.called);
        called.is_some_and(|at| now < at.saturating_add(PROVEN_FOR))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_address_gets_what_it_has_sent_until_it_has_proven_itself() {
        let mut ledger = Ledger::new();
        let a = "192.0.2.1:1".parse().unwrap();
        let now = Duration::from_secs(100);
        assert_eq!(ledger.may_send(a, now), 0);
        ledger.came(a, 100);
        ledger.went(a, 60);
        assert_eq!(ledger.may_send(a, now), 40);
        ledger.prove(a, now);
        assert_eq!(ledger.may_send(a, now), usize::MAX);
        ledger.went(a, 500);
        assert_eq!(ledger.may_send(a, now + PROVEN_FOR), 0, "it is over");
    }

    #[test]
    fn credit_is_not_saved_up() {
        let mut ledger = Ledger::new();
        let a = "192.0.2.1:1".parse().unwrap();
        for _ in 0..1_000 {
            ledger.came(a, 1_000);
        }
        assert_eq!(ledger.may_send(a, Duration::ZERO), MAX_CREDIT);
    }
}
