//! Why is nothing happening? The engine's own answer.

use crate::passing::STALLED;
use crate::timers::Timer;
use crate::{Engine, Failure, Report, Stall};

impl Engine {
    /// Tells the user when nothing has arrived for a minute, and why as far as is known.
    pub(crate) fn stalled(&mut self) {
        if !self.fetches() || self.is_finished() {
            return;
        }
        self.stalled_again();
        let last = self.download.useful_at.unwrap_or(self.began);
        if self.cx.now.since(last) >= STALLED && self.offline.is_none() {
            let why = self.why_stalled();
            self.cx.report(Report::NoWayForward { why });
        }
    }

    /// Looks again in a minute, if there is anything to wait for.
    pub(crate) fn stalled_again(&mut self) {
        if !self.is_finished() && self.fetches() {
            let at = self.cx.now + STALLED;
            self.cx.timers.set(Timer::Stalled, at);
        }
    }

    pub(crate) fn why_stalled(&self) -> Stall {
        let connected = self.swarm.len();
        if connected == 0 {
            let trackers = self.discovery.word();
            let banned = self.swarm.bans();
            return Stall::NoPeer { trackers, banned };
        }
        if self.content.is_none() {
            return Stall::NoMetadata { connected };
        }
        let offering = || self.swarm.iter().filter(|peer| peer.offers > 0);
        let choking = offering().filter(|peer| peer.down.peer_choking).count();
        let offering = offering().count();
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
    pub(crate) fn why_hopeless(&self) -> Failure {
        if let (None, Some((name, why))) = (self.download.useful_at, self.discovery.lost_name()) {
            let (name, why) = (name.to_owned(), why.to_owned());
            return Failure::NameNotFound { name, why };
        }
        if let (0, Some(why)) = (self.swarm.bans(), self.discovery.refusal()) {
            return Failure::TrackersRefused { why: why.clone() };
        }
        match (self.swarm.bans(), self.download.useful_at) {
            (0, None) => Failure::NobodyToAsk,
            (0, Some(_)) => Failure::EverybodyGone,
            (banned, _) => Failure::OnlyLiars { banned },
        }
    }
}
