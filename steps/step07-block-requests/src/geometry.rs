//! Where pieces and blocks begin and end.

use messages::{BlockRequest, MAX_BLOCK};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::BLOCK;

/// The most pieces a torrent may have here: 4,194,304. A torrent file of 64 MiB, the largest we
/// read, has room for the hashes of 3.3 million.
pub const MAX_PIECES: u32 = 1 << 22;

// ANCHOR: geometry
/// The torrent as one long row of bytes, cut into pieces, and the pieces into blocks.
///
/// Every piece has the same length but the last, which has what is left. Every block of a piece
/// has [`BLOCK`] bytes but its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    total_length: u64,
    piece_length: u32,
    pieces: u32,
}
// ANCHOR_END: geometry

/// Why a total and a piece length make no torrent that can be downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GeometryError {
    /// A piece of no bytes.
    #[error("the piece length is 0: such a torrent has no pieces to ask for")]
    NoPieceLength,
    /// The offsets of BEP 3's messages have 32 bits.
    #[error(
        "the piece length is {0} bytes, and a peer can be asked for the first {max} of a piece only",
        max = u32::MAX
    )]
    PieceTooLong(u64),
    /// More pieces than anyone can hold the hashes of.
    #[error(
        "{total_length} bytes in pieces of {piece_length} would be {pieces} pieces, and more than {MAX_PIECES} are not handled"
    )]
    TooManyPieces {
        /// Bytes in all.
        total_length: u64,
        /// Bytes in a piece.
        piece_length: u32,
        /// The pieces that would make.
        pieces: u64,
    },
}

/// Why a peer's request cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RequestError {
    /// A piece number past the last.
    #[error("a request for piece {piece}, but the torrent has {pieces}, counted from 0")]
    NoSuchPiece {
        /// The piece asked for.
        piece: u32,
        /// How many there are.
        pieces: u32,
    },
    /// Nothing, or more than [`MAX_BLOCK`].
    #[error("a request for {0} bytes: 1 to {MAX_BLOCK} can be asked for at a time")]
    BadLength(u32),
    /// Bytes past the end of the piece.
    #[error(
        "a request for {len} bytes at offset {offset} of piece {piece}, which is {piece_len} bytes long",
        piece = request.piece, offset = request.offset, len = request.len
    )]
    PastTheEnd {
        /// What was asked for.
        request: BlockRequest,
        /// How long the piece is.
        piece_len: u32,
    },
}

impl Geometry {
    /// Cuts `total_length` bytes into pieces of `piece_length` bytes.
    ///
    /// Any piece length goes: one that is no power of two, one that is less than a block. No bytes
    /// at all are no pieces: a torrent of empty files.
    ///
    /// # Errors
    ///
    /// A piece length of 0 or of more than 32 bits, and more than [`MAX_PIECES`].
    pub fn new(total_length: u64, piece_length: u64) -> Result<Geometry, GeometryError> {
        if piece_length == 0 {
            return Err(GeometryError::NoPieceLength);
        }
        let piece_length =
            u32::try_from(piece_length).map_err(|_| GeometryError::PieceTooLong(piece_length))?;
        let pieces = total_length.div_ceil(piece_length.into());
        if pieces > MAX_PIECES.into() {
            return Err(GeometryError::TooManyPieces {
                total_length,
                piece_length,
                pieces,
            });
        }
        Ok(Geometry {
            total_length,
            piece_length,
            pieces: pieces as u32,
        })
    }

    /// How many bytes the torrent has in all.
    pub fn total_length(&self) -> u64 {
        self.total_length
    }

    /// How many bytes every piece has but the last.
    pub fn piece_length(&self) -> u32 {
        self.piece_length
    }

    /// How many pieces there are, the last one included.
    pub fn pieces(&self) -> u32 {
        self.pieces
    }

    // ANCHOR: piece_len
    /// Where `piece` begins in the torrent, in bytes.
    pub fn piece_offset(&self, piece: u32) -> u64 {
        u64::from(piece) * u64::from(self.piece_length)
    }

    /// How many bytes `piece` has. The last piece has what is left; one past the last has none.
    pub fn piece_len(&self, piece: u32) -> u32 {
        // ANCHOR: yours_piece_len (chapter 7, "The arithmetic")
        let left = self.total_length.saturating_sub(self.piece_offset(piece));
        left.min(self.piece_length.into()) as u32
        // ANCHOR_END: yours_piece_len
    }

    /// How many blocks `piece` has.
    pub fn blocks_in(&self, piece: u32) -> u32 {
        self.piece_len(piece).div_ceil(BLOCK)
    }
    // ANCHOR_END: piece_len

    // ANCHOR: block_at
    /// The request for one block of a piece, counted from 0. The last block of a piece has what is
    /// left of it.
    ///
    /// # Panics
    ///
    /// When the piece has no such block. What a peer names goes through [`Geometry::index_of`] or
    /// [`Geometry::check`] first.
    pub fn block(&self, piece: u32, index: u32) -> BlockRequest {
        // ANCHOR: yours_block (chapter 7, "The arithmetic")
        assert!(
            index < self.blocks_in(piece),
            "piece {piece} has no block {index}"
        );
        let offset = index * BLOCK;
        BlockRequest {
            piece,
            offset,
            len: BLOCK.min(self.piece_len(piece) - offset),
        }
        // ANCHOR_END: yours_block
    }

    /// All blocks of `piece`, from the first to the last.
    pub fn blocks(&self, piece: u32) -> impl Iterator<Item = BlockRequest> + use<> {
        let geometry = *self;
        (0..self.blocks_in(piece)).map(move |index| geometry.block(piece, index))
    }

    /// Which block of its piece this is, counted from 0; `None` when it is not exactly one block.
    pub fn index_of(&self, request: BlockRequest) -> Option<u32> {
        let index = request.offset / BLOCK;
        let exists = index < self.blocks_in(request.piece);
        (exists && self.block(request.piece, index) == request).then_some(index)
    }
    // ANCHOR_END: block_at

    // ANCHOR: check
    /// Whether a request that came from a peer can be answered. It need not be one of our blocks:
    /// a peer may ask for any 1 to [`MAX_BLOCK`] bytes of a piece.
    ///
    /// # Errors
    ///
    /// No such piece, no length or too much of it, bytes past the end of the piece.
    pub fn check(&self, request: &BlockRequest) -> Result<(), RequestError> {
        // ANCHOR: yours_check (chapter 7, "The arithmetic")
        let BlockRequest { piece, offset, len } = *request;
        if piece >= self.pieces {
            return Err(RequestError::NoSuchPiece {
                piece,
                pieces: self.pieces,
            });
        }
        if len == 0 || len > MAX_BLOCK {
            return Err(RequestError::BadLength(len));
        }
        let piece_len = self.piece_len(piece);
        if u64::from(offset) + u64::from(len) > piece_len.into() {
            return Err(RequestError::PastTheEnd {
                request: *request,
                piece_len,
            });
        }
        Ok(())
        // ANCHOR_END: yours_check
    }
    // ANCHOR_END: check
}

#[cfg(test)]
mod tests;
