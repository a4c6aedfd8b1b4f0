//! When which tracker is asked, and what it is told (BEP 3, BEP 12).
//!
//! The order of BEP 12 says who is asked first. It is no queue: who is silent is not waited for
//! alone. The first that answers decides when the next announce is due; the others may answer
//! later, and what they say is taken too.

mod counting;
mod farewell;
mod listed;
mod pause;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;
use tracker::limits::{BESIDE, MAX_AT_A_TIME};
use tracker::{AnnounceError, AnnounceEvent as Told, AnnounceReply, Retry, Tiers};

use crate::{Time, TrackerWord};

use counting::Counting;
pub(super) use counting::SCRAPE;
use farewell::Farewell;

/// The pause after every tracker of every tier has failed; it doubles each time round.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause between two rounds of failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// How often a tracker is asked while nobody has what we need, unless its `min interval` is longer,
/// or, if it has none, its `interval`.
const LONELY_PAUSE: Duration = Duration::from_secs(120);

/// The trackers of one torrent and their timetable.
pub(crate) struct Trackers {
    tiers: Tiers,
    /// The one whose answer decided when the next announce is due; none while that is open.
    leader: Option<String>,
    /// The one that answered last: it is the one to be told of completion.
    answering: Option<String>,
    /// How many times in a row all of them have failed.
    rounds: u32,
    /// Those that were told `started`, and may be told `completed` and `stopped`.
    started: BTreeSet<String>,
    ids: BTreeMap<String, Vec<u8>>,
    /// The announces whose answers are waited for, one to a tracker.
    under_way: BTreeMap<String, UnderWay>,
    /// The tracker to be asked next although it is not its turn.
    extra: Option<String>,
    /// When the next in turn is asked; `None` while answers are waited for.
    due: Option<Time>,
    /// What those that know us were told last, while we leave.
    leaving: BTreeMap<String, Farewell>,
    /// How long each took for its last answer.
    took: BTreeMap<String, Duration>,
    /// Completion is still to be told.
    completed: bool,
    /// From when on each may be asked again out of turn; at once, if it was never asked.
    again: BTreeMap<String, Time>,
    /// From when on each may be asked at all that has refused and said so; `None` is never.
    barred: BTreeMap<String, Option<Time>>,
    /// What came of the last announce.
    last: Option<TrackerWord>,
    /// What came of the last announce to each.
    words: BTreeMap<String, TrackerWord>,
    /// Nothing is to be announced for now.
    paused: bool,
    /// How many have the torrent, by the trackers' words.
    pub(super) counts: Counting,
}

