//! What is still to happen, and in which order.

use std::collections::VecDeque;

/// Things to come. What has the first place comes first, and of those with the same place the one that
/// was entered first: so that a world always runs in the same way.
///
/// Nothing ever has a place before that of what was taken last. So this is a *radix heap* (Ahuja,
/// Mehlhorn, Orlin and Tarjan, 1990): row `n` holds what differs from the last place in bit `n - 1` and
/// in none above it, and row 0 what has that very place. Of the first row that is not empty the earliest
/// is the earliest of all; when it comes up, its row is dealt out to the rows below. Each entry moves down a
/// few rows in its life, always at the end of a row, and a heap of a million would be looked up all
/// over memory.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    /// The rows from 1 on. What happens stands in its entry, though it has to be carried along: a row
    /// is read from one end to the other, and places elsewhere would be looked up all over memory, too.
    rows: Vec<Vec<Entry<T>>>,
    /// Row 0: what has the last place that came up.
    due: VecDeque<T>,
    /// The last place that came up.
    last: Place,
}

/// Where something stands among all that happens: see [`Order`](crate::order::Order).
pub(crate) type Place = u128;

#[derive(Debug)]
struct Entry<T> {
    place: Place,
    what: T,
}

impl<T> Agenda<T> {
    pub fn new() -> Agenda<T> {
        Agenda {
            rows: (0..Place::BITS).map(|_| Vec::new()).collect(),
            due: VecDeque::new(),
            last: 0,
        }
    }

    /// Enters what happens at this place; or at the last one, if this is over.
    pub fn enter(&mut self, place: Place, what: T) {
        let place = place.max(self.last);
        self.put(Entry { place, what });
    }

    fn put(&mut self, entry: Entry<T>) {
        match Place::BITS - (entry.place ^ self.last).leading_zeros() {
            0 => self.due.push_back(entry.what),
            row => self.rows[row as usize - 1].push(entry),
        }
    }

    /// Takes the next thing, unless its place is after this one.
    pub fn take_until(&mut self, last: Place) -> Option<(Place, T)> {
        if self.due.is_empty() {
            self.deal(last)?;
        }
        if self.last > last {
            return None;
        }
        Some((self.last, self.due.pop_front()?))
    }

    /// The next place comes up, unless it is after this one: what has it goes to row 0, in the order in
    /// which it was entered.
    fn deal(&mut self, last: Place) -> Option<()> {
        let row = self.rows.iter().position(|row| !row.is_empty())?;
        let next = self.rows[row].iter().map(|entry| entry.place).min()?;
        if next > last {
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

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    const END: Place = 1_000_000;

    #[test]
    fn the_earliest_comes_first_whatever_the_order_of_entering() {
        let mut agenda = Agenda::new();
        for place in [5, 1, 9, 3, 7, 2, 8, 4, 6] {
            agenda.enter(place, place);
        }
        assert_eq!(agenda.take_until(0), None);
        let order: Vec<_> = std::iter::from_fn(|| agenda.take_until(END)).collect();
        let sorted: Vec<_> = (1..=9).map(|place| (place, place)).collect();
        assert_eq!(order, sorted);
        assert_eq!(agenda.take_until(END), None);
    }

    #[test]
    fn what_has_the_same_place_comes_in_the_order_of_entering() {
        let mut agenda = Agenda::new();
        for number in 0..100 {
            agenda.enter(number % 2, number);
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.take_until(END))
            .map(|(_, number)| number)
            .collect();
        let even = (0..100).step_by(2);
        let odd = (1..100).step_by(2);
        assert_eq!(order, even.chain(odd).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_due_yet_stays_and_something_earlier_may_still_be_entered() {
        let mut agenda = Agenda::new();
        agenda.enter(100, "late");
        assert_eq!(agenda.take_until(50), None);
        agenda.enter(60, "early");
        assert_eq!(agenda.take_until(END), Some((60, "early")));
        agenda.enter(10, "over, and so now");
        assert_eq!(agenda.take_until(END), Some((60, "over, and so now")));
        assert_eq!(agenda.take_until(END), Some((100, "late")));
    }

    #[test]
    fn it_is_a_list_in_order_whatever_is_entered_and_taken_when() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut agenda = Agenda::new();
        let mut list: Vec<(Place, u64)> = Vec::new();
        let mut now = 0;
        for number in 0..4_000 {
            // Places that often coincide, near and far.
            let far = 1_u64 << (rng.next_u64() % 24);
            let due = now + Place::from(rng.next_u64() % far);
            agenda.enter(due, number);
            list.push((due, number));
            if rng.next_u64().is_multiple_of(2) {
                list.sort_unstable();
                let until = now + Place::from(rng.next_u64() % (1 << 20));
                let wanted = (list[0].0 <= until).then(|| list.remove(0));
                assert_eq!(agenda.take_until(until), wanted);
                now = wanted.map_or(until, |(place, _)| place);
            }
        }
    }
}
