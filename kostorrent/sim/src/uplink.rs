//! The sending direction of a line: a queue for each connection, and one block at a time.

use std::collections::{BTreeMap, VecDeque};

use messages::{BlockRequest, Message, piece_header};
use picker::PeerKey;

use crate::Content;

/// What goes over a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Parcel {
    /// A message: it costs nothing, but does not overtake what is before it.
    Message(Message),
    /// A block, and what is in it; `None` in one that gets lost on the way.
    Block(BlockRequest, Option<Content>),
    /// The end of the connection: nothing comes after it.
    HangUp,
}

impl Parcel {
    /// How many bytes it has in a connection that is like TCP's.
    pub fn on_the_wire(&self) -> u64 {
        match self {
            Parcel::Message(message) => {
                let mut bytes = Vec::new();
                message.encode(&mut bytes);
                bytes.len() as u64
            }
            Parcel::Block(block, _) => {
                let header = piece_header(block.piece, block.offset, block.len);
                header.len() as u64 + u64::from(block.len)
            }
            Parcel::HangUp => 0,
        }
    }

    /// Its payload, in bytes.
    pub fn payload(&self) -> u64 {
        match self {
            Parcel::Block(block, _) => block.len.into(),
            Parcel::Message(_) | Parcel::HangUp => 0,
        }
    }
}

/// The blocks that wait for a line, and the messages behind them. Each connection that has
/// something to send has a turn, one block long, as TCP connections share a line.
#[derive(Debug, Default)]
pub(crate) struct Uplink {
    /// What waits; the first of each is a block. No queue is empty.
    queues: BTreeMap<PeerKey, VecDeque<Parcel>>,
    /// Whose turn is next.
    turns: VecDeque<PeerKey>,
    /// Whose block is on the line.
    sending: Option<PeerKey>,
}

impl Uplink {
    /// Queues a parcel, or gives it back if it may go at once: a message with nothing before it.
    pub fn put(&mut self, peer: PeerKey, parcel: Parcel) -> Option<Parcel> {
        if let Some(queue) = self.queues.get_mut(&peer) {
            queue.push_back(parcel);
            return None;
        }
        if matches!(parcel, Parcel::Message(_)) {
            return Some(parcel);
        }
        self.queues.insert(peer, VecDeque::from([parcel]));
        self.turns.push_back(peer);
        None
    }

    /// Puts the next block on the line, if the line is free; how many bytes it has.
    pub fn begin(&mut self) -> Option<u64> {
        if self.sending.is_some() {
            return None;
        }
        while let Some(peer) = self.turns.pop_front() {
            if let Some(block) = self.queues.get(&peer).and_then(VecDeque::front) {
                self.sending = Some(peer);
                return Some(block.payload());
            }
        }
        None
    }

    /// Whether a block is on the line.
    pub fn is_busy(&self) -> bool {
        self.sending.is_some()
    }

    /// The block on the line is out: whose it was, and what goes now, the block and the messages
    /// right behind it. Nothing, if its connection has ended.
    pub fn sent(&mut self) -> Option<(PeerKey, Vec<Parcel>)> {
        let peer = self.sending.take()?;
        let queue = self.queues.get_mut(&peer)?;
        let mut gone = Vec::from_iter(queue.pop_front());
        while let Some(Parcel::Message(_)) = queue.front() {
            gone.extend(queue.pop_front());
        }
        if queue.is_empty() {
            self.queues.remove(&peer);
        } else {
            self.turns.push_back(peer);
        }
        Some((peer, gone))
    }

    /// A connection has ended: what it had queued is not sent any more.
    pub fn forget(&mut self, peer: PeerKey) {
        self.queues.remove(&peer);
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn block(number: u32) -> Parcel {
        let block = BlockRequest {
            piece: number,
            offset: 0,
            len: 16_384,
        };
        Parcel::Block(block, Some(Content::RIGHT))
    }

    fn have(piece: u32) -> Parcel {
        Parcel::Message(Message::Have(piece))
    }

    const ONE: PeerKey = PeerKey(1);
    const TWO: PeerKey = PeerKey(2);

    #[test]
    fn connections_take_turns_block_by_block() {
        let mut line = Uplink::default();
        for number in 0..3 {
            assert_eq!(line.put(ONE, block(number)), None);
        }
        assert_eq!(line.begin(), Some(16_384));
        assert_eq!(line.begin(), None, "one block at a time");
        line.put(TWO, block(10));
        let mut order = Vec::new();
        while let Some((peer, _)) = line.sent() {
            order.push(peer);
            line.begin();
        }
        assert_eq!(order, [ONE, TWO, ONE, ONE]);
    }

    #[test]
    fn a_message_overtakes_no_block_of_its_own_connection() {
        let mut line = Uplink::default();
        assert_eq!(
            line.put(ONE, have(1)),
            Some(have(1)),
            "nothing is before it"
        );
        line.put(ONE, block(0));
        line.begin();
        assert_eq!(line.put(ONE, have(2)), None);
        assert_eq!(line.put(ONE, have(3)), None);
        assert_eq!(line.put(ONE, block(1)), None);
        assert_eq!(line.put(TWO, have(4)), Some(have(4)));
        assert_eq!(line.sent(), Some((ONE, vec![block(0), have(2), have(3)])));
        line.begin();
        assert_eq!(line.sent(), Some((ONE, vec![block(1)])));
        assert_eq!(line.put(ONE, have(5)), Some(have(5)));
    }

    #[test]
    fn a_connection_that_ends_takes_its_queue_with_it_and_leaves_the_line_to_others() {
        let mut line = Uplink::default();
        line.put(ONE, block(0));
        line.put(ONE, block(1));
        line.put(TWO, block(2));
        line.begin();
        line.forget(ONE);
        assert_eq!(line.begin(), None, "what is on the line takes its time");
        assert_eq!(line.sent(), None);
        line.begin();
        assert_eq!(line.sent(), Some((TWO, vec![block(2)])));
        assert_eq!(line.begin(), None);
    }
}
