//! Goodbyes: each tracker that knows us is told `stopped`, and one of them `completed` before it.

use tracker::AnnounceEvent as Told;
use tracker::limits::BESIDE;

use super::{Call, Trackers};
use crate::Time;

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
    /// It was told `completed`; `stopped` follows.
    Completed,
    /// It was told `stopped`.
    Stopped,
}

impl Trackers {
    /// The first goodbyes, one to each tracker that knows us.
    pub fn goodbyes(&mut self, now: Time) -> Vec<Call> {
        let mut started = std::mem::take(&mut self.started);
        for (tracker, call) in std::mem::take(&mut self.under_way) {
            let silent = now.since(call.since) >= BESIDE;
            if call.event == Some(Told::Stopped) {
                // Of a pause: there is nothing more to say.
                self.leaving.insert(tracker, Farewell::Stopped);
                continue;
            }
            let known = started.contains(&tracker);
            if known && silent {
                // The goodbye goes out beside what it does not answer.
                *self.unanswered.entry(tracker).or_default() += 1;
                continue;
            }
            started.remove(&tracker);
            let state = match known {
                true => Farewell::Known,
                false => Farewell::Unknown { silent },
            };
            self.leaving.insert(tracker, state);
        }
        let calls = started.into_iter().map(|tracker| self.farewell(tracker));
        calls.collect()
    }

    /// A tracker has answered while we leave: what is still to be said to it.
    pub fn next_goodbye(&mut self, tracker: &str, answered: bool) -> Option<Call> {
        if let Some(earlier) = self.unanswered.get_mut(tracker).filter(|count| **count > 0) {
            *earlier -= 1;
            return None; // that was about an earlier announce
        }
        let state = self.leaving.remove(tracker)?;
        let waited = matches!(state, Farewell::Known | Farewell::Unknown { .. });
        if answered && waited {
            self.answering.get_or_insert_with(|| tracker.to_owned());
        }
        match state {
            Farewell::Unknown { .. } if !answered => None,
            Farewell::Unknown { .. } | Farewell::Known | Farewell::Completed => {
                Some(self.farewell(tracker.to_owned()))
            }
            Farewell::Stopped => None,
        }
    }

    /// Trackers that know us and have not answered in time: `stopped` follows all the same, and
    /// from now on nothing else.
    pub fn last_words(&mut self) -> Vec<Call> {
        self.completed = false;
        let silent = self.leaving.iter();
        let silent: Vec<String> = silent
            .filter(|&(_, &state)| matches!(state, Farewell::Completed | Farewell::Known))
            .map(|(tracker, _)| tracker.clone())
            .collect();
        for tracker in &silent {
            *self.unanswered.entry(tracker.clone()).or_default() += 1;
        }
        silent.into_iter().map(|url| self.farewell(url)).collect()
    }

    /// Whether every goodbye has been answered that is waited for.
    pub fn all_said(&self) -> bool {
        let nobody_waits = |&state| state == Farewell::Unknown { silent: true };
        self.leaving.values().all(nobody_waits)
    }

    fn farewell(&mut self, tracker: String) -> Call {
        let (event, state) = if self.completed && self.answering.as_ref() == Some(&tracker) {
            self.completed = false;
            (Told::Completed, Farewell::Completed)
        } else {
            (Told::Stopped, Farewell::Stopped)
        };
        self.leaving.insert(tracker.clone(), state);
        self.call_to(tracker, Some(event))
    }
}
