//! Trackers: who has called, and whom they name.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use tracker::{AnnounceError, Counts};

/// A tracker. It names those that have called it and not said goodbye.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tracker {
    /// How long an answer takes.
    pub takes: Duration,
    /// When to ask again, it says.
    pub interval: Duration,
    /// Whether it answers, and names nobody.
    pub ignorant: bool,
    /// When to ask again at the soonest, it says.
    pub min_interval: Option<Duration>,
    /// Whether it hears everything, and never answers: whoever asks gives up in the end.
    pub silent: bool,
    /// What it answers in place of names.
    pub refuses: Option<AnnounceError>,
    /// The nodes that it knows.
    members: Vec<usize>,
    /// Where each of them stands among the members.
    places: BTreeMap<usize, usize>,
    /// Those of them that miss nothing, by their own word.
    seeders: BTreeSet<usize>,
}

impl Default for Tracker {
    /// One that answers in 40 milliseconds and wants to be asked every half hour.
    fn default() -> Tracker {
        Tracker {
            takes: Duration::from_millis(40),
            interval: Duration::from_secs(1800),
            ignorant: false,
            min_interval: None,
            silent: false,
            refuses: None,
            members: Vec::new(),
            places: BTreeMap::new(),
            seeders: BTreeSet::new(),
        }
    }
}

impl Tracker {
    /// A node has called, and misses so many bytes.
    pub(crate) fn enter(&mut self, node: usize, left: u64) {
        match left {
            0 => self.seeders.insert(node),
            _ => self.seeders.remove(&node),
        };
        self.places.entry(node).or_insert_with(|| {
            self.members.push(node);
            self.members.len() - 1
        });
    }

    /// A node has said goodbye.
    pub(crate) fn leave(&mut self, node: usize) {
        self.seeders.remove(&node);
        if let Some(place) = self.places.remove(&node) {
            self.members.swap_remove(place);
            if let Some(&moved) = self.members.get(place) {
                self.places.insert(moved, place);
            }
        }
    }

    /// How many it knows that have everything, and how many others.
    pub(crate) fn counts(&self) -> Counts {
        let count = |count: usize| u32::try_from(count).ok();
        Counts {
            seeders: count(self.seeders.len()),
            leechers: count(self.members.len() - self.seeders.len()),
            completed: None,
        }
    }

    /// As many members as are wanted, whoever asks among them, as real trackers do; by chance, if
    /// there are more.
    pub(crate) fn name(&self, wanted: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        if self.ignorant {
            return Vec::new();
        }
        if self.members.len() <= wanted {
            return self.members.clone();
        }
        let mut drawn = BTreeSet::new();
        while drawn.len() < wanted {
            drawn.insert((rng.next_u64() % self.members.len() as u64) as usize);
        }
        drawn.into_iter().map(|place| self.members[place]).collect()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn it_names_those_that_came_and_did_not_leave() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut tracker = Tracker::default();
        for (node, left) in [(3, 1), (1, 0), (4, 9), (1, 0), (5, 0), (5, 2), (4, 0)] {
            tracker.enter(node, left);
        }
        assert_eq!(tracker.counts().seeders, Some(2));
        assert_eq!(tracker.counts().leechers, Some(2));
        tracker.leave(3);
        tracker.leave(9);
        tracker.leave(1);
        assert_eq!(tracker.counts().seeders, Some(1));
        let mut named = tracker.name(10, &mut rng);
        named.sort_unstable();
        assert_eq!(named, [4, 5]);
        assert!(tracker.name(0, &mut rng).is_empty());
    }

    #[test]
    fn of_many_it_names_as_many_as_are_wanted_each_once_and_not_always_the_same() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut tracker = Tracker::default();
        (0..1000).for_each(|node| tracker.enter(node, 1));
        let first = tracker.name(100, &mut rng);
        let second = tracker.name(100, &mut rng);
        assert_eq!(BTreeSet::from_iter(&first).len(), 100);
        assert_eq!(second.len(), 100);
        assert!(first != second);
    }
}
