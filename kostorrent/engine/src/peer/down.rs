//! What we get from one peer.

use std::time::Duration;

use blocks::Window;
use progress::Rate;

use super::trust::Trust;
use crate::Time;
use crate::content::Firsts;

/// The half of a connection over which we download, with two of the four booleans of BEP 3.
pub(crate) struct Down {
    pub peer_choking: bool,
    pub am_interested: bool,
    /// When it choked us last; every connection begins choked.
    pub choked_since: Time,
    /// How many requests it is worth keeping out.
    pub window: Window,
    /// Since when it owes us a block: the last block, or the first request after a pause.
    pub owes_since: Time,
    /// When it was asked for a block and owed us none, until that has come: it takes a round trip.
    pub asked_at: Option<Time>,
    /// It kept us waiting too long, since when; one request at a time until it delivers.
    pub snubbed_at: Option<Time>,
    /// A block has come since it last unchoked us.
    pub has_delivered: bool,
    /// The picker had less for it than it would take when it was last asked.
    pub starved: bool,
    /// It waits for the speed limit.
    pub limited: bool,
    /// When it was last compared with those that hold all memory and are far slower, in vain.
    pub compared_at: Option<Time>,
    /// When it had pieces before all others that fetch.
    pub firsts: Firsts,
    pub rate: Rate,
    /// Payload bytes that came.
    pub total: u64,
    /// What it has earned with good pieces.
    pub trust: Trust,
}

impl Down {
    pub fn new(now: Time) -> Down {
        Down {
            peer_choking: true,
            am_interested: false,
            choked_since: now,
            window: Window::new(),
            owes_since: now,
            asked_at: None,
            snubbed_at: None,
            has_delivered: false,
            starved: false,
            limited: false,
            compared_at: None,
            firsts: Firsts::default(),
            rate: Rate::new(),
            total: 0,
            trust: Trust::default(),
        }
    }

    /// Whether it kept us waiting too long, and has not delivered since.
    pub fn is_snubbed(&self) -> bool {
        self.snubbed_at.is_some()
    }

    /// How long it has owed us a block, with so many requests out.
    pub fn overdue(&self, requests: usize, now: Time) -> Duration {
        match requests {
            0 => Duration::ZERO,
            _ => now.since(self.owes_since),
        }
    }

    /// It is asked for a block, and owes us none.
    pub fn begins_to_owe(&mut self, now: Time) {
        self.owes_since = now;
        self.asked_at = Some(now);
    }

    /// A block has come.
    pub fn delivered(&mut self, bytes: u32, now: Time) {
        self.owes_since = now;
        self.snubbed_at = None;
        self.has_delivered = true;
        self.total += u64::from(bytes);
        if let Some(asked) = self.asked_at.take() {
            self.window.answered(now.since(asked));
        }
        self.window.received(now.since_start(), bytes);
        self.rate.add(now.since_start(), u64::from(bytes));
    }
}
