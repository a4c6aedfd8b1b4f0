//! Peers as a tracker packs them.

use std::net::{IpAddr, SocketAddr};

use super::Figure;
use super::bytes::{self, Field, Row};

/// What a tracker says, in bencode: two peers of six bytes.
const REPLY: &[u8] = b"d8:intervali60e5:peers12:\x7f\0\0\x01\x1a\xe1\x7f\0\0\x01\x1e\xc7e";

pub(super) fn figure() -> Figure {
    let reply = tracker::parse_reply(REPLY).expect("a reply");
    let start = REPLY.len() - 13;
    let (before, peers) = REPLY.split_at(start);
    let (peers, end) = peers.split_at(12);
    let mut rows = vec![Row {
        name: "the reply",
        about: format!(
            "{}…{}",
            String::from_utf8_lossy(before),
            String::from_utf8_lossy(end)
        ),
        fields: vec![
            Field::new("first peer", "a", &peers[..6]),
            Field::new("second peer", "b", &peers[6..]),
        ],
        then: None,
    }];
    let names = ["the first peer", "the second peer"];
    for ((bytes, peer), (name, class)) in peers
        .chunks(6)
        .zip(&reply.peers)
        .zip(names.into_iter().zip(["a", "b"]))
    {
        rows.push(Row {
            name,
            about: format!("is {peer}"),
            fields: vec![
                Field::new("address", class, &bytes[..4]),
                Field::new("port", class, &bytes[4..]),
            ],
            then: Some(sum(peer, bytes)),
        });
    }
    bytes::rows(
        "04-compact",
        "A tracker's reply with two compact peers of six bytes: four bytes of address, then two of port, the high byte first.",
        &rows,
    )
}

/// The port, worked out.
fn sum(peer: &SocketAddr, bytes: &[u8]) -> String {
    debug_assert!(matches!(peer.ip(), IpAddr::V4(_)));
    format!("{} × 256 + {} = {}", bytes[4], bytes[5], peer.port())
}
