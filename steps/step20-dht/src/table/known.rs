//! A node in the table, and what is thought of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contact, GOOD_FOR};
use crate::limits::MAX_FAILURES;

/// What is thought of a node (BEP 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It answered lately, or it has answered and asked us something lately.
    Good,
    /// It has been silent for a quarter of an hour, or has left a question unanswered.
    Questionable,
    /// It has left several questions in a row unanswered.
    Bad,
}

/// A node that has answered us.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) contact: Contact,
    /// Whether its id fits its address (BEP 42).
    pub(crate) fits: bool,
    /// When it last answered.
    answered: Duration,
    /// When it last asked us something.
    asked: Option<Duration>,
    /// When it was last pinged because it had been silent.
    pub(crate) pinged: Option<Duration>,
    /// How many questions in a row it has left unanswered.
    failures: u8,
}

impl Known {
    pub(super) fn new(contact: Contact, now: Duration) -> Known {
        Known {
            contact,
            fits: contact.id.fits(contact.addr.ip()),
            answered: now,
            asked: None,
            pinged: None,
            failures: 0,
        }
    }

    // ANCHOR: standing
    pub(crate) fn standing(&self, now: Duration) -> Standing {
        // ANCHOR: yours_standing (chapter 20, "Whom we know")
        match self.failures {
            0 if now < self.last_heard() + GOOD_FOR => Standing::Good,
            n if n < MAX_FAILURES => Standing::Questionable,
            _ => Standing::Bad,
        }
        // ANCHOR_END: yours_standing
    }
    // ANCHOR_END: standing

    pub(crate) fn is_bad(&self) -> bool {
        self.failures >= MAX_FAILURES
    }

    /// When it last showed that it is there. Everybody in the table has answered once.
    pub(super) fn last_heard(&self) -> Duration {
        self.asked.map_or(self.answered, |at| at.max(self.answered))
    }

    pub(super) fn answered(&mut self, now: Duration) {
        self.answered = now;
        self.failures = 0;
        self.pinged = None;
    }

    pub(super) fn asked_us(&mut self, now: Duration) {
        self.asked = Some(now);
    }

    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }
}
