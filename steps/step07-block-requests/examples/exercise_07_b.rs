//! Exercise 7b: the other end, which keeps what it is asked for until it can send it.

use std::collections::VecDeque;

use blocks::{Geometry, RequestError};
use messages::{BlockRequest, Message};

/// More requests than this are not kept for one peer.
const MOST: usize = 500;

// ANCHOR: answer
/// What a peer has asked us for and has not been sent.
struct Uploads {
    geometry: Geometry,
    choking: bool,
    queue: VecDeque<BlockRequest>,
}

impl Uploads {
    /// A message of the peer. An error means: hang up.
    fn hear(&mut self, message: &Message) -> Result<(), RequestError> {
        match message {
            // Sent before it heard of our choke: dropped without a word, as BEP 3 has it.
            Message::Request(_) if self.choking => {}
            Message::Request(block) => {
                self.geometry.check(block)?;
                if self.queue.len() < MOST && !self.queue.contains(block) {
                    self.queue.push_back(*block);
                }
            }
            Message::Cancel(block) => self.queue.retain(|queued| queued != block),
            _ => {}
        }
        Ok(())
    }

    /// We choke the peer: everything that it asked for is forgotten, on both sides.
    fn choke(&mut self) {
        self.choking = true;
        self.queue.clear();
    }

    /// The block to send now that the connection can take one.
    fn next(&mut self) -> Option<BlockRequest> {
        self.queue.pop_front()
    }
}
// ANCHOR_END: answer

fn main() {
    let mut uploads = uploads();
    let block = uploads.geometry.block(0, 1);
    println!("{:?}", uploads.hear(&Message::Request(block)));
    println!("{:?}", uploads.next());
    uploads.choke();
}

fn uploads() -> Uploads {
    Uploads {
        geometry: Geometry::new(700_067, 32_768).expect("the sample's pieces"),
        choking: false,
        queue: VecDeque::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_answered_in_order_cancelled_and_dropped() {
        let mut uploads = uploads();
        let [a, b] = [0, 1].map(|index| uploads.geometry.block(3, index));
        uploads.hear(&Message::Request(a)).unwrap();
        uploads.hear(&Message::Request(b)).unwrap();
        uploads.hear(&Message::Request(b)).unwrap();
        uploads.hear(&Message::Cancel(a)).unwrap();
        assert_eq!((uploads.next(), uploads.next()), (Some(b), None));

        uploads.hear(&Message::Request(a)).unwrap();
        uploads.choke();
        uploads.hear(&Message::Request(b)).unwrap();
        assert_eq!(uploads.next(), None);
    }

    #[test]
    fn what_cannot_be_read_ends_the_connection() {
        let block = BlockRequest {
            piece: 21,
            offset: 0,
            len: 16_384,
        };
        assert!(uploads().hear(&Message::Request(block)).is_err());
    }

    #[test]
    fn the_queue_has_an_end() {
        let mut uploads = uploads();
        for len in 1..=1000 {
            let (piece, offset) = (0, 0);
            let block = BlockRequest { piece, offset, len };
            uploads.hear(&Message::Request(block)).unwrap();
        }
        assert_eq!(uploads.queue.len(), MOST);
        main();
    }
}
