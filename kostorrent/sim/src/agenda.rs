//! What is still to happen, and in which order.

use std::collections::VecDeque;
use std::time::Duration;

use engine::Time;

/// Things to come. What is due first comes first, and of those that are due at the same moment the one
/// that was entered first: so that a world always runs in the same way.
///
/// Nothing is ever due before what was taken last. So this is a *radix heap* (Ahuja, Mehlhorn, Orlin and
/// Tarjan, 1990): row `n` holds what differs from the last moment in bit `n - 1` and in none above it,
/// and row 0 what is due at that very moment. Of the first row that is not empty the earliest is the
/// earliest of all; when it comes up, its row is dealt out to the rows below. Each entry moves down a
/// few rows in its life, always at the end of a row, and a heap of a million would be looked up all
/// over memory.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    /// The rows from 1 on. What happens stands in its entry, though it has to be carried along: a row
    /// is read from one end to the other, and places elsewhere would be looked up all over memory, too.
    rows: Vec<Vec<Entry<T>>>,
    /// Row 0: what is due at the last moment that came up.
    due: VecDeque<T>,
    /// The last moment that came up, in nanoseconds after the beginning.
    last: u64,
}

#[derive(Debug)]
struct Entry<T> {
    /// Nanoseconds after the beginning.
    at: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub fn new() -> Agenda<T> {
        Agenda {
            rows: (0..u64::BITS).map(|_| Vec::new()).collect(),
            due: VecDeque::new(),
            last: 0,
        }
    }

    /// Enters what happens at `at`; or now, if that is over.
    pub fn enter(&mut self, at: Time, what: T) {
        let at = nanos(at).max(self.last);
        self.put(Entry { at, what });
    }

    fn put(&mut self, entry: Entry<T>) {
        match u64::BITS - (entry.at ^ self.last).leading_zeros() {
            0 => self.due.push_back(entry.what),
            row => self.rows[row as usize - 1].push(entry),
        }
    }

    /// Takes the next thing, unless it is due after `until`.
    pub fn take_until(&mut self, until: Time) -> Option<(Time, T)> {
        if self.due.is_empty() {
            self.deal(nanos(until))?;
        }
        if self.last > nanos(until) {
            return None;
        }
        let what = self.due.pop_front()?;
        Some((Time::after_start(Duration::from_nanos(self.last)), what))
    }

    /// The next moment comes up, unless it is after `until`: what is due then goes to row 0, in the
    /// order in which it was entered.
    fn deal(&mut self, until: u64) -> Option<()> {
        let row = self.rows.iter().position(|row| !row.is_empty())?;
        let next = self.rows[row].iter().map(|entry| entry.at).min()?;
        if next > until {
            return None;
        }
        self.last = next;
        let mut dealt = std::mem::take(&mut self.rows[row]);
        for entry in dealt.drain(..) {
            self.put(entry);
        }
        // Its memory stays for the next ones.
        self.rows[row] = dealt;
        Some(())
    }
}

/// Six centuries are enough for a torrent.
fn nanos(at: Time) -> u64 {
    u64::try_from(at.since_start().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    fn at(millis: u64) -> Time {
        Time::after_start(Duration::from_millis(millis))
    }

    const END: u64 = 1_000_000;

    #[test]
    fn the_earliest_comes_first_whatever_the_order_of_entering() {
        let mut agenda = Agenda::new();
        for millis in [5, 1, 9, 3, 7, 2, 8, 4, 6] {
            agenda.enter(at(millis), millis);
        }
        assert_eq!(agenda.take_until(Time::ZERO), None);
        let order: Vec<_> = std::iter::from_fn(|| agenda.take_until(at(END))).collect();
        let sorted: Vec<_> = (1..=9).map(|millis| (at(millis), millis)).collect();
        assert_eq!(order, sorted);
        assert_eq!(agenda.take_until(at(END)), None);
    }

    #[test]
    fn what_is_due_at_the_same_moment_happens_in_the_order_of_entering() {
        let mut agenda = Agenda::new();
        for number in 0..100 {
            agenda.enter(at(number % 2), number);
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.take_until(at(END)))
            .map(|(_, number)| number)
            .collect();
        let even = (0..100).step_by(2);
        let odd = (1..100).step_by(2);
        assert_eq!(order, even.chain(odd).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_due_yet_stays_and_something_earlier_may_still_be_entered() {
        let mut agenda = Agenda::new();
        agenda.enter(at(100), "late");
        assert_eq!(agenda.take_until(at(50)), None);
        agenda.enter(at(60), "early");
        assert_eq!(agenda.take_until(at(END)), Some((at(60), "early")));
        agenda.enter(at(10), "over, and so now");
        assert_eq!(
            agenda.take_until(at(END)),
            Some((at(60), "over, and so now"))
        );
        assert_eq!(agenda.take_until(at(END)), Some((at(100), "late")));
    }

    #[test]
    fn it_is_a_list_in_order_whatever_is_entered_and_taken_when() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut agenda = Agenda::new();
        let mut list: Vec<(u64, u64)> = Vec::new();
        let mut now = 0;
        for number in 0..20_000 {
            // Moments that often coincide, near and far.
            let far = 1_u64 << (rng.next_u64() % 24);
            let due = now + rng.next_u64() % far;
            agenda.enter(Time::after_start(Duration::from_nanos(due)), number);
            list.push((due, number));
            if rng.next_u64().is_multiple_of(2) {
                list.sort_unstable();
                let until = now + rng.next_u64() % (1 << 20);
                let wanted = (list[0].0 <= until).then(|| list.remove(0));
                let taken = agenda.take_until(Time::after_start(Duration::from_nanos(until)));
                let taken = taken.map(|(at, what)| (at.since_start().as_nanos() as u64, what));
                assert_eq!(taken, wanted);
                now = wanted.map_or(until, |(at, _)| at);
            }
        }
    }
}
