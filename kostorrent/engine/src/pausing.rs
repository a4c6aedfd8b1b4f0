//! Pausing: because the user wants it, or because the disk has a fault.
//!
//! A pause of the user's is for everybody: all are choked, nobody is asked, trackers are told that
//! we are away. A fault of the disk stops the fetching alone: what is there can still be given.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::leaving::Stage;
use crate::passing::WATCH_IDLE;
use crate::timers::Timer;
use crate::{Action, CloseReason, Engine, Failure, Outcome, Report, download};

/// How long the connections of a paused torrent are kept: who goes on soon has not lost them.
const KEPT: Duration = Duration::from_secs(60);

/// What is on its way when the fetching stops has so long to arrive. Then it is taken back.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// How often a disk with a fault is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// A fault of the disk, which may pass.
#[derive(Debug)]
pub(crate) struct Fault {
    /// File, cause and remedy, as it was told.
    why: String,
    /// Whole pieces that could not be written. They stay in memory, and count as at the disk.
    pub pieces: BTreeSet<u32>,
    /// It is being tried whether the fault is over.
    trial: Option<Trial>,
}

/// How it is tried whether a fault is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trial {
    /// By writing this piece.
    Store(u32),
    /// By a look at the files.
    Look,
    /// By settling them: nothing is missing.
    Settle,
}

impl Engine {
    /// Whether the torrent is neither paused nor over.
    pub(crate) fn works(&self) -> bool {
        self.stage == Stage::Running && !self.paused
    }

    /// Whether blocks may be asked for.
    pub(crate) fn fetches(&self) -> bool {
        self.works() && self.fault.is_none()
    }

    // ANCHOR: pause
    /// Chokes everybody and asks for nothing any more. Connections are kept for a while.
    pub(crate) fn pause(&mut self) {
        if !self.works() {
            return;
        }
        self.paused = true;
        self.stop_asking();
        self.choke_round();
        let now = self.cx.now;
        self.cx.timers.set(Timer::LetGo, now + KEPT);
        let totals = self.totals();
        self.discovery.pause(&mut self.cx, totals);
        self.cx.report(Report::Paused);
    }
    // ANCHOR_END: pause

    /// Goes on. A fault of the disk is tried again at once.
    pub(crate) fn resume(&mut self) {
        if self.stage != Stage::Running {
            return;
        }
        if std::mem::take(&mut self.paused) {
            self.cx.timers.stop(Timer::LetGo);
            self.discovery.resume(&mut self.cx);
            self.upload.choke_soon(&mut self.cx);
            self.cx.report(Report::Resumed);
        }
        match self.fault {
            Some(_) => self.try_disk(),
            None => self.fetch_on(),
        }
    }

    /// A paused torrent has waited long enough: its connections end.
    pub(crate) fn let_go(&mut self) {
        for key in self.swarm.keys() {
            self.close(key, CloseReason::Paused);
        }
        self.cx.timers.stop(Timer::Watch);
        self.cx.timers.stop(Timer::Choke);
    }

    /// Asks for nothing more. What is on its way may still come.
    fn stop_asking(&mut self) {
        for timer in [Timer::Dial, Timer::Stalled] {
            self.cx.timers.stop(timer);
        }
        let then = self.cx.now + ON_ITS_WAY;
        self.cx.timers.set_earlier(Timer::TakeBack, then);
    }

    /// What was asked for and has not come is not wanted any more.
    pub(crate) fn take_back_requests(&mut self) {
        if let Some(content) = &mut self.content {
            let (cx, swarm) = (&mut self.cx, &mut self.swarm);
            self.download.cancel_all(cx, swarm, content);
        }
        self.look_for_interest();
    }

    /// Asks again for what is missing.
    fn fetch_on(&mut self) {
        let now = self.cx.now;
        self.cx.timers.stop(Timer::TakeBack);
        self.look_for_interest();
        if !self.is_finished() {
            self.cx
                .timers
                .set_earlier(Timer::Watch, now + download::WATCH);
            self.stalled_again();
        }
        self.cx.timers.set_earlier(Timer::Watch, now + WATCH_IDLE);
        self.cx.timers.set_earlier(Timer::Dial, now);
        // Who waited for a limit waits for it still.
        self.cx.timers.set_earlier(Timer::Refill, now);
    }

    /// Who has something for us hears whether we want it.
    fn look_for_interest(&mut self) {
        for key in self.swarm.keys() {
            if let Err(why) = self.interest(key) {
                self.close(key, why);
            }
        }
    }

    /// The disk has failed. Nothing more is asked for until the fault is over: what is whole stays in
    /// memory, and the disk is tried again every few seconds.
    pub(crate) fn disk_failed(&mut self, why: String, piece: Option<u32>) {
        if self.stage != Stage::Running {
            return self.give_up_writing(piece);
        }
        let is_news = self.fault.as_ref().is_none_or(|fault| fault.why != why);
        let was_well = self.fault.is_none();
        let fault = self.fault.get_or_insert_with(|| Fault {
            why: String::new(),
            pieces: BTreeSet::new(),
            trial: None,
        });
        fault.why.clone_from(&why);
        fault.trial = None;
        fault.pieces.extend(piece);
        if is_news {
            self.cx.report(Report::DiskFault { why });
        }
        if was_well {
            self.stop_asking();
        }
        let again = self.cx.now + RETRY;
        self.cx.timers.set(Timer::TryDisk, again);
    }

    /// These pieces are not waited for: we leave.
    pub(crate) fn give_up_writing(&mut self, pieces: impl IntoIterator<Item = u32>) {
        let Some(content) = &mut self.content else {
            return;
        };
        for piece in pieces {
            content.under_way.remove(&piece);
            self.cx.act(Action::Forget { piece });
        }
    }

    /// There is no disk any more, and never will be: nothing that is at it is waited for.
    pub(crate) fn disk_gone(&mut self, why: String) {
        if let Some(content) = &self.content {
            let pieces = content.under_way.clone();
            self.give_up_writing(pieces);
        }
        self.leave(Outcome::Failed(Failure::Disk(why)));
        self.maybe_over();
    }

    /// Tries whether the fault is over: with a piece that waits, or else with what is to be done
    /// next.
    pub(crate) fn try_disk(&mut self) {
        let is_unsettled = self.is_finished() && !self.is_complete;
        let Some(fault) = self.fault.as_mut().filter(|fault| fault.trial.is_none()) else {
            return;
        };
        let trial = match fault.pieces.pop_first() {
            Some(piece) => Trial::Store(piece),
            None if is_unsettled => Trial::Settle,
            None => Trial::Look,
        };
        fault.trial = Some(trial);
        match trial {
            Trial::Store(piece) => self.store(piece),
            Trial::Settle => self.settle(),
            Trial::Look => self.cx.act(Action::Look),
        }
    }

    /// The disk can do this; if it could not before, the rest that waits for it follows.
    pub(crate) fn disk_is_well(&mut self, trial: Trial) {
        let Some(fault) = self.fault.take_if(|fault| fault.trial == Some(trial)) else {
            return;
        };
        self.cx.timers.stop(Timer::TryDisk);
        for piece in fault.pieces {
            self.store(piece);
        }
        self.cx.report(Report::DiskWell);
        if self.fetches() {
            self.fetch_on();
        }
    }
}
