//! Requests that were taken back, and are still to be answered.

use std::collections::{BTreeMap, VecDeque};

use messages::BlockRequest;

/// Requests that are remembered at most. Of who owes us more answers than that the oldest are forgotten: he
/// does not do as he has said.
pub const MOST_TAKEN_BACK: usize = 1024;

// ANCHOR: taken_back
/// The requests to one peer that were cancelled and that it has not answered yet.
///
/// With the fast extension a `cancel` asks for an answer, too: the block, if that is on its way, or a
/// `reject`. One that comes for such a request says nothing about another for the same block that has
/// gone out since.
#[derive(Clone, Debug, Default)]
pub struct TakenBack {
    /// By their numbers, in the order of cancelling.
    order: BTreeMap<u64, BlockRequest>,
    /// The numbers of each, the oldest first.
    numbers: BTreeMap<BlockRequest, VecDeque<u64>>,
    next: u64,
}
// ANCHOR_END: taken_back

impl TakenBack {
    /// This request was cancelled.
    pub fn add(&mut self, block: BlockRequest) {
        // ANCHOR: yours_add (chapter 21, "What was taken back")
        if self.order.len() >= MOST_TAKEN_BACK
            && let Some((_, &oldest)) = self.order.first_key_value()
        {
            self.answered(oldest);
        }
        self.order.insert(self.next, block);
        self.numbers.entry(block).or_default().push_back(self.next);
        self.next += 1;
        // ANCHOR_END: yours_add
    }

    // ANCHOR: answered
    /// An answer has come, of whatever kind: whether it was to a request that was cancelled.
    pub fn answered(&mut self, block: BlockRequest) -> bool {
        // ANCHOR: yours_answered (chapter 21, "What was taken back")
        let Some(numbers) = self.numbers.get_mut(&block) else {
            return false;
        };
        let answered = numbers.pop_front();
        if numbers.is_empty() {
            self.numbers.remove(&block);
        }
        answered.is_some_and(|number| self.order.remove(&number).is_some())
        // ANCHOR_END: yours_answered
    }
    // ANCHOR_END: answered

    /// Whether every one has been answered.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(piece: u32) -> BlockRequest {
        BlockRequest {
            piece,
            offset: 0,
            len: 16_384,
        }
    }

    #[test]
    fn each_is_answered_once() {
        let mut taken_back = TakenBack::default();
        assert!(!taken_back.answered(block(1)));
        taken_back.add(block(1));
        taken_back.add(block(1));
        taken_back.add(block(2));
        assert!(taken_back.answered(block(1)));
        assert!(taken_back.answered(block(2)));
        assert!(taken_back.answered(block(1)));
        assert!(taken_back.is_empty());
        assert!(!taken_back.answered(block(1)));
    }

    #[test]
    fn of_a_peer_that_answers_none_the_oldest_are_forgotten() {
        let mut taken_back = TakenBack::default();
        for piece in 0..100_000 {
            taken_back.add(block(piece));
            assert!(taken_back.order.len() <= MOST_TAKEN_BACK);
            assert!(taken_back.numbers.len() <= MOST_TAKEN_BACK);
        }
        assert!(!taken_back.answered(block(0)));
        assert!(taken_back.answered(block(99_999)));
    }

    #[test]
    fn what_is_forgotten_is_the_oldest_and_not_its_like() {
        let mut taken_back = TakenBack::default();
        taken_back.add(block(0));
        assert!(taken_back.answered(block(0)));
        for piece in 1..=MOST_TAKEN_BACK as u32 {
            taken_back.add(block(piece));
        }
        taken_back.add(block(0));
        assert!(!taken_back.answered(block(1)));
        assert!(taken_back.answered(block(0)));
    }

    #[test]
    fn of_one_that_answers_all_nothing_is_left() {
        let mut taken_back = TakenBack::default();
        for piece in 0..100_000 {
            taken_back.add(block(piece));
            if piece >= 10 {
                assert!(taken_back.answered(block(piece - 10)));
            }
            assert!(taken_back.order.len() <= MOST_TAKEN_BACK);
        }
    }
}
