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
    /// dropped: false.
    pub fn push(&mut self, block: BlockRequest) -> bool {
        if self.tickets.contains_key(&block) {
            return true;
        }
        if self.order.len() >= MOST_REQUESTS {
            return false;
        }
        self.order.insert(self.next, block);
        self.tickets.insert(block, self.next);
        self.next += 1;
        true
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

    /// Takes out a request that is not wanted any more; whether it waited.
    pub fn cancel(&mut self, block: &BlockRequest) -> bool {
        let ticket = self.tickets.remove(block);
        ticket.is_some_and(|ticket| self.order.remove(&ticket).is_some())
    }

    /// Takes out all requests for such pieces. Gives them in the order of asking.
    pub fn drop_pieces(&mut self, is_such: impl Fn(u32) -> bool) -> Vec<BlockRequest> {
        let such = self.order.extract_if(.., |_, block| is_such(block.piece));
        let dropped: Vec<BlockRequest> = such.map(|(_, block)| block).collect();
        for block in &dropped {
            self.tickets.remove(block);
        }
        dropped
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
        assert_eq!(requests.drop_pieces(|piece| piece < 3), []);
        let dropped = requests.drop_pieces(|piece| piece % 4 == 1);
        assert_eq!(dropped, [block(5), block(9)]);
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
        assert!(!requests.push(block(10_000)));
        assert!(requests.push(block(0)), "it waits already");
        let all = requests.drop_pieces(|_| true);
        assert_eq!(all.len(), MOST_REQUESTS);
        assert_eq!(requests.first(), None);
        requests.push(block(3));
        assert_eq!(requests.first(), Some(block(3)));
    }
}
