//! The addresses to begin from.

use std::net::SocketAddr;

use rand::Rng;
use rand::seq::SliceRandom;

use crate::limits::{MAX_SAVED, MAX_SEEDS};

/// Those of one family. Nobody knows whether somebody is there still; so none is relied on.
#[derive(Clone, Debug, Default)]
pub(super) struct Seeds {
    /// Of our user, at most [`MAX_SEEDS`], the newest last.
    named: Vec<SocketAddr>,
    /// Of the last run, at most [`MAX_SAVED`].
    saved: Vec<SocketAddr>,
}

impl Seeds {
    /// Our user has named one. It is kept in any case: the oldest makes room.
    pub(super) fn name(&mut self, addr: SocketAddr) {
        push(&mut self.named, MAX_SEEDS, addr);
    }

    /// The last run knew somebody there.
    pub(super) fn remember(&mut self, addr: SocketAddr) {
        push(&mut self.saved, MAX_SAVED, addr);
    }

    /// Some of them, drawn by lot, so that those where nobody is any more are not all that is ever tried:
    /// half of them such as our user named, as long as there are enough of both.
    pub(super) fn draw(&self, count: usize, rng: &mut impl Rng) -> Vec<SocketAddr> {
        let (mut named, mut saved) = (self.named.clone(), self.saved.clone());
        named.shuffle(rng);
        saved.shuffle(rng);
        let for_saved = saved.len().min(count / 2);
        named.truncate(count - for_saved);
        saved.truncate(count - named.len());
        named.append(&mut saved);
        named
    }
}

fn push(seeds: &mut Vec<SocketAddr>, most: usize, addr: SocketAddr) {
    if seeds.contains(&addr) {
        return;
    }
    if seeds.len() == most {
        seeds.remove(0);
    }
    seeds.push(addr);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn addr(n: u16) -> SocketAddr {
        ([192, 0, 2, 1], n).into()
    }

    #[test]
    fn in_time_each_of_them_is_tried() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let mut seeds = Seeds::default();
        (1..=200).for_each(|n| seeds.name(addr(n)));
        (301..=500).for_each(|n| seeds.remember(addr(n)));
        let mut tried = BTreeSet::new();
        for _ in 0..200 {
            let drawn = seeds.draw(32, rng);
            assert_eq!(drawn.len(), 32);
            assert_eq!(drawn.iter().filter(|addr| addr.port() <= 200).count(), 16);
            tried.extend(drawn);
        }
        assert_eq!(tried.len(), 400);
    }

    #[test]
    fn what_the_user_names_last_is_kept_however_many_there_are() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let mut seeds = Seeds::default();
        (1..=1_000).for_each(|n| seeds.name(addr(n)));
        (1..=1_000).for_each(|n| seeds.remember(addr(n)));
        let named: BTreeSet<SocketAddr> = seeds.named.iter().copied().collect();
        let newest: BTreeSet<SocketAddr> = (745..=1_000).map(addr).collect();
        assert_eq!(named, newest);
        assert_eq!(seeds.saved.len(), MAX_SAVED);
        assert_eq!(Seeds::default().draw(32, rng), []);
    }

    #[test]
    fn where_there_are_few_of_the_one_there_are_more_of_the_other() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let mut seeds = Seeds::default();
        seeds.name(addr(1));
        (301..=500).for_each(|n| seeds.remember(addr(n)));
        let drawn = seeds.draw(32, rng);
        assert_eq!((drawn.len(), drawn[0]), (32, addr(1)));
    }
}
