//! The 68 bytes of a handshake.

use handshake::{Handshake, Reserved};
use peer_id::PeerId;

use super::bytes::{self, Field};
use super::{Figure, sample};

pub(super) fn figure() -> Figure {
    let ours = Handshake {
        reserved: Reserved::none(),
        info_hash: sample::info_hash(),
        peer_id: PeerId(*b"-KO0100-tVnqQK97nH98"),
    };
    let bytes = ours.to_bytes();
    bytes::dump(
        "05-handshake",
        "The 68 bytes of a handshake: the length 19, the name BitTorrent protocol, eight reserved bytes, the info-hash \
         and the peer id, twenty bytes each.",
        &[
            Field::new("length", "a", &bytes[..1]).about("of the name: 19"),
            Field::new("name", "a", &bytes[1..20])
                .about("of the protocol")
                .as_text(),
            Field::new("reserved", "box", &bytes[20..28])
                .about("a bit for each extension; none here"),
            Field::new("info-hash", "b", &bytes[28..48]).about("which torrent"),
            Field::new("peer id", "c", &bytes[48..])
                .about("who is speaking")
                .as_text(),
        ],
    )
}
