use std::net::Ipv4Addr;

use metainfo::InfoHash;
use rand::rngs::SmallRng;

use super::*;
use crate::Contact;
use crate::krpc::{AnnouncePeer, Ask, GetPeers, Query, Refusal, Response, Want};
use crate::limits::{K, MAX_DATAGRAM, PROVEN_FOR, QUERY_BURST, QUERY_TIMEOUT, READ_BURST, TRIAL};

const ZERO: Duration = Duration::ZERO;
const INFO_HASH: InfoHash = InfoHash([0x33; 20]);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The somebody else of these tests.
fn other() -> SocketAddr {
    addr("203.0.113.7:6881")
}

fn other_id() -> Id {
    Id([0x77; 20])
}

fn public() -> Node {
    Node::new(Config::PUBLIC, ZERO, &mut SmallRng::seed_from_u64(1))
}

fn local() -> Node {
    Node::new(Config::LOCAL, ZERO, &mut SmallRng::seed_from_u64(1))
}

fn message(number: &[u8], body: Body) -> Message {
    Message {
        transaction: number.to_vec(),
        version: None,
        read_only: false,
        ip: None,
        body,
    }
}

fn query(ask: Ask) -> Message {
    let query = Query {
        id: other_id(),
        ask,
    };
    message(b"aa", Body::Query(query))
}

fn find_node() -> Message {
    query(Ask::FindNode {
        target: other_id(),
        want: Want::default(),
    })
}

fn get_peers() -> Message {
    query(Ask::GetPeers(GetPeers::of(INFO_HASH)))
}

/// All that the node sends, read.
fn sent(node: &mut Node) -> Vec<(SocketAddr, Message)> {
    let sent = std::iter::from_fn(|| node.poll_transmit());
    sent.map(|sent| (sent.to, Message::decode(&sent.bytes).unwrap()))
        .collect()
}

/// The one question that it sends.
fn asked(node: &mut Node) -> (SocketAddr, Vec<u8>, Ask) {
    let sent = sent(node);
    let [
        (
            to,
            Message {
                transaction,
                body: Body::Query(query),
                ..
            },
        ),
    ] = &sent[..]
    else {
        panic!("{sent:?}");
    };
    (*to, transaction.clone(), query.ask.clone())
}

/// The one answer that it sends.
fn said(node: &mut Node) -> Response {
    let sent = sent(node);
    let [
        (
            _,
            Message {
                body: Body::Response(response),
                ..
            },
        ),
    ] = &sent[..]
    else {
        panic!("{sent:?}");
    };
    response.clone()
}

fn refused(node: &mut Node) -> Refusal {
    let sent = sent(node);
    let [
        (
            _,
            Message {
                body: Body::Error(refusal),
                ..
            },
        ),
    ] = &sent[..]
    else {
        panic!("{sent:?}");
    };
    refusal.clone()
}

/// Somebody answers the number with nothing but his id.
fn pong(node: &mut Node, from: SocketAddr, number: &[u8], now: Duration) {
    let answer = message(number, Body::Response(Response::of(other_id())));
    node.handle(from, &answer.encode(), now);
}

/// Has somebody prove himself.
fn prove(node: &mut Node, from: SocketAddr, now: Duration) {
    node.ping(from, now);
    let (_, number, _) = asked(node);
    pong(node, from, &number, now);
}

/// A node that knows these many others, which are good.
fn knowing(count: u8) -> Node {
    let mut node = public();
    let contacts: Vec<Contact> = (0..count)
        .map(|n| {
            let addr = (Ipv4Addr::new(198, 51, n, 1), 6881).into();
            Contact {
                id: Id([n.wrapping_mul(41); 20]),
                addr,
            }
        })
        .collect();
    node.settle(&contacts, ZERO);
    node
}

mod asking;
mod serving;
