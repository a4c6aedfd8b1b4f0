//! What the pieces of a torrent have to be.

use std::sync::Arc;

/// The hashes of a torrent's pieces: one copy, for all who need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// SHA-1 of each piece (BEP 3).
    V1(Arc<[[u8; 20]]>),
}

impl Hashes {
    /// Whether a piece with this SHA-1 is the one that the torrent describes.
    pub fn is_right(&self, piece: u32, digest: &[u8; 20]) -> bool {
        match self {
            Hashes::V1(pieces) => pieces.get(piece as usize) == Some(digest),
        }
    }
}

impl From<&[[u8; 20]]> for Hashes {
    fn from(pieces: &[[u8; 20]]) -> Hashes {
        Hashes::V1(pieces.into())
    }
}
