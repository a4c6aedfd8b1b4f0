//! What a question for peers and its answer look like on the wire.

use dht::krpc::{Ask, Body, Contact, GetPeers, Message, Query, Response};
use dht::{Id, VERSION};
use metainfo::InfoHash;

fn message(body: Body) -> Message {
    Message {
        transaction: b"aa".to_vec(),
        version: Some(VERSION.to_vec()),
        read_only: false,
        ip: None,
        body,
    }
}

/// The two datagrams: with ids that can be read.
fn datagrams() -> [(&'static str, Vec<u8>); 2] {
    let question = Query {
        id: Id(*b"abcdefghij0123456789"),
        ask: Ask::GetPeers(GetPeers::of(InfoHash(*b"mnopqrstuvwxyz123456"))),
    };
    let answer = Response {
        nodes: vec![Contact {
            id: Id(*b"mnopqrstuvwxyz123457"),
            addr: ([192, 0, 2, 7], 6881).into(),
        }],
        values: vec![([198, 51, 100, 9], 51_413).into()],
        token: Some(b"aoeu".to_vec()),
        ..Response::of(Id(*b"0123456789abcdefghij"))
    };
    let answer = Message {
        ip: Some(([203, 0, 113, 5], 6881).into()),
        ..message(Body::Response(answer))
    };
    [
        ("the question", message(Body::Query(question)).encode()),
        ("its answer", answer.encode()),
    ]
}

fn main() {
    for (what, bytes) in datagrams() {
        println!("{what}, {} bytes:", bytes.len());
        let text = bytes.escape_ascii().to_string();
        for line in text.as_bytes().chunks(72) {
            println!("  {}", String::from_utf8_lossy(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_read_again() {
        for (what, bytes) in datagrams() {
            assert!(Message::decode(&bytes).is_ok(), "{what}");
        }
        main();
    }
}
