//! From messages and files to the socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use blocks::{BLOCK, BlockBuf, MAX_BLOCK};
use messages::{BlockRequest, Ended, Message, piece_header};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::{FileSpan, Pool, Source, Stream};

/// A peer that reads so little that this much piles up, uploads not counted, is not worth keeping.
const MOST_QUEUED: usize = 4 * 1024 * 1024;

/// So many blocks are fetched before the first of them is sent: a slow disk works on several, and
/// the system is handed several at a time. It bounds the memory of a connection, too. No block is
/// begun before all of it is here, so it has to hold the longest.
const AHEAD: usize = (MAX_BLOCK / BLOCK) as usize;

/// Something to be sent.
enum Chunk {
    /// Encoded messages, of which `sent` bytes are gone.
    Bytes { bytes: Vec<u8>, sent: usize },
    /// The first 13 bytes of a block, of which `sent` are gone, and how many payloads follow.
    Header {
        bytes: [u8; 13],
        sent: usize,
        block: BlockRequest,
        parts: usize,
    },
    /// The payload of a block, or a part of a long one.
    Payload(Payload),
    /// A block is out: its payload counts as room again.
    Done(u64),
}

/// Bytes of files, no more than a buffer holds.
struct Payload {
    block: BlockRequest,
    spans: Vec<FileSpan>,
    state: State,
}

/// How far a payload has come.
enum State {
    /// Nobody has looked for it.
    Ordered,
    /// Somebody else reads it.
    Reading(oneshot::Receiver<BlockBuf>),
    /// It is here, and `sent` bytes of it are gone.
    Here { buf: BlockBuf, sent: usize },
    /// It cannot be read. Its block is dropped when its turn comes.
    Failed,
}

/// The writing side of a connection.
pub(crate) struct Outgoing {
    source: Rc<dyn Source>,
    pool: Pool,
    queue: VecDeque<Chunk>,
    queued_bytes: usize,
    /// Blocks that were dropped, because they cannot be read.
    unsent: Vec<BlockRequest>,
}

impl Outgoing {
    pub fn new(source: Rc<dyn Source>, pool: Pool) -> Outgoing {
        Outgoing {
            source,
            pool,
            queue: VecDeque::new(),
            queued_bytes: 0,
            unsent: Vec::new(),
        }
    }

    /// Whether the peer has stopped reading.
    pub fn is_overfull(&self) -> bool {
        self.queued_bytes > MOST_QUEUED
    }

    /// Whether something is here that the socket did not take.
    pub fn waits_for_the_socket(&self) -> bool {
        match self.queue.front() {
            Some(Chunk::Header { .. }) => self.is_here(0),
            first => first.is_some(),
        }
    }

