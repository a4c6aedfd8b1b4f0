//! Super-seeding (BEP 16): what the only seed of a crowd shows to whom.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use messages::Bitfield;
use picker::PeerKey;
use rand::{Rng, RngExt};

use crate::Time;

/// A peer is shown so many pieces, and another when one of them has come out elsewhere: it fetches one
/// while the other is passed on (libtorrent does the same).
const AT_A_TIME: usize = 2;

/// If nobody passes anything on, a peer is shown so many pieces at once at most.
const MOST_AT_ONCE: u32 = 1_024;

/// Of a torrent of more pieces everything is shown at once: to choose some is a walk over all, for which a
/// peer can ask with a message of five bytes.
pub(crate) const MOST_PIECES: u32 = 16_384;

/// Who was shown what, and what has come out.
pub(crate) struct SuperSeed {
    peers: BTreeMap<PeerKey, Shown>,
    /// How many peers each piece was shown to.
    times: Vec<u32>,
    /// The pieces that a peer has told us of: to others than it was shown, or it has a copy.
    out: Bitfield,
}

/// What a peer was shown.
struct Shown {
    all: Bitfield,
    /// Those that nobody else has told us of yet.
    held: BTreeSet<u32>,
    /// How many bytes all have together.
    bytes: u64,
    /// How many it is shown at once when our line is idle for want of others who ask.
    batch: u32,
    /// Nothing is left that it neither has nor knows.
    knows_all: bool,
    /// It has said that it wants nothing.
    refused: bool,
    /// When it was shown something last.
    at: Time,
}

impl SuperSeed {
    pub fn new(pieces: u32) -> SuperSeed {
        SuperSeed {
            peers: BTreeMap::new(),
            times: vec![0; pieces as usize],
            out: Bitfield::new(pieces),
        }
    }

    /// Whether the peer knows that we have this piece.
    pub fn shows(&self, peer: PeerKey, piece: u32) -> bool {
        self.peers
            .get(&peer)
            .is_some_and(|shown| shown.all.get(piece))
    }

    /// How many more pieces the peer may hold.
    pub fn may_see(&self, peer: PeerKey) -> usize {
        let holds = self.peers.get(&peer).map_or(0, |shown| shown.held.len());
        AT_A_TIME.saturating_sub(holds)
    }

    /// Whether so many bytes are all that the peer was shown.
    pub fn has_used_up(&self, peer: PeerKey, bytes: u64) -> bool {
        self.peers
            .get(&peer)
            .is_none_or(|shown| shown.bytes <= bytes)
    }

    /// Chooses so many more pieces for a peer that has these: those that were shown to the fewest, and
    /// that nobody has told us of. Fewer, if it has or knows the others.
    pub fn show(
        &mut self,
        peer: PeerKey,
        has: &Bitfield,
        count: usize,
        length: impl Fn(u32) -> u32,
        rng: &mut impl Rng,
    ) -> Vec<u32> {
        let pieces = self.out.len();
        let shown = self.peers.entry(peer).or_insert_with(|| Shown {
            all: Bitfield::new(pieces),
            held: BTreeSet::new(),
            bytes: 0,
            batch: 1,
            knows_all: false,
            refused: false,
            at: Time::ZERO,
        });
        if count == 0 || pieces == 0 || shown.knows_all {
            return Vec::new();
        }
        // From anywhere, or all would be shown their pieces in the same order.
        let from = rng.random_range(0..pieces);
        let news = next(&self.times, &self.out, from, count, |piece| {
            has.get(piece) || shown.all.get(piece)
        });
        shown.knows_all = news.len() < count;
        for &piece in &news {
            shown.all.set(piece);
            shown.held.insert(piece);
            shown.bytes += u64::from(length(piece));
            self.times[piece as usize] += 1;
        }
        news
    }

    /// A peer has told us that it has a piece; gives those that hold it and may see another.
    pub fn heard(&mut self, from: PeerKey, piece: u32) -> Vec<PeerKey> {
        self.out.set(piece);
        self.passed_on(from, |held| held.remove(&piece))
    }

