//! The table of the engine's timers.

use crate::Time;

/// What the engine waits for. Each has one entry in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Silent peers, stalled requests, keep-alives.
    Watch,
    /// The choker's next round.
    Choke,
    /// The next announce to a tracker.
    Announce,
    /// The next address may be dialled, or the next name looked up.
    Dial,
    /// The DHT is to be searched.
    Search,
    /// Trackers may be asked for their counts, of a paused torrent.
    Scrape,
    /// Peers may be told of others.
    Exchange,
    /// Who was asked for metadata may have been silent for too long.
    Metadata,
    /// A speed limit has let some bytes through again.
    Refill,
    /// Say, if it is so, that there is no way forward.
    Stalled,
    /// Pieces in doubt may be looked at again.
    Doubts,
    /// The goodbyes to the trackers have had their time.
    GiveUp,
    /// A paused torrent lets its connections go.
    LetGo,
    /// What was asked for before a pause and has not come is taken back.
    TakeBack,
    /// A disk that had a fault is tried again.
    TryDisk,
}

const COUNT: usize = 15;

const ALL: [Timer; COUNT] = [
    Timer::Watch,
    Timer::Choke,
    Timer::Announce,
    Timer::Dial,
    Timer::Search,
    Timer::Scrape,
    Timer::Exchange,
    Timer::Metadata,
    Timer::Refill,
    Timer::Stalled,
    Timer::Doubts,
    Timer::GiveUp,
    Timer::LetGo,
    Timer::TakeBack,
    Timer::TryDisk,
];

/// When each timer rings; `None` is a timer that is not set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    table: [Option<Time>; COUNT],
    /// The earliest of them: it is looked at with every event.
    next: Option<Time>,
}

impl Timers {
    /// Lets `timer` ring at `at`, and at no other time.
    pub fn set(&mut self, timer: Timer, at: Time) {
        self.put(timer, Some(at));
    }

    /// Lets `timer` ring at `at`, unless it rings before.
    pub fn set_earlier(&mut self, timer: Timer, at: Time) {
        if self.table[timer as usize].is_none_or(|old| at < old) {
            self.put(timer, Some(at));
        }
    }

    /// Keeps `timer` from ringing.
    pub fn stop(&mut self, timer: Timer) {
        self.put(timer, None);
    }

    fn put(&mut self, timer: Timer, at: Option<Time>) {
        let before = std::mem::replace(&mut self.table[timer as usize], at);
        match at {
            Some(at) if self.next.is_none_or(|next| at <= next) => self.next = Some(at),
            // Only if it was the earliest, another one is that now.
            _ if before.is_some() && before == self.next => {
                self.next = self.table.iter().flatten().min().copied();
            }
            _ => {}
        }
    }

    /// Whether `timer` is to ring.
    pub fn is_set(&self, timer: Timer) -> bool {
        self.table[timer as usize].is_some()
    }

    /// When the next timer rings.
    pub fn next(&self) -> Option<Time> {
        self.next
    }

    /// Takes a timer that rings at `now` or has rung before.
    pub fn expired(&mut self, now: Time) -> Option<Timer> {
        self.next.filter(|&next| next <= now)?;
        let timer = ALL
            .into_iter()
            .find(|&timer| self.table[timer as usize].is_some_and(|at| at <= now))?;
        self.stop(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Time {
        Time::after_start(Duration::from_secs(seconds))
    }

    #[test]
    fn the_earliest_timer_is_next_and_rings_once() {
        let mut timers = Timers::default();
        timers.set(Timer::Choke, at(10));
        timers.set(Timer::Watch, at(1));
        timers.set_earlier(Timer::Choke, at(5));
        timers.set_earlier(Timer::Choke, at(7));
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.expired(at(5)), Some(Timer::Watch));
        assert_eq!(timers.expired(at(5)), Some(Timer::Choke));
        assert_eq!(timers.expired(at(5)), None);
        assert_eq!(timers.next(), None);
    }
}