    /// Waits until the payload that is to be sent next, and is read by somebody else, is here.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(Chunk::Header { parts, .. }) = self.queue.front() else {
            return Poll::Pending;
        };
        let parts = 1..1 + *parts;
        let reading = self.queue.range_mut(parts).find_map(|part| match part {
            Chunk::Payload(payload) => match &mut payload.state {
                State::Reading(reading) => Some((Pin::new(reading).poll(context), payload)),
                _ => None,
            },
            _ => None,
        });
        let Some((Poll::Ready(result), payload)) = reading else {
            return Poll::Pending;
        };
        payload.state = State::read(result.ok());
        Poll::Ready(())
    }

    /// Whether all payloads of the block that begins at this place of the queue are here.
    fn is_here(&self, place: usize) -> bool {
        let Some(Chunk::Header { parts, .. }) = self.queue.get(place) else {
            return false;
        };
        let mut parts = self.queue.range(place + 1..place + 1 + parts);
        parts.all(|part| {
            matches!(
                part,
                Chunk::Payload(Payload {
                    state: State::Here { .. },
                    ..
                })
            )
        })
    }

    pub fn message(&mut self, message: &Message) {
        self.bytes(|out| message.encode(out));
    }

    /// A `piece` message: its 13 bytes, then the block from the files it lies in.
    ///
    /// # Panics
    ///
    /// When the spans are not as long together as the block.
    pub fn upload(&mut self, block: BlockRequest, mut spans: Vec<FileSpan>) {
        let length: u64 = spans.iter().map(|span| span.len).sum();
        assert_eq!(length, u64::from(block.len), "the spans are the block");
        self.queue.push_back(Chunk::Header {
            bytes: piece_header(block.piece, block.offset, block.len),
            sent: 0,
            block,
            parts: block.len.div_ceil(BLOCK) as usize,
        });
        // Some ask for more at a time than a buffer holds.
        let mut from = 0;
        while from < block.len {
            let len = BLOCK.min(block.len - from);
            let rest = split_off(&mut spans, len.into());
            self.queue.push_back(Chunk::Payload(Payload {
                block: BlockRequest {
                    offset: block.offset + from,
                    len,
                    ..block
                },
                spans: std::mem::replace(&mut spans, rest),
                state: State::Ordered,
            }));
            from += len;
        }
        self.queue.push_back(Chunk::Done(length));
    }

    /// Appends to the bytes that are last in the queue.
    fn bytes(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !matches!(self.queue.back(), Some(Chunk::Bytes { .. })) {
            self.queue.push_back(Chunk::Bytes {
                bytes: Vec::new(),
                sent: 0,
            });
        }
        if let Some(Chunk::Bytes { bytes, .. }) = self.queue.back_mut() {
            let before = bytes.len();
            write(bytes);
            self.queued_bytes += bytes.len() - before;
        }
    }

    // ANCHOR: write
    /// Sends what is here, in its order, until the socket takes no more; returns the payload bytes
    /// of the blocks that are out. A block that cannot be read is dropped: see [`Outgoing::unsent`].
    ///
    /// # Errors
    ///
    /// [`Ended`] when the network is gone.
    pub fn write(&mut self, stream: &mut Stream) -> Result<u64, Ended> {
        // ANCHOR: yours_write (chapter 12, "A connection")
        let mut out = 0;
        loop {
            self.fetch();
            if self.drop_failed() {
                continue;
            }
            let slices = self.ready();
            if slices.is_empty() {
                return Ok(out);
            }
            match stream.try_write_vectored(&slices) {
                Ok(sent) => out += self.gone(sent),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(out),
                Err(error) => return Err(Ended::Network(error.to_string())),
            }
        }
        // ANCHOR_END: yours_write
    }
    // ANCHOR_END: write

    // ANCHOR: fetch
    /// Fetches the payloads that are next: from memory, or by asking for them.
    fn fetch(&mut self) {
        // ANCHOR: yours_fetch (chapter 12, "A connection")
        let payloads = self.queue.iter_mut().filter_map(|chunk| match chunk {
            Chunk::Payload(payload) => Some(payload),
            _ => None,
        });
        for payload in payloads.take(AHEAD) {
            match &mut payload.state {
                State::Ordered => payload.fetch(&*self.source, &self.pool),
                State::Reading(reading) => match reading.try_recv() {
                    Ok(buf) => payload.state = State::read(Some(buf)),
                    Err(TryRecvError::Closed) => payload.state = State::read(None),
                    Err(TryRecvError::Empty) => {}
                },
                State::Here { .. } | State::Failed => {}
            }
        }
        // ANCHOR_END: yours_fetch
    }
    // ANCHOR_END: fetch

    /// The bytes that are here, up to the first that are not.
    fn ready(&self) -> Vec<IoSlice<'_>> {
        let mut slices = Vec::with_capacity(2 * AHEAD);
        for (place, chunk) in self.queue.iter().enumerate() {
            match chunk {
                Chunk::Bytes { bytes, sent } => slices.push(IoSlice::new(&bytes[*sent..])),
                // Once it is sent the rest has to follow; so it waits until the rest is here.
                Chunk::Header { bytes, sent, .. } => match *sent > 0 || self.is_here(place) {
                    true => slices.push(IoSlice::new(&bytes[*sent..])),
                    false => break,
                },
                Chunk::Payload(payload) => match &payload.state {
                    State::Here { buf, sent } => {
                        slices.push(IoSlice::new(&buf[*sent..payload.block.len as usize]));
                    }
                    _ => break,
                },
                Chunk::Done(_) => {}
            }
            if slices.len() == 2 * AHEAD {
                break;
            }
        }
        slices
    }

    /// Drops the block that is next, if it cannot be read; whether it did.
    fn drop_failed(&mut self) -> bool {
        let Some(&Chunk::Header { block, parts, .. }) = self.queue.front() else {
            return false;
        };
        let has_failed = |part: &Chunk| {
            matches!(
                part,
                Chunk::Payload(Payload {
                    state: State::Failed,
                    ..
                })
            )
        };
        if !self.queue.range(1..1 + parts).any(has_failed) {
            return false;
        }
        // The header, the payloads, and what says that they are out.
        for chunk in self.queue.drain(..parts + 2) {
            if let Chunk::Payload(Payload {
                state: State::Here { buf, .. },
                ..
            }) = chunk
            {
                self.pool.give(buf);
            }
        }
        self.unsent.push(block);
        true
    }

    /// The blocks that were dropped since the last time, because they cannot be read.
    pub fn unsent(&mut self) -> impl Iterator<Item = BlockRequest> + '_ {
        self.unsent.drain(..)
    }

    /// Takes `sent` bytes off the queue, and what is finished by that; returns the payload bytes of
    /// the blocks that are out.
    fn gone(&mut self, mut sent: usize) -> u64 {
        let mut out = 0;
        while let Some(first) = self.queue.front_mut() {
            let (before, length) = match first {
                Chunk::Bytes { bytes, sent } => (sent, bytes.len()),
                Chunk::Header { bytes, sent, .. } => (sent, bytes.len()),
                Chunk::Payload(Payload {
                    block,
                    state: State::Here { sent, .. },
                    ..
                }) => (sent, block.len as usize),
                Chunk::Payload(_) => break,
                Chunk::Done(len) => {
                    out += *len;
                    self.queue.pop_front();
                    continue;
                }
            };
            let now = sent.min(length - *before);
            *before += now;
            sent -= now;
            let finished = *before == length;
            if matches!(first, Chunk::Bytes { .. }) {
                self.queued_bytes -= now;
            }
            if !finished {
                break;
            }
            if let Some(Chunk::Payload(Payload {
                state: State::Here { buf, .. },
                ..
            })) = self.queue.pop_front()
            {
                self.pool.give(buf);
            }
        }
        out
    }
}

