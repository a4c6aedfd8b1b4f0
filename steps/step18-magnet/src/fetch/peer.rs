//! What we have asked one peer for, and how it answers.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::limits::{ASK_OTHERS, FIRST_WINDOW, MAX_WINDOW, REST, SILENCE};

/// So often in a row a peer that has given blocks may refuse one, before it counts as one that has no
/// more to give.
const PATIENCE: u32 = 5;

/// A peer that takes part in the exchange.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// The size that it claims, if it has claimed one.
    pub(super) size: Option<u64>,
    /// How often it has had a turn alone.
    pub(super) turns: u32,
    asked: BTreeSet<u32>,
    window: usize,
    /// Since when it owes us an answer: since the question, or since the last answer.
    owes_since: Option<Duration>,
    /// It has owed us one for too long; others are asked too.
    is_late: bool,
    /// Until when it is not to be asked.
    pause: Option<Duration>,
    /// It pauses because it refused or said nothing.
    is_out: bool,
    has_given: bool,
    /// How often in a row it has refused a block after it had given some.
    refusals: u32,
}

/// What is to be done about a peer at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// It is late, and others are to be asked; or it may be asked again.
    Changed,
    /// It has been silent for too long, for this time.
    Silent(Duration),
}

impl Peer {
    pub(super) fn new(size: Option<u64>) -> Peer {
        Peer {
            size,
            turns: 0,
            asked: BTreeSet::new(),
            window: FIRST_WINDOW,
            owes_since: None,
            is_late: false,
            pause: None,
            is_out: false,
            has_given: false,
            refusals: 0,
        }
    }

    /// How many more blocks it may be asked for now.
    pub(super) fn room(&self) -> usize {
        match self.is_late || self.pause.is_some() {
            true => 0,
            false => self.window.saturating_sub(self.asked.len()),
        }
    }

    /// The blocks that it owes us.
    pub(super) fn asked(&self) -> &BTreeSet<u32> {
        &self.asked
    }

    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// Whether it refused or was silent lately: its claims count for nothing.
    pub(super) fn is_out(&self) -> bool {
        self.is_out
    }

    pub(super) fn ask(&mut self, piece: u32, now: Duration) {
        self.asked.insert(piece);
        self.owes_since.get_or_insert(now);
    }

    /// An answer about this block came; whether we had asked for it.
    pub(super) fn answered(&mut self, piece: u32, now: Duration) -> bool {
        if !self.asked.remove(&piece) {
            return false;
        }
        self.is_late = false;
        self.owes_since = (!self.asked.is_empty()).then_some(now);
        true
    }

    /// The answer was a block.
    pub(super) fn gave(&mut self) {
        self.has_given = true;
        self.refusals = 0;
        self.window = MAX_WINDOW.min(self.window + 1);
    }

    /// The answer was a refusal. Whoever has given blocks has been asked too fast, perhaps: it is asked
    /// for fewer, and later. Returns whether it can still be counted on.
    pub(super) fn refused(&mut self, now: Duration) -> bool {
        if !self.has_given || self.refusals >= PATIENCE {
            return false;
        }
        // Several refusals at once are one.
        if self.pause.is_none() {
            self.window = 1.max(self.window / 2);
            let pause = Duration::from_secs(1 << self.refusals);
            self.pause = Some(now.saturating_add(pause));
            self.refusals += 1;
        }
        true
    }

    /// It is left alone for a while, and what it owes us is forgotten.
    pub(super) fn rest(&mut self, now: Duration) {
        *self = Peer {
            turns: self.turns,
            window: 1,
            pause: Some(now.saturating_add(REST)),
            is_out: true,
            ..Peer::new(self.size)
        };
    }

    /// When to look at it again.
    pub(super) fn due(&self) -> Option<Duration> {
        let patience = if self.is_late { SILENCE } else { ASK_OTHERS };
        let owed = self.owes_since.map(|since| since.saturating_add(patience));
        [owed, self.pause].into_iter().flatten().min()
    }

    /// Looks at it.
    pub(super) fn handle_timeout(&mut self, now: Duration) -> Due {
        let mut due = Due::Nothing;
        if self.pause.take_if(|until| *until <= now).is_some() {
            self.is_out = false;
            due = Due::Changed;
        }
        let Some(since) = self.owes_since else {
            return due;
        };
        let silent = now.saturating_sub(since);
        if silent >= SILENCE {
            return Due::Silent(silent);
        }
        if silent >= ASK_OTHERS && !self.is_late {
            self.is_late = true;
            due = Due::Changed;
        }
        due
    }
}
