//! From the socket to messages and block buffers.

use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};

use blocks::{BLOCK, BlockBuf, Landed, Outstanding, Part, Parts};
use messages::{BlockHeader, BlockRequest, Decoder, Ended, Item, Message, piece_header};

use super::{Heard, Pool, Terms};

/// For how many blocks a place is laid out ahead of a read. A message in between puts all that
/// follows it in the same read out of place, so more would mean more to copy; fewer, more calls.
const AHEAD: usize = 4;

/// The reading side of a connection: it is handed bytes, and says what has become whole.
///
/// Most of what arrives is payload, in the order in which it was asked for, each block behind its 13
/// bytes of header. So each read has a row of places: the rest of the block that is arriving, then
/// a header, a block, a header, a block … Bytes that come as expected are where they belong as soon
/// as the system hands them over. From the first byte on that is something else (a message in
/// between, another order, another cut), what landed in the row is copied to where it belongs.
pub struct Incoming {
    decoder: Decoder,
    outstanding: Outstanding,
    payload: Option<Payload>,
    /// Blocks of which some bytes have come, in a cut that we did not ask for.
    partial: BTreeMap<BlockRequest, BlockBuf>,
    /// The buffer that the next payload was read into already.
    laid_out: Option<(BlockRequest, BlockBuf)>,
    /// The row of places, while there is one.
    row: Vec<Place>,
    /// How many bytes the last read brought.
    last: usize,
    pool: Pool,
    choked: bool,
    choke_forgets_nothing: bool,
    copied: u64,
    /// Payload bytes that came and were not told of yet, neither as blocks nor as wasted.
    untold: u64,
}

/// A place for a block that is expected, and for the header before it.
struct Place {
    block: BlockRequest,
    header: [u8; 13],
    buf: BlockBuf,
}

/// The payload of the `piece` message that is being read.
struct Payload {
    /// What is left of it, from the beginning of the arriving part on.
    left: BlockHeader,
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
    /// How much of the arriving part is still to come.
    fn missing(&self) -> usize {
        (self.part.len - self.arrived) as usize
    }

    /// Whether this part is the last.
    fn is_last(&self) -> bool {
        self.left.len == self.part.len
    }

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

impl Incoming {
    /// The reading side for a torrent of so many pieces.
    pub fn new(pieces: u32, pool: Pool) -> Incoming {
        Incoming {
            decoder: Decoder::new(pieces),
            outstanding: Outstanding::new(),
            payload: None,
            partial: BTreeMap::new(),
            laid_out: None,
            row: Vec::with_capacity(AHEAD),
            last: 0,
            pool,
            choked: false,
            choke_forgets_nothing: false,
            copied: 0,
            untold: 0,
        }
    }

    /// The same, with what both ends have agreed on.
    pub fn on(mut self, terms: Terms) -> Incoming {
        self.decoder = self.decoder.keeping(terms.later);
        self.choke_forgets_nothing = terms.choke_forgets_nothing;
        self
    }

    /// Notes that this block is not to come.
    pub fn rejected(&mut self, block: &BlockRequest) {
        self.outstanding.cancel(block);
        self.drop_partial(block);
    }

    /// Notes what a message that we send means for what is to come.
    pub fn sent(&mut self, message: &Message) {
        match message {
            // A request that crosses a choke is dropped by the peer, without a word: nothing is to
            // come of it. Unless it has promised a word.
            Message::Request(block) if !self.choked || self.choke_forgets_nothing => {
                debug_assert!(block.len <= BLOCK, "{block:?} fits in no buffer");
                if let Some(forgotten) = self.outstanding.ask(*block) {
                    self.drop_partial(&forgotten);
                }
            }
            Message::Cancel(block) => self.rejected(block),
            _ => {}
        }
    }

    // ANCHOR: read
    /// Reads once by `read`, which fills the slices in their order, and puts what has
    /// become whole into `heard`. True if something came, false if there was nothing to read.
    ///
    /// # Errors
    ///
    /// [`Ended`] when the stream has ended, or cannot be right.
    pub fn read(
        &mut self,
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> io::Result<usize>,
        heard: &mut Vec<Heard>,
    ) -> Result<bool, Ended> {
        let more = self.lay_out();
        let mut row = std::mem::take(&mut self.row);
        let pool = self.pool.clone();
        let mut scratch = pool.scratch();
        let rest = self.payload.as_mut().map_or(&mut [][..], Payload::place);
        let direct = rest.len();
        let mut slices = Vec::with_capacity(2 * AHEAD + 1);
        slices.push(IoSliceMut::new(rest));
        for place in &mut row {
            slices.push(IoSliceMut::new(&mut place.header));
            slices.push(IoSliceMut::new(&mut place.buf[..place.block.len as usize]));
        }
        if !more {
            slices.push(IoSliceMut::new(&mut scratch));
        }
        let bytes = match read(&mut slices) {
            Ok(0) => return Err(Ended::HungUp),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(Ended::Network(error.to_string())),
        };
        if bytes > 0 {
            self.last = bytes;
        }
        let direct = direct.min(bytes);
        self.advance(direct as u32, heard);
        let left = self.take_row(&mut row, bytes - direct, heard)?;
        self.row = row;
        self.take(&scratch[..left], heard)?;
        Ok(bytes > 0)
    }
    // ANCHOR_END: read

