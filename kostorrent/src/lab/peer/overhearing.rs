//! Whoever wants to know what passes over a line.

use std::sync::Arc;

use encryption::{Failure, Method};
use handshake::Handshake;
use magnet::EXTENDED;
use messages::{BlockHeader, Decoder, Item, Message, WireError};

/// The messages of later BEPs that are heard whole: those of the fast extension, and `extended`.
const LATER: &[u8] = &[13, 14, 15, 16, 17, EXTENDED];

/// Something that passed over a line, or happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Somebody has called.
    Called,
    /// We have called.
    WeCalled,
    /// They sent their handshake.
    Handshake(Handshake),
    /// What they sent is the beginning of no handshake: these bytes.
    NotAHandshake(Vec<u8>),
    /// They began in plain text where only an exchange of keys is taken.
    NotEncrypted,
    /// They sent a public key, or the first bytes of one.
    Key,
    /// Keys are exchanged, and it goes on so.
    Secured(Method),
    /// The exchange of keys came to nothing by what they sent.
    NotSecured(Failure),
    /// They sent a message.
    Message(Message),
    /// They sent a block.
    Block(BlockHeader),
    /// What they sent is no message; nothing after it can be understood.
    Broken(WireError),
    /// We sent our handshake, or the last byte of it.
    WeShookHands,
    /// We sent a message.
    WeSaid(Message),
    /// We sent the head of a block.
    WeGave(BlockHeader),
    /// They hung up; where `midway`, in the middle of a message or of a handshake.
    HungUp {
        /// Whether something was only half said.
        midway: bool,
    },
    /// We hung up.
    WeHungUp,
}

/// Is told of all that passes, as it passes.
pub type Ear = Arc<dyn Fn(Passed) + Send + Sync>;

/// Takes one direction of a stream apart, for an [`Ear`] or for a script.
#[derive(Debug)]
pub(super) struct Listener {
    decoder: Decoder,
    /// Bytes of a block's payload that are still to come.
    payload: usize,
    /// Nothing more can be understood.
    lost: bool,
    /// The block whose payload comes, with as much of it as is here, if somebody wants it.
    block: Option<(BlockHeader, Vec<u8>)>,
}

impl Listener {
    pub(super) fn new(pieces: u32) -> Listener {
        Listener {
            decoder: Decoder::new(pieces).keeping(LATER),
            payload: 0,
            lost: false,
            block: None,
        }
    }

    /// The block whose payload has just been passed to [`Listener::next`], once all of it has.
    pub(super) fn whole_block(&mut self) -> Option<(BlockHeader, Vec<u8>)> {
        self.block.take_if(|_| self.payload == 0)
    }

    pub(super) fn is_midway(&self) -> bool {
        self.payload > 0 || self.decoder.is_mid_message()
    }

    /// The next item in these bytes, of which it takes as many as it says.
    pub(super) fn next(&mut self, bytes: &[u8]) -> (usize, Option<Result<Item, WireError>>) {
        if self.lost {
            return (bytes.len(), None);
        }
        let skipped = self.payload.min(bytes.len());
        self.payload -= skipped;
        if let Some((_, kept)) = &mut self.block {
            kept.extend_from_slice(&bytes[..skipped]);
        }
        if skipped > 0 || bytes.is_empty() {
            return (skipped, None);
        }
        match self.decoder.next(bytes) {
            Ok((used, item)) => {
                if let Some(Item::Block(header)) = &item {
                    self.payload = header.len as usize;
                    self.block = Some((*header, Vec::new()));
                }
                (used, item.map(Ok))
            }
            Err(error) => {
                self.lost = true;
                (bytes.len(), Some(Err(error)))
            }
        }
    }

    /// Everything in these bytes.
    pub(super) fn all(&mut self, mut bytes: &[u8]) -> Vec<Result<Item, WireError>> {
        let mut items = Vec::new();
        while !bytes.is_empty() {
            let (used, item) = self.next(bytes);
            if used == 0 && item.is_none() {
                break;
            }
            bytes = &bytes[used..];
            items.extend(item);
        }
        items
    }
}
