//! What is still to happen, and in which order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use engine::Time;

/// A heap of things to come. What is due first comes first, and of those that are due at the same
/// moment the one that was entered first: so that a world always runs in the same way.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    heap: BinaryHeap<Entry<T>>,
    ticket: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Time,
    ticket: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub fn new() -> Agenda<T> {
        Agenda {
            heap: BinaryHeap::new(),
            ticket: 0,
        }
    }

    /// Enters what happens at `at`.
    pub fn enter(&mut self, at: Time, what: T) {
        self.ticket += 1;
        let ticket = self.ticket;
        self.heap.push(Entry { at, ticket, what });
    }

    /// When the next thing happens.
    pub fn next(&self) -> Option<Time> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// Takes the next thing.
    pub fn take(&mut self) -> Option<(Time, T)> {
        self.heap.pop().map(|entry| (entry.at, entry.what))
    }
}

// `BinaryHeap` gives the greatest first: here that is the earliest.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Entry<T>) -> Ordering {
        (other.at, other.ticket).cmp(&(self.at, self.ticket))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Entry<T>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Entry<T>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;

    fn at(millis: u64) -> Time {
        Time::after_start(Duration::from_millis(millis))
    }

    #[test]
    fn the_earliest_comes_first_whatever_the_order_of_entering() {
        let mut agenda = Agenda::new();
        for millis in [5, 1, 9, 3, 7, 2, 8, 4, 6] {
            agenda.enter(at(millis), millis);
        }
        assert_eq!(agenda.next(), Some(at(1)));
        let order: Vec<_> = std::iter::from_fn(|| agenda.take()).collect();
        let sorted: Vec<_> = (1..=9).map(|millis| (at(millis), millis)).collect();
        assert_eq!(order, sorted);
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn what_is_due_at_the_same_moment_happens_in_the_order_of_entering() {
        let mut agenda = Agenda::new();
        for number in 0..100 {
            agenda.enter(at(number % 2), number);
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.take())
            .map(|(_, number)| number)
            .collect();
        let even = (0..100).step_by(2);
        let odd = (1..100).step_by(2);
        assert_eq!(order, even.chain(odd).collect::<Vec<_>>());
    }
}