    /// Lays out places for the blocks that should come next; none where something else is certain
    /// to come. Says whether more blocks should come
    /// after those.
    ///
    /// Where the last read found little, the next will hardly come to the end of a block.
    fn lay_out(&mut self) -> bool {
        let arriving = match &self.payload {
            None if self.decoder.is_mid_message() => return false,
            None => None,
            Some(payload) if payload.buf.is_none() || !payload.is_last() => return false,
            Some(payload) if payload.missing() > 2 * self.last => return true,
            Some(payload) => payload.part.target.map(|target| target.request),
        };
        let next = self.outstanding.iter();
        for block in next.filter(|block| Some(*block) != arriving) {
            if self.row.len() == AHEAD {
                return true;
            }
            // Of what comes in odd cuts nobody knows the next one.
            if self.partial.contains_key(&block) {
                return false;
            }
            self.row.push(Place {
                block,
                header: [0; 13],
                buf: self.pool.take(),
            });
        }
        false
    }

    /// Takes in `left` bytes that were read into a row of places. Says how many more there are, in
    /// the scratch behind it.
    fn take_row(
        &mut self,
        row: &mut Vec<Place>,
        mut left: usize,
        heard: &mut Vec<Heard>,
    ) -> Result<usize, Ended> {
        let mut as_expected = true;
        for Place { block, header, buf } in row.drain(..) {
            let expected = piece_header(block.piece, block.offset, block.len);
            as_expected = as_expected && left >= header.len() && header == expected;
            let begun = left.min(header.len());
            left -= begun;
            if as_expected {
                self.laid_out = Some((block, buf));
                self.take(&header, heard)?;
                let arrived = left.min(block.len as usize);
                left -= arrived;
                self.advance(arrived as u32, heard);
            } else {
                let length = left.min(block.len as usize);
                left -= length;
                self.take(&header[..begun], heard)?;
                self.take(&buf[..length], heard)?;
                self.pool.give(buf);
            }
        }
        Ok(left)
    }

    /// Takes in bytes that are not in their place yet, and puts what has become whole into `heard`.
    ///
    /// # Errors
    ///
    /// [`Ended::Broke`] when they cannot be right.
    pub fn take(&mut self, mut bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), Ended> {
        while !bytes.is_empty() {
            if let Some(payload) = &mut self.payload {
                let len = bytes.len().min(payload.missing());
                if payload.buf.is_some() {
                    payload.place()[..len].copy_from_slice(&bytes[..len]);
                    self.copied += len as u64;
                }
                self.advance(len as u32, heard);
                bytes = &bytes[len..];
                continue;
            }
            let (used, item) = self.decoder.next(bytes)?;
            bytes = &bytes[used..];
            match item {
                Some(Item::Message(message)) => self.message(message, heard),
                Some(Item::Block(header)) => {
                    let parts = self.outstanding.arriving(header);
                    self.begin(parts, header);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// How many bytes of payload have come of blocks that are not whole.
    pub fn untold(&self) -> u64 {
        self.untold
    }

    /// How many bytes of payload did not arrive where they belong, and were copied.
    pub fn copied(&self) -> u64 {
        self.copied
    }

    fn message(&mut self, message: Message, heard: &mut Vec<Heard>) {
        match message {
            Message::Choke if self.choke_forgets_nothing => {}
            Message::Choke => {
                // Without the fast extension a choke drops every request, without a word.
                self.choked = true;
                self.outstanding.clear();
                for (_, buf) in std::mem::take(&mut self.partial) {
                    self.pool.give(buf);
                }
            }
            Message::Unchoke => self.choked = false,
            _ => {}
        }
        heard.push(Heard::Message(message));
    }

    /// Goes on to the next part of a payload, of which this is `left`, or to the message after it.
    fn begin(&mut self, mut parts: Parts, left: BlockHeader) {
        self.payload = parts.next().map(|part| Payload {
            left,
            part,
            arrived: 0,
            buf: part.target.map(|target| self.buffer(target.request)),
            rest: parts,
        });
    }

    /// The buffer of a block of which something begins to arrive.
    fn buffer(&mut self, block: BlockRequest) -> BlockBuf {
        match self.laid_out.take() {
            Some((here, buf)) if here == block => buf,
            _ => {
                let begun = self.partial.remove(&block);
                begun.unwrap_or_else(|| self.pool.take())
            }
        }
    }

    /// `len` more bytes of the arriving part are in their place.
    fn advance(&mut self, len: u32, heard: &mut Vec<Heard>) {
        let Some(payload) = &mut self.payload else {
            return;
        };
        payload.arrived += len;
        self.untold += u64::from(len);
        if payload.arrived < payload.part.len {
            return;
        }
        let Some(Payload {
            left,
            part,
            buf,
            rest,
            ..
        }) = self.payload.take()
        else {
            return;
        };
        let BlockHeader { piece, offset, .. } = left;
        let len = part.len;
        match (part.target, buf) {
            (Some(target), Some(buf)) => match self.outstanding.landed(target, len) {
                Landed::Whole(block) => {
                    self.told(block.len);
                    heard.push(Heard::Block { block, data: buf });
                }
                Landed::Partial => {
                    self.partial.insert(target.request, buf);
                }
                Landed::Forgotten => {
                    self.pool.give(buf);
                    self.waste(BlockRequest { piece, offset, len }, heard);
                }
            },
            _ => self.waste(BlockRequest { piece, offset, len }, heard),
        }
        let left = BlockHeader {
            piece,
            offset: offset.saturating_add(len),
            len: left.len - len,
        };
        self.begin(rest, left);
    }

    /// Tells of payload that is of no use.
    fn waste(&mut self, block: BlockRequest, heard: &mut Vec<Heard>) {
        self.told(block.len);
        heard.push(Heard::Wasted {
            block: Some(block),
            bytes: block.len.into(),
        });
    }

    fn told(&mut self, bytes: u32) {
        self.untold = self.untold.saturating_sub(bytes.into());
    }

    fn drop_partial(&mut self, block: &BlockRequest) {
        if let Some(buf) = self.partial.remove(block) {
            self.pool.give(buf);
        }
    }
}

#[cfg(test)]
mod tests;
