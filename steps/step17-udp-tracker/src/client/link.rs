//! What is between us and one tracker: a connection id, or the question for it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::limits::{CONNECTION_LIFE, FIRST_WAIT, MAX_DOUBLINGS};
use crate::{ConnectionId, Reply, Said, TransactionId};

/// A tracker's connection id, shared by all requests to it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    tracker: SocketAddr,
    pub(super) state: State,
}

// ANCHOR: state
/// How far we are with it.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// There is none.
    Nothing,
    /// It has been asked for.
    Connecting {
        transaction: TransactionId,
        /// How often it has been waited for in vain.
        tries: u32,
        /// When to ask again.
        due: Duration,
    },
    /// It is here, and good until then.
    Connected {
        connection: ConnectionId,
        until: Duration,
    },
}
// ANCHOR_END: state

impl Link {
    pub(super) fn new(tracker: SocketAddr) -> Link {
        let state = State::Nothing;
        Link { tracker, state }
    }

    /// Where it leads.
    pub(super) fn tracker(&self) -> SocketAddr {
        self.tracker
    }

    /// The connection id, while it is good.
    pub(super) fn connection(&self, now: Duration) -> Option<ConnectionId> {
        match self.state {
            State::Connected { connection, until } if now < until => Some(connection),
            _ => None,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    /// How long its connection id is good.
    pub(super) fn until(&self) -> Option<Duration> {
        match self.state {
            State::Connected { until, .. } => Some(until),
            _ => None,
        }
    }

    /// The number of the question that is open.
    pub(super) fn transaction(&self) -> Option<TransactionId> {
        match self.state {
            State::Connecting { transaction, .. } => Some(transaction),
            _ => None,
        }
    }

    /// When to ask again.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::Connecting { due, .. } => Some(due),
            _ => None,
        }
    }

    // ANCHOR: connect
    /// A request needs a connection id, after so many tries. Whether the question for it is to be sent
    /// now. One that has been sent lately serves for this request too; one that has become rare because
    /// nobody answered does not make a new request wait.
    pub(super) fn connect(&mut self, new: TransactionId, tries: u32, now: Duration) -> bool {
        let transaction = match self.state {
            State::Connecting { tries: rare, .. } if rare <= tries => return false,
            State::Connecting { transaction, .. } => transaction,
            State::Nothing | State::Connected { .. } => new,
        };
        let due = now.saturating_add(wait(tries));
        self.state = State::Connecting {
            transaction,
            tries,
            due,
        };
        true
    }
    // ANCHOR_END: connect

    /// Whether the question for a connection id is to be sent again.
    pub(super) fn retry(&mut self, now: Duration) -> bool {
        let State::Connecting { tries, due, .. } = &mut self.state else {
            return false;
        };
        if now < *due {
            return false;
        }
        *tries += 1;
        *due = now.saturating_add(wait(*tries));
        true
    }

    /// Whether this is an answer to the open question for a connection id.
    pub(super) fn is_answered_by(&self, reply: &Reply) -> bool {
        let fits = matches!(reply.said, Said::Connected(_) | Said::Refused(_));
        fits && self.transaction() == Some(reply.transaction)
    }

    /// The connection id has come.
    pub(super) fn connected(&mut self, connection: ConnectionId, now: Duration) {
        let until = now.saturating_add(CONNECTION_LIFE);
        self.state = State::Connected { connection, until };
    }

    /// The tracker will have nothing of the question for a connection id.
    pub(super) fn stop(&mut self) {
        self.state = State::Nothing;
    }

    /// The connection id is not to be used any more, if there is one. Who waits for one goes on waiting.
    pub(super) fn forget_connection(&mut self) {
        if self.is_connected() {
            self.state = State::Nothing;
        }
    }
}

// ANCHOR: wait
/// How long a datagram is waited for that was sent again so many times (BEP 15): 15 · 2^n seconds.
pub(super) fn wait(tries: u32) -> Duration {
    // ANCHOR: yours_wait (chapter 17, "When nothing comes")
    FIRST_WAIT * 2u32.pow(tries.min(MAX_DOUBLINGS))
    // ANCHOR_END: yours_wait
}
// ANCHOR_END: wait
