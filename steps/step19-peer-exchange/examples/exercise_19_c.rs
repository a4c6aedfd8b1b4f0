//! Exercise 19c: a seeder that has only hung up on others has something to tell, too.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

/// With fewer connections than this, recent ones are told of as well; and no more of them are kept.
const FEW: usize = 25;

// ANCHOR: answer
/// Those that we have hung up on lately without ill will: they had all that we have, or we had no room.
#[derive(Default)]
struct Recent(VecDeque<SocketAddr>);

impl Recent {
    fn hung_up(&mut self, addr: SocketAddr) {
        self.0.retain(|&other| other != addr);
        self.0.push_back(addr);
        if self.0.len() > FEW {
            self.0.pop_front();
        }
    }
}

/// What one peer has been told; of recent ones, too, until the next message.
#[derive(Default)]
struct Told(BTreeSet<SocketAddr>);

impl Told {
    /// The next message: who is added, and who dropped. What is told of recent ones is taken out of
    /// `recent`, and dropped with the message after this: they are not connected.
    fn next(
        &mut self,
        connected: &BTreeSet<SocketAddr>,
        recent: &mut Recent,
    ) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let mut all = connected.clone();
        if connected.len() < FEW {
            // Whoever was told of is first dropped: nobody is added and dropped in one message.
            let (again, new): (VecDeque<_>, VecDeque<_>) =
                recent.0.drain(..).partition(|addr| self.0.contains(addr));
            all.extend(new);
            recent.0 = again;
        }
        let added = all.difference(&self.0).copied().collect();
        let dropped = self.0.difference(connected).copied();
        let dropped: Vec<SocketAddr> = dropped.filter(|addr| !all.contains(addr)).collect();
        self.0 = all;
        (added, dropped)
    }
}
// ANCHOR_END: answer

fn addr(n: u8) -> SocketAddr {
    ([192, 0, 2, n], 6881).into()
}

fn main() {
    let (mut recent, mut told) = (Recent::default(), Told::default());
    let connected = [addr(1)].into();
    recent.hung_up(addr(2));
    for _ in 0..3 {
        println!("{:?}", told.next(&connected, &mut recent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: impl IntoIterator<Item = u8>) -> BTreeSet<SocketAddr> {
        numbers.into_iter().map(addr).collect()
    }

    #[test]
    fn a_recent_one_is_told_of_once_and_dropped_with_the_next_message() {
        let (mut recent, mut told) = (Recent::default(), Told::default());
        recent.hung_up(addr(2));
        let next = told.next(&set([1]), &mut recent);
        assert_eq!(next, (vec![addr(1), addr(2)], vec![]));
        assert_eq!(told.next(&set([1]), &mut recent), (vec![], vec![addr(2)]));
        assert_eq!(told.next(&set([1]), &mut recent), (vec![], vec![]));
        main();
    }

    #[test]
    fn nobody_is_added_and_dropped_in_one_message() {
        let (mut recent, mut told) = (Recent::default(), Told::default());
        recent.hung_up(addr(2));
        told.next(&set([1]), &mut recent);
        // It has come and gone once more: dropped now, and told of again a minute later.
        recent.hung_up(addr(2));
        assert_eq!(told.next(&set([1]), &mut recent), (vec![], vec![addr(2)]));
        assert_eq!(told.next(&set([1]), &mut recent), (vec![addr(2)], vec![]));
        // One that has been told of as connected, and is hung up on.
        recent.hung_up(addr(1));
        assert_eq!(
            told.next(&set([]), &mut recent),
            (vec![], vec![addr(1), addr(2)])
        );
    }

    #[test]
    fn with_many_connections_and_of_many_recent_ones_few_are_told_of() {
        let (mut recent, mut told) = (Recent::default(), Told::default());
        for n in 100..150 {
            recent.hung_up(addr(n));
        }
        let (added, _) = told.next(&set(0..25), &mut recent);
        assert_eq!(added, Vec::from_iter(set(0..25)));
        let (added, dropped) = told.next(&set(0..24), &mut recent);
        assert_eq!(added, Vec::from_iter(set(125..150)));
        assert_eq!(dropped, [addr(24)]);
    }
}
