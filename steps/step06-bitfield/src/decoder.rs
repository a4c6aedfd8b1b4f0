//! From bytes, in whatever cuts they arrive, to messages.

use serde::{Deserialize, Serialize};

use crate::{
    Bitfield, BlockRequest, MAX_BLOCK, MAX_KEPT, MAX_SKIPPED, Message, UNKNOWN_PIECES, WireError,
    ids,
};

// ANCHOR: item
/// What the decoder finds in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A whole message.
    Message(Message),
    /// A `piece` message begins: its `len` bytes of payload come next, and are the
    /// caller's.
    Block(BlockHeader),
}

/// What a `piece` message says before its payload (BEP 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockHeader {
    /// The piece's number, from 0 and below the number of pieces.
    pub piece: u32,
    /// Where in the piece the payload belongs, in bytes. Not yet compared with the
    /// piece's length.
    pub offset: u32,
    /// How many bytes of payload follow: 1 to [`MAX_BLOCK`].
    pub len: u32,
}
// ANCHOR_END: item

// ANCHOR: decoder
/// Finds the messages in one peer's stream of bytes, for a torrent of a known
/// number of pieces.
///
/// It keeps at most the start of one message, or one bitfield that is on its way;
/// nothing is allocated for any other message but those it was told to
/// [keep](Decoder::keeping).
#[derive(Clone, Debug)]
pub struct Decoder {
    pieces: u32,
    /// The ids of the messages that are handed on whole.
    keeps: &'static [u8],
    state: State,
    /// The start of a message that has come in part: length, id, and a short body.
    start: [u8; LONGEST_START],
    filled: usize,
}

/// Where in a message the stream is.
#[derive(Clone, Debug)]
enum State {
    /// At its start, `filled` bytes of which are kept.
    Start,
    /// In a bitfield, of which these bytes have come.
    Bitfield(Vec<u8>),
    /// In a message that nobody reads, with this many bytes to go.
    Skipping { id: u8, left: u32 },
    /// In a message of a later BEP, of which these bytes have come.
    Keeping { id: u8, body: Vec<u8>, left: u32 },
}
// ANCHOR_END: decoder

/// The longest start: a `request`, which is all start.
const LONGEST_START: usize = 17;

/// What the start of a message tells.
enum Start {
    /// Nothing yet: it takes this many bytes.
    Needs(usize),
    /// Everything: these bytes are the whole item.
    Whole(usize, Item),
    /// After its five bytes comes a body to collect or to skip.
    Body(State),
}

/// What the length of a `piece` message counts beside the block: id, piece, offset.
const BLOCK_OVERHEAD: u32 = 9;

impl Decoder {
    /// A decoder for what a peer says about a torrent of `pieces` pieces. If it is not known how many
    /// there are, that is [`UNKNOWN_PIECES`]: then any piece is taken, and any bitfield of up to
    /// [`MAX_SKIPPED`] bytes.
    pub fn new(pieces: u32) -> Decoder {
        Decoder {
            pieces,
            keeps: &[],
            state: State::Start,
            start: [0; LONGEST_START],
            filled: 0,
        }
    }

    /// The same, and messages with these ids, which it does not know itself, are not skipped but
    /// handed on as [`Message::Later`], if they are no longer than [`MAX_KEPT`].
    pub fn keeping(mut self, ids: &'static [u8]) -> Decoder {
        self.keeps = ids;
        self
    }

    // ANCHOR: next
    /// Takes bytes from the front of `bytes`: says how many, and what they
    /// complete.
    ///
    /// Call it again with the bytes it left. `None` means it has taken them all and
    /// needs more. After [`Item::Block`] the next `len` bytes of the stream are the
    /// block: they are the caller's to read, and must not be given to the decoder.
    ///
    /// # Errors
    ///
    /// A [`WireError`] when these bytes cannot be BitTorrent; the connection is of
    /// no more use.
    pub fn next(&mut self, bytes: &[u8]) -> Result<(usize, Option<Item>), WireError> {
        let mut used = 0;
        if let State::Start = self.state {
            let (taken, start) = self.take_start(bytes)?;
            used = taken;
            match start {
                Start::Needs(_) => return Ok((used, None)),
                Start::Whole(_, item) => return Ok((used, Some(item))),
                Start::Body(State::Skipping { id, left })
                    if id == ids::BITFIELD || self.keeps.contains(&id) && left < MAX_KEPT =>
                {
                    let body = Vec::new();
                    self.state = State::Keeping { id, body, left };
                }
                Start::Body(state) => self.state = state,
            }
        }
        let (taken, item) = self.take_body(&bytes[used..]);
        Ok((used + taken, item))
    }
    // ANCHOR_END: next

    /// Whether the stream stands inside a message: an end of the stream here cuts it short.
    pub fn is_mid_message(&self) -> bool {
        self.filled > 0 || !matches!(self.state, State::Start)
    }

    /// Reads the start of a message where it lies. Only when it comes in parts are they gathered
    /// in `self.start`.
    fn take_start(&mut self, bytes: &[u8]) -> Result<(usize, Start), WireError> {
        let mut used = 0;
        loop {
            let seen = match self.filled {
                0 => bytes,
                filled => &self.start[..filled],
            };
            match read_start(seen, self.pieces)? {
                Start::Needs(needed) => {
                    let missing = needed - self.filled;
                    let taken = missing.min(bytes.len() - used);
                    self.start[self.filled..self.filled + taken]
                        .copy_from_slice(&bytes[used..used + taken]);
                    self.filled += taken;
                    used += taken;
                    if taken < missing {
                        return Ok((used, Start::Needs(needed)));
                    }
                }
                start => {
                    if self.filled == 0 {
                        used = match start {
                            Start::Whole(length, _) => length,
                            _ => 5,
                        };
                    }
                    self.filled = 0;
                    return Ok((used, start));
                }
            }
        }
    }

