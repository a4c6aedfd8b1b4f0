//! Pieces that wait to be written until no resume file vouches for them.

use std::time::Duration;

use resume::WINDOW;
use storage::Job;
use tokio::time::Instant;

use super::{Voucher, Wish};

/// A piece that waits for a save may be written after so long all the same, where nothing can be saved:
/// by then the time of its files says that they were written to too late to be believed.
const LONGEST: Duration = WINDOW.saturating_add(Duration::from_secs(10));

/// A piece that waits.
#[derive(Debug)]
pub struct Held {
    piece: u32,
    since: Duration,
    job: Job,
}

impl Voucher {
    /// A piece is to be written. It was lost, if a resume file still vouches for it; a crash in the
    /// middle of the writing would make half a piece that the next start believes.
    pub fn store(&mut self, piece: u32, job: Job) {
        if !self.ledger.claims(piece) {
            return self.wishes.push_back(Wish::Job(job));
        }
        self.ledger.lost(piece);
        let since = self.now();
        self.held.push(Held { piece, since, job });
    }

    /// Has those written that need not wait any more.
    pub fn let_go(&mut self) {
        let now = self.now();
        for held in std::mem::take(&mut self.held) {
            let is_free = !self.ledger.claims(held.piece) || now >= held.since + LONGEST;
            match is_free {
                true => self.wishes.push_back(Wish::Job(held.job)),
                false => self.held.push(held),
            }
        }
    }

    /// The end: the jobs that still wait are not done.
    pub fn give_back(&mut self) -> Vec<Job> {
        let held = std::mem::take(&mut self.held).into_iter();
        held.map(|held| held.job).collect()
    }

    /// When one of them has waited for too long.
    pub fn held_until(&self) -> Option<Instant> {
        let first = self.held.iter().map(|held| held.since).min()?;
        Some(self.started + first + LONGEST)
    }
}