impl State {
    /// What somebody else has read, or could not read.
    fn read(buf: Option<BlockBuf>) -> State {
        match buf {
            Some(buf) => State::Here { buf, sent: 0 },
            None => State::Failed,
        }
    }
}

impl Payload {
    /// Takes it from memory, or else asks for it.
    fn fetch(&mut self, source: &dyn Source, pool: &Pool) {
        let mut buf = pool.take();
        let mut left = &mut buf[..];
        let here = self.spans.iter().all(|span| {
            let (here, rest) = std::mem::take(&mut left).split_at_mut(span.len as usize);
            left = rest;
            match span.file {
                Some(file) => source.read_now(file, span.offset, here),
                None => {
                    here.fill(0);
                    true
                }
            }
        });
        self.state = if here {
            State::Here { buf, sent: 0 }
        } else {
            pool.give(buf);
            State::Reading(source.read(self.block))
        };
    }
}

/// Keeps the first `len` bytes of `spans`; returns the rest.
fn split_off(spans: &mut Vec<FileSpan>, len: u64) -> Vec<FileSpan> {
    let mut left = len;
    let mut rest = Vec::new();
    spans.retain_mut(|span| {
        let here = span.len.min(left);
        left -= here;
        if here < span.len {
            rest.push(FileSpan {
                offset: span.offset + here,
                len: span.len - here,
                ..*span
            });
        }
        span.len = here;
        here > 0
    });
    rest
}