/// An announce under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct UnderWay {
    event: Option<Told>,
    /// It is out of turn: the timetable stays as it is.
    extra: bool,
    since: Time,
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
            leader: None,
            answering: None,
            rounds: 0,
            tiers: Tiers::new(&usable, rng),
            started: BTreeSet::new(),
            ids: BTreeMap::new(),
            under_way: BTreeMap::new(),
            extra: None,
            due: Some(now),
            leaving: BTreeMap::new(),
            took: BTreeMap::new(),
            completed: false,
            again: BTreeMap::new(),
            barred: BTreeMap::new(),
            last: None,
            words: BTreeMap::new(),
            paused: false,
            counts: Counting::default(),
        }
    }

    /// Whether there is any tracker that can be asked, now or later.
    pub fn any(&self) -> bool {
        self.tiers
            .iter()
            .any(|url| self.may_be_asked_from(url).is_some())
    }

    /// Why no tracker can be asked any more, if all have refused for good: what the last one said.
    pub fn refusal(&self) -> Option<&AnnounceError> {
        match &self.last {
            Some(TrackerWord::Failed(why)) if !self.any() => Some(why),
            _ => None,
        }
    }

    /// From when on this tracker may be asked; `None` is never.
    fn may_be_asked_from(&self, tracker: &str) -> Option<Time> {
        self.barred
            .get(tracker)
            .copied()
            .unwrap_or(Some(Time::ZERO))
    }

    /// What came of the last announce, for whoever wonders why nothing happens.
    pub fn word(&self) -> TrackerWord {
        match &self.last {
            Some(word) => word.clone(),
            None if self.any() => TrackerWord::Nothing,
            None => TrackerWord::None,
        }
    }

    /// Whether trackers are being asked in turn, and none has answered yet.
    fn is_asking(&self) -> bool {
        self.leader.is_none() && self.under_way.values().any(|call| !call.extra)
    }

    fn is_full(&self) -> bool {
        self.under_way.len() >= MAX_AT_A_TIME
    }

    /// When a tracker may be asked out of turn, because nobody has what we need; `None` while the
    /// answer to a turn is waited for, or before any was answered.
    ///
    /// BEP 12 asks the second tier only if the first fails. A first tracker that answers and knows
    /// nobody would then hide a second one that knows everybody.
    pub fn may_ask_another(&self) -> Option<Time> {
        if self.is_full() || self.is_asking() || self.answering.is_none() {
            return None;
        }
        let (at, _) = self.another()?;
        let extras = self.under_way.values().filter(|call| call.extra);
        let patient = extras.map(|call| call.since + BESIDE).max();
        Some(patient.map_or(at, |patient| at.max(patient)))
    }

    /// The next announce goes to the tracker that was not asked for longest.
    pub fn ask_another(&mut self) {
        self.extra = self.another().map(|(_, tracker)| tracker.to_owned());
    }

    fn another(&self) -> Option<(Time, &str)> {
        let when = |tracker| {
            let again = self.again.get(tracker).copied().unwrap_or(Time::ZERO);
            Some(self.may_be_asked_from(tracker)?.max(again))
        };
        let idle = self
            .tiers
            .iter()
            .filter(|&url| !self.under_way.contains_key(url));
        let all = idle.filter_map(|tracker| Some((when(tracker)?, tracker)));
        all.min_by_key(|&(at, _)| at)
    }

    /// The download is complete: say so with the next announce, which is due now.
    pub fn complete(&mut self, now: Time) {
        self.completed = true;
        if !self.is_asking() {
            self.due = Some(now);
        }
    }

    /// When the next announce is to be made, if nothing happens before.
    pub fn next(&self, now: Time) -> Option<Time> {
        if self.is_full() || self.paused {
            return None;
        }
        match self.extra {
            Some(_) => Some(now),
            None => self.due,
        }
    }

    /// The next announce, if one is due.
    pub fn call(&mut self, now: Time) -> Option<Call> {
        if self.next(now).is_none_or(|due| due > now) {
            return None;
        }
        let extra = self.extra.take();
        let is_extra = extra.is_some();
        let tracker = match extra {
            Some(tracker) => tracker,
            None => self.take_turn(now)?,
        };
        // A tracker that has not heard `started` hears that first, and `completed` after it.
        let event = if !self.started.contains(&tracker) {
            Some(Told::Started)
        } else if self.completed {
            Some(Told::Completed)
        } else {
            None
        };
        let call = UnderWay {
            event,
            extra: is_extra,
            since: now,
        };
        self.under_way.insert(tracker.clone(), call);
        Some(self.call_to(tracker, event))
    }

    /// Takes the tracker whose turn it is. The one after it is asked beside it, if it is silent.
    fn take_turn(&mut self, now: Time) -> Option<String> {
        self.leader = None;
        let tracker = self.in_turn(now);
        self.tiers.advance();
        self.due = self.in_turn(now).map(|_| now + BESIDE);
        if tracker.is_none() && !self.is_asking() {
            self.rest(now, Duration::ZERO);
        }
        tracker
    }

    /// The tracker that is to be asked next. Those that do not want to be asked yet are passed over;
    /// and so are those whose answers are waited for already: it is their turn now.
    fn in_turn(&mut self, now: Time) -> Option<String> {
        while let Some(tracker) = self.tiers.current() {
            if let Some(call) = self.under_way.get_mut(tracker) {
                call.extra = false;
            } else if self.may_be_asked_from(tracker).is_some_and(|at| at <= now) {
                return Some(tracker.to_owned());
            }
            self.tiers.advance();
        }
        None
    }

    /// All have failed, or do not want to be asked: all begins anew after this pause, or when the
    /// first of them may be asked again.
    fn rest(&mut self, now: Time, pause: Duration) {
        self.tiers.restart();
        let times = self
            .tiers
            .iter()
            .filter_map(|url| self.may_be_asked_from(url));
        self.due = times.min().map(|at| at.max(now + pause));
    }

    fn call_to(&self, tracker: String, event: Option<Told>) -> Call {
        Call {
            event,
            tracker_id: self.ids.get(&tracker).cloned(),
            tracker,
        }
    }

    /// A tracker has answered.
    pub fn answered(&mut self, tracker: &str, reply: &AnnounceReply, now: Time) {
        let call = self.under_way.remove(tracker);
        if call.is_some_and(|call| call.event == Some(Told::Stopped)) {
            return self.is_away(now);
        }
        if call.is_some_and(|call| !call.extra) && self.decides(tracker) {
            self.rounds = 0;
            self.tiers.answered(tracker);
            self.leader = Some(tracker.to_owned());
            self.due = Some(now + reply.interval.max(reply.min_interval.unwrap_or_default()));
        }
        if let Some(call) = call {
            let took = now.since(call.since);
            self.took.insert(tracker.to_owned(), took);
        }
        self.barred.remove(tracker);
        self.answering = Some(tracker.to_owned());
        if let Some(id) = &reply.tracker_id {
            self.ids.insert(tracker.to_owned(), id.clone());
        }
        self.counts.announced(tracker, reply);
        let word = TrackerWord::Addresses(reply.peers.len());
        self.words.insert(tracker.to_owned(), word.clone());
        self.last = Some(word);
        self.started.insert(tracker.to_owned());
        let told = call.and_then(|call| call.event);
        if told == Some(Told::Completed) {
            self.completed = false;
        }
        if self.completed {
            // It knows us now, and hears of the completion at once.
            self.extra = Some(tracker.to_owned());
        }
        let least = reply.min_interval.unwrap_or(reply.interval);
        let pause = least.max(LONELY_PAUSE.min(reply.interval));
        self.again.insert(tracker.to_owned(), now + pause);
    }

    /// Whether the answer of this tracker, whose turn it was, decides when the next announce is
    /// due: that begins with the first in order of those that answered.
    fn decides(&self, tracker: &str) -> bool {
        let place = |wanted: &str| self.tiers.iter().position(|url| url == wanted);
        match &self.leader {
            None => true,
            Some(leader) => place(tracker) < place(leader),
        }
    }

    /// A tracker has not answered, or has refused: the next one is asked at once.
    pub fn failed(&mut self, tracker: &str, why: &AnnounceError, now: Time) {
        let call = self.under_way.remove(tracker);
        if call.is_some_and(|call| call.event == Some(Told::Stopped)) {
            return self.is_away(now);
        }
        self.again.insert(tracker.to_owned(), now + LONELY_PAUSE);
        self.wishes(tracker, why.retry(), now);
        let word = TrackerWord::Failed(why.clone());
        self.words.insert(tracker.to_owned(), word);
        if self.leader.is_none() {
            self.last = Some(TrackerWord::Failed(why.clone()));
        }
        if self.leader.is_some() || call.is_none_or(|call| call.extra) {
            return;
        }
        if self.in_turn(now).is_some() {
            self.due = Some(now);
        } else if !self.is_asking() {
            self.rounds += 1;
            let pause = FIRST_PAUSE * 2u32.pow(self.rounds.min(10) - 1);
            self.rest(now, pause.min(LONGEST_PAUSE));
        }
    }

    /// What a tracker that failed wants about being asked again.
    fn wishes(&mut self, tracker: &str, retry: Option<Retry>, now: Time) {
        let from = match retry {
            None => {
                self.barred.remove(tracker);
                return;
            }
            Some(Retry::After(time)) => Some(now + time),
            Some(Retry::Never) => {
                // Not even to say goodbye.
                self.started.remove(tracker);
                None
            }
        };
        self.barred.insert(tracker.to_owned(), from);
    }
}

/// The ways to ask a tracker that the shell knows.
const SCHEMES: [&str; 3] = ["http", "https", "udp"];

fn can_ask(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}
