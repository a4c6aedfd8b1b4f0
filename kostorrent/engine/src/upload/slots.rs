//! How many peers are served at a time while we fetch.

/// A slot is to bring a whole piece in so many seconds: before that, whoever gets it can pass nothing
/// on. A slow line that serves many gives all of them the same piece at the same late moment, and what
/// it alone has is out for the others that long.
const PIECE_TIME: u64 = 3;

/// So many slots in any case, as far as there are to be so many: two for those who give, and the
/// optimistic one.
const LEAST: usize = 3;

/// So many rounds it stays as it is between two trials.
const REST: u32 = 3;

// ANCHOR: slots
/// The number of slots that suits the line.
///
/// Nobody knows the line. What is sent in all says how many slots have a piece each in time. That may
/// be little because the line is slow, or because those who are served are: now and then one slot more
/// is tried for a round, or one less, and where that is right it goes on.
pub(super) struct Slots {
    most: usize,
    now: usize,
    trial: Trial,
    /// What was sent before the last trial, in bytes a second.
    before: u64,
}
// ANCHOR_END: slots

/// What was tried with the last round.
#[derive(Clone, Copy)]
enum Trial {
    More,
    Less,
    /// Nothing, for so many rounds.
    Rest(u32),
}

impl Slots {
    pub fn new(most: usize) -> Slots {
        Slots {
            most,
            // Without a bound there is nothing to find out.
            now: if most == usize::MAX {
                most
            } else {
                LEAST.min(most)
            },
            trial: Trial::Rest(0),
            before: 0,
        }
    }

    /// While we seed nobody waits for what we could pass on.
    pub fn seeding(&self) -> usize {
        self.most
    }

    /// How many there are while we fetch.
    pub fn trading(&self) -> usize {
        self.now
    }

    // ANCHOR: follow
    /// Follows what is sent, in bytes a second; true if there are more now.
    pub fn follow(&mut self, rate: u64, piece_length: u64) -> bool {
        let before = self.now;
        let fit = rate.saturating_mul(PIECE_TIME) / piece_length.max(1);
        let fit = usize::try_from(fit).unwrap_or(usize::MAX);
        self.now = self.now.max(fit).min(self.most);
        self.now > before
    }

    // ANCHOR_END: follow

    // ANCHOR: try_another
    /// A round is over: looks at what a trial has brought, and begins one when it is time. A slot more
    /// is right if it brings at least a half of what the others have each; a slot less, if it costs no
    /// more than that.
    pub fn try_another(&mut self, rate: u64) {
        if self.most == usize::MAX {
            return;
        }
        let half = self.before / (2 * self.now as u64).max(1);
        self.trial = match self.trial {
            Trial::More if rate > self.before + half => self.change(Trial::More),
            Trial::More => self.take_back(Trial::Less),
            Trial::Less if rate + half < self.before => self.take_back(Trial::More),
            Trial::Less => self.change(Trial::Less),
            Trial::Rest(rounds) if rounds < REST => Trial::Rest(rounds + 1),
            Trial::Rest(_) if self.now > LEAST => self.change(Trial::Less),
            Trial::Rest(_) => self.change(Trial::More),
        };
        self.before = rate;
    }

    // ANCHOR_END: try_another

    /// One slot more or less, if that can be.
    fn change(&mut self, trial: Trial) -> Trial {
        let before = self.now;
        self.now = match trial {
            Trial::More => (self.now + 1).min(self.most),
            _ => (self.now - 1).max(LEAST).min(self.now),
        };
        match self.now == before {
            true => Trial::Rest(0),
            false => trial,
        }
    }

    /// The trial was wrong: it stays as it was before.
    fn take_back(&mut self, back: Trial) -> Trial {
        self.change(back);
        Trial::Rest(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: u64 = 262_144;

    #[test]
    fn there_are_as_many_as_get_a_piece_in_time_but_never_fewer_than_three() {
        for (rate, wanted) in [
            (0, 3),
            (100_000, 3),
            (PIECE * 5 / 3 + 1, 5),
            (10 * PIECE, 8),
        ] {
            let mut slots = Slots::new(8);
            assert_eq!(slots.follow(rate, PIECE), wanted > 3);
            assert_eq!(slots.trading(), wanted, "{rate} bytes a second");
        }
        for most in 0..3 {
            let mut slots = Slots::new(most);
            slots.try_another(0);
            slots.follow(10 * PIECE, PIECE);
            assert_eq!((slots.trading(), slots.seeding()), (most, most));
        }
    }

    #[test]
    fn without_a_bound_everybody_is_served_from_the_beginning() {
        let mut slots = Slots::new(usize::MAX);
        let counts = rounds(&mut slots, |_| 100_000);
        assert!(counts.iter().all(|&count| count == usize::MAX));
        assert!(!slots.follow(10 * PIECE, PIECE));
    }

    /// How many there are, round after round, if so much is sent with that many.
    fn rounds(slots: &mut Slots, sent: impl Fn(usize) -> u64) -> Vec<usize> {
        let round = |_| {
            slots.try_another(sent(slots.trading()));
            slots.trading()
        };
        (0..20).map(round).collect()
    }

    #[test]
    fn a_line_that_is_full_has_three_or_one_more() {
        let mut slots = Slots::new(8);
        let counts = rounds(&mut slots, |_| 100_000);
        assert_eq!(counts[..10], [3, 3, 3, 4, 3, 3, 3, 3, 4, 3]);
    }

    #[test]
    fn peers_that_are_slow_themselves_do_not_keep_the_line_idle() {
        let mut slots = Slots::new(8);
        let counts = rounds(&mut slots, |slots| slots as u64 * 10_000);
        assert_eq!(counts[..8], [3, 3, 3, 4, 5, 6, 7, 8]);
        assert!(counts[8..].iter().all(|&count| count >= 7), "{counts:?}");
    }

    #[test]
    fn a_line_that_gets_full_has_fewer_again() {
        let mut slots = Slots::new(8);
        rounds(&mut slots, |slots| slots as u64 * 10_000);
        let counts = rounds(&mut slots, |_| 40_000);
        assert!(counts[10..].iter().all(|&count| count <= 4), "{counts:?}");
    }
}
