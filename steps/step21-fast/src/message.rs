//! The five messages, and how they are read and written.

use messages::{BlockRequest, Message};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The ids of the five messages, for a decoder that is to [keep](messages::Decoder::keeping) them.
pub const IDS: &[u8] = &[SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST];

const SUGGEST: u8 = 13;
const HAVE_ALL: u8 = 14;
const HAVE_NONE: u8 = 15;
const REJECT: u8 = 16;
const ALLOWED_FAST: u8 = 17;

// ANCHOR: fast
/// A message of the fast extension (BEP 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fast {
    /// You might like to take this piece: it costs me least. Nobody has to follow it.
    Suggest(u32),
    /// I have every piece: in place of a bitfield of ones.
    HaveAll,
    /// I have no piece: in place of a bitfield of zeros, or of silence.
    HaveNone,
    /// You asked for this block, and I will not send it.
    Reject(BlockRequest),
    /// If you ask for this piece I send it, also while I choke you; if I have it.
    AllowedFast(u32),
}
// ANCHOR_END: fast

/// Why a message of the fast extension cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum FastError {
    /// Its body has another length than all of its kind.
    #[error(
        "the peer sent a `{}` message (id {id}) with {length} bytes after its id, where {expected} are right",
        messages::name(*id)
    )]
    WrongLength {
        /// The message's id.
        id: u8,
        /// The length of its body, in bytes.
        length: usize,
        /// The length it has to have.
        expected: usize,
    },
    /// It is about a piece that the torrent does not have.
    #[error(
        "the peer sent a `{}` message for piece {piece}, but the torrent has {pieces} pieces, counted from 0",
        messages::name(*id)
    )]
    NoSuchPiece {
        /// The message's id.
        id: u8,
        /// The piece it named.
        piece: u32,
        /// How many pieces there are.
        pieces: u32,
    },
    /// It came though one of both had not said that it speaks the extension.
    #[error(
        "the peer sent a `{}` message (id {id}), but we have not agreed on the fast extension (BEP 6)",
        messages::name(*id)
    )]
    NotAgreed {
        /// The message's id.
        id: u8,
    },
}

impl Fast {
    // ANCHOR: read
    /// Reads the body of a message with this id, about a torrent of so many pieces; `None` if the id
    /// is none of ours.
    ///
    /// # Errors
    ///
    /// [`FastError`] for a body of the wrong length, and for a piece that there is not: close the
    /// connection.
    pub fn read(id: u8, body: &[u8], pieces: u32) -> Result<Option<Fast>, FastError> {
        // ANCHOR: yours_read (chapter 21, "Five messages")
        let wrong = |expected| FastError::WrongLength {
            id,
            length: body.len(),
            expected,
        };
        let piece = |piece| match piece < pieces {
            true => Ok(piece),
            false => Err(FastError::NoSuchPiece { id, piece, pieces }),
        };
        Ok(Some(match id {
            HAVE_ALL | HAVE_NONE if !body.is_empty() => return Err(wrong(0)),
            HAVE_ALL => Fast::HaveAll,
            HAVE_NONE => Fast::HaveNone,
            SUGGEST | ALLOWED_FAST => {
                let [number] = numbers(body).ok_or_else(|| wrong(4))?;
                match id {
                    SUGGEST => Fast::Suggest(piece(number)?),
                    _ => Fast::AllowedFast(piece(number)?),
                }
            }
            REJECT => {
                let [number, offset, len] = numbers(body).ok_or_else(|| wrong(12))?;
                Fast::Reject(BlockRequest {
                    piece: piece(number)?,
                    offset,
                    len,
                })
            }
            _ => return Ok(None),
        }))
        // ANCHOR_END: yours_read
    }
    // ANCHOR_END: read

    /// The message's id.
    pub fn id(self) -> u8 {
        match self {
            Fast::Suggest(_) => SUGGEST,
            Fast::HaveAll => HAVE_ALL,
            Fast::HaveNone => HAVE_NONE,
            Fast::Reject(_) => REJECT,
            Fast::AllowedFast(_) => ALLOWED_FAST,
        }
    }
}

// ANCHOR: write
impl From<Fast> for Message {
    fn from(fast: Fast) -> Message {
        // ANCHOR: yours_from (chapter 21, "Five messages")
        let body = match fast {
            Fast::HaveAll | Fast::HaveNone => Vec::new(),
            Fast::Suggest(piece) | Fast::AllowedFast(piece) => piece.to_be_bytes().to_vec(),
            Fast::Reject(BlockRequest { piece, offset, len }) => {
                [piece, offset, len].map(u32::to_be_bytes).concat()
            }
        };
        Message::Later {
            id: fast.id(),
            body,
        }
        // ANCHOR_END: yours_from
    }
}
// ANCHOR_END: write

