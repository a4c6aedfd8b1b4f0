//! Exercise 21b: the side that gives, and answers everything once.

use std::collections::VecDeque;

use messages::BlockRequest;

// ANCHOR: answer
/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Block(BlockRequest),
    Reject(BlockRequest),
}

/// What we owe to one peer.
#[derive(Default)]
struct Giver {
    choking: bool,
    /// The pieces that it gets choked or not.
    granted: Vec<u32>,
    queue: VecDeque<BlockRequest>,
}

impl Giver {
    /// No more than these wait.
    const MOST: usize = 500;

    fn requested(&mut self, block: BlockRequest) -> Option<Answer> {
        let serves = !self.choking || self.granted.contains(&block.piece);
        if serves && self.queue.len() < Giver::MOST {
            self.queue.push_back(block);
            return None;
        }
        Some(Answer::Reject(block))
    }

    /// Nothing that waits: its block is on its way, and is the answer.
    fn cancelled(&mut self, block: BlockRequest) -> Option<Answer> {
        let place = self.queue.iter().position(|waiting| *waiting == block)?;
        self.queue.remove(place).map(Answer::Reject)
    }

    /// The answers that go out behind the choke.
    fn choke(&mut self) -> Vec<Answer> {
        self.choking = true;
        let granted = &self.granted;
        let (stays, goes): (VecDeque<_>, VecDeque<_>) = self
            .queue
            .drain(..)
            .partition(|block| granted.contains(&block.piece));
        self.queue = stays;
        goes.into_iter().map(Answer::Reject).collect()
    }

    /// The line has room for a block.
    fn give(&mut self) -> Option<Answer> {
        self.queue.pop_front().map(Answer::Block)
    }
}
// ANCHOR_END: answer

fn main() {
    let mut giver = Giver::default();
    let block = |piece| BlockRequest {
        piece,
        offset: 0,
        len: 16_384,
    };
    giver.granted.push(2);
    giver.requested(block(1));
    giver.requested(block(2));
    println!("{:?}", giver.choke());
    println!("{:?}", giver.requested(block(1)));
    println!("{:?}", giver.cancelled(block(3)));
    println!("{:?}", giver.give());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn block(piece: u32) -> BlockRequest {
        BlockRequest {
            piece,
            offset: 0,
            len: 16_384,
        }
    }

    proptest! {
        #[test]
        fn each_request_has_one_answer(steps in prop::collection::vec((0..6, 0_u32..6), 0..200)) {
            let mut giver = Giver { granted: vec![0, 1], ..Giver::default() };
            let mut owed: BTreeMap<BlockRequest, i32> = BTreeMap::new();
            let answered = |answers: Vec<Answer>, owed: &mut BTreeMap<BlockRequest, i32>| {
                for answer in answers {
                    let (Answer::Block(block) | Answer::Reject(block)) = answer;
                    *owed.entry(block).or_default() -= 1;
                }
            };
            for (step, piece) in steps {
                let answers: Vec<Answer> = match step {
                    0 | 1 => {
                        *owed.entry(block(piece)).or_default() += 1;
                        giver.requested(block(piece)).into_iter().collect()
                    }
                    2 => giver.cancelled(block(piece)).into_iter().collect(),
                    3 => giver.choke(),
                    4 => {
                        giver.choking = false;
                        Vec::new()
                    }
                    _ => giver.give().into_iter().collect(),
                };
                answered(answers, &mut owed);
                prop_assert!(owed.values().all(|owed| *owed >= 0), "nothing is answered that was not asked");
            }
            answered(std::iter::from_fn(|| giver.give()).collect(), &mut owed);
            prop_assert!(owed.values().all(|owed| *owed == 0), "{owed:?}");
        }
    }

    #[test]
    fn what_is_granted_outlives_a_choke() {
        let mut giver = Giver {
            granted: vec![2],
            ..Giver::default()
        };
        for piece in [1, 2, 3] {
            assert_eq!(giver.requested(block(piece)), None);
        }
        let rejected = [Answer::Reject(block(1)), Answer::Reject(block(3))];
        assert_eq!(giver.choke(), rejected);
        assert_eq!(giver.give(), Some(Answer::Block(block(2))));
        assert_eq!(giver.requested(block(1)), Some(Answer::Reject(block(1))));
        assert_eq!(giver.requested(block(2)), None);
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let mut giver = Giver::default();
        let rejected = (0..1000).filter(|piece| giver.requested(block(*piece)).is_some());
        assert_eq!(rejected.count(), 1000 - Giver::MOST);
    }

    #[test]
    fn it_is_shown() {
        main();
    }
}
