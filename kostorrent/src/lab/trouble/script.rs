//! What a trouble-maker says, and when: no socket, no clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use blocks::BLOCK;
use fast::Fast;
use messages::{Bitfield, BlockRequest, Message, piece_header};
use metainfo::InfoHash;

use super::{Content, Trouble};
use crate::lab::peer::Role;

/// Requests that wait at most; a client that sends more loses the rest.
const MAX_WAITING: usize = 500;
/// The liar lies, and the choker chokes, once in so many blocks.
const EVERY: u32 = 4;
/// How long the choker chokes.
const CHOKED: Duration = Duration::from_millis(300);
/// The time between two of the `have`s.
const BETWEEN_HAVES: Duration = Duration::from_millis(20);

/// One connection of a trouble-maker, or of a peer that makes no trouble: a [`Role`].
#[derive(Clone, Debug)]
pub struct Script {
    /// `None`: it behaves.
    trouble: Option<Trouble>,
    /// The pieces it has.
    has: Bitfield,
    content: Arc<Content>,
    waiting: VecDeque<BlockRequest>,
    interested: bool,
    choking: bool,
    /// Blocks sent so far.
    sent: u32,
    /// Pieces told by `have` so far.
    told: u32,
    /// Whether somebody else says what it has.
    quiet: bool,
    /// Whether each request is answered, be it by a no (BEP 6).
    rejects: bool,
}

impl Script {
    /// A connection that has just shaken hands.
    pub fn new(trouble: Trouble, content: Arc<Content>) -> Script {
        Script {
            trouble: Some(trouble),
            ..Script::behaving(Bitfield::full(content.geometry().pieces()), content)
        }
    }

    /// The same of a peer that makes no trouble, and has these pieces.
    pub fn behaving(has: Bitfield, content: Arc<Content>) -> Script {
        Script {
            trouble: None,
            has,
            content,
            waiting: VecDeque::new(),
            interested: false,
            choking: true,
            sent: 0,
            told: 0,
            quiet: false,
            rejects: false,
        }
    }

    /// The same, but what it has is said by somebody else: it begins without a word.
    #[must_use]
    pub fn without_hello(self) -> Script {
        Script {
            quiet: true,
            ..self
        }
    }

    /// The same with somebody who has the fast extension, too: what is not given is rejected.
    #[must_use]
    pub fn rejecting(self) -> Script {
        Script {
            rejects: true,
            ..self
        }
    }

    fn refuse(&self, block: BlockRequest, out: &mut Vec<u8>) {
        if self.rejects {
            Message::from(Fast::Reject(block)).encode(out);
        }
    }

    /// The torrent's name in the protocol.
    pub fn info_hash(&self) -> InfoHash {
        self.content.info_hash()
    }

    /// The torrent's metadata, if they are known.
    pub fn info(&self) -> Arc<[u8]> {
        self.content.info()
    }

    /// Pieces of the torrent.
    pub fn pieces(&self) -> u32 {
        self.content.geometry().pieces()
    }

    /// Sends a block, if there is one, whoever is choked.
    pub fn give(&mut self, block: BlockRequest, out: &mut Vec<u8>) {
        self.send(block, out);
    }

    fn send(&mut self, block: BlockRequest, out: &mut Vec<u8>) {
        if let Some(bytes) = self.content.block(block) {
            out.extend_from_slice(&piece_header(block.piece, block.offset, block.len));
            out.extend_from_slice(bytes);
            self.sent += 1;
        }
    }

    /// In three: the last quarter, then the first third, then what is between.
    fn send_in_cuts(&mut self, block: BlockRequest, out: &mut Vec<u8>) {
        let (first, second) = (block.len / 3, block.len - block.len / 4);
        for (from, to) in [(second, block.len), (0, first), (first, second)] {
            if from < to {
                let cut = BlockRequest {
                    offset: block.offset + from,
                    len: to - from,
                    ..block
                };
                self.send(cut, out);
            }
        }
    }
}

impl Role for Script {
    fn hello(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.trouble != Some(Trouble::HaveOnly) && !self.quiet {
            Message::Bitfield(self.has.to_bytes()).encode(&mut out);
        }
        out
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Interested => {
                self.interested = true;
                if self.choking {
                    self.choking = false;
                    Message::Unchoke.encode(out);
                }
            }
            Message::NotInterested => self.interested = false,
            Message::Request(block) if !self.choking => {
                let sensible = self.has.get(block.piece) && self.content.block(*block).is_some();
                match sensible && self.waiting.len() < MAX_WAITING {
                    true => self.waiting.push_back(*block),
                    false => self.refuse(*block, out),
                }
            }
            // A request that reaches a choking peer is lost: BEP 3 has no word for "no".
            Message::Request(block) => self.refuse(*block, out),
            Message::Cancel(block) => {
                let before = self.waiting.len();
                self.waiting.retain(|waiting| waiting != block);
                for _ in self.waiting.len()..before {
                    self.refuse(*block, out);
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        while let Some(block) = self.waiting.pop_front() {
            match self.trouble {
                Some(Trouble::Staller) => {}
                Some(Trouble::Liar) => {
                    self.send(block, out);
                    if self.sent.is_multiple_of(EVERY) {
                        // The last bit of the last byte: the header before it stays as it was.
                        if let Some(byte) = out.last_mut() {
                            *byte ^= 1;
                        }
                    }
                }
                Some(Trouble::Choker) => {
                    self.send(block, out);
                    if self.sent.is_multiple_of(EVERY) {
                        self.choking = true;
                        self.waiting.clear();
                        Message::Choke.encode(out);
                    }
                }
                Some(Trouble::BigBlocks) => {
                    let big = BlockRequest {
                        len: 2 * BLOCK,
                        ..block
                    };
                    let even = block.offset.is_multiple_of(2 * BLOCK) && block.len == BLOCK;
                    if even && self.content.block(big).is_some() {
                        // The other half may be waiting, too: it is answered herewith.
                        let half = BlockRequest {
                            offset: block.offset + BLOCK,
                            ..block
                        };
                        self.waiting.retain(|waiting| *waiting != half);
                        self.send(big, out);
                    } else {
                        self.send(block, out);
                    }
                }
                Some(Trouble::OddCuts) => self.send_in_cuts(block, out),
                // The others make trouble elsewhere.
                _ => self.send(block, out),
            }
        }
    }

    fn nap(&self) -> Option<Duration> {
        match self.trouble {
            Some(Trouble::Choker) if self.choking && self.interested => Some(CHOKED),
            Some(Trouble::HaveOnly) if self.told < self.pieces() => Some(BETWEEN_HAVES),
            _ => None,
        }
    }

    fn wake(&mut self, out: &mut Vec<u8>) {
        match self.trouble {
            Some(Trouble::Choker) if self.choking && self.interested => {
                self.choking = false;
                Message::Unchoke.encode(out);
            }
            Some(Trouble::HaveOnly) if self.told < self.pieces() => {
                Message::Have(self.told).encode(out);
                self.told += 1;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