// ANCHOR: numbers
/// The numbers that a body consists of, if it has exactly so many.
fn numbers<const N: usize>(body: &[u8]) -> Option<[u32; N]> {
    // ANCHOR: yours_numbers (chapter 21, "Five messages")
    let (numbers, rest) = body.as_chunks::<4>();
    let numbers: [[u8; 4]; N] = numbers.try_into().ok()?;
    rest.is_empty().then(|| numbers.map(u32::from_be_bytes))
    // ANCHOR_END: yours_numbers
}
// ANCHOR_END: numbers

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    /// A message as it comes out of a decoder at the other end.
    fn there_and_back(fast: Fast, pieces: u32) -> Result<Option<Fast>, FastError> {
        let mut bytes = Vec::new();
        Message::from(fast).encode(&mut bytes);
        let mut decoder = messages::Decoder::new(pieces).keeping(IDS);
        let (used, item) = decoder.next(&bytes).unwrap();
        assert_eq!(used, bytes.len());
        let Some(messages::Item::Message(Message::Later { id, body })) = item else {
            panic!("{item:?}");
        };
        Fast::read(id, &body, pieces)
    }

    #[test]
    fn each_message_has_its_bytes() {
        let block = BlockRequest {
            piece: 1,
            offset: 0x4000,
            len: 0x4000,
        };
        for (fast, expected) in [
            (
                Fast::Suggest(0x0102_0304),
                &[0, 0, 0, 5, 13, 1, 2, 3, 4][..],
            ),
            (Fast::HaveAll, &[0, 0, 0, 1, 14]),
            (Fast::HaveNone, &[0, 0, 0, 1, 15]),
            (
                Fast::Reject(block),
                &[0, 0, 0, 13, 16, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 0, 0x40, 0],
            ),
            (Fast::AllowedFast(7), &[0, 0, 0, 5, 17, 0, 0, 0, 7]),
        ] {
            let mut bytes = Vec::new();
            Message::from(fast).encode(&mut bytes);
            assert_eq!(bytes, expected);
            assert_eq!(Message::from(fast).id(), Some(fast.id()));
        }
    }

    #[test]
    fn a_wrong_length_is_refused_with_the_right_one() {
        for (id, expected) in [(13, 4), (14, 0), (15, 0), (16, 12), (17, 4)] {
            for length in [1, 3, 5, 11, 13, 16] {
                let error = Fast::read(id, &vec![0; length], 10).unwrap_err();
                assert_eq!(
                    error,
                    FastError::WrongLength {
                        id,
                        length,
                        expected
                    }
                );
            }
        }
        let error = Fast::read(16, &[], 10).unwrap_err().to_string();
        assert_eq!(
            error,
            "the peer sent a `reject request` message (id 16) with 0 bytes after its id, where 12 are right"
        );
    }

    #[test]
    fn a_piece_that_there_is_not_is_refused() {
        for id in [13, 16, 17] {
            let mut body = 10_u32.to_be_bytes().to_vec();
            if id == 16 {
                body.extend([0; 8]);
            }
            assert!(Fast::read(id, &body, 11).is_ok());
            let error = Fast::read(id, &body, 10).unwrap_err();
            let (piece, pieces) = (10, 10);
            assert_eq!(error, FastError::NoSuchPiece { id, piece, pieces });
        }
    }

    #[test]
    fn other_messages_are_none_of_ours() {
        for id in [0, 9, 12, 18, 20, 255] {
            assert_eq!(Fast::read(id, &[1, 2, 3], 10), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(kind in 0..5, piece in 0_u32..1000, offset: u32, len: u32) {
            let fast = match kind {
                0 => Fast::Suggest(piece),
                1 => Fast::HaveAll,
                2 => Fast::HaveNone,
                3 => Fast::Reject(BlockRequest { piece, offset, len }),
                _ => Fast::AllowedFast(piece),
            };
            prop_assert_eq!(there_and_back(fast, 1000), Ok(Some(fast)));
        }

        #[test]
        fn what_is_read_is_written_again(id in 12_u8..19, body: Vec<u8>, pieces: u32) {
            if let Ok(Some(fast)) = Fast::read(id, &body, pieces) {
                prop_assert_eq!(Message::from(fast), Message::Later { id, body });
            }
        }
    }
}
