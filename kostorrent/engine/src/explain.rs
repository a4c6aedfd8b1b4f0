//! Why is nothing happening? The engine's own answer.

use super::event::Report;
use super::timers::Timer;
use super::{Engine, Failure, Phase, STALLED, Stall, Time};

impl Engine {
    /// Tells the user when nothing has arrived for a minute, and why as far as is known.
    pub(super) fn stalled(&mut self, now: Time) {
        self.timers.set(Timer::Stalled, now + STALLED);
        if self.phase != Phase::Running
            || self.picker.is_complete()
            || now.since(self.progress_at.unwrap_or(self.began)) < STALLED
        {
            return;
        }
        let why = self.why_stalled();
        self.report(Report::NoWayForward { why });
    }

    fn why_stalled(&self) -> Stall {
        let connected = self.peers.len();
        if connected == 0 {
            let trackers = self.trackers.word();
            return Stall::NoPeer { trackers };
        }
        let offering = self.peers.values().filter(|p| p.offers > 0).count();
        let choking = self
            .peers
            .values()
            .filter(|p| p.offers > 0 && p.peer_choking)
            .count();
        if offering == 0 {
            Stall::NobodyHas { connected }
        } else if choking == offering {
            Stall::AllChoke {
                connected,
                offering,
            }
        } else {
            let asked = offering - choking;
            Stall::NoBlock { connected, asked }
        }
    }

    /// Why there is nobody left to ask.
    pub(super) fn why_hopeless(&self) -> Failure {
        match self.progress_at {
            None => Failure::NobodyToAsk,
            Some(_) => Failure::EverybodyGone,
        }
    }
}
