//! The ledger against a model that knows nothing but one piece at a time.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const PIECES: u32 = 6;

/// Where a piece is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Unknown,
    Waits(Duration),
    InBatch,
    Vouched,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Written(u32),
    Found(u32),
    Lost(u32),
    BeginBatch,
    Done,
    Failed,
    BeginSave,
    Saved,
    SaveFailed,
    Pass(u32),
}

#[derive(Debug)]
struct Model {
    pieces: [Piece; PIECES as usize],
    batch: bool,
    /// What any resume file vouches for that the next start may find.
    on_disk: Vec<BTreeSet<u32>>,
    saving: Option<BTreeSet<u32>>,
}

impl Model {
    fn vouched(&self) -> BTreeSet<u32> {
        let pieces = (0..).zip(&self.pieces);
        let vouched = pieces.filter(|(_, piece)| **piece == Piece::Vouched);
        vouched.map(|(index, _)| index).collect()
    }

    fn each(&mut self, change: impl Fn(Piece) -> Piece) {
        self.pieces = self.pieces.map(change);
    }

    fn step(&mut self, step: Step, now: Duration) {
        match step {
            Step::Written(piece) => self.pieces[piece as usize] = Piece::Waits(now),
            Step::Found(piece) => {
                let piece = &mut self.pieces[piece as usize];
                if *piece == Piece::Unknown {
                    *piece = Piece::Waits(now);
                }
            }
            Step::Lost(piece) => self.pieces[piece as usize] = Piece::Unknown,
            Step::BeginBatch => {
                if !self.batch {
                    self.batch = self.pieces.iter().any(|p| matches!(p, Piece::Waits(_)));
                    self.each(|piece| match piece {
                        Piece::Waits(_) => Piece::InBatch,
                        other => other,
                    });
                }
            }
            Step::Done => self.end(Piece::Vouched),
            Step::Failed => self.end(Piece::Waits(now)),
            Step::BeginSave => {
                if self.saving.is_none() {
                    self.saving = Some(self.vouched());
                }
            }
            Step::Saved => {
                if let Some(saved) = self.saving.take() {
                    self.on_disk = vec![saved];
                }
            }
            Step::SaveFailed => self.on_disk.extend(self.saving.take()),
            Step::Pass(_) => {}
        }
    }

    fn end(&mut self, so: Piece) {
        self.batch = false;
        self.each(|piece| if piece == Piece::InBatch { so } else { piece });
    }

    fn claims(&self, piece: u32) -> bool {
        let mut files = self.on_disk.iter().chain(&self.saving);
        files.any(|claims| claims.contains(&piece))
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PIECES).prop_map(Step::Written),
        1 => (0..PIECES).prop_map(Step::Found),
        2 => (0..PIECES).prop_map(Step::Lost),
        3 => Just(Step::BeginBatch),
        3 => Just(Step::Done),
        1 => Just(Step::Failed),
        2 => Just(Step::BeginSave),
        2 => Just(Step::Saved),
        1 => Just(Step::SaveFailed),
        2 => (1..8u32).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn the_ledger_does_what_is_said_of_each_piece(
        steps in proptest::collection::vec(step(), 0..60),
    ) {
        let mut now = Duration::ZERO;
        let (mut batch_failed, mut save_failed) = (None, None);
        let mut ledger = ledger();
        let mut model = Model {
            pieces: [Piece::Unknown; PIECES as usize],
            batch: false,
            on_disk: vec![],
            saving: None,
        };
        for step in steps {
            match step {
                Step::Written(piece) => ledger.written(piece, now),
                Step::Found(piece) => ledger.found(piece, now),
                Step::Lost(piece) => ledger.lost(piece),
                Step::BeginBatch => drop(ledger.begin_batch()),
                Step::Done => ledger.batch_done([], now),
                Step::Failed => ledger.batch_failed(now),
                Step::BeginSave => drop(ledger.begin_save(about(), true, now)),
                Step::Saved => ledger.saved(),
                Step::SaveFailed => ledger.save_failed(now),
                Step::Pass(seconds) => now += SECOND * seconds,
            }
            match step {
                Step::Failed => batch_failed = Some(now),
                Step::SaveFailed if model.saving.is_some() => save_failed = Some(now),
                _ => {}
            }
            model.step(step, now);

            let vouched: BTreeSet<u32> = ledger.vouched().iter_ones().collect();
            prop_assert_eq!(&vouched, &model.vouched());
            for piece in 0..PIECES {
                prop_assert_eq!(ledger.claims(piece), model.claims(piece));
            }
            let oldest = model.pieces.iter().filter_map(|piece| match piece {
                Piece::Waits(since) => Some(*since),
                _ => None,
            }).min();
            let due = ledger.sync_due();
            prop_assert_eq!(due.is_some(), oldest.is_some() && !model.batch);
            if let (Some(due), Some(oldest)) = (due, oldest) {
                let not_before = batch_failed.map_or(Duration::ZERO, |at| at + SYNC_AFTER);
                prop_assert!(due <= (oldest + SYNC_AFTER).max(not_before));
                prop_assert!(due >= not_before);
            }
            prop_assert_eq!(ledger.save_due().is_none(), model.saving.is_some());
            // What claims too much is replaced at once, unless that has just failed.
            let is_wrong = model.on_disk.iter().flatten().any(|p| !vouched.contains(p));
            if let Some(due) = ledger.save_due().filter(|_| is_wrong) {
                prop_assert_eq!(due, save_failed.map_or(Duration::ZERO, |at| at + SAVE_EVERY));
            }
        }
    }
}
