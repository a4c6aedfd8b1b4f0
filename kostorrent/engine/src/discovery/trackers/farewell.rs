//! Goodbyes: each tracker that knows us is told `stopped`, and one of them `completed` before it.
//!
//! `stopped` does not wait for the answer to `completed`: it follows a little later, so that it comes
//! later. Most trackers close a connection after each answer, and so all is said in half the time. The
//! answers tell whether it was in order: whoever heard `completed` last would have us on its list.

use std::time::Duration;

use tracker::AnnounceEvent as Told;
use tracker::limits::BESIDE;

use super::{Call, Trackers};
use crate::Time;

/// `stopped` follows `completed` after a quarter of the time that the tracker took for its last
/// answer, and after this time at least.
const FOLLOWS_AFTER: Duration = Duration::from_millis(10);

/// And after this time at most.
const FOLLOWS_WITHIN: Duration = Duration::from_millis(500);

/// How far the goodbye to one tracker has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Farewell {
    /// Its first announce is still under way: it does not know us, or is about to.
    Unknown {
        /// It has been silent for so long that nobody waits for it. If it answers in time all the
        /// same, it is told.
        silent: bool,
    },
    /// It knows us, and a later announce is under way.
    Known,
    /// It was told `completed`; `stopped` follows when it answers, or at this time.
    Completed { until: Option<Time> },
    /// It was told both, and has not answered `completed`.
    Both {
        /// It has answered `stopped`: it may have heard that first.
        swapped: bool,
    },
    /// It was told `stopped`, and nothing else is waited for.
    Stopped,
}

impl Trackers {
    /// The first goodbyes, one to each tracker that knows us.
    pub fn goodbyes(&mut self, now: Time) -> Vec<Call> {
        let mut started = std::mem::take(&mut self.started);
        for (tracker, call) in std::mem::take(&mut self.under_way) {
            let silent = now.since(call.since) >= BESIDE;
            let known = started.contains(&tracker);
            let state = match call.event {
                // Of a pause: there is nothing more to say.
                Some(Told::Stopped) => Farewell::Stopped,
                Some(Told::Completed) => {
                    self.completed = false;
                    let until = self.until(&tracker, call.since);
                    Farewell::Completed { until }
                }
                // The goodbye goes out beside what it does not answer.
                _ if known && silent => continue,
                _ if known => Farewell::Known,
                _ => Farewell::Unknown { silent },
            };
            started.remove(&tracker);
            self.leaving.insert(tracker, state);
        }
        let calls = started.into_iter();
        calls.map(|tracker| self.farewell(tracker, now)).collect()
    }

    /// A tracker has answered, while we leave, what it was told: what is still to be said to it.
    pub fn next_goodbye(
        &mut self,
        tracker: &str,
        told: Option<Told>,
        answered: bool,
        now: Time,
    ) -> Option<Call> {
        let tracker = tracker.to_owned();
        match (*self.leaving.get(&tracker)?, told) {
            (Farewell::Unknown { .. }, _) if !answered => {
                self.leaving.remove(&tracker);
                None
            }
            (Farewell::Unknown { .. } | Farewell::Known, _) => {
                if answered {
                    self.answering.get_or_insert_with(|| tracker.clone());
                }
                Some(self.farewell(tracker, now))
            }
            (
                Farewell::Completed { .. } | Farewell::Both { swapped: true },
                Some(Told::Completed),
            ) => Some(self.stop(tracker, Farewell::Stopped)),
            (Farewell::Both { swapped: false }, Some(Told::Completed)) => {
                self.leaving.insert(tracker, Farewell::Stopped);
                None
            }
            (Farewell::Both { .. }, Some(Told::Stopped)) => {
                self.leaving
                    .insert(tracker, Farewell::Both { swapped: true });
                None
            }
            (Farewell::Stopped, Some(Told::Stopped)) => {
                self.leaving.remove(&tracker);
                None
            }
            // That was about an earlier announce.
            _ => None,
        }
    }

    /// When `stopped` follows a `completed` that has no answer yet.
    pub fn next_stopped(&self) -> Option<Time> {
        let states = self.leaving.values();
        let times = states.filter_map(|state| match state {
            Farewell::Completed { until } => *until,
            _ => None,
        });
        times.min()
    }

    /// The `stopped` that are due.
    pub fn stopped(&mut self, now: Time) -> Vec<Call> {
        let due = |state: &Farewell| match state {
            Farewell::Completed { until } => until.is_some_and(|at| at <= now),
            _ => false,
        };
        let due = self.those(due).into_iter();
        let both = Farewell::Both { swapped: false };
        due.map(|tracker| self.stop(tracker, both)).collect()
    }

    /// Trackers that know us and have not answered in time: `stopped` follows all the same, and
    /// from now on nothing else.
    pub fn last_words(&mut self) -> Vec<Call> {
        self.completed = false;
        let silent = self.those(|state| match state {
            Farewell::Known | Farewell::Completed { .. } => true,
            Farewell::Both { swapped } => *swapped,
            Farewell::Unknown { .. } | Farewell::Stopped => false,
        });
        let call = |tracker: String| {
            let state = match self.leaving.get(&tracker) {
                Some(Farewell::Known) => Farewell::Stopped,
                _ => Farewell::Both { swapped: false },
            };
            self.stop(tracker, state)
        };
        silent.into_iter().map(call).collect()
    }

    /// Whether every goodbye has been answered that is waited for.
    pub fn all_said(&self) -> bool {
        let nobody_waits = |&state| state == Farewell::Unknown { silent: true };
        self.leaving.values().all(nobody_waits)
    }

    /// The trackers with which it has come so far.
    fn those(&self, is_one: impl Fn(&Farewell) -> bool) -> Vec<String> {
        let those = self.leaving.iter().filter(|(_, state)| is_one(state));
        those.map(|(tracker, _)| tracker.clone()).collect()
    }

    /// `completed` for the one that is to hear it, `stopped` for all others.
    fn farewell(&mut self, tracker: String, now: Time) -> Call {
        if !self.completed || self.answering.as_ref() != Some(&tracker) {
            return self.stop(tracker, Farewell::Stopped);
        }
        self.completed = false;
        let until = self.until(&tracker, now);
        let state = Farewell::Completed { until };
        self.leaving.insert(tracker.clone(), state);
        self.call_to(tracker, Some(Told::Completed))
    }

    /// Until when an answer to a `completed` of `since` is waited for; as long as may be, if this
    /// tracker has never answered.
    fn until(&self, tracker: &str, since: Time) -> Option<Time> {
        let a_while = *self.took.get(tracker)? / 4;
        Some(since + a_while.clamp(FOLLOWS_AFTER, FOLLOWS_WITHIN))
    }

    fn stop(&mut self, tracker: String, state: Farewell) -> Call {
        self.leaving.insert(tracker.clone(), state);
        self.call_to(tracker, Some(Told::Stopped))
    }
}
