//! Our own peer id, byte by byte.

use peer_id::PeerId;

use super::Figure;
use super::bytes::{self, Field};

const ID: PeerId = PeerId(*b"-KO0100-k8hj0wgej6ch");

pub(super) fn figure() -> Figure {
    let client = ID.client().expect("a client that is known");
    let (start, random) = ID.0.split_at(8);
    bytes::dump(
        "03-peer-id",
        "The 20 bytes of a peer id: a dash, the two letters KO of the client, the four characters 0100 of its version, \
         a dash, and twelve random letters and digits.",
        &[
            Field::new("dash", "box", &start[..1]).as_text(),
            Field::new("client", "a", &start[1..3])
                .about(client.name)
                .as_text(),
            Field::new("version", "b", &start[3..7])
                .about(client.version)
                .as_text(),
            Field::new("dash", "box", &start[7..]).as_text(),
            Field::new("random", "c", random)
                .about("new at every start")
                .as_text(),
        ],
    )
}
