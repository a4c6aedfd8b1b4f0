//! The messages of BEP 3, and how they are written.

use serde::{Deserialize, Serialize};

use crate::ids;

// ANCHOR: message
/// One message between peers (BEP 3, "peer messages"). `piece`, which carries the
/// torrent's content, is not among them: see [`piece_header`] for sending and
/// [`BlockHeader`](crate::BlockHeader) for receiving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Nothing, said after a long silence so that the connection is not taken for
    /// dead. BEP 3 says every two minutes; sooner is safer.
    KeepAlive,
    /// We will not send you blocks. Every connection starts so.
    Choke,
    /// We will send you the blocks you ask for.
    Unchoke,
    /// You have a piece that we want.
    Interested,
    /// You have nothing that we want. Every connection starts so.
    NotInterested,
    /// We have this piece now, checked and on disk.
    Have(u32),
    /// The pieces we had when we met: the body is read by
    /// [`Bitfield::from_bytes`](crate::Bitfield::from_bytes), which knows what must
    /// hold in it.
    Bitfield(Vec<u8>),
    /// Send us this block.
    Request(BlockRequest),
    /// We no longer need this block.
    Cancel(BlockRequest),
    /// A message with this id came and was skipped: one of a later BEP that nobody here knows, or
    /// unknown ([`name`](crate::name) says which). Never sent.
    Skipped(u8),
    /// A message of a later BEP, for those who [know it](crate::Decoder::keeping): its id and its
    /// body, which is read and written there.
    Later {
        /// The message's id.
        id: u8,
        /// What follows the id.
        body: Vec<u8>,
    },
}

/// A block: a part of one piece, as it is asked for. Blocks are 16 KiB, but for the
/// last of a torrent (BEP 3, `request`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockRequest {
    /// The piece's number, from 0.
    pub piece: u32,
    /// Where in the piece the block begins, in bytes. BEP 3 calls it `begin`.
    pub offset: u32,
    /// The block's length in bytes.
    pub len: u32,
}
// ANCHOR_END: message

impl Message {
    /// The message's id; a keep-alive has none.
    pub fn id(&self) -> Option<u8> {
        Some(match self {
            Message::KeepAlive => return None,
            Message::Choke => ids::CHOKE,
            Message::Unchoke => ids::UNCHOKE,
            Message::Interested => ids::INTERESTED,
            Message::NotInterested => ids::NOT_INTERESTED,
            Message::Have(_) => ids::HAVE,
            Message::Bitfield(_) => ids::BITFIELD,
            Message::Request(_) => ids::REQUEST,
            Message::Cancel(_) => ids::CANCEL,
            Message::Skipped(id) | Message::Later { id, .. } => *id,
        })
    }

    /// What the message is called.
    pub fn name(&self) -> &'static str {
        self.id().map_or("keep-alive", ids::name)
    }

    // ANCHOR: encode
    /// Adds the message's bytes to `out`: length, id, body. (Nothing for `Skipped`,
    /// whose body we never had.)
    pub fn encode(&self, out: &mut Vec<u8>) {
        // ANCHOR: yours_encode (chapter 6, "The messages")
        match self {
            Message::KeepAlive => out.extend([0; 4]),
            Message::Choke => head(out, 1, ids::CHOKE),
            Message::Unchoke => head(out, 1, ids::UNCHOKE),
            Message::Interested => head(out, 1, ids::INTERESTED),
            Message::NotInterested => head(out, 1, ids::NOT_INTERESTED),
            Message::Have(piece) => {
                head(out, 5, ids::HAVE);
                out.extend(piece.to_be_bytes());
            }
            Message::Bitfield(bytes) => {
                head(out, 1 + bytes.len() as u32, ids::BITFIELD);
                out.extend(bytes);
            }
            Message::Request(block) => {
                head(out, 13, ids::REQUEST);
                out.extend(block.to_bytes());
            }
            Message::Cancel(block) => {
                head(out, 13, ids::CANCEL);
                out.extend(block.to_bytes());
            }
            Message::Later { id, body } => {
                head(out, 1 + body.len() as u32, *id);
                out.extend(body);
            }
            Message::Skipped(_) => {}
        }
        // ANCHOR_END: yours_encode
    }
    // ANCHOR_END: encode
}

/// Length and id: how every message but the keep-alive begins.
fn head(out: &mut Vec<u8>, length: u32, id: u8) {
    out.extend(length.to_be_bytes());
    out.push(id);
}

impl BlockRequest {
    /// The twelve bytes of a `request` or `cancel` after its id.
    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.piece.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.offset.to_be_bytes());
        bytes[8..].copy_from_slice(&self.len.to_be_bytes());
        bytes
    }
}

// ANCHOR: piece_header
/// The thirteen bytes that go before a block of `len` bytes, at most
/// [`MAX_BLOCK`](crate::MAX_BLOCK): length, id, piece, offset. The block itself
/// follows them on the wire.
pub fn piece_header(piece: u32, offset: u32, len: u32) -> [u8; 13] {
    let mut bytes = [0; 13];
    bytes[..4].copy_from_slice(&(9 + len).to_be_bytes());
    bytes[4] = ids::PIECE;
    bytes[5..9].copy_from_slice(&piece.to_be_bytes());
    bytes[9..].copy_from_slice(&offset.to_be_bytes());
    bytes
}
// ANCHOR_END: piece_header

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn encoded(message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        message.encode(&mut out);
        out
    }

    #[test]
    fn a_keep_alive_is_four_zeros() {
        assert_eq!(encoded(&Message::KeepAlive), [0, 0, 0, 0]);
    }

    #[test]
    fn messages_without_a_body_are_five_bytes() {
        assert_eq!(encoded(&Message::Choke), [0, 0, 0, 1, 0]);
        assert_eq!(encoded(&Message::Unchoke), [0, 0, 0, 1, 1]);
        assert_eq!(encoded(&Message::Interested), [0, 0, 0, 1, 2]);
        assert_eq!(encoded(&Message::NotInterested), [0, 0, 0, 1, 3]);
    }

    #[test]
    fn numbers_are_four_bytes_the_highest_first() {
        assert_eq!(
            encoded(&Message::Have(0x0102_0304)),
            [0, 0, 0, 5, 4, 1, 2, 3, 4]
        );
        let block = BlockRequest {
            piece: 1,
            offset: 0x4000,
            len: 0x4000,
        };
        assert_eq!(
            encoded(&Message::Request(block)),
            [0, 0, 0, 13, 6, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 0, 0x40, 0]
        );
        assert_eq!(
            encoded(&Message::Cancel(block)),
            [0, 0, 0, 13, 8, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 0, 0x40, 0]
        );
    }

    #[test]
    fn a_bitfield_is_as_long_as_its_bytes() {
        assert_eq!(
            encoded(&Message::Bitfield(vec![0xff, 0x80])),
            [0, 0, 0, 3, 5, 0xff, 0x80]
        );
    }

    #[test]
    fn a_piece_header_counts_the_block_it_announces() {
        assert_eq!(
            piece_header(2, 0x8000, 0x4000),
            [0, 0, 0x40, 9, 7, 0, 0, 0, 2, 0, 0, 0x80, 0]
        );
    }

    #[test]
    fn every_message_has_a_name() {
        assert_eq!(Message::KeepAlive.name(), "keep-alive");
        assert_eq!(Message::Have(1).name(), "have");
        assert_eq!(Message::Skipped(20).name(), "extended");
    }
}
