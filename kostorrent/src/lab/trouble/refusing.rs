//! A peer that says no to every request, and goes on doing so (BEP 6).

use std::collections::VecDeque;

use fast::Fast;
use messages::{BlockRequest, Message};

use crate::lab::peer::Role;

/// Requests that wait for their answer at most; more are lost.
const MAX_WAITING: usize = 1_000;

/// Has everything, unchokes who wants something, and rejects all that it is asked for. Only for who speaks the fast extension.
#[derive(Clone, Debug, Default)]
pub struct Refusing {
    waiting: VecDeque<BlockRequest>,
    unchoked: bool,
}

impl Role for Refusing {
    fn hello(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        Message::from(Fast::HaveAll).encode(&mut out);
        out
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Interested if !self.unchoked => {
                self.unchoked = true;
                Message::Unchoke.encode(out);
            }
            Message::Request(block) if self.waiting.len() < MAX_WAITING => {
                self.waiting.push_back(*block);
            }
            _ => {}
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        for block in self.waiting.drain(..) {
            Message::from(Fast::Reject(block)).encode(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_request_is_rejected_once() {
        let mut peer = Refusing::default();
        assert_eq!(peer.hello(), [0, 0, 0, 1, 14]);
        let mut out = Vec::new();
        peer.hear(&Message::Interested, &mut out);
        peer.hear(&Message::Interested, &mut out);
        assert_eq!(out, [0, 0, 0, 1, 1]);
        let block = BlockRequest {
            piece: 1,
            offset: 0,
            len: 2,
        };
        out.clear();
        for _ in 0..2 {
            peer.hear(&Message::Request(block), &mut out);
            peer.answer(&mut out);
        }
        let reject = [0, 0, 0, 13, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
        assert_eq!(out, [reject, reject].concat());
    }
}
