//! Who of those that fetch the same takes which piece from those that have everything.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::PeerKey;

// ANCHOR: fellows
/// The peers that fetch from the same seeds as we do.
///
/// What only the seeds have is to leave them once, by one of us; who that is nobody tells us. But all of
/// us know the same peer ids, and so can draw the same lots: of a piece and each peer id a number is made
/// (*rendezvous hashing*, Thaler and Ravishankar, 1996), and the peer with the highest takes the piece.
/// Each begins with those for which its own numbers are highest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fellows {
    /// Our own peer id, as a number.
    us: u64,
    others: BTreeMap<PeerKey, Fellow>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fellow {
    id: u64,
    /// How many of its pieces are left to it: those it is fetching, as far as anybody can tell.
    ahead: usize,
}
// ANCHOR_END: fellows

impl Fellows {
    pub fn of(peer_id: &[u8; 20]) -> Fellows {
        Fellows {
            us: number(peer_id),
            others: BTreeMap::new(),
        }
    }

    /// This peer fetches too. Whether that is news.
    pub fn set(&mut self, peer: PeerKey, peer_id: &[u8; 20], ahead: usize) -> bool {
        let fellow = Fellow {
            id: number(peer_id),
            ahead,
        };
        self.others.insert(peer, fellow) != Some(fellow)
    }

    /// It does not any more. Whether that is news.
    pub fn remove(&mut self, peer: PeerKey) -> bool {
        self.others.remove(&peer).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    // ANCHOR: choose
    /// Which of these pieces we take next: of ours the first; or, if none of them is ours, one that
    /// its peer will not come to for long, and that no other helper takes. If all are to be left to
    /// their peers, none.
    pub fn choose(&self, pieces: impl Iterator<Item = u32>) -> Option<u32> {
        let mut ours = None;
        let mut theirs = Vec::new();
        for piece in pieces {
            let lot = lot(self.us, piece);
            match self.taker(piece).filter(|&(highest, _)| highest > lot) {
                Some((highest, peer)) => theirs.push((peer, Reverse(highest), piece)),
                None => ours = ours.max(Some((lot, piece))),
            }
        }
        if let Some((_, piece)) = ours {
            return Some(piece);
        }
        // In the order in which each will take them.
        theirs.sort_unstable();
        let of_each = theirs.chunk_by(|(one, ..), (other, ..)| one == other);
        let free = of_each.flat_map(|pieces| {
            let (peer, ..) = pieces[0];
            let ahead = self.others.get(&peer).map_or(0, |fellow| fellow.ahead);
            pieces.iter().skip(ahead).map(|&(_, _, piece)| piece)
        });
        free.min_by_key(|&piece| (self.before_us(piece), Reverse(lot(self.us, piece))))
    }
    // ANCHOR_END: choose

    /// Whether this peer has the highest lot of all but us.
    pub fn is_taker(&self, peer: PeerKey, piece: u32) -> bool {
        self.taker(piece).is_some_and(|(_, taker)| taker == peer)
    }

    /// The other peer with the highest lot, and that.
    fn taker(&self, piece: u32) -> Option<(u64, PeerKey)> {
        let lots = self.others.iter();
        lots.map(|(&peer, fellow)| (lot(fellow.id, piece), peer))
            .max()
    }

    /// How many have a higher lot than we.
    fn before_us(&self, piece: u32) -> usize {
        let our = lot(self.us, piece);
        let others = self.others.values();
        others.filter(|other| lot(other.id, piece) > our).count()
    }
}

/// The number of a peer id (FNV-1a, 64 bits).
fn number(peer_id: &[u8; 20]) -> u64 {
    peer_id.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The lot of a peer for a piece: as if by chance (the last steps of SplitMix64).
fn lot(id: u64, piece: u32) -> u64 {
    let mixed = id ^ u64::from(piece).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;

    use super::*;

    fn id(number: u8) -> [u8; 20] {
        let mut id = *b"-XX0001-abcdefghijk0";
        id[19] = number;
        id
    }

    /// Of so many peers, what this one knows, with so many pieces left to each other one.
    fn as_seen_by(us: u8, count: u8, ahead: usize) -> Fellows {
        let mut fellows = Fellows::of(&id(us));
        for other in (0..count).filter(|&other| other != us) {
            fellows.set(PeerKey(other.into()), &id(other), ahead);
        }
        fellows
    }

    /// The pieces that one takes of these, in its order.
    fn takes(fellows: &Fellows, mut pieces: BTreeSet<u32>) -> Vec<u32> {
        std::iter::from_fn(|| {
            let piece = fellows.choose(pieces.iter().copied())?;
            pieces.remove(&piece);
            Some(piece)
        })
        .collect()
    }

    /// What each begins with, so many pieces.
    fn first(count: usize, of: u8) -> Vec<u32> {
        let pieces: BTreeSet<u32> = (0..200).collect();
        let first = (0..of).flat_map(|us| {
            let taken = takes(&as_seen_by(us, of, 4), pieces.clone());
            taken.into_iter().take(count)
        });
        first.collect()
    }

    #[test]
    fn no_two_begin_with_the_same() {
        let begun = first(10, 8);
        assert_eq!(begun.len(), 80);
        assert_eq!(begun.iter().collect::<BTreeSet<_>>().len(), 80);
    }

    #[test]
    fn who_has_taken_what_is_his_takes_what_others_come_to_last_and_leaves_them_the_next() {
        let pieces: BTreeSet<u32> = (0..200).collect();
        let (one, other) = (as_seen_by(0, 2, 4), as_seen_by(1, 2, 4));
        let (ours, theirs) = (takes(&one, pieces.clone()), takes(&other, pieces.clone()));
        // Both take all but what is left to the other: and that is what the other begins with.
        let left = |taken: &[u32]| -> BTreeSet<u32> {
            let taken: BTreeSet<u32> = taken.iter().copied().collect();
            pieces.difference(&taken).copied().collect()
        };
        assert_eq!(left(&ours), theirs[..4].iter().copied().collect());
        assert_eq!(left(&theirs), ours[..4].iter().copied().collect());
        assert_eq!(takes(&as_seen_by(0, 2, 0), pieces).len(), 200);
    }

    #[test]
    fn helpers_do_not_take_the_same() {
        // All pieces belong to one that does not take them.
        let fellows: Vec<Fellows> = (0..8).map(|us| as_seen_by(us, 8, 4)).collect();
        let idle: Vec<u32> = (0..1000)
            .filter(|&piece| {
                fellows[0].taker(piece).is_some_and(|(_, peer)| peer.0 == 7)
                    && fellows[0].before_us(piece) > 0
            })
            .take(100)
            .collect();
        let mut taken: Vec<u32> = fellows[..7]
            .iter()
            .filter_map(|helper| helper.choose(idle.iter().copied()))
            .collect();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), 7);
    }

    #[test]
    fn who_is_alone_takes_all() {
        let alone = as_seen_by(0, 1, 4);
        assert!(alone.is_empty());
        assert_eq!(takes(&alone, (0..10).collect()).len(), 10);
    }

    #[test]
    fn only_a_change_is_news() {
        let mut fellows = as_seen_by(0, 1, 4);
        assert!(fellows.set(PeerKey(3), &id(3), 4));
        assert!(!fellows.set(PeerKey(3), &id(3), 4));
        assert!(fellows.set(PeerKey(3), &id(3), 2));
        assert!(fellows.remove(PeerKey(3)));
        assert!(!fellows.remove(PeerKey(3)));
    }
}