    /// A peer has told us all that it has. What we knew costs nothing.
    pub fn heard_all(&mut self, from: PeerKey, has: &Bitfield) -> Vec<PeerKey> {
        let news: Vec<u32> = has.missing_from(&self.out).collect();
        for piece in news {
            self.out.set(piece);
        }
        if let Some(shown) = self.peers.get_mut(&from) {
            shown.knows_all = false; // it may have lost something
        }
        self.passed_on(from, |held| {
            let before = held.len();
            held.retain(|&piece| !has.get(piece));
            held.len() < before
        })
    }

    /// Takes from all others what they have passed on; gives those of whom something was taken.
    fn passed_on(
        &mut self,
        from: PeerKey,
        take: impl Fn(&mut BTreeSet<u32>) -> bool,
    ) -> Vec<PeerKey> {
        let others = self.peers.iter_mut().filter(|(peer, _)| **peer != from);
        let mut free = Vec::new();
        for (&peer, shown) in others {
            if take(&mut shown.held) {
                shown.batch = 1;
                free.push(peer);
            }
        }
        free
    }

    /// Whether everything has come out: what we have is nothing special any more.
    pub fn is_over(&self) -> bool {
        self.out.is_full()
    }

    /// How many pieces to show a peer that has used up what it knows, while our line is idle. Twice as many
    /// each time until something is passed on: over a long line a piece at a time would take for ever.
    pub fn batch(&mut self, peer: PeerKey) -> u32 {
        let Some(shown) = self.peers.get_mut(&peer) else {
            return 1;
        };
        let batch = shown.batch;
        shown.batch = (batch * 2).min(MOST_AT_ONCE);
        batch
    }

    /// A peer wants nothing of what it was shown.
    pub fn refused(&mut self, peer: PeerKey) {
        if let Some(shown) = self.peers.get_mut(&peer) {
            shown.refused = true;
        }
    }

    /// Whether a peer has ever said so, and was shown nothing for so long.
    pub fn has_refused(&self, peer: PeerKey, now: Time, pause: Duration) -> bool {
        let shown = self.peers.get(&peer);
        shown.is_some_and(|shown| shown.refused && now.since(shown.at) >= pause)
    }

    /// A peer was shown something now.
    pub fn looked(&mut self, peer: PeerKey, now: Time) {
        if let Some(shown) = self.peers.get_mut(&peer) {
            shown.at = now;
        }
    }

    /// A peer has left. What it held and nobody has may be shown as if it had not been.
    pub fn left(&mut self, peer: PeerKey) {
        let Some(shown) = self.peers.remove(&peer) else {
            return;
        };
        for piece in shown.held {
            self.times[piece as usize] -= 1;
        }
    }
}

