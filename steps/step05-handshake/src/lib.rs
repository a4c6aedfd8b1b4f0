//! Chapter 5: the handshake, 68 bytes that begin every connection between peers (BEP 3, "peer
//! protocol").
//!
//! ```text
//! bytes   0        13, which is 19: the length of what follows
//!         1..20    "BitTorrent protocol"
//!        20..28    reserved: a bit for each extension this peer speaks
//!        28..48    the torrent's info-hash
//!        48..68    the peer's id
//! ```
//!
//! Both sides send it. [`Handshake`] writes and reads it, [`Reserved`] tells what its bits mean, and
//! [`Handshake::accept`] decides whether the two belong together.
//!
//! ```
//! use handshake::{Handshake, Reserved};
//! use metainfo::InfoHash;
//! use peer_id::PeerId;
//!
//! let ours = Handshake {
//!     reserved: Reserved::none(),
//!     info_hash: InfoHash([0xaa; 20]),
//!     peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
//! };
//! let bytes = ours.to_bytes();
//! assert_eq!(&bytes[..20], b"\x13BitTorrent protocol");
//! assert_eq!(Handshake::parse(&bytes), Ok(ours));
//! ```

#[cfg(feature = "blocking")]
pub mod blocking;
mod reserved;

use metainfo::InfoHash;
use peer_id::PeerId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use reserved::{Bit, Reserved};

// ANCHOR: constants
/// The length of a handshake in bytes.
pub const LEN: usize = 68;

/// What every handshake begins with: 19, and a name of 19 bytes (BEP 3).
pub const PROTOCOL: [u8; 20] = *b"\x13BitTorrent protocol";
// ANCHOR_END: constants

#[derive(Serialize, Deserialize)]
// ANCHOR: handshake
/// What one side says before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The extensions this peer speaks.
    pub reserved: Reserved,
    /// The torrent this connection is about.
    pub info_hash: InfoHash,
    /// Who this peer says it is.
    pub peer_id: PeerId,
}
// ANCHOR_END: handshake

/// Why bytes are not a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum HandshakeError {
    /// The first byte is not 19. Clients that want an encrypted connection begin with a random
    /// byte, and come back in plain text when they are turned away.
    #[error(
        "the peer's first byte is {first:#04x}, not 0x13: it wants an encrypted connection, or \
         does not speak BitTorrent"
    )]
    FirstByte {
        /// The byte that came.
        first: u8,
    },
    /// The first byte is right, the name after it is not.
    #[error(
        "the peer's handshake does not say `BitTorrent protocol`: byte {offset} is {found:#04x}"
    )]
    Protocol {
        /// The first byte that is wrong, counted from 0.
        offset: usize,
        /// What stands there.
        found: u8,
    },
}

/// Why a peer's handshake, though well formed, ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The peer answered for another torrent.
    #[error("the peer answered for another torrent: info-hash {theirs}, not {ours}")]
    WrongInfoHash {
        /// The one the peer sent.
        theirs: InfoHash,
        /// The one that was expected.
        ours: InfoHash,
    },
    /// The peer has our own id: we called ourselves, at an address a tracker gave us.
    #[error("the peer has our own peer id: this is our own address")]
    OurOwnPeerId,
}

impl Handshake {
    // ANCHOR: to_bytes
    /// The handshake as it goes to the peer.
    pub fn to_bytes(&self) -> [u8; LEN] {
        // ANCHOR: yours_to_bytes (chapter 5, "Build it")
        let mut bytes = [0; LEN];
        bytes[..20].copy_from_slice(&PROTOCOL);
        bytes[20..28].copy_from_slice(&self.reserved.0);
        bytes[28..48].copy_from_slice(&self.info_hash.0);
        bytes[48..].copy_from_slice(&self.peer_id.0);
        bytes
        // ANCHOR_END: yours_to_bytes
    }
    // ANCHOR_END: to_bytes

    // ANCHOR: parse
    /// Reads a peer's handshake. Any reserved bits, info-hash and peer id are well
    /// formed; whether they suit us is for [`accept`](Handshake::accept) to say.
    ///
    /// # Errors
    ///
    /// When it does not begin with [`PROTOCOL`].
    pub fn parse(bytes: &[u8; LEN]) -> Result<Handshake, HandshakeError> {
        // ANCHOR: yours_parse (chapter 5, "Build it")
        Handshake::check_start(bytes)?;
        Ok(Handshake {
            reserved: Reserved(part(bytes, 20)),
            info_hash: InfoHash(part(bytes, 28)),
            peer_id: PeerId(part(bytes, 48)),
        })
        // ANCHOR_END: yours_parse
    }
    // ANCHOR_END: parse

