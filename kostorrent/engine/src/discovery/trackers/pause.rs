//! A pause: the trackers that know us are told `stopped`, and `started` when it is over. BEP 21 has
//! `paused` for those that have all they want; whoever gives nothing either is better not named to
//! others.

use tracker::AnnounceEvent as Told;

use super::{Call, Trackers, UnderWay};
use crate::Time;

impl Trackers {
    /// Nothing is announced from now on but `stopped`, to those that know us. Those that are yet to
    /// answer may come to know us by it: to be called again then.
    pub fn pause(&mut self, now: Time) -> Vec<Call> {
        self.paused = true;
        let under_way = &self.under_way;
        let known = self
            .started
            .iter()
            .filter(|url| !under_way.contains_key(*url));
        let known: Vec<String> = known.cloned().collect();
        let mut calls = Vec::new();
        for tracker in known {
            self.started.remove(&tracker);
            let call = UnderWay {
                event: Some(Told::Stopped),
                extra: true,
                since: now,
            };
            self.under_way.insert(tracker.clone(), call);
            calls.push(self.call_to(tracker, Some(Told::Stopped)));
        }
        calls
    }

    /// The first tracker is asked again, as at the beginning.
    pub fn resume(&mut self, now: Time) {
        self.paused = false;
        self.leader = None;
        self.extra = None;
        self.tiers.restart();
        self.due = Some(now);
    }

    /// A tracker knows that we are away. If the pause is over, it was passed over meanwhile.
    pub(super) fn is_away(&mut self, now: Time) {
        if self.leader.is_none() && !self.is_asking() {
            self.tiers.restart();
            self.due = Some(now);
        }
    }
}
