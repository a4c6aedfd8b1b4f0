//! The messages by which metadata go from peer to peer (BEP 9).

use bencode::{Limits, Mode, Options};
use bendy::encoding::Encoder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::{BLOCK, MAX_MESSAGE};

// ANCHOR: message
/// A message of the extension `ut_metadata`. The metadata are the bytes of the `info` dictionary, and
/// what BEP 9 calls a piece of them is a block of 16 KiB, the last one shorter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetadataMessage {
    /// Send me this block.
    Request {
        /// Its number, from 0.
        piece: u32,
    },
    /// Here it is.
    Data {
        /// Its number, from 0.
        piece: u32,
        /// The bytes of all metadata, as the sender says. Everybody says it.
        total_size: Option<u64>,
        /// The block: 1 to [`BLOCK`] bytes.
        block: Vec<u8>,
    },
    /// I do not send you this block.
    Reject {
        /// Its number, from 0.
        piece: u32,
    },
    /// A message of a kind that is none of ours, to be ignored (BEP 9).
    Unknown {
        /// Its `msg_type`.
        kind: i64,
    },
}
// ANCHOR_END: message

/// Why bytes are no message of the metadata exchange.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum MetadataError {
    /// No message is so long.
    #[error("a message about metadata has {bytes} bytes; more than {MAX_MESSAGE} are not read")]
    TooLong {
        /// Its length in bytes, without the number of the extension.
        bytes: usize,
    },
    /// It does not begin with bencode.
    #[error("a message about metadata cannot be read: {problem}")]
    Bencode {
        /// Where and why not.
        problem: String,
    },
    /// It does not begin with a dictionary.
    #[error("a message about metadata does not begin with a dictionary")]
    NoDictionary,
    /// What it is, or what it is about, is not said.
    #[error("a message about metadata has no number as its `{key}`")]
    Missing {
        /// The key of the dictionary.
        key: String,
    },
    /// No metadata have such a block.
    #[error("a message about metadata is about block {piece}, which there cannot be")]
    NoSuchPiece {
        /// Its number.
        piece: i64,
    },
    /// A block that is none.
    #[error("a block of metadata came with {bytes} bytes; it has 1 to {BLOCK}")]
    BlockLength {
        /// Its length in bytes.
        bytes: usize,
    },
}

const DECODE: Options = Options {
    mode: Mode::Lenient,
    limits: Limits {
        max_depth: 16,
        max_size: MAX_MESSAGE,
        max_values: 256,
    },
};

impl MetadataMessage {
    /// The body of the `extended` message, under the number that the other side has given the
    /// extension.
    pub fn to_body(&self, id: u8) -> Vec<u8> {
        let (kind, piece, total_size, block) = match self {
            MetadataMessage::Request { piece } => (0, *piece, None, &[][..]),
            MetadataMessage::Data {
                piece,
                total_size,
                block,
            } => (1, *piece, *total_size, &block[..]),
            MetadataMessage::Reject { piece } => (2, *piece, None, &[][..]),
            MetadataMessage::Unknown { kind } => (*kind, 0, None, &[][..]),
        };
        let mut encoder = Encoder::new();
        let dictionary = encoder
            .emit_dict(|mut dict| {
                dict.emit_pair(b"msg_type", kind)?;
                dict.emit_pair(b"piece", piece)?;
                match total_size {
                    Some(size) => dict.emit_pair(b"total_size", size),
                    None => Ok(()),
                }
            })
            .and_then(|()| encoder.get_output())
            .expect("the keys are sorted, and nothing is nested");
        [&[id], &dictionary[..], block].concat()
    }

    // ANCHOR: decode
    /// Reads a message: what follows the number of the extension.
    ///
    /// A dictionary comes first. Where it ends, in a `data` message, the block begins; in any other
    /// nothing is expected there, and what is there is not looked at.
    ///
    /// # Errors
    ///
    /// When there is no such dictionary, or no block where there should be one.
    pub fn decode(bytes: &[u8]) -> Result<MetadataMessage, MetadataError> {
        // ANCHOR: yours_decode (chapter 18, "A block of metadata")
        if bytes.len() > MAX_MESSAGE {
            let bytes = bytes.len();
            return Err(MetadataError::TooLong { bytes });
        }
        // Lenient: after the value there may be more bytes.
        let document = DECODE
            .decode(bytes)
            .map_err(|error| MetadataError::Bencode {
                problem: error.to_string(),
            })?;
        let root = document.root();
        root.dict().ok_or(MetadataError::NoDictionary)?;
        let number = |key: &str| {
            let number = root.get(key).and_then(|value| value.as_int());
            number.ok_or_else(|| MetadataError::Missing {
                key: key.to_owned(),
            })
        };
        let kind = number("msg_type")?;
        if !(0..=2).contains(&kind) {
            return Ok(MetadataMessage::Unknown { kind });
        }
        let piece = number("piece")?;
        let piece = u32::try_from(piece).map_err(|_| MetadataError::NoSuchPiece { piece })?;
        Ok(match kind {
            0 => MetadataMessage::Request { piece },
            1 => {
                let block = bytes[root.span().end..].to_vec();
                if block.is_empty() || block.len() > BLOCK {
                    let bytes = block.len();
                    return Err(MetadataError::BlockLength { bytes });
                }
                let total_size = number("total_size").ok();
                MetadataMessage::Data {
                    piece,
                    // A size below zero is no size; 0 is none that metadata can have.
                    total_size: total_size.map(|size| u64::try_from(size).unwrap_or(0)),
                    block,
                }
            }
            _ => MetadataMessage::Reject { piece },
        })
        // ANCHOR_END: yours_decode
    }
    // ANCHOR_END: decode
}

// ANCHOR: geometry
/// How many blocks metadata of `size` bytes have.
pub fn block_count(size: u64) -> u32 {
    u32::try_from(size.div_ceil(BLOCK as u64)).unwrap_or(u32::MAX)
}

/// How many bytes a block has, of metadata of `size` bytes: [`BLOCK`], the last one what is left, and 0
/// where there is no block.
pub fn block_len(size: u64, piece: u32) -> usize {
    let begin = u64::from(piece) * BLOCK as u64;
    size.saturating_sub(begin).min(BLOCK as u64) as usize
}
// ANCHOR_END: geometry

#[cfg(test)]
mod tests;
