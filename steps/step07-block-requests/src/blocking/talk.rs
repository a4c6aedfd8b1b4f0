//! One side of a conversation about pieces: bytes in, bytes out.

use std::collections::{BTreeSet, VecDeque};
use std::mem;
use std::time::Duration;

use messages::{Bitfield, BlockHeader, BlockRequest, Decoder, Item, Message};

use super::FetchError;
use crate::{Geometry, Landed, Outstanding, Part, Parts, Window};

/// How many requests to keep on their way.
#[derive(Clone, Debug)]
pub enum Ahead {
    /// Always so many.
    Fixed(usize),
    /// As many as the window says.
    Window(Window),
}

/// Something that happened, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<'a> {
    /// How long after the handshake.
    pub at: Duration,
    /// What happened.
    pub seen: Seen<'a>,
    /// How many requests are on their way, after it.
    pub out: usize,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// We sent a message that is no request.
    Sent(&'a Message),
    /// We sent requests for these blocks.
    Asked(&'a [BlockRequest]),
    /// The peer sent a message without a payload.
    Heard(&'a Message),
    /// The payload of a `piece` message is here.
    Payload {
        /// What it says it is.
        header: BlockHeader,
        /// How it divides into the blocks that we asked for.
        parts: &'a [Part],
        /// The blocks that are whole now.
        whole: &'a [BlockRequest],
    },
}

// ANCHOR: talk
/// What we know of the peer, and what we want of it.
#[derive(Debug)]
pub(super) struct Talk {
    geometry: Geometry,
    decoder: Decoder,
    has: Bitfield,
    choked: bool,
    interested: bool,
    outstanding: Outstanding,
    ahead: Ahead,
    task: Option<Task>,
    payload: Option<Payload>,
}
// ANCHOR_END: talk

// ANCHOR: task
/// The piece that is being fetched.
#[derive(Debug)]
struct Task {
    piece: u32,
    data: Vec<u8>,
    /// The blocks that are not whole yet.
    missing: BTreeSet<BlockRequest>,
    /// Those of them that are to be asked for.
    to_ask: VecDeque<BlockRequest>,
}
// ANCHOR_END: task

/// The payload that is being read.
#[derive(Debug)]
struct Payload {
    header: BlockHeader,
    /// The part that is arriving, how much of it has arrived, and those that follow.
    part: Part,
    arrived: u32,
    rest: Parts,
    /// What is done, for whoever watches.
    parts: Vec<Part>,
    whole: Vec<BlockRequest>,
}

impl Talk {
    pub fn new(geometry: Geometry, ahead: Ahead) -> Talk {
        Talk {
            geometry,
            decoder: Decoder::new(geometry.pieces()),
            has: Bitfield::new(geometry.pieces()),
            choked: true,
            interested: false,
            outstanding: Outstanding::new(),
            ahead,
            task: None,
            payload: None,
        }
    }

    pub fn has(&self) -> &Bitfield {
        &self.has
    }

    pub fn is_choked(&self) -> bool {
        self.choked
    }

    /// How many blocks of the piece are missing.
    pub fn missing(&self) -> usize {
        self.task.as_ref().map_or(0, |task| task.missing.len())
    }

    /// From now on this piece is fetched.
    pub fn begin(&mut self, piece: u32) {
        self.task = Some(Task {
            piece,
            data: vec![0; self.geometry.piece_len(piece) as usize],
            missing: self.geometry.blocks(piece).collect(),
            to_ask: self.geometry.blocks(piece).collect(),
        });
    }

    /// The piece, if every block of it is here.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        let task = self.task.take_if(|task| task.missing.is_empty())?;
        Some(task.data)
    }

    // ANCHOR: speak
    /// What to say now: that we are interested, once; and requests, as many as are to be on their
    /// way. Without the fast extension a choked peer is asked nothing: it would not hear.
    pub fn speak(&mut self, at: Duration, bytes: &mut Vec<u8>, watch: &mut dyn FnMut(Moment<'_>)) {
        if !mem::replace(&mut self.interested, true) {
            let seen = Seen::Sent(&Message::Interested);
            Message::Interested.encode(bytes);
            watch(Moment { at, seen, out: 0 });
        }
        let Some(task) = self.task.as_mut().filter(|_| !self.choked) else {
            return;
        };
        let size = match &self.ahead {
            Ahead::Fixed(size) => *size,
            Ahead::Window(window) => window.size(),
        };
        let free = size.saturating_sub(self.outstanding.len());
        let next = task.to_ask.drain(..free.min(task.to_ask.len()));
        let blocks: Vec<BlockRequest> = next.collect();
        for &block in &blocks {
            Message::Request(block).encode(bytes);
            self.outstanding.ask(block);
        }
        if !blocks.is_empty() {
            let seen = Seen::Asked(&blocks);
            let out = self.outstanding.len();
            watch(Moment { at, seen, out });
        }
    }
    // ANCHOR_END: speak

    // ANCHOR: hear
    /// Takes in bytes of the peer's stream.
    ///
    /// # Errors
    ///
    /// When they are no messages, or one that cannot be true.
    pub fn hear(
        &mut self,
        at: Duration,
        mut bytes: &[u8],
        watch: &mut dyn FnMut(Moment<'_>),
    ) -> Result<(), FetchError> {
        while !bytes.is_empty() {
            if let Some(payload) = self.payload.take() {
                bytes = self.take_payload(payload, at, bytes, watch);
                continue;
            }
            let (used, item) = self.decoder.next(bytes)?;
            bytes = &bytes[used..];
            match item {
                Some(Item::Message(message)) => self.take_message(&message, at, watch)?,
                Some(Item::Block(header)) => {
                    let mut rest = self.outstanding.arriving(header);
                    self.payload = rest.next().map(|part| Payload {
                        header,
                        part,
                        arrived: 0,
                        rest,
                        parts: Vec::new(),
                        whole: Vec::new(),
                    });
                }
                None => {}
            }
        }
        Ok(())
    }
    // ANCHOR_END: hear

    fn take_message(
        &mut self,
        message: &Message,
        at: Duration,
        watch: &mut dyn FnMut(Moment<'_>),
    ) -> Result<(), FetchError> {
        match message {
            // ANCHOR: choke
            Message::Choke => {
                self.choked = true;
                // What was asked for will not come: it is asked for again after the unchoke.
                self.outstanding.clear();
                if let Some(task) = &mut self.task {
                    task.to_ask = task.missing.iter().copied().collect();
                }
                if let Ahead::Window(window) = &mut self.ahead {
                    window.choked();
                }
            }
            Message::Unchoke => self.choked = false,
            // ANCHOR_END: choke
            Message::Have(piece) => {
                self.has.set(*piece);
            }
            Message::Bitfield(bytes) => {
                let has = Bitfield::from_bytes(self.geometry.pieces(), bytes)?;
                has.iter_ones().for_each(|piece| {
                    self.has.set(piece);
                });
            }
            _ => {}
        }
        let seen = Seen::Heard(message);
        let out = self.outstanding.len();
        watch(Moment { at, seen, out });
        Ok(())
    }

    /// Takes in what `bytes` holds of a payload's arriving part; returns the bytes after it.
    fn take_payload<'b>(
        &mut self,
        mut payload: Payload,
        at: Duration,
        bytes: &'b [u8],
        watch: &mut dyn FnMut(Moment<'_>),
    ) -> &'b [u8] {
        let left = payload.part.len - payload.arrived;
        let (taken, bytes) = bytes.split_at(bytes.len().min(left as usize));
        if let Some(target) = payload.part.target
            && let Some(task) = self.task.as_mut()
            && task.piece == target.request.piece
        {
            let begin = (target.request.offset + target.offset + payload.arrived) as usize;
            task.data[begin..begin + taken.len()].copy_from_slice(taken);
        }
        payload.arrived += taken.len() as u32;
        if payload.arrived < payload.part.len {
            self.payload = Some(payload);
            return bytes;
        }

        let Payload { part, .. } = payload;
        payload.parts.push(part);
        if let Some(target) = part.target
            && let Landed::Whole(block) = self.outstanding.landed(target, part.len)
        {
            payload.whole.push(block);
            if let Some(task) = &mut self.task {
                task.missing.remove(&block);
            }
            if let Ahead::Window(window) = &mut self.ahead {
                window.received(at, block.len);
            }
        }
        if let Some(part) = payload.rest.next() {
            (payload.part, payload.arrived) = (part, 0);
            self.payload = Some(payload);
            return bytes;
        }
        let seen = Seen::Payload {
            header: payload.header,
            parts: &payload.parts,
            whole: &payload.whole,
        };
        let out = self.outstanding.len();
        watch(Moment { at, seen, out });
        bytes
    }
}
