//! How many wrong pieces a peer is forgiven while it is needed.

/// Good pieces that count at most. What was long ago does not outweigh what is now.
const MOST_TRUST: u32 = 8;

/// So many good pieces does a wrong one cost.
const COST_OF_DOUBT: u32 = 4;

// ANCHOR: trust
/// What a connection's peer has earned with good pieces, in pieces. (libtorrent: trust points.)
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Trust {
    pieces: u32,
    /// It was forgiven once for what it had not earned yet.
    owes: bool,
}

impl Trust {
    /// A piece in which it had a hand is right.
    pub fn earn(&mut self) {
        self.pieces = (self.pieces + 1).min(MOST_TRUST);
    }

    /// It sent wrong data: whether it is forgiven. Every time uses up a good piece at least, so
    /// that this comes to an end. Once, a piece that is still to be judged will do.
    pub fn doubt(&mut self, others_at_disk: bool) -> bool {
        let forgiven =
            self.pieces > 0 || (others_at_disk && !std::mem::replace(&mut self.owes, true));
        self.pieces = self.pieces.saturating_sub(COST_OF_DOUBT);
        forgiven
    }
}
// ANCHOR_END: trust

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_forgiven_who_has_earned_nothing() {
        assert!(!Trust::default().doubt(false));
    }

    #[test]
    fn one_good_piece_is_enough_for_once_and_eight_for_twice() {
        for (good, times) in [(1, 1), (4, 1), (5, 2), (8, 2), (1_000, 2)] {
            let mut trust = Trust::default();
            (0..good).for_each(|_| trust.earn());
            let forgiven = (0..10).filter(|_| trust.doubt(false)).count();
            assert_eq!(forgiven, times, "{good} good pieces");
        }
    }

    #[test]
    fn who_sends_one_wrong_piece_in_five_is_forgiven_for_ever() {
        let mut trust = Trust::default();
        for _ in 0..100 {
            (0..4).for_each(|_| trust.earn());
            assert!(trust.doubt(false));
        }
    }

    #[test]
    fn who_has_other_pieces_at_the_disk_is_forgiven_once_for_them() {
        let mut trust = Trust::default();
        assert!(trust.doubt(true));
        assert!(!trust.doubt(true));
    }
}