    // ANCHOR: check_start
    /// Looks at the bytes that have come so far, from the first one on, be it only
    /// one. There is no need to wait for all 68 to know that a peer does not speak
    /// BitTorrent: one that wants encryption waits for us to hang up.
    ///
    /// # Errors
    ///
    /// When they cannot become a handshake.
    pub fn check_start(bytes: &[u8]) -> Result<(), HandshakeError> {
        // ANCHOR: yours_check_start (chapter 5, "Build it")
        let mut pairs = bytes.iter().zip(&PROTOCOL);
        match pairs.position(|(found, expected)| found != expected) {
            None => Ok(()),
            Some(0) => Err(HandshakeError::FirstByte { first: bytes[0] }),
            Some(offset) => Err(HandshakeError::Protocol {
                offset,
                found: bytes[offset],
            }),
        }
        // ANCHOR_END: yours_check_start
    }
    // ANCHOR_END: check_start

    // ANCHOR: accept
    /// Whether a peer that sent this handshake is one to talk to, given the one we
    /// sent or would send.
    ///
    /// # Errors
    ///
    /// When it is about another torrent, or when the peer is ourselves: a tracker
    /// may name our own address among the others.
    pub fn accept(&self, ours: &Handshake) -> Result<(), Refusal> {
        // ANCHOR: yours_accept (chapter 5, "Build it")
        if self.info_hash != ours.info_hash {
            return Err(Refusal::WrongInfoHash {
                theirs: self.info_hash,
                ours: ours.info_hash,
            });
        }
        if self.peer_id == ours.peer_id {
            return Err(Refusal::OurOwnPeerId);
        }
        Ok(())
        // ANCHOR_END: yours_accept
    }
    // ANCHOR_END: accept
}

/// `N` bytes of a handshake, from `at` on.
fn part<const N: usize>(bytes: &[u8; LEN], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn ours() -> Handshake {
        Handshake {
            reserved: Reserved::none(),
            info_hash: InfoHash(*b"an info-hash has 20b"),
            peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
        }
    }

    #[test]
    fn the_bytes_stand_in_the_order_of_the_specification() {
        let bytes = ours().to_bytes();
        let text =
            b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0an info-hash has 20b-KO0100-abcdefghijkl";
        assert_eq!(bytes, *text);
    }

    #[test]
    fn a_wrong_first_byte_is_known_at_once() {
        assert_eq!(Handshake::check_start(b""), Ok(()));
        assert_eq!(Handshake::check_start(b"\x13"), Ok(()));
        assert_eq!(Handshake::check_start(b"\x13Bit"), Ok(()));
        let error = Handshake::check_start(b"\xd2").unwrap_err();
        assert_eq!(error, HandshakeError::FirstByte { first: 0xd2 });
        assert_eq!(
            error.to_string(),
            "the peer's first byte is 0xd2, not 0x13: it wants an encrypted connection, or does \
             not speak BitTorrent"
        );
    }

    #[test]
    fn another_protocol_of_nineteen_letters_is_refused_where_it_differs() {
        let mut bytes = ours().to_bytes();
        bytes[4] = b'-';
        assert_eq!(
            Handshake::parse(&bytes),
            Err(HandshakeError::Protocol {
                offset: 4,
                found: b'-'
            })
        );
    }

    #[test]
    fn another_info_hash_is_refused() {
        let theirs = Handshake {
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId([2; 20]),
            ..ours()
        };
        assert_eq!(
            theirs.accept(&ours()),
            Err(Refusal::WrongInfoHash {
                theirs: InfoHash([1; 20]),
                ours: ours().info_hash
            })
        );
    }

    #[test]
    fn our_own_peer_id_is_refused() {
        assert_eq!(ours().accept(&ours()), Err(Refusal::OurOwnPeerId));
    }

    #[test]
    fn another_peer_of_our_torrent_is_accepted_whatever_its_bits() {
        let theirs = Handshake {
            reserved: Reserved([0xff; 8]),
            peer_id: PeerId([2; 20]),
            ..ours()
        };
        assert_eq!(theirs.accept(&ours()), Ok(()));
    }

    proptest! {
        #[test]
        fn a_handshake_comes_back_as_it_was_sent(
            reserved: [u8; 8],
            info_hash: [u8; 20],
            peer_id: [u8; 20],
        ) {
            let handshake = Handshake {
                reserved: Reserved(reserved),
                info_hash: InfoHash(info_hash),
                peer_id: PeerId(peer_id),
            };
            prop_assert_eq!(Handshake::parse(&handshake.to_bytes()), Ok(handshake));
        }

        #[test]
        fn the_start_is_refused_as_soon_as_the_whole_would_be(bytes: [u8; 32], keep in 0usize..20) {
            let mut whole = [0; LEN];
            whole[..32].copy_from_slice(&bytes);
            whole[..keep].copy_from_slice(&PROTOCOL[..keep]);
            if let Err(error) = Handshake::parse(&whole) {
                let first_bad = whole.iter().zip(PROTOCOL).position(|(a, b)| *a != b).unwrap();
                prop_assert_eq!(Handshake::check_start(&whole[..first_bad]), Ok(()));
                prop_assert_eq!(Handshake::check_start(&whole[..=first_bad]), Err(error));
            }
        }
    }
}
