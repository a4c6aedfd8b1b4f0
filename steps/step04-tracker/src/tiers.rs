//! Several trackers, and the order in which they are asked (BEP 12).

use rand::Rng;
use rand::seq::SliceRandom;

// ANCHOR: tiers
/// The trackers of a torrent, in tiers: all of a tier are asked before the next
/// tier.
///
/// ```
/// use rand::SeedableRng;
///
/// let announce = [vec!["http://main/".to_string()], vec!["http://backup/".to_string()]];
/// let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
/// let mut tiers = tracker::Tiers::new(&announce, &mut rng);
/// assert_eq!(tiers.current(), Some("http://main/"));
/// tiers.advance();
/// assert_eq!(tiers.current(), Some("http://backup/"));
/// tiers.answered("http://backup/");
/// assert_eq!(tiers.current(), Some("http://main/"), "the next announce starts anew");
/// ```
#[derive(Clone, Debug)]
pub struct Tiers {
    tiers: Vec<Vec<String>>,
    /// The tier being asked, and the place in it.
    tier: usize,
    place: usize,
}

impl Tiers {
    /// Takes the trackers in a torrent's order and shuffles each tier, so that its
    /// trackers share the load. Empty tiers, and URLs that occurred before, are
    /// left out.
    pub fn new(announce: &[Vec<String>], rng: &mut impl Rng) -> Tiers {
        let mut seen = std::collections::BTreeSet::new();
        let mut tiers: Vec<Vec<String>> = Vec::new();
        for tier in announce {
            let urls = tier.iter().filter(|url| seen.insert(url.as_str()));
            let mut urls: Vec<String> = urls.cloned().collect();
            urls.shuffle(rng);
            if !urls.is_empty() {
                tiers.push(urls);
            }
        }
        Tiers {
            tiers,
            tier: 0,
            place: 0,
        }
    }
    // ANCHOR_END: tiers

    // ANCHOR: walk
    /// The tracker to ask next; none when all of them have been asked (or there are
    /// none).
    pub fn current(&self) -> Option<&str> {
        Some(self.tiers.get(self.tier)?.get(self.place)?)
    }

    /// The current tracker has been asked, and has failed or is silent: on to the
    /// next.
    pub fn advance(&mut self) {
        // ANCHOR: yours_advance (chapter 4, "Build it")
        let Some(tier) = self.tiers.get(self.tier) else {
            return;
        };
        self.place += 1;
        if self.place == tier.len() {
            self.tier += 1;
            self.place = 0;
        }
        // ANCHOR_END: yours_advance
    }

    /// A tracker answered: it moves to the front of its tier, and the next announce
    /// begins at the first tier again.
    pub fn answered(&mut self, tracker: &str) {
        // ANCHOR: yours_answered (chapter 4, "Build it")
        for tier in &mut self.tiers {
            if let Some(place) = tier.iter().position(|url| url == tracker) {
                tier[..=place].rotate_right(1);
            }
        }
        self.restart();
        // ANCHOR_END: yours_answered
    }

    /// Begins at the first tier again: for the next announce after all have failed.
    pub fn restart(&mut self) {
        self.tier = 0;
        self.place = 0;
    }
    // ANCHOR_END: walk
}

