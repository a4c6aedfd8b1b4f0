//! When which tracker is asked, and what it is told (BEP 3, BEP 12).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;
use tracker::{AnnounceError, AnnounceEvent as Told, AnnounceReply, Tiers};

use crate::{Time, TrackerWord};

/// The pause after every tracker of every tier has failed; it doubles each time round.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause between two rounds of failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// How often a tracker is asked while nobody has what we need, unless its own minimum is longer.
const LONELY_PAUSE: Duration = Duration::from_secs(120);

/// The trackers of one torrent and their timetable.
pub(crate) struct Trackers {
    tiers: Tiers,
    /// The one that answered last: it is the one to be told of completion.
    answering: Option<String>,
    /// How many times in a row all of them have failed.
    rounds: u32,
    /// Those that were told `started`, and may be told `completed` and `stopped`.
    started: BTreeSet<String>,
    ids: BTreeMap<String, Vec<u8>>,
    /// The announce whose answer is waited for.
    in_flight: Option<InFlight>,
    /// The tracker to be asked next although it is not its turn.
    extra: Option<String>,
    /// When the timetable goes on.
    due: Time,
    /// What those that know us were told last, while we leave.
    leaving: BTreeMap<String, Farewell>,
    /// Completion is still to be told.
    completed: bool,
    /// From when on each may be asked again out of turn; at once, if it was never asked.
    again: BTreeMap<String, Time>,
    /// What came of the last announce.
    last: Option<TrackerWord>,
}

/// An announce under way.
#[derive(Clone, PartialEq, Eq, Debug)]
struct InFlight {
    tracker: String,
    event: Option<Told>,
    /// It is out of turn: the timetable stays as it is.
    extra: bool,
}

/// How far the goodbye to one tracker has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Farewell {
    /// An earlier announce is still under way; `known` if one before it was answered.
    Waiting { known: bool },
    /// It was told `completed`; `stopped` follows.
    Completed,
    /// It was told `stopped`.
    Stopped,
}

/// One announce to be made.
pub(crate) struct Call {
    pub tracker: String,
    pub event: Option<Told>,
    pub tracker_id: Option<Vec<u8>>,
}

impl Trackers {
    pub fn new(tiers: &[Vec<String>], now: Time, rng: &mut impl Rng) -> Trackers {
        let usable: Vec<Vec<String>> = tiers
            .iter()
            .map(|tier| tier.iter().filter(|url| can_ask(url)).cloned().collect())
            .filter(|tier: &Vec<String>| !tier.is_empty())
            .collect();
        Trackers {
            answering: None,
            rounds: 0,
            tiers: Tiers::new(&usable, rng),
            started: BTreeSet::new(),
            ids: BTreeMap::new(),
            in_flight: None,
            extra: None,
            due: now,
            leaving: BTreeMap::new(),
            completed: false,
            again: BTreeMap::new(),
            last: None,
        }
    }

    /// Whether there is any tracker that can be asked.
    pub fn any(&self) -> bool {
        !self.tiers.is_empty()
    }

    /// What came of the last announce, for whoever wonders why nothing happens.
    pub fn word(&self) -> TrackerWord {
        match &self.last {
            Some(word) => word.clone(),
            None if self.any() => TrackerWord::Nothing,
            None => TrackerWord::None,
        }
    }

    /// When a tracker may be asked out of turn, because nobody has what we need; `None` while an
    /// announce is under way, or before any was answered.
    ///
    /// BEP 12 asks the second tier only if the first fails. A first tracker that answers and knows
    /// nobody would then hide a second one that knows everybody.
    pub fn may_ask_another(&self) -> Option<Time> {
        if self.in_flight.is_some() || self.answering.is_none() {
            return None;
        }
        self.another().map(|(at, _)| at)
    }

    /// The next announce goes to the tracker that was not asked for longest.
    pub fn ask_another(&mut self) {
        self.extra = self.another().map(|(_, tracker)| tracker.to_owned());
    }

    fn another(&self) -> Option<(Time, &str)> {
        let when = |tracker| self.again.get(tracker).copied().unwrap_or(Time::ZERO);
        let all = self.tiers.iter().map(|tracker| (when(tracker), tracker));
        all.min_by_key(|&(at, _)| at)
    }

    /// The download is complete: say so with the next announce.
    pub fn complete(&mut self) {
        self.completed = true;
    }

