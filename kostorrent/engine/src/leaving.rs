//! The end: what is at the disk is written, and the trackers hear a goodbye.

use std::time::Duration;

use tracker::{AnnounceError, AnnounceEvent, AnnounceReply};

use crate::timers::{Timer, Timers};
use crate::{Action, CloseReason, Engine, Outcome};

/// What the engine is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Fetching what is missing, or seeding.
    Running,
    /// Writing what is at the disk, and saying goodbye to the trackers.
    Leaving { outcome: Outcome, goodbye: Goodbye },
    /// Everything is said and done.
    Over,
}

/// How far the goodbye to the trackers has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Goodbye {
    /// What is at the disk comes first: the trackers are told how much is there.
    Unsaid,
    /// The answers are waited for.
    Said,
    /// `stopped` was said to those as well whose earlier answers did not come in time.
    Repeated,
    /// All have answered, or have had their time.
    Over,
}

/// How long trackers have for the goodbye of a torrent that was stopped: somebody waits for the
/// prompt.
const STOPPED: Duration = Duration::from_secs(1);

/// How long they have for `completed`. A first TLS connection to a busy tracker takes a while.
const COMPLETED: Duration = Duration::from_secs(3);

/// How long they have after that for `stopped`.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a tracker has for `stopped` that is slow to answer another announce, when somebody waits
/// for the prompt.
const A_WORD: Duration = Duration::from_millis(500);

impl Engine {
    /// Ends the torrent's work: no more requests; what is at the disk is written and counted; the
    /// trackers hear a goodbye. After a complete download that takes five seconds at most, and
    /// one, or the disk's time, if it was stopped.
    pub(crate) fn leave(&mut self, outcome: Outcome) {
        if self.stage != Stage::Running {
            return;
        }
        self.stage = Stage::Leaving {
            outcome,
            goodbye: Goodbye::Unsaid,
        };
        self.cx.timers = Timers::default();
        for peer in self.swarm.clear() {
            let why = CloseReason::Leaving;
            self.cx.act(Action::Close { peer, why });
        }
        if let Some(fault) = self.fault.take() {
            self.give_up_writing(fault.pieces);
        }
        if self.waits_for_disk() {
            self.cx.timers.set(Timer::GiveUp, self.cx.now + STOPPED);
        } else {
            self.say_goodbye();
        }
    }

    fn waits_for_disk(&self) -> bool {
        let content = self.content.as_ref();
        content.is_some_and(|content| !content.under_way.is_empty())
    }

    fn say_goodbye(&mut self) {
        let Stage::Leaving { outcome, goodbye } = &mut self.stage else {
            return;
        };
        *goodbye = Goodbye::Said;
        let patience = match outcome {
            Outcome::Complete => COMPLETED,
            _ => STOPPED,
        };
        let totals = self.totals();
        self.cx.timers.set(Timer::GiveUp, self.cx.now + patience);
        self.discovery.say_goodbyes(&mut self.cx, totals);
        self.maybe_over();
    }

    /// The trackers, or the disk, have had their time.
    pub(crate) fn give_up(&mut self) {
        let Stage::Leaving { goodbye, .. } = &mut self.stage else {
            return;
        };
        match goodbye {
            Goodbye::Unsaid => self.say_goodbye(),
            Goodbye::Said => {
                *goodbye = Goodbye::Repeated;
                let totals = self.totals();
                let any = self.discovery.last_words(&mut self.cx, totals);
                let patience = self.last_words(any);
                self.cx.timers.set(Timer::GiveUp, self.cx.now + patience);
            }
            Goodbye::Repeated | Goodbye::Over => {
                *goodbye = Goodbye::Over;
                self.maybe_over();
            }
        }
    }

    /// How long `stopped` may take when what came before it has had its time.
    fn last_words(&self, any: bool) -> Duration {
        match &self.stage {
            Stage::Leaving {
                outcome: Outcome::Complete,
                ..
            } => LAST_WORDS,
            _ if any => A_WORD,
            _ => Duration::ZERO,
        }
    }

    /// Tells the tracker what is due: while we leave, `stopped`.
    pub(crate) fn announce(&mut self) {
        let totals = self.totals();
        if self.works() {
            self.discovery.announce(&mut self.cx, totals);
        } else if matches!(self.stage, Stage::Leaving { .. }) {
            self.discovery.say_stopped(&mut self.cx, totals);
        }
    }

    pub(crate) fn announced(
        &mut self,
        tracker: &str,
        told: Option<AnnounceEvent>,
        result: Result<AnnounceReply, AnnounceError>,
    ) {
        let cx = &mut self.cx;
        match self.stage {
            Stage::Running => {
                self.discovery.announced(cx, &self.swarm, tracker, result);
                if self.paused {
                    let totals = self.totals();
                    self.discovery.pause(&mut self.cx, totals);
                }
            }
            Stage::Leaving { .. } => {
                let totals = self.totals();
                let answered = result.is_ok();
                self.discovery
                    .goodbye_answered(&mut self.cx, tracker, told, answered, totals);
                self.maybe_over();
            }
            Stage::Over => {}
        }
    }

    /// Ends, if nothing is waited for any more.
    pub(crate) fn maybe_over(&mut self) {
        if self.waits_for_disk() {
            return;
        }
        let Stage::Leaving { outcome, goodbye } = &self.stage else {
            return;
        };
        if *goodbye == Goodbye::Unsaid {
            return self.say_goodbye();
        }
        if *goodbye == Goodbye::Over || self.discovery.all_said() {
            let outcome = outcome.clone();
            self.stage = Stage::Over;
            self.cx.timers = Timers::default();
            self.cx.act(Action::Finished(outcome));
        }
    }
}
