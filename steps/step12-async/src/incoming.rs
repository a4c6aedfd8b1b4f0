//! From the socket to messages and block buffers.

use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};

use blocks::{BlockBuf, Landed, Outstanding, Part, Parts};
use messages::{BlockRequest, Decoder, Item, Message};

use super::{Heard, Pool};

/// What follows a block in the same read lands here and is copied once.
const SCRATCH: usize = 64 * 1024;

/// The reading side of a connection.
pub(crate) struct Incoming {
    decoder: Decoder,
    outstanding: Outstanding,
    scratch: Box<[u8]>,
    payload: Option<Payload>,
    /// Blocks of which some bytes have come, in a cut that we did not ask for.
    partial: BTreeMap<BlockRequest, BlockBuf>,
    pool: Pool,
}

// ANCHOR: payload
/// The payload of the `piece` message that is being read.
struct Payload {
    /// The part that is arriving.
    part: Part,
    /// How much of it has arrived.
    arrived: u32,
    /// Where it goes; `None` if nobody asked for it.
    buf: Option<BlockBuf>,
    /// The parts after it.
    rest: Parts,
}

impl Payload {
    /// The place for the rest of the arriving part, in the buffer of its block.
    fn place(&mut self) -> &mut [u8] {
        match (&mut self.buf, self.part.target) {
            (Some(buf), Some(target)) => {
                let from = (target.offset + self.arrived) as usize;
                let to = (target.offset + self.part.len) as usize;
                &mut buf[from..to]
            }
            _ => &mut [],
        }
    }
}
// ANCHOR_END: payload

impl Incoming {
    pub fn new(pieces: u32, pool: Pool) -> Incoming {
        Incoming {
            decoder: Decoder::new(pieces),
            outstanding: Outstanding::new(),
            scratch: vec![0; SCRATCH].into_boxed_slice(),
            payload: None,
            partial: BTreeMap::new(),
            pool,
        }
    }

    /// Notes what a message that we send means for what is to come.
    pub fn sent(&mut self, message: &Message) {
        match message {
            Message::Request(block) => {
                if let Some(forgotten) = self.outstanding.ask(*block) {
                    self.drop_partial(&forgotten);
                }
            }
            Message::Cancel(block) => {
                self.outstanding.cancel(block);
                self.drop_partial(block);
            }
            _ => {}
        }
    }

    // ANCHOR: read
    /// Reads once by `read`, which fills the slices in their order, and puts what has
    /// become whole into `heard`. Returns how many bytes came; 0 is the end of the
    /// stream.
    pub fn read(
        &mut self,
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> io::Result<usize>,
        heard: &mut Vec<Heard>,
    ) -> io::Result<usize> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let place = self.payload.as_mut().map_or(&mut [][..], Payload::place);
        let direct = place.len();
        let result = read(&mut [IoSliceMut::new(place), IoSliceMut::new(&mut scratch)]);
        let outcome = result.and_then(|bytes| {
            let direct = direct.min(bytes);
            self.advance(direct as u32, heard);
            self.take(&scratch[..bytes - direct], heard)?;
            Ok(bytes)
        });
        self.scratch = scratch;
        outcome
    }
    // ANCHOR_END: read

    /// Takes in bytes that are not in their place yet.
    fn take(&mut self, mut bytes: &[u8], heard: &mut Vec<Heard>) -> io::Result<()> {
        while !bytes.is_empty() {
            if let Some(payload) = &mut self.payload {
                let len = bytes
                    .len()
                    .min((payload.part.len - payload.arrived) as usize);
                if payload.buf.is_some() {
                    payload.place()[..len].copy_from_slice(&bytes[..len]);
                }
                self.advance(len as u32, heard);
                bytes = &bytes[len..];
                continue;
            }
            let (used, item) = self.decoder.next(bytes).map_err(io::Error::other)?;
            bytes = &bytes[used..];
            match item {
                Some(Item::Message(message)) => self.message(message, heard),
                Some(Item::Block(header)) => {
                    let parts = self.outstanding.arriving(header);
                    self.begin(parts);
                }
                None => {}
            }
        }
        Ok(())
    }

    fn message(&mut self, message: Message, heard: &mut Vec<Heard>) {
        if message == Message::Choke {
            // Without the fast extension a choke drops every request, without a word.
            self.outstanding.clear();
            for (_, buf) in std::mem::take(&mut self.partial) {
                self.pool.give(buf);
            }
        }
        heard.push(Heard::Message(message));
    }

    /// Goes on to the next part of a payload, or to the message after it.
    fn begin(&mut self, mut parts: Parts) {
        self.payload = parts.next().map(|part| {
            let buf = part.target.map(|target| {
                let begun = self.partial.remove(&target.request);
                begun.unwrap_or_else(|| self.pool.take())
            });
            Payload {
                part,
                arrived: 0,
                buf,
                rest: parts,
            }
        });
    }

    /// `len` more bytes of the arriving part are in their place.
    fn advance(&mut self, len: u32, heard: &mut Vec<Heard>) {
        let Some(payload) = &mut self.payload else {
            return;
        };
        payload.arrived += len;
        if payload.arrived < payload.part.len {
            return;
        }
        let Some(Payload {
            part, buf, rest, ..
        }) = self.payload.take()
        else {
            return;
        };
        if let (Some(target), Some(buf)) = (part.target, buf) {
            match self.outstanding.landed(target, part.len) {
                Landed::Whole(block) => heard.push(Heard::Block { block, data: buf }),
                Landed::Partial => {
                    self.partial.insert(target.request, buf);
                }
                Landed::Forgotten => self.pool.give(buf),
            }
        }
        self.begin(rest);
    }

    fn drop_partial(&mut self, block: &BlockRequest) {
        if let Some(buf) = self.partial.remove(block) {
            self.pool.give(buf);
        }
    }
}
