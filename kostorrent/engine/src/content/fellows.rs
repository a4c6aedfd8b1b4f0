//! Who else fetches from the seeds, and how fast: those share with us what only the seeds have.

use std::time::Duration;

use super::Content;
use crate::Time;
use crate::peer::Peer;
use crate::swarm::Swarm;

/// Pieces that each fetches at a time of the seeds, about: so many are left to it.
const AHEAD: usize = 3;

/// But nothing to one that takes so many times as long as we do from one to the next.
const SLOWER: u32 = 3;

/// A peer that has kept to its lots so many times is relied on; a time that it has not costs two, of four
/// times as many at most.
const RELIABLE: u32 = 4;

/// A peer has so long to show that it fetches from seeds.
const UNKNOWN: Duration = Duration::from_secs(10);

/// And then so many times as long as it took from one piece to the next, within these bounds.
const PATIENCE: u32 = 4;
const LEAST_PATIENCE: Duration = Duration::from_secs(3);
const MOST_PATIENCE: Duration = Duration::from_secs(60);

/// When somebody had a piece before all others that fetch: it came from a seed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Firsts {
    last: Option<Time>,
    /// How long it takes from one to the next, smoothed.
    gap: Option<Duration>,
    /// How far it can be relied on to take those that are for it.
    kept: u32,
}

impl Firsts {
    /// One more, which was for this peer to take or not.
    fn brought(&mut self, is_for_it: bool, now: Time) {
        self.kept = match is_for_it {
            true => (self.kept + 1).min(RELIABLE * 4),
            false => self.kept.saturating_sub(2),
        };
        let Some(last) = self.last.replace(now) else {
            return;
        };
        let gap = now.since(last);
        self.gap = Some(self.gap.map_or(gap, |before| (before * 3 + gap) / 4));
    }

    /// Whether it is long ago that this peer, which is here since then, brought one.
    fn are_over(&self, here_since: Time, now: Time) -> bool {
        let patience = self.gap.map_or(UNKNOWN, |gap| {
            (gap * PATIENCE).clamp(LEAST_PATIENCE, MOST_PATIENCE)
        });
        now.since(self.last.unwrap_or(here_since)) >= patience
    }

    /// Whether we have brought none for so long that there is nothing for us to take.
    fn we_wait(&self, now: Time) -> bool {
        let last = self.last.zip(self.gap);
        last.is_some_and(|(last, gap)| now.since(last) >= (gap * PATIENCE).min(MOST_PATIENCE))
    }

    /// How many are left to a peer: some, if it keeps to its lots, and is not much slower than we are.
    fn ahead_of(&self, ours: &Firsts) -> usize {
        let (Some(theirs), Some(ours)) = (self.gap, ours.gap) else {
            return 0;
        };
        match self.kept >= RELIABLE && theirs <= ours * SLOWER {
            true => AHEAD,
            false => 0,
        }
    }
}

impl Content {
    /// Looks whether a peer fetches from seeds as we do: it may, until it has everything, or has brought
    /// nothing for long. Nothing is left to it when we have brought nothing for long, and wait.
    pub fn review_fellow(&mut self, peer: &Peer, now: Time) {
        let firsts = &peer.down.firsts;
        if !self.shares || peer.is_seed() || firsts.are_over(peer.connected, now) {
            return self.picker.remove_fellow(peer.key);
        }
        let ahead = match self.firsts.we_wait(now) {
            true => 0,
            false => firsts.ahead_of(&self.firsts),
        };
        self.picker.set_fellow(peer.key, &peer.id, ahead);
    }

    /// The same for all.
    pub fn review_fellows(&mut self, swarm: &Swarm, now: Time) {
        swarm.iter().for_each(|peer| self.review_fellow(peer, now));
    }

    /// A peer has got a piece that was not counted yet; whether it is the first that fetches to have it.
    pub(super) fn note_first(&self, peer: &mut Peer, piece: u32, now: Time) -> bool {
        let is_first = !self.have().get(piece) && self.picker.is_uncopied(piece);
        if is_first {
            let is_for_it = self.picker.is_for(peer.key, piece);
            peer.down.firsts.brought(is_for_it, now);
        }
        is_first
    }

    /// We have fetched a piece.
    pub fn note_our_first(&mut self, piece: u32, now: Time) {
        if !self.have().get(piece) && self.picker.is_uncopied(piece) {
            self.firsts.brought(true, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(seconds: u64) -> Time {
        Time::after_start(Duration::from_secs(seconds))
    }

    /// One every so many seconds, ten times.
    fn every(seconds: u64) -> Firsts {
        let mut firsts = Firsts::default();
        (0..10).for_each(|n| firsts.brought(true, at(n * seconds)));
        firsts
    }

    #[test]
    fn three_are_left_to_each_that_is_not_far_slower() {
        for (theirs, ahead) in [(1, 3), (10, 3), (30, 3), (31, 0)] {
            assert_eq!(every(theirs).ahead_of(&every(10)), ahead, "{theirs} s");
        }
        assert_eq!(Firsts::default().ahead_of(&every(10)), 0);
        assert_eq!(every(10).ahead_of(&Firsts::default()), 0);
    }

    #[test]
    fn who_does_not_keep_to_its_lots_is_not_relied_on() {
        let mut theirs = every(10);
        (10..13).for_each(|n| theirs.brought(false, at(n * 10)));
        assert_eq!(theirs.ahead_of(&every(10)), 3);
        theirs.brought(false, at(130));
        assert_eq!(theirs.ahead_of(&every(10)), 0);
        (14..16).for_each(|n| theirs.brought(true, at(n * 10)));
        assert_eq!(theirs.ahead_of(&every(10)), 3);
        // Every other one by chance is not enough.
        let mut lucky = Firsts::default();
        (0..100).for_each(|n| lucky.brought(n % 2 == 0, at(n * 10)));
        assert_eq!(lucky.ahead_of(&every(10)), 0);
    }

    #[test]
    fn who_brings_none_for_four_times_as_long_is_not_counted_on() {
        let (begins, ends) = (at(0), 9 * 5);
        assert!(!every(5).are_over(begins, at(ends + 19)));
        assert!(every(5).are_over(begins, at(ends + 20)));
        // However slow it is, and however fast.
        assert!(every(100).are_over(begins, at(960)));
        assert!(!every(0).are_over(begins, at(2)));
        assert!(every(0).are_over(begins, at(3)));
    }

    #[test]
    fn we_wait_for_nobody_longer_than_for_four_of_ours() {
        assert!(!every(5).we_wait(at(45 + 19)));
        assert!(every(5).we_wait(at(45 + 20)));
        assert!(!Firsts::default().we_wait(at(1_000)));
    }

    #[test]
    fn a_newcomer_has_ten_seconds() {
        let unknown = Firsts::default();
        assert!(!unknown.are_over(at(50), at(59)));
        assert!(unknown.are_over(at(50), at(60)));
    }
}