    /// The next announce of the timetable; none while one is under way.
    pub fn call(&mut self) -> Option<Call> {
        if self.in_flight.is_some() {
            return None;
        }
        let extra = self.extra.take();
        if extra.is_none() && self.tiers.all_failed() {
            self.tiers.restart();
        }
        let tracker = match &extra {
            Some(tracker) => tracker.clone(),
            None => self.tiers.current()?.to_owned(),
        };
        // A tracker that has not heard `started` hears that first, and `completed` after it.
        let event = if !self.started.contains(&tracker) {
            Some(Told::Started)
        } else if self.completed {
            Some(Told::Completed)
        } else {
            None
        };
        self.in_flight = Some(InFlight {
            tracker: tracker.clone(),
            event,
            extra: extra.is_some(),
        });
        Some(self.call_to(tracker, event))
    }

    /// The first goodbyes, one to each tracker that knows us.
    pub fn goodbyes(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        let waiting = self.in_flight.take().map(|call| call.tracker);
        let mut started = std::mem::take(&mut self.started);
        if let Some(tracker) = waiting {
            let known = started.remove(&tracker);
            self.leaving.insert(tracker, Farewell::Waiting { known });
        }
        for tracker in started {
            calls.push(self.farewell(tracker));
        }
        calls
    }

    /// A tracker has answered while we leave: what is still to be said to it.
    pub fn next_goodbye(&mut self, tracker: &str, answered: bool) -> Option<Call> {
        let state = self.leaving.remove(tracker)?;
        if answered && matches!(state, Farewell::Waiting { .. }) {
            self.answering.get_or_insert_with(|| tracker.to_owned());
        }
        match state {
            Farewell::Waiting { known: false } if !answered => None,
            Farewell::Waiting { .. } | Farewell::Completed => {
                Some(self.farewell(tracker.to_owned()))
            }
            Farewell::Stopped => None,
        }
    }

    /// Trackers that have not answered `completed` in time: `stopped` follows all the same.
    pub fn last_words(&mut self) -> Vec<Call> {
        let silent = self.leaving.iter();
        let silent: Vec<String> = silent
            .filter(|&(_, &state)| state == Farewell::Completed)
            .map(|(tracker, _)| tracker.clone())
            .collect();
        silent.into_iter().map(|url| self.farewell(url)).collect()
    }

    /// Whether every goodbye has been answered.
    pub fn all_said(&self) -> bool {
        self.leaving.is_empty()
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

    fn call_to(&self, tracker: String, event: Option<Told>) -> Call {
        Call {
            event,
            tracker_id: self.ids.get(&tracker).cloned(),
            tracker,
        }
    }

    /// A tracker has answered; in how long to ask again.
    pub fn answered(&mut self, tracker: &str, reply: &AnnounceReply, now: Time) -> Duration {
        let call = self.in_flight.take();
        let told = call.as_ref().and_then(|call| call.event);
        let extra = call.is_some_and(|call| call.extra);
        if !extra {
            self.rounds = 0;
            self.tiers.succeeded();
            self.due = now + reply.interval;
        }
        self.answering = Some(tracker.to_owned());
        if let Some(id) = &reply.tracker_id {
            self.ids.insert(tracker.to_owned(), id.clone());
        }
        self.last = Some(TrackerWord::Addresses(reply.peers.len()));
        self.started.insert(tracker.to_owned());
        if told == Some(Told::Completed) {
            self.completed = false;
        }
        if self.completed {
            return Duration::ZERO;
        }
        let least = reply.min_interval.unwrap_or_default().max(LONELY_PAUSE);
        let again = now + least.min(reply.interval);
        self.again.insert(tracker.to_owned(), again);
        self.due.since(now)
    }

    /// A tracker has not answered; in how long to ask the next one.
    pub fn failed(&mut self, why: &AnnounceError, now: Time) -> Duration {
        self.last = Some(TrackerWord::Failed(why.clone()));
        let call = self.in_flight.take();
        if let Some(call) = &call {
            let again = now + LONELY_PAUSE;
            self.again.insert(call.tracker.clone(), again);
        }
        if call.is_some_and(|call| call.extra) {
            return self.due.since(now);
        }
        self.tiers.failed();
        let pause = if self.tiers.all_failed() {
            self.rounds += 1;
            (FIRST_PAUSE * 2u32.pow(self.rounds.min(10) - 1)).min(LONGEST_PAUSE)
        } else {
            Duration::ZERO
        };
        self.due = now + pause;
        pause
    }
}

fn can_ask(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https"))
}
