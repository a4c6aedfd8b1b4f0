//! What comes before what.

use std::time::Duration;

use engine::Time;

use crate::World;
use crate::agenda::{Agenda, Place};
use crate::happen::Happens;

/// The order in which a world lets things happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// What is due first comes first, at whichever node.
    OfTime,
    /// Time is cut into turns of two to the power of so many nanoseconds. In each the first node does
    /// all that is due within the turn, then the second, and so on. Each finds what it needs in the
    /// processor's memory still, for it has needed it a moment ago.
    ///
    /// Nobody can notice while a turn is no longer than anything takes from one node to another: the
    /// *lookahead* of conservative parallel simulation (Chandy and Misra, 1979).
    InTurns(u32),
}

/// Where the node begins in the place of what is done in turns. Below it is the time within the turn.
const NODE: u32 = 32;
/// Where the turn begins.
const TURN: u32 = 64;

impl Order {
    /// Turns that are as long as this at most, and longer than half of it.
    pub fn in_turns(longest: Duration) -> Order {
        let nanos = u32::try_from(longest.as_nanos()).unwrap_or(u32::MAX);
        nanos.checked_ilog2().map_or(Order::OfTime, Order::InTurns)
    }

    /// The place of what happens to this node at this time.
    pub fn place(self, at: Time, node: usize) -> Place {
        let nanos = at.since_start().as_nanos();
        match self {
            Order::OfTime => nanos,
            Order::InTurns(turn) => {
                let within = nanos & ((1 << turn) - 1);
                (nanos >> turn << TURN) | ((node as Place) << NODE) | within
            }
        }
    }

    /// The last place of all that happens until then; with turns, until the end of the turn.
    pub fn last_place(self, until: Time) -> Place {
        match self {
            Order::OfTime => self.place(until, 0),
            Order::InTurns(_) => self.place(until, 0) | ((1 << TURN) - 1),
        }
    }

    /// The time of a place.
    pub fn time(self, place: Place) -> Time {
        let nanos = match self {
            Order::OfTime => place,
            Order::InTurns(turn) => (place >> TURN << turn) | (place & ((1 << turn) - 1)),
        };
        // Six centuries are enough for a torrent.
        Time::after_start(Duration::from_nanos(nanos as u64))
    }

    /// Whether what is at this place may bring about what is at that one: within a turn, nothing at
    /// another node.
    pub fn allows(self, cause: Place, effect: Place) -> bool {
        match self {
            Order::OfTime => true,
            Order::InTurns(_) => effect >> NODE == cause >> NODE || effect >> TURN > cause >> TURN,
        }
    }
}

impl World {
    /// From now on its nodes take turns, if no line is so short that somebody could notice: with a
    /// thousand nodes a step costs a third less. While the world is let go, its clock then goes back and
    /// forth within a turn; it stops at the end of one.
    ///
    /// To be said before anything happens, when all lines are known. Nothing is changed where packets
    /// are lost or connections break, for then two nodes notice it at the same moment.
    pub fn take_turns(&mut self) {
        let lines = || (0..self.nodes.len()).map(|node| self.line_of(node));
        let Some(shortest) = lines().map(|line| line.latency).min() else {
            return;
        };
        if lines().any(|line| line.tcp.is_some() || line.breaks.is_some()) {
            return;
        }
        let mut due = Vec::new();
        let old = std::mem::replace(&mut self.order, Order::in_turns(shortest * 2));
        while let Some((place, (node, happens))) = self.agenda.take_until(Place::MAX) {
            due.push((old.time(place), node, happens));
        }
        self.agenda = Agenda::new();
        for (at, node, happens) in due {
            self.schedule(at, node, happens);
        }
    }

    /// What happens next, when, and to which node. If there is nothing before `until`, then it is `until`.
    pub(crate) fn next(&mut self, until: Time) -> Option<(Time, usize, Happens)> {
        let last = self.order.last_place(until);
        let next = self.agenda.take_until(last);
        self.happening = next.as_ref().map(|&(place, _)| place);
        let Some((place, (node, happens))) = next else {
            self.now = self.order.time(last).max(self.now);
            return None;
        };
        Some((self.order.time(place), node, happens))
    }

    /// Something will happen to a node.
    pub(crate) fn schedule(&mut self, at: Time, node: usize, happens: Happens) {
        let place = self.order.place(at.max(self.now), node);
        assert!(
            self.happening
                .is_none_or(|cause| self.order.allows(cause, place)),
            "node {node} would hear of it within the turn"
        );
        self.agenda.enter(place, (node, happens));
    }

    /// The same, so long after now.
    pub(crate) fn later(&mut self, after: Duration, node: usize, happens: Happens) {
        self.schedule(self.now + after, node, happens);
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(nanos: u64) -> Time {
        Time::after_start(Duration::from_nanos(nanos))
    }

    #[test]
    fn in_turns_the_node_comes_before_the_time_within_the_turn() {
        let order = Order::in_turns(Duration::from_nanos(1_500));
        assert_eq!(order, Order::InTurns(10), "1,024 nanoseconds");
        let mut all = [
            (1_024, 0),
            (0, 1),
            (1_023, 0),
            (5, 1),
            (2_048, 7),
            (1_500, 3),
        ];
        all.sort_by_key(|&(nanos, node)| order.place(at(nanos), node));
        let turns = [
            (1_023, 0),
            (0, 1),
            (5, 1),
            (1_024, 0),
            (1_500, 3),
            (2_048, 7),
        ];
        assert_eq!(all, turns);
        for (nanos, node) in all {
            assert_eq!(order.time(order.place(at(nanos), node)), at(nanos));
        }
    }

    #[test]
    fn a_turn_is_ended_before_the_world_stops() {
        let order = Order::in_turns(Duration::from_nanos(1_024));
        let last = order.last_place(at(10));
        assert!(order.place(at(1_023), 10_000) <= last && last < order.place(at(1_024), 0));
        assert_eq!(order.time(last), at(1_023));
        assert_eq!(Order::OfTime.time(Order::OfTime.last_place(at(10))), at(10));
    }

    #[test]
    fn within_a_turn_nobody_does_anything_to_another() {
        let order = Order::in_turns(Duration::from_nanos(1_024));
        let place = |nanos, node| order.place(at(nanos), node);
        assert!(order.allows(place(5, 1), place(5, 1)));
        assert!(!order.allows(place(5, 1), place(1_000, 2)));
        assert!(order.allows(place(5, 1), place(1_029, 2)));
        let exact = |nanos, node| Order::OfTime.place(at(nanos), node);
        assert!(Order::OfTime.allows(exact(5, 1), exact(5, 2)));
    }

    #[test]
    fn without_a_delay_there_are_no_turns() {
        assert_eq!(Order::in_turns(Duration::ZERO), Order::OfTime);
    }
}
