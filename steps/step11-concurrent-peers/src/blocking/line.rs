//! A connection, block by block.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};

use blocks::{BlockBuf, Landed, Outstanding, Part, Parts, block_buf};
use messages::{BlockRequest, Decoder, Ended, Item, Message, piece_header};

/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// What a peer has sent.
#[derive(Debug)]
pub enum Heard {
    /// A message; never `piece`.
    Message(Message),
    /// A block that was asked for, whole.
    Block {
        /// Which.
        block: BlockRequest,
        /// Its bytes, at the front of the buffer.
        data: BlockBuf,
    },
}

/// A connection after the handshake: messages out, messages and whole blocks in.
///
/// A read of the stream must end after a while with [`ErrorKind::WouldBlock`] or
/// [`ErrorKind::TimedOut`], as that of a `TcpStream` with a read timeout does; so nobody waits for a
/// silent peer for ever.
#[derive(Debug)]
pub struct Line<S> {
    stream: S,
    decoder: Decoder,
    outstanding: Outstanding,
    /// Blocks of which some bytes are here.
    begun: BTreeMap<BlockRequest, BlockBuf>,
    payload: Option<Payload>,
    choked: bool,
}

/// The payload that is being read.
#[derive(Debug)]
struct Payload {
    /// The part that is arriving, how much of it has, and those that follow.
    part: Part,
    arrived: u32,
    rest: Parts,
}

impl<S: Read + Write> Line<S> {
    /// A connection on which handshakes have been exchanged, and nothing else, for a torrent of so
    /// many pieces.
    pub fn new(stream: S, pieces: u32) -> Line<S> {
        Line {
            stream,
            decoder: Decoder::new(pieces),
            outstanding: Outstanding::new(),
            begun: BTreeMap::new(),
            payload: None,
            choked: true,
        }
    }

    /// Whether the peer chokes us: what it is asked now it does not hear.
    pub fn is_choked(&self) -> bool {
        self.choked
    }

    /// Sends messages, all in one write. A request is remembered, so that its answer is known. A
    /// cancelled one stays remembered: what is on its way already still comes.
    ///
    /// # Errors
    ///
    /// [`Ended`] when the connection is gone, or takes nothing for long.
    pub fn say(&mut self, messages: &[Message]) -> Result<(), Ended> {
        let mut bytes = Vec::new();
        for message in messages {
            message.encode(&mut bytes);
            if let Message::Request(block) = message
                && let Some(forgotten) = self.outstanding.ask(*block)
            {
                self.begun.remove(&forgotten);
            }
        }
        self.stream.write_all(&bytes).map_err(ended)
    }

    /// Sends a block, which has these bytes.
    ///
    /// # Errors
    ///
    /// As [`say`](Line::say).
    pub fn send(&mut self, block: BlockRequest, bytes: &[u8]) -> Result<(), Ended> {
        let header = piece_header(block.piece, block.offset, bytes.len() as u32);
        self.stream
            .write_all(&[&header, bytes].concat())
            .map_err(ended)
    }

    /// Waits until something comes, and says what has become whole; nothing, perhaps.
    ///
    /// # Errors
    ///
    /// [`Ended`] when the stream has ended, or cannot be right.
    pub fn listen(&mut self) -> Result<Vec<Heard>, Ended> {
        let mut bytes = vec![0; CHUNK];
        let count = match self.stream.read(&mut bytes) {
            Ok(0) => return Err(Ended::HungUp),
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => 0,
                _ => return Err(ended(error)),
            },
        };
        let mut heard = Vec::new();
        self.take(&bytes[..count], &mut heard)?;
        Ok(heard)
    }

    /// Takes in bytes of the stream.
    fn take(&mut self, mut bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), Ended> {
        while !bytes.is_empty() {
            if let Some(payload) = self.payload.take() {
                bytes = self.take_payload(payload, bytes, heard);
                continue;
            }
            let (used, item) = self.decoder.next(bytes)?;
            bytes = &bytes[used..];
            match item {
                Some(Item::Message(message)) => self.take_message(message, heard),
                Some(Item::Block(header)) => self.begin(self.outstanding.arriving(header)),
                None => {}
            }
        }
        Ok(())
    }

    fn take_message(&mut self, message: Message, heard: &mut Vec<Heard>) {
        match message {
            Message::Choke => {
                // Without the fast extension a choke drops every request, without a word.
                self.choked = true;
                self.outstanding.clear();
                self.begun.clear();
            }
            Message::Unchoke => self.choked = false,
            _ => {}
        }
        heard.push(Heard::Message(message));
    }

    /// Goes on to the next part of a payload, or to the message after it.
    fn begin(&mut self, mut parts: Parts) {
        self.payload = parts.next().map(|part| Payload {
            part,
            arrived: 0,
            rest: parts,
        });
    }

    /// Takes in what `bytes` holds of the arriving part; returns the bytes after it.
    fn take_payload<'b>(
        &mut self,
        mut payload: Payload,
        bytes: &'b [u8],
        heard: &mut Vec<Heard>,
    ) -> &'b [u8] {
        let left = payload.part.len - payload.arrived;
        let (taken, bytes) = bytes.split_at(bytes.len().min(left as usize));
        // What nobody asked for is read past.
        if let Some(target) = payload.part.target
            && self.outstanding.contains(&target.request)
        {
            let buf = self.begun.entry(target.request).or_insert_with(block_buf);
            let from = (target.offset + payload.arrived) as usize;
            buf[from..from + taken.len()].copy_from_slice(taken);
        }
        payload.arrived += taken.len() as u32;
        if payload.arrived < payload.part.len {
            self.payload = Some(payload);
            return bytes;
        }
        if let Some(target) = payload.part.target
            && let Landed::Whole(block) = self.outstanding.landed(target, payload.part.len)
            && let Some(data) = self.begun.remove(&block)
        {
            heard.push(Heard::Block { block, data });
        }
        self.begin(payload.rest);
        bytes
    }
}

/// What an error of the stream means.
fn ended(error: io::Error) -> Ended {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Ended::HungUp
        }
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Ended::NotReading,
        _ => Ended::Network(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