    /// Collects or skips what follows length and id.
    fn take_body(&mut self, bytes: &[u8]) -> (usize, Option<Item>) {
        let (taken, message) = match &mut self.state {
            State::Start => return (0, None),
            State::Bitfield(got) => {
                let missing = Bitfield::byte_len(self.pieces) - got.len();
                let taken = missing.min(bytes.len());
                got.extend_from_slice(&bytes[..taken]);
                if taken < missing {
                    return (taken, None);
                }
                (taken, Message::Bitfield(std::mem::take(got)))
            }
            State::Skipping { id, left } => {
                let taken = bytes.len().min(*left as usize);
                *left -= taken as u32;
                if *left > 0 {
                    return (taken, None);
                }
                (taken, Message::Skipped(*id))
            }
            State::Keeping { id, body, left } => {
                let taken = bytes.len().min(*left as usize);
                body.extend_from_slice(&bytes[..taken]);
                *left -= taken as u32;
                if *left > 0 {
                    return (taken, None);
                }
                let (id, body) = (*id, std::mem::take(body));
                match id {
                    ids::BITFIELD => (taken, Message::Bitfield(body)),
                    _ => (taken, Message::Later { id, body }),
                }
            }
        };
        self.state = State::Start;
        (taken, Some(Item::Message(message)))
    }
}

// ANCHOR: read_start
/// Reads a message as far as its length, its id and, if it is short, its body.
fn read_start(seen: &[u8], pieces: u32) -> Result<Start, WireError> {
    // ANCHOR: yours_read_start (chapter 6, "The decoder")
    let Some([length]) = numbers(seen) else {
        return Ok(Start::Needs(4));
    };
    if length == 0 {
        return Ok(Start::Whole(4, Item::Message(Message::KeepAlive)));
    }
    let Some(&id) = seen.get(4) else {
        return Ok(Start::Needs(5));
    };
    check_length(id, length, pieces)?;

    let whole = |size, message| Ok(Start::Whole(size, Item::Message(message)));
    let body = &seen[5..];
    match id {
        ids::CHOKE => whole(5, Message::Choke),
        ids::UNCHOKE => whole(5, Message::Unchoke),
        ids::INTERESTED => whole(5, Message::Interested),
        ids::NOT_INTERESTED => whole(5, Message::NotInterested),
        ids::HAVE => {
            let Some([piece]) = numbers(body) else {
                return Ok(Start::Needs(9));
            };
            check_piece(id, piece, pieces)?;
            whole(9, Message::Have(piece))
        }
        ids::REQUEST | ids::CANCEL => {
            let Some([piece, offset, len]) = numbers(body) else {
                return Ok(Start::Needs(17));
            };
            check_piece(id, piece, pieces)?;
            let block = BlockRequest { piece, offset, len };
            match id {
                ids::REQUEST => whole(17, Message::Request(block)),
                _ => whole(17, Message::Cancel(block)),
            }
        }
        ids::PIECE => {
            let Some([piece, offset]) = numbers(body) else {
                return Ok(Start::Needs(13));
            };
            check_piece(id, piece, pieces)?;
            let len = length - BLOCK_OVERHEAD;
            let header = BlockHeader { piece, offset, len };
            Ok(Start::Whole(13, Item::Block(header)))
        }
        ids::BITFIELD if pieces != UNKNOWN_PIECES => {
            let bytes = Vec::with_capacity(Bitfield::byte_len(pieces));
            Ok(Start::Body(State::Bitfield(bytes)))
        }
        _ => {
            let left = length - 1;
            Ok(Start::Body(State::Skipping { id, left }))
        }
    }
    // ANCHOR_END: yours_read_start
}
// ANCHOR_END: read_start

/// The first `N` numbers in `bytes`, four bytes each, once all of them are there.
fn numbers<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let (numbers, _) = bytes.as_chunks::<4>();
    let numbers: [[u8; 4]; N] = *numbers.first_chunk()?;
    Some(numbers.map(u32::from_be_bytes))
}

// ANCHOR: check_length
/// Refuses a length that this kind of message cannot have, before a byte of its
/// body is taken.
fn check_length(id: u8, length: u32, pieces: u32) -> Result<(), WireError> {
    // ANCHOR: yours_check_length (chapter 6, "The decoder")
    let expected = match id {
        ids::CHOKE | ids::UNCHOKE | ids::INTERESTED | ids::NOT_INTERESTED => 1,
        ids::HAVE => 5,
        ids::REQUEST | ids::CANCEL => 13,
        ids::BITFIELD if pieces != UNKNOWN_PIECES => 1 + Bitfield::byte_len(pieces) as u32,
        ids::PIECE if length <= BLOCK_OVERHEAD => return Err(WireError::EmptyBlock { length }),
        ids::PIECE if length - BLOCK_OVERHEAD > MAX_BLOCK => {
            let len = length - BLOCK_OVERHEAD;
            return Err(WireError::BlockTooLong { len });
        }
        ids::PIECE => return Ok(()),
        _ if length > MAX_SKIPPED => return Err(WireError::MessageTooLong { id, length }),
        _ => return Ok(()),
    };
    if length == expected {
        return Ok(());
    }
    Err(WireError::WrongLength {
        id,
        length,
        expected,
    })
    // ANCHOR_END: yours_check_length
}
// ANCHOR_END: check_length

/// Refuses a piece that the torrent does not have.
fn check_piece(id: u8, piece: u32, pieces: u32) -> Result<(), WireError> {
    if piece < pieces {
        return Ok(());
    }
    Err(WireError::NoSuchPiece { id, piece, pieces })
}

#[cfg(test)]
mod tests;
