//! When which tracker is asked, and what it is told (BEP 3, BEP 12).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;
use tracker::{AnnounceReply, Event as Told, Tiers};

use super::Time;

/// The pause after every tracker of every tier has failed; it doubles each time round.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause between two rounds of failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// How often a tracker is asked while nobody is left to call, unless its own minimum is longer.
const LONELY_PAUSE: Duration = Duration::from_secs(120);

/// The trackers of one torrent and their timetable.
pub(super) struct Trackers {
    tiers: Tiers,
    /// The one that answered last: it is the one to be told of completion.
    answering: Option<String>,
    /// How many times in a row all of them have failed.
    rounds: u32,
    /// Those that were told `started`, and may be told `completed` and `stopped`.
    started: BTreeSet<String>,
    ids: BTreeMap<String, Vec<u8>>,
    /// The tracker whose answer is waited for.
    in_flight: Option<(String, Option<Told>)>,
    /// What those that know us were told last, while we leave.
    leaving: BTreeMap<String, Farewell>,
    /// Completion is still to be told.
    completed: bool,
    /// From when on it may be asked again out of turn, when nobody is left to call.
    again: Option<Time>,
    /// What the last answer or failure was, for a person.
    pub last: Option<String>,
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
pub(super) struct Call {
    pub tracker: String,
    pub event: Option<Told>,
    pub tracker_id: Option<Vec<u8>>,
}

impl Trackers {
    pub fn new(tiers: &[Vec<String>], rng: &mut impl Rng) -> Trackers {
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
            leaving: BTreeMap::new(),
            completed: false,
            again: None,
            last: None,
        }
    }

    /// Whether there is any tracker that can be asked.
    pub fn any(&self) -> bool {
        !self.tiers.is_empty()
    }

    /// When a tracker may be asked again although its interval is not over, because there is nobody
    /// left to call; `None` while an announce is under way, or before any was answered.
    pub fn may_ask_again(&self) -> Option<Time> {
        self.again.filter(|_| self.in_flight.is_none())
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
        if self.tiers.all_failed() {
            self.tiers.restart();
        }
        let tracker = self.tiers.current()?.to_owned();
        // A tracker that has not heard `started` hears that first, and `completed` after it.
        let event = if !self.started.contains(&tracker) {
            Some(Told::Started)
        } else if self.completed {
            Some(Told::Completed)
        } else {
            None
        };
        self.in_flight = Some((tracker.clone(), event));
        Some(self.call_to(tracker, event))
    }

    /// The first goodbyes, one to each tracker that knows us.
    pub fn goodbyes(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        let waiting = self.in_flight.take().map(|(tracker, _)| tracker);
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
        match self.leaving.remove(tracker)? {
            Farewell::Waiting { known: false } if !answered => None,
            Farewell::Waiting { .. } | Farewell::Completed => {
                Some(self.farewell(tracker.to_owned()))
            }
            Farewell::Stopped => None,
        }
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
        let told = self.in_flight.take().and_then(|(_, event)| event);
        self.rounds = 0;
        self.tiers.succeeded();
        self.answering = Some(tracker.to_owned());
        if let Some(id) = &reply.tracker_id {
            self.ids.insert(tracker.to_owned(), id.clone());
        }
        self.last = Some(match reply.peers.len() {
            0 => "the tracker knows nobody else".to_owned(),
            1 => "the tracker knows one address".to_owned(),
            n => format!("the tracker knows {n} addresses"),
        });
        self.started.insert(tracker.to_owned());
        if told == Some(Told::Completed) {
            self.completed = false;
        }
        if self.completed {
            return Duration::ZERO;
        }
        let least = reply.min_interval.unwrap_or_default().max(LONELY_PAUSE);
        self.again = Some(now + least.min(reply.interval));
        reply.interval
    }

    /// A tracker has not answered; in how long to ask the next one.
    pub fn failed(&mut self, why: &str) -> Duration {
        self.in_flight = None;
        self.tiers.failed();
        self.last = Some(why.to_owned());
        if !self.tiers.all_failed() {
            return Duration::ZERO;
        }
        self.rounds += 1;
        (FIRST_PAUSE * 2u32.pow(self.rounds.min(10) - 1)).min(LONGEST_PAUSE)
    }
}

fn can_ask(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https"))
}
