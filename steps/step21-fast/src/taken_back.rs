//! Requests that were taken back, and are still to be answered.

use std::collections::{BTreeMap, VecDeque};

use messages::BlockRequest;

/// Requests that are remembered at most. Who answers fewer of them than that at a time does not do as he
/// has said, and gets the benefit of the doubt.
pub const MOST_TAKEN_BACK: usize = 1024;

// ANCHOR: taken_back
/// The requests to one peer that were cancelled and that it has not answered yet.
///
/// With the fast extension a `cancel` asks for an answer, too: the block, if that is on its way, or a
/// `reject`. One that comes for such a request says nothing about another for the same block that has
/// gone out since.
#[derive(Clone, Debug, Default)]
pub struct TakenBack {
    times: BTreeMap<BlockRequest, u32>,
    /// In the order of cancelling; those that were answered stand there until it is their turn.
    order: VecDeque<BlockRequest>,
}
// ANCHOR_END: taken_back

impl TakenBack {
    /// This request was cancelled.
    pub fn add(&mut self, block: BlockRequest) {
        if self.order.len() >= MOST_TAKEN_BACK
            && let Some(oldest) = self.order.pop_front()
        {
            let _ = self.strike(oldest);
        }
        *self.times.entry(block).or_default() += 1;
        self.order.push_back(block);
    }

    /// An answer has come, of whatever kind: whether it was to a request that was cancelled.
    pub fn answered(&mut self, block: BlockRequest) -> bool {
        self.strike(block)
    }

    /// Whether every one has been answered.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    fn strike(&mut self, block: BlockRequest) -> bool {
        let Some(times) = self.times.get_mut(&block) else {
            return false;
        };
        *times -= 1;
        if *times == 0 {
            self.times.remove(&block);
        }
        if self.times.is_empty() {
            self.order.clear();
        }
        true
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
            assert!(taken_back.times.len() <= MOST_TAKEN_BACK);
        }
        assert!(!taken_back.answered(block(0)));
        assert!(taken_back.answered(block(99_999)));
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
