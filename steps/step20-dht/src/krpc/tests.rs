use std::net::{Ipv4Addr, Ipv6Addr};

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::limits::{MAX_NAMED, MAX_READ, MAX_TEXT, MAX_TOKEN, MAX_TRANSACTION, MAX_VALUES};

fn id(text: &[u8; 20]) -> Id {
    Id(*text)
}

fn message(body: Body) -> Message {
    Message {
        transaction: b"aa".to_vec(),
        version: None,
        read_only: false,
        ip: None,
        body,
    }
}

fn query(ask: Ask) -> Message {
    let id = id(b"abcdefghij0123456789");
    message(Body::Query(Query { id, ask }))
}

fn response(id: &[u8; 20]) -> Response {
    Response::of(Id(*id))
}

const INFO_HASH: InfoHash = InfoHash(*b"mnopqrstuvwxyz123456");

/// The examples of BEP 5, each with what it says. The three whose nodes are `def456...` stand in a test of
/// their own.
fn examples() -> Vec<(&'static [u8], Message)> {
    vec![
        (
            b"d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee",
            message(Body::Error(Refusal {
                code: 201,
                text: "A Generic Error Ocurred".to_owned(),
            })),
        ),
        (
            b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
            query(Ask::Ping),
        ),
        (
            b"d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re",
            message(Body::Response(response(b"mnopqrstuvwxyz123456"))),
        ),
        (
            b"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe",
            query(Ask::FindNode {
                target: id(b"mnopqrstuvwxyz123456"),
                want: Want::default(),
            }),
        ),
        (
            b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe",
            query(Ask::GetPeers(GetPeers::of(INFO_HASH))),
        ),
        (
            b"d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re",
            message(Body::Response(Response {
                token: Some(b"aoeusnth".to_vec()),
                values: vec![
                    (Ipv4Addr::from(*b"axje"), u16::from_be_bytes(*b".u")).into(),
                    (Ipv4Addr::from(*b"idht"), u16::from_be_bytes(*b"nm")).into(),
                ],
                ..response(b"abcdefghij0123456789")
            })),
        ),
        (
            b"d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe",
            query(Ask::AnnouncePeer(AnnouncePeer {
                info_hash: INFO_HASH,
                port: 6881,
                implied_port: true,
                token: b"aoeusnth".to_vec(),
                seed: false,
            })),
        ),
    ]
}

#[test]
fn the_examples_of_bep_5_are_read_and_written_byte_by_byte() {
    for (bytes, message) in examples() {
        assert_eq!(Message::decode(bytes).as_ref(), Ok(&message));
        assert_eq!(message.encode(), bytes, "{}", bytes.escape_ascii());
    }
}

/// In three examples the nodes are `def456...`, nine bytes, which are none.
#[test]
fn nodes_that_are_cut_short_are_dropped() {
    let examples = [
        &b"d1:rd2:id20:0123456789abcdefghij5:nodes9:def456...e1:t2:aa1:y1:re"[..],
        b"d1:rd2:id20:abcdefghij01234567895:nodes9:def456...5:token8:aoeusnthe1:t2:aa1:y1:re",
        b"d1:rd2:id20:abcdefghij01234567895:nodes30:abcdefghij0123456789\x7f\0\0\x01\x1a\xe1....5:token8:aoeusnthe1:t2:aa1:y1:re",
    ];
    let nodes = examples.map(|bytes| match Message::decode(bytes).unwrap().body {
        Body::Response(response) => response.nodes,
        other => panic!("{other:?}"),
    });
    let one = Contact {
        id: id(b"abcdefghij0123456789"),
        addr: "127.0.0.1:6881".parse().unwrap(),
    };
    assert_eq!(nodes, [vec![], vec![], vec![one]]);
}

