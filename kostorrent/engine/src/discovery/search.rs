//! When the DHT is searched for peers (BEP 5).

use std::time::Duration;

use crate::Time;

/// Whoever has announced himself is forgotten by the nodes after some half an hour; so often it is done
/// again. (libtorrent: `dht_announce_interval`)
const AGAIN: Duration = Duration::from_secs(15 * 60);

/// How soon while nobody that we know of has what we miss.
const LONELY: Duration = Duration::from_secs(60);

/// How soon when not a single node has answered: there may be no network yet.
const UNANSWERED: Duration = Duration::from_secs(20);

/// The timetable of one source that is searched.
#[derive(Debug)]
pub(super) struct Search {
    due: Time,
    ended: Option<Time>,
    under_way: bool,
    /// How many nodes answered the last time; `None` if it was never searched.
    answered: Option<usize>,
    /// The torrent is paused.
    paused: bool,
}

impl Search {
    /// Due now.
    pub fn new(now: Time) -> Search {
        Search {
            due: now,
            ended: None,
            under_way: false,
            answered: None,
            paused: false,
        }
    }

    /// Whether it may still find somebody: it was not tried, or somebody answers there.
    pub fn has_hope(&self) -> bool {
        self.under_way || self.answered != Some(0)
    }

    /// When it is due, if it is not under way.
    pub fn next(&self) -> Option<Time> {
        (!self.under_way && !self.paused).then_some(self.due)
    }

    /// Whether to begin now. Then it is under way.
    pub fn begin(&mut self, now: Time) -> bool {
        let is_due = self.next().is_some_and(|due| due <= now);
        self.under_way |= is_due;
        is_due
    }

    /// It is over; so many nodes have answered.
    pub fn ended(&mut self, answered: usize, now: Time) {
        self.under_way = false;
        self.answered = Some(answered);
        self.ended = Some(now);
        self.due = now + if answered == 0 { UNANSWERED } else { AGAIN };
    }

    /// Nobody that we know of has what we miss.
    pub fn hurry(&mut self, now: Time) {
        let soonest = self.ended.map_or(now, |ended| ended + LONELY);
        self.due = self.due.min(soonest);
    }

    /// The torrent is paused, or goes on.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::after_start(Duration::from_secs(seconds))
    }

    #[test]
    fn it_is_searched_again_in_a_quarter_of_an_hour_or_in_a_minute_if_we_are_lonely() {
        let mut search = Search::new(at(0));
        assert!(search.begin(at(0)));
        assert!(!search.begin(at(0)), "it is under way");
        assert!(search.has_hope());
        search.ended(5, at(3));
        assert_eq!(search.next(), Some(at(3) + AGAIN));
        search.hurry(at(10));
        assert_eq!(search.next(), Some(at(3) + LONELY));
        search.pause(true);
        assert_eq!(search.next(), None);
        search.pause(false);
        assert!(search.begin(at(70)));
    }

    #[test]
    fn where_nobody_answers_there_is_no_hope_but_it_is_tried_again() {
        let mut search = Search::new(at(0));
        assert!(search.begin(at(0)));
        search.ended(0, at(10));
        assert!(!search.has_hope());
        assert_eq!(search.next(), Some(at(10) + UNANSWERED));
        assert!(search.begin(at(40)));
        search.ended(1, at(41));
        assert!(search.has_hope());
    }
}
