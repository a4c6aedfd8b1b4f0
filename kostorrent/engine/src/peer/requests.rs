//! What one peer asked for and waits for.

use std::collections::BTreeMap;

use messages::BlockRequest;

/// Requests of one peer that wait at most, some 100 KiB; more are dropped, as a choked peer's are.
/// Transmission asks for what ten seconds at the present rate bring: thousands of blocks. A request
/// that is dropped is never answered, so a small limit would stall such a peer.
pub(crate) const MOST_REQUESTS: usize = 8_192;

/// The waiting requests, in the order of asking. Each is found without a walk: a `cancel` has 17
/// bytes, and must not cost us a look at thousands of requests.
#[derive(Default)]
pub(crate) struct Requests {
    order: BTreeMap<u64, BlockRequest>,
    tickets: BTreeMap<BlockRequest, u64>,
    next: u64,
}

impl Requests {
    /// Puts a request at the end. One that waits already keeps its place, and one too many is
    /// dropped.
    pub fn push(&mut self, block: BlockRequest) {
        if self.order.len() >= MOST_REQUESTS || self.tickets.contains_key(&block) {
            return;
        }
        self.order.insert(self.next, block);
        self.tickets.insert(block, self.next);
        self.next += 1;
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The request that has waited longest.
    pub fn first(&self) -> Option<BlockRequest> {
        self.order.first_key_value().map(|(_, &block)| block)
    }

    /// Takes out the request that has waited longest.
    pub fn pop(&mut self) {
        if let Some((_, block)) = self.order.pop_first() {
            self.tickets.remove(&block);
        }
    }

    /// Takes out a request that is not wanted any more.
    pub fn cancel(&mut self, block: &BlockRequest) {
        if let Some(ticket) = self.tickets.remove(block) {
            self.order.remove(&ticket);
        }
    }

    /// Takes out all requests for these pieces, which are in order; whether there were any.
    pub fn drop_pieces(&mut self, pieces: &[u32]) -> bool {
        let before = self.order.len();
        self.tickets.retain(|block, ticket| {
            let stays = pieces.binary_search(&block.piece).is_err();
            if !stays {
                self.order.remove(ticket);
            }
            stays
        });
        self.order.len() < before
    }

    pub fn clear(&mut self) {
        self.order.clear();
        self.tickets.clear();
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
    fn they_are_answered_in_order_without_what_was_cancelled() {
        let mut requests = Requests::default();
        for piece in [5, 3, 9, 3] {
            requests.push(block(piece));
        }
        requests.cancel(&block(9));
        requests.cancel(&block(9));
        requests.push(block(1));
        let mut left = Vec::new();
        while let Some(next) = requests.first() {
            left.push(next.piece);
            requests.pop();
        }
        assert_eq!(left, [5, 3, 1]);
    }

    #[test]
    fn those_for_pieces_that_are_gone_are_dropped() {
        let mut requests = Requests::default();
        for piece in [5, 3, 9, 4] {
            requests.push(block(piece));
        }
        assert!(!requests.drop_pieces(&[1, 2]));
        assert!(requests.drop_pieces(&[1, 5, 9]));
        assert_eq!(requests.first(), Some(block(3)));
        requests.pop();
        assert_eq!(requests.first(), Some(block(4)));
        requests.pop();
        assert_eq!(requests.first(), None);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let mut requests = Requests::default();
        for piece in 0..10_000 {
            requests.push(block(piece));
        }
        assert_eq!(requests.order.len(), MOST_REQUESTS);
        requests.clear();
        assert_eq!(requests.first(), None);
        requests.push(block(3));
        assert_eq!(requests.first(), Some(block(3)));
    }
}