#[test]
fn keys_in_any_order_and_keys_that_nobody_knows_are_taken() {
    let odd = b"d1:y1:q1:v4:LT\x01\x021:t1:x1:q4:ping2:zzli1eld1:xi9eeee1:ad3:foo3:bar2:id20:abcdefghij0123456789e2:roi1ee";
    let message = Message::decode(odd).unwrap();
    assert_eq!(message.transaction, b"x");
    assert_eq!(message.version.as_deref(), Some(&b"LT\x01\x02"[..]));
    assert!(message.read_only);
    assert!(matches!(
        message.body,
        Body::Query(Query { ask: Ask::Ping, .. })
    ));
}

#[test]
fn what_lacks_something_is_dropped_and_the_reason_names_it() {
    for (bytes, key) in [
        (&b"de"[..], "y"),
        (b"d1:t2:aae", "y"),
        (b"d1:t2:aa1:y1:xe", "y"),
        (b"d1:t2:aa1:yi1ee", "y"),
        (b"i3e", "y"),
        (b"d1:t2:aa1:y1:qe", "q"),
        (b"d1:q4:ping1:t2:aa1:y1:qe", "a"),
        (b"d1:ade1:q4:ping1:t2:aa1:y1:qe", "a.id"),
        (b"d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t2:aa1:y1:qe", "a.id"),
        (b"d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:aa1:y1:qe", "a.target"),
        (b"d1:ad2:id20:abcdefghij0123456789e1:q9:get_peers1:t2:aa1:y1:qe", "a.info_hash"),
        (b"d1:ad2:id20:abcdefghij0123456789e1:q13:announce_peer1:t2:aa1:y1:qe", "a.port"),
        (b"d1:ad2:id20:abcdefghij01234567894:porti1ee1:q13:announce_peer1:t2:aa1:y1:qe", "a.token"),
        (b"d1:ad2:id20:abcdefghij01234567894:porti0e5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe", "a.port"),
        (b"d1:ad2:id20:abcdefghij01234567894:porti65536e5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe", "a.port"),
        (b"d1:ad2:id20:abcdefghij01234567894:porti1e5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe", "a.info_hash"),
        (b"d1:t2:aa1:y1:re", "r"),
        (b"d1:rde1:t2:aa1:y1:re", "r.id"),
        (b"d1:t2:aa1:y1:ee", "e"),
        (b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe", "t"),
        (b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t0:1:y1:qe", "t"),
    ] {
        match Message::decode(bytes) {
            Err(MessageError::Key { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{}: {other:?}", bytes.escape_ascii()),
        }
    }
    let told = Message::decode(b"d1:t2:aae").unwrap_err().to_string();
    assert_eq!(told, "`y` is missing, or is not `q`, `r` or `e`");
    assert!(matches!(
        Message::decode(b"<html>"),
        Err(MessageError::Bencode(_))
    ));
    assert!(matches!(
        Message::decode(b""),
        Err(MessageError::Bencode(_))
    ));
    let deep = vec![b'l'; 4_000];
    assert!(matches!(
        Message::decode(&deep),
        Err(MessageError::Bencode(_))
    ));
    let long = vec![b'l'; MAX_READ + 1];
    assert!(matches!(
        Message::decode(&long),
        Err(MessageError::TooLong { .. })
    ));
}

#[test]
fn a_transaction_id_has_any_length_up_to_a_bound() {
    for len in [1, 2, 3, 4, 8, 20, MAX_TRANSACTION] {
        let message = Message {
            transaction: vec![7; len],
            ..query(Ask::Ping)
        };
        assert_eq!(Message::decode(&message.encode()), Ok(message));
    }
    let message = Message {
        transaction: vec![7; MAX_TRANSACTION + 1],
        ..query(Ask::Ping)
    };
    assert!(Message::decode(&message.encode()).is_err());
}

#[test]
fn a_port_that_is_implied_need_not_be_said() {
    for port in ["", "4:porti0e", "4:porti-1e", "4:porti99999e", "4:port1:x"] {
        let bytes = format!(
            "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz123456{port}5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe"
        );
        let message = Message::decode(bytes.as_bytes()).unwrap();
        let Body::Query(Query {
            ask: Ask::AnnouncePeer(announce),
            ..
        }) = message.body
        else {
            panic!("{port}");
        };
        assert_eq!((announce.port, announce.implied_port), (0, true), "{port}");
    }
}

#[test]
fn values_of_both_families_are_read_and_others_skipped() {
    let bytes = b"d1:rd2:id20:abcdefghij01234567896:valuesl6:\x7f\0\0\x01\x1a\xe118:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe15:shorti7e0:ee1:t2:aa1:y1:re";
    let Body::Response(response) = Message::decode(bytes).unwrap().body else {
        panic!();
    };
    let peers: [SocketAddr; 2] =
        ["127.0.0.1:6881", "[2001:db8::1]:6881"].map(|p| p.parse().unwrap());
    assert_eq!(response.values, peers);
}

#[test]
fn ipv4_is_not_named_among_the_nodes_of_ipv6() {
    let mapped = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().octets();
    let bytes = [
        &b"d1:rd2:id20:abcdefghij01234567896:nodes638:abcdefghij0123456789"[..],
        &mapped,
        b"\x1a\xe1e1:t2:aa1:y1:re",
    ]
    .concat();
    let Body::Response(response) = Message::decode(&bytes).unwrap().body else {
        panic!();
    };
    assert_eq!(response.nodes, []);
}

#[test]
fn of_too_many_nodes_and_peers_some_are_looked_at() {
    let nodes = vec![b'n'; 26 * 100];
    let peers = b"6:abcdef".repeat(150);
    let bytes = [
        &b"d1:rd2:id20:abcdefghij01234567895:nodes2600:"[..],
        &nodes,
        b"6:valuesl",
        &peers,
        b"ee1:t2:aa1:y1:re",
    ]
    .concat();
    let Body::Response(response) = Message::decode(&bytes).unwrap().body else {
        panic!();
    };
    assert_eq!(response.nodes.len(), MAX_NAMED);
    assert!(response.values.len() <= MAX_VALUES);
}

#[test]
fn an_error_may_be_anything_and_does_a_terminal_no_harm() {
    let text = |bytes: &[u8]| match Message::decode(bytes).unwrap().body {
        Body::Error(refusal) => (refusal.code, refusal.text),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        text(b"d1:eli203e4:\x1b[2Je1:t2:aa1:y1:ee"),
        (203, "[2J".to_owned())
    );
    assert_eq!(text(b"d1:e4:oops1:t2:aa1:y1:ee"), (201, "oops".to_owned()));
    assert_eq!(text(b"d1:ele1:t2:aa1:y1:ee"), (201, String::new()));
    let long = [&b"d1:eli201e3000:"[..], &[b'x'; 3000], b"e1:t2:aa1:y1:ee"].concat();
    assert_eq!(text(&long).1.len(), MAX_TEXT);
}

#[test]
fn an_unknown_question_is_known_to_be_one() {
    let bytes = b"d1:ad2:id20:abcdefghij0123456789e1:q4:vote1:t2:aa1:y1:qe";
    let Body::Query(query) = Message::decode(bytes).unwrap().body else {
        panic!();
    };
    assert_eq!(query.ask, Ask::Unknown);
}

#[test]
fn a_long_token_is_none() {
    let bytes = [
        &b"d1:rd2:id20:abcdefghij01234567895:token100:"[..],
        &[b'x'; 100],
        b"e1:t2:aa1:y1:re",
    ]
    .concat();
    let Body::Response(response) = Message::decode(&bytes).unwrap().body else {
        panic!();
    };
    const { assert!(MAX_TOKEN < 100) };
    assert_eq!(response.token, None);
}

fn any_id() -> impl Strategy<Value = Id> {
    any::<[u8; 20]>().prop_map(Id)
}

fn any_v4() -> impl Strategy<Value = SocketAddr> {
    any::<([u8; 4], u16)>().prop_map(SocketAddr::from)
}

/// But for IPv4 in the clothes of IPv6, which is another thing.
fn any_v6() -> impl Strategy<Value = SocketAddr> {
    let addr = any::<([u8; 15], u16)>().prop_map(|(ip, port)| {
        let mut octets = [0x20; 16];
        octets[1..].copy_from_slice(&ip);
        SocketAddr::from((Ipv6Addr::from(octets), port))
    });
    addr.boxed()
}

fn any_want() -> impl Strategy<Value = Want> {
    any::<(bool, bool)>().prop_map(|(v4, v6)| Want { v4, v6 })
}

fn any_ask() -> impl Strategy<Value = Ask> {
    let hash = || any::<[u8; 20]>().prop_map(InfoHash);
    let find = (any_id(), any_want()).prop_map(|(target, want)| Ask::FindNode { target, want });
    let get = (hash(), any_want(), any::<(bool, bool)>());
    let get = get.prop_map(|(info_hash, want, (noseed, scrape))| {
        Ask::GetPeers(GetPeers {
            info_hash,
            want,
            noseed,
            scrape,
        })
    });
    let token = prop::collection::vec(any::<u8>(), 0..=MAX_TOKEN);
    let announce = (hash(), 1u16.., any::<(bool, bool)>(), token);
    let announce = announce.prop_map(|(info_hash, port, (implied_port, seed), token)| {
        Ask::AnnouncePeer(AnnouncePeer {
            info_hash,
            port,
            implied_port,
            token,
            seed,
        })
    });
    prop_oneof![Just(Ask::Ping), Just(Ask::Unknown), find, get, announce]
}

fn any_response() -> impl Strategy<Value = Response> {
    let contact = |addr: BoxedStrategy<SocketAddr>| {
        (any_id(), addr).prop_map(|(id, addr)| Contact { id, addr })
    };
    let v4 = prop::collection::vec(contact(any_v4().boxed()), 0..=8);
    let v6 = prop::collection::vec(contact(any_v6().boxed()), 0..=8);
    let values = prop::collection::vec(prop_oneof![any_v4(), any_v6()], 0..=40);
    let token = prop::option::of(prop::collection::vec(any::<u8>(), 0..=MAX_TOKEN));
    let counts = any::<Option<(u8, u8)>>().prop_map(|fill| {
        fill.map(|(seeds, peers)| {
            Box::new(Counts {
                seeds: Filter([seeds; 256]),
                peers: Filter([peers; 256]),
            })
        })
    });
    (any_id(), v4, v6, values, token, counts).prop_map(|(id, v4, v6, values, token, counts)| {
        Response {
            id,
            nodes: [v4, v6].concat(),
            values,
            token,
            counts,
        }
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let refusal = (any::<i64>(), "[a-z]{0,90}").prop_map(|(code, text)| Refusal { code, text });
    let body = prop_oneof![
        (any_id(), any_ask()).prop_map(|(id, ask)| Body::Query(Query { id, ask })),
        any_response().prop_map(Body::Response),
        refusal.prop_map(Body::Error),
    ];
    let transaction = prop::collection::vec(any::<u8>(), 1..=MAX_TRANSACTION);
    let version = prop::option::of(prop::collection::vec(any::<u8>(), 0..=8));
    let ip = prop::option::of(prop_oneof![any_v4(), any_v6()]);
    (transaction, version, any::<bool>(), ip, body).prop_map(
        |(transaction, version, read_only, ip, body)| Message {
            transaction,
            version,
            read_only,
            ip,
            body,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(message in any_message()) {
        prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn what_is_written_is_canonical(message in any_message()) {
        prop_assert!(bencode::decode(&message.encode()).is_ok());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        if let Ok(message) = Message::decode(&bytes) {
            let again = Message::decode(&message.encode());
            prop_assert_eq!(again, Ok(message));
        }
    }

    #[test]
    fn a_damaged_datagram_is_read_or_refused(message in any_message(), at: prop::sample::Index, byte: u8) {
        let mut bytes = message.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Message::decode(&bytes);
        let _ = Message::decode(&bytes[..at]);
    }
}