// ANCHOR: next
/// So many pieces that a peer does not know, from `from` on and round: first those that nobody was shown
/// and nobody has told us of. All in one walk, which is short while there are such.
fn next(
    times: &[u32],
    out: &Bitfield,
    from: u32,
    count: usize,
    knows: impl Fn(u32) -> bool,
) -> Vec<u32> {
    let (mut new, mut others) = (Vec::new(), Vec::new());
    for piece in (from..out.len()).chain(0..from) {
        if new.len() == count {
            break;
        }
        if knows(piece) {
            continue;
        }
        match (times[piece as usize], out.get(piece)) {
            (0, false) => new.push(piece),
            worth => others.push((worth, piece)),
        }
    }
    others.sort_by_key(|&(worth, _)| worth);
    new.extend(others.into_iter().map(|(_, piece)| piece));
    new.truncate(count);
    new
}
// ANCHOR_END: next

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const ADA: PeerKey = PeerKey(1);
    const BEN: PeerKey = PeerKey(2);

    struct Scene {
        shown: SuperSeed,
        rng: ChaCha8Rng,
    }

    impl Scene {
        fn new(pieces: u32) -> Scene {
            Scene {
                shown: SuperSeed::new(pieces),
                rng: ChaCha8Rng::seed_from_u64(1),
            }
        }

        fn show(&mut self, peer: PeerKey, has: &[u32]) -> Option<u32> {
            let mut bitfield = Bitfield::new(self.shown.out.len());
            has.iter().for_each(|&piece| {
                bitfield.set(piece);
            });
            let shown = self.shown.show(peer, &bitfield, 1, |_| 10, &mut self.rng);
            shown.first().copied()
        }
    }

    #[test]
    fn each_is_shown_pieces_that_no_other_was() {
        let mut scene = Scene::new(4);
        let mut shown: Vec<u32> = [ADA, BEN, ADA, BEN]
            .into_iter()
            .filter_map(|peer| scene.show(peer, &[]))
            .collect();
        shown.sort_unstable();
        assert_eq!(shown, [0, 1, 2, 3]);
        assert_eq!(scene.shown.may_see(ADA), 0);
        assert!(scene.show(ADA, &[]).is_some(), "then those of others");
    }

    #[test]
    fn many_at_once_are_the_best_ones() {
        let mut scene = Scene::new(100);
        scene.shown.heard(BEN, 7);
        scene.shown.heard(BEN, 8);
        let has = Bitfield::new(100);
        let mut show = |peer, count| {
            let rng = &mut scene.rng;
            let mut shown = scene.shown.show(peer, &has, count, |_| 10, rng);
            shown.sort_unstable();
            shown
        };
        let first = show(ADA, 98);
        assert_eq!(first.len(), 98);
        assert!(!first.contains(&7) && !first.contains(&8));
        // What came out is worth less than what was shown to nobody, and more than what was.
        assert_eq!(show(BEN, 2), [7, 8]);
        assert_eq!(show(ADA, 9), [7, 8]);
        assert_eq!(show(ADA, 9), []);
    }

    #[test]
    fn a_peer_is_shown_nothing_that_it_has_or_knows() {
        let mut scene = Scene::new(2);
        assert_eq!(scene.show(ADA, &[0]), Some(1));
        assert_eq!(scene.show(ADA, &[0]), None);
        assert!(scene.shown.shows(ADA, 1) && !scene.shown.shows(ADA, 0));
        assert!(!scene.shown.shows(BEN, 1));
    }

    #[test]
    fn who_has_passed_a_piece_on_may_see_another() {
        let mut scene = Scene::new(9);
        let piece = scene.show(ADA, &[]).unwrap();
        scene.show(ADA, &[]);
        assert!(scene.shown.heard(ADA, piece).is_empty(), "its own word");
        assert_eq!(scene.shown.may_see(ADA), 0);
        assert_eq!(scene.shown.heard(BEN, piece), [ADA]);
        assert_eq!(scene.shown.may_see(ADA), 1);
        assert!(scene.shown.heard(BEN, piece).is_empty(), "only once");
    }

    #[test]
    fn a_bitfield_says_it_for_many_pieces_at_once() {
        let mut scene = Scene::new(9);
        scene.show(ADA, &[]);
        scene.show(ADA, &[]);
        assert!(scene.shown.heard_all(ADA, &Bitfield::full(9)).is_empty());
        assert!(scene.shown.is_over());
        assert_eq!(scene.shown.heard_all(BEN, &Bitfield::full(9)), [ADA]);
        assert!(scene.shown.heard_all(BEN, &Bitfield::full(9)).is_empty());
    }

    #[test]
    fn what_one_took_away_is_shown_again() {
        let mut scene = Scene::new(2);
        let piece = scene.show(ADA, &[]).unwrap();
        scene.shown.left(ADA);
        let mut others = [scene.show(BEN, &[]), scene.show(BEN, &[])];
        others.sort_unstable();
        assert_eq!(others, [Some(0), Some(1)]);
        assert_eq!(scene.shown.times[piece as usize], 1);
    }

    #[test]
    fn it_is_over_when_everything_has_come_out() {
        let mut scene = Scene::new(2);
        scene.shown.heard(ADA, 0);
        assert!(!scene.shown.is_over());
        scene.shown.heard(BEN, 1);
        assert!(scene.shown.is_over());
        assert!(SuperSeed::new(0).is_over(), "there is nothing to show");
    }

    #[test]
    fn what_was_shown_is_used_up_when_as_much_was_sent() {
        let mut scene = Scene::new(9);
        assert!(scene.shown.has_used_up(ADA, 0));
        scene.show(ADA, &[]);
        assert!(!scene.shown.has_used_up(ADA, 9));
        assert!(scene.shown.has_used_up(ADA, 10));
    }
}