impl Tiers {
    /// Whether there are no trackers at all.
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty()
    }

    /// Every tracker, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.tiers.iter().flatten().map(String::as_str)
    }

    /// Where the current tracker stands: its tier and the number of tiers, counted from 1.
    pub fn position(&self) -> (usize, usize) {
        (self.tier + 1, self.tiers.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    fn tiers(announce: &[&[&str]], seed: u64) -> Tiers {
        let announce: Vec<Vec<String>> = announce
            .iter()
            .map(|tier| tier.iter().map(|url| url.to_string()).collect())
            .collect();
        Tiers::new(&announce, &mut SmallRng::seed_from_u64(seed))
    }

    /// The order of one round in which all fail.
    fn round(tiers: &mut Tiers) -> Vec<String> {
        let mut order = Vec::new();
        while let Some(url) = tiers.current() {
            order.push(url.to_string());
            tiers.advance();
        }
        tiers.restart();
        order
    }

    #[test]
    fn tiers_are_asked_in_their_order() {
        let mut tiers = tiers(&[&["a"], &["b"], &["c"]], 0);
        assert_eq!(round(&mut tiers), ["a", "b", "c"]);
        assert_eq!(round(&mut tiers), ["a", "b", "c"]);
    }

    #[test]
    fn a_tier_is_shuffled_and_asked_whole_before_the_next() {
        let orders: BTreeSet<Vec<String>> = (0..100)
            .map(|seed| round(&mut tiers(&[&["a", "b", "c"], &["d"]], seed)))
            .collect();
        assert_eq!(orders.len(), 6, "every order occurs");
        assert!(orders.iter().all(|order| order[3] == "d"));
    }

    #[test]
    fn the_example_of_bep_12_moves_who_answers_to_the_front() {
        let mut tiers = tiers(&[&["1", "2", "3"]], 0);
        tiers.tiers = vec![vec!["1".into(), "2".into(), "3".into()]];
        // 1 cannot be reached, 2 can.
        tiers.advance();
        tiers.answered("2");
        assert_eq!(round(&mut tiers), ["2", "1", "3"]);
        // Later neither 2 nor 1 can be reached, 3 can.
        tiers.advance();
        tiers.advance();
        tiers.answered("3");
        assert_eq!(round(&mut tiers), ["3", "2", "1"]);
    }

    #[test]
    fn a_backup_that_answers_stays_in_its_tier() {
        let mut tiers = tiers(&[&["main"], &["x", "y"]], 0);
        tiers.advance();
        tiers.advance();
        let answered = tiers.current().unwrap().to_string();
        assert_eq!(tiers.position(), (2, 2));
        tiers.answered(&answered);
        assert_eq!(round(&mut tiers)[..2], ["main".to_string(), answered]);
    }

    #[test]
    fn who_answers_late_moves_to_the_front_wherever_the_walk_has_come_to() {
        let mut tiers = tiers(&[&["1", "2", "3"], &["4"]], 0);
        tiers.tiers[0] = vec!["1".into(), "2".into(), "3".into()];
        for _ in 0..4 {
            tiers.advance();
        }
        assert_eq!(tiers.current(), None);
        tiers.answered("2");
        assert_eq!(round(&mut tiers), ["2", "1", "3", "4"]);
        tiers.answered("nobody's");
        assert_eq!(round(&mut tiers), ["2", "1", "3", "4"]);
    }

    #[test]
    fn when_all_were_asked_there_is_none_until_the_next_start() {
        let mut tiers = tiers(&[&["a"], &["b"]], 0);
        for _ in 0..3 {
            tiers.advance();
        }
        assert_eq!(tiers.current(), None);
        tiers.restart();
        assert_eq!(tiers.current(), Some("a"));
    }

    #[test]
    fn without_trackers_there_is_nobody_to_ask() {
        let mut tiers = tiers(&[&[], &[]], 0);
        assert!(tiers.is_empty());
        assert_eq!(tiers.current(), None);
        tiers.answered("a");
        tiers.advance();
        assert_eq!(tiers.current(), None);
    }

    #[test]
    fn a_tracker_named_twice_is_asked_once() {
        let mut tiers = tiers(&[&["a", "a"], &["a"], &["b"]], 0);
        assert_eq!(round(&mut tiers), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn a_round_asks_every_tracker_once(
            sizes in prop::collection::vec(0usize..5, 0..5),
            answers in prop::collection::vec(any::<bool>(), 0..20),
        ) {
            let mut next = 0..;
            let announce: Vec<Vec<String>> = sizes
                .iter()
                .map(|size| next.by_ref().take(*size).map(|n: i32| n.to_string()).collect())
                .collect();
            let mut tiers = Tiers::new(&announce, &mut SmallRng::seed_from_u64(7));
            for answer in answers {
                match tiers.current().map(str::to_owned) {
                    Some(url) if answer => tiers.answered(&url),
                    _ => tiers.advance(),
                }
            }
            tiers.restart();
            let asked = round(&mut tiers);
            let all: BTreeSet<String> = announce.concat().into_iter().collect();
            prop_assert_eq!(asked.len(), all.len());
            prop_assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), all);
        }
    }
}
