use std::net::Ipv4Addr;

use metainfo::InfoHash;
use pretty_assertions::assert_eq;
use rand::rngs::SmallRng;

use super::*;
use crate::Contact;
use crate::krpc::{AnnouncePeer, Ask, GetPeers, Query, Refusal, Response, Want};
use crate::limits::{K, MAX_DATAGRAM, PROVEN_FOR, QUERY_BURST, QUERY_TIMEOUT, TRIAL};

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

#[test]
fn a_ping_is_answered_at_once_and_not_at_greater_length() {
    let mut node = public();
    let ping = query(Ask::Ping).encode();
    node.handle(other(), &ping, ZERO);
    let answer = node.poll_transmit().unwrap();
    assert!(answer.bytes.len() <= ping.len());
    assert_eq!(answer.to, other());
    let answer = Message::decode(&answer.bytes).unwrap();
    assert_eq!(answer.transaction, b"aa");
    let id = node.id(Family::V4).unwrap();
    assert_eq!(answer.body, Body::Response(Response::of(id)));
}

#[test]
fn who_has_proven_himself_is_told_where_he_is_and_who_we_are() {
    let mut node = public();
    prove(&mut node, other(), ZERO);
    node.handle(other(), &query(Ask::Ping).encode(), ZERO);
    let [(_, answer)] = &sent(&mut node)[..] else {
        panic!()
    };
    assert_eq!(answer.ip, Some(other()));
    assert_eq!(answer.version.as_deref(), Some(&b"KO01"[..]));
}

#[test]
fn a_long_answer_waits_until_its_asker_has_proven_himself() {
    let mut node = knowing(5);
    node.handle(other(), &get_peers().encode(), ZERO);
    let (to, number, ask) = asked(&mut node);
    assert_eq!((to, ask), (other(), Ask::Ping));
    // Somebody else cannot do it for him, nor he with another number.
    pong(&mut node, addr("203.0.113.8:6881"), &number, ZERO);
    pong(&mut node, other(), b"xxxx", ZERO);
    assert_eq!(sent(&mut node), []);
    pong(&mut node, other(), &number, ZERO);
    let answer = said(&mut node);
    assert_eq!(answer.nodes.len(), 5);
    assert!(answer.token.is_some());
    // From now on it is answered at once; and he has a place in the table.
    node.handle(other(), &find_node().encode(), seconds(1));
    assert_eq!(said(&mut node).nodes.len(), 5);
    let known = node.closest(other_id(), Family::V4, 99, ZERO);
    assert_eq!(
        known[0],
        Contact {
            id: other_id(),
            addr: other()
        }
    );
    // In ten minutes it begins anew.
    node.handle(other(), &find_node().encode(), PROVEN_FOR);
    assert_eq!(asked(&mut node).2, Ask::Ping);
}

#[test]
fn who_never_proves_himself_gets_nothing_more_and_is_forgotten() {
    let mut node = knowing(20);
    node.handle(other(), &get_peers().encode(), ZERO);
    let (_, number, _) = asked(&mut node);
    while let Some(due) = node.poll_timeout().filter(|&due| due <= QUERY_TIMEOUT) {
        node.handle_timeout(due);
    }
    assert!(node.held.is_empty());
    pong(&mut node, other(), &number, QUERY_TIMEOUT);
    assert_eq!(sent(&mut node), []);
}

#[test]
fn who_is_read_only_gets_a_short_answer_at_once_and_no_place() {
    let mut node = knowing(20);
    let asked = Message {
        read_only: true,
        ..get_peers()
    }
    .encode();
    node.handle(other(), &asked, ZERO);
    let answer = node.poll_transmit().unwrap();
    assert!(answer.bytes.len() <= asked.len());
    assert_eq!(node.poll_transmit(), None, "it is not pinged");
    let Body::Response(answer) = Message::decode(&answer.bytes).unwrap().body else {
        panic!()
    };
    assert_eq!(answer.nodes.len(), 1);
    assert!(answer.token.is_some());
    assert!(
        !node
            .closest(other_id(), Family::V4, 99, ZERO)
            .iter()
            .any(|c| c.addr == other())
    );
}

#[test]
fn a_peer_is_announced_and_named_to_others() {
    let mut node = public();
    prove(&mut node, other(), ZERO);
    node.handle(other(), &get_peers().encode(), ZERO);
    let token = said(&mut node).token.unwrap();
    let announce = |port, implied_port, token: &[u8]| {
        query(Ask::AnnouncePeer(AnnouncePeer {
            info_hash: INFO_HASH,
            port,
            implied_port,
            token: token.to_vec(),
            seed: true,
        }))
        .encode()
    };
    node.handle(other(), &announce(51_413, false, &token), seconds(1));
    assert_eq!(said(&mut node), Response::of(node.id(Family::V4).unwrap()));
    node.handle(other(), &get_peers().encode(), seconds(2));
    assert_eq!(said(&mut node).values, [addr("203.0.113.7:51413")]);
    // Behind a NAT only the datagram knows the port.
    node.handle(other(), &announce(51_413, true, &token), seconds(3));
    said(&mut node);
    node.handle(other(), &get_peers().encode(), seconds(4));
    assert_eq!(said(&mut node).values, [other()]);
    // A wrong token, and the right one from elsewhere.
    node.handle(other(), &announce(1, false, b"none"), seconds(5));
    assert_eq!(refused(&mut node), Refusal::protocol("Bad Token"));
    node.handle(
        addr("203.0.113.8:6881"),
        &announce(1, false, &token),
        seconds(5),
    );
    assert_eq!(refused(&mut node).code, 203);
    assert_eq!(node.snapshot(seconds(6)).peers, 1);
    assert_eq!(node.snapshot(seconds(6)).torrents, 1);
}

#[test]
fn a_scrape_counts_and_fits_into_a_datagram() {
    let mut node = knowing(20);
    let own = node.id(Family::V4).unwrap();
    for n in 0..200 {
        let peer = (Ipv4Addr::new(198, 18, n, 1), 1).into();
        node.store.insert(INFO_HASH, peer, n < 50, own, ZERO);
    }
    prove(&mut node, other(), ZERO);
    let scrape = GetPeers {
        scrape: true,
        want: Want { v4: true, v6: true },
        ..GetPeers::of(INFO_HASH)
    };
    node.handle(other(), &query(Ask::GetPeers(scrape)).encode(), ZERO);
    let answer = node.poll_transmit().unwrap();
    assert!(answer.bytes.len() <= MAX_DATAGRAM);
    let Body::Response(answer) = Message::decode(&answer.bytes).unwrap().body else {
        panic!()
    };
    let counts = answer.counts.unwrap();
    assert!((counts.seeds.estimate() - 50.0).abs() < 5.0);
    assert!(!answer.values.is_empty() && answer.nodes.len() == K);
}

#[test]
fn an_unknown_question_is_refused_in_a_few_bytes() {
    let mut node = public();
    let asked = query(Ask::Unknown);
    prove(&mut node, other(), ZERO);
    node.handle(other(), &asked.encode(), ZERO);
    assert_eq!(refused(&mut node).code, 204);
}

#[test]
fn who_asks_too_much_is_not_answered_for_a_while() {
    let mut node = public();
    prove(&mut node, other(), ZERO);
    let ping = query(Ask::Ping).encode();
    for _ in 0..1_000 {
        node.handle(other(), &ping, ZERO);
    }
    assert_eq!(sent(&mut node).len(), QUERY_BURST as usize);
    // Others are.
    node.handle(addr("203.0.113.8:1"), &ping, ZERO);
    assert_eq!(sent(&mut node).len(), 1);
    node.handle(other(), &ping, seconds(1));
    assert_eq!(sent(&mut node).len(), 1);
}

#[test]
fn all_together_get_no_more_than_our_line_bears() {
    let mut node = knowing(20);
    let mut bytes = 0;
    for n in 0..20_000u32 {
        let from = (Ipv4Addr::from_bits(0x2000_0000 + n), 1).into();
        node.handle(from, &get_peers().encode(), seconds(1));
        while let Some(sent) = node.poll_transmit() {
            bytes += sent.bytes.len();
        }
    }
    assert!(bytes <= crate::limits::ANSWER_BURST as usize, "{bytes}");
    assert!(node.held.len() <= crate::limits::MAX_HELD);
    assert!(node.snapshot(seconds(1)).traffic.dropped > 10_000);
    // And we may still ask ourselves.
    node.search(Search::of(INFO_HASH, Family::V4), seconds(1))
        .unwrap();
    assert_eq!(sent(&mut node).len(), 3);
}

#[test]
fn nothing_is_sent_to_where_nobody_can_be_or_is_none_of_our_business() {
    let mut node = public();
    for nowhere in [
        "203.0.113.7:0",
        "224.0.0.1:1",
        "0.0.0.0:1",
        "255.255.255.255:1",
        "127.0.0.1:1",
        "10.0.0.1:1",
        "[2001:db8::1]:1",
    ] {
        node.handle(addr(nowhere), &query(Ask::Ping).encode(), ZERO);
        node.ping(addr(nowhere), ZERO);
        node.add_seed(addr(nowhere), ZERO);
    }
    node.handle_timeout(ZERO);
    assert_eq!(sent(&mut node), []);
    let nobody = node.search(Search::of(INFO_HASH, Family::V4), ZERO);
    assert_eq!(nobody, Err(SearchError::NobodyKnown));
    let no_family = node.search(Search::of(INFO_HASH, Family::V6), ZERO);
    assert_eq!(no_family, Err(SearchError::NoFamily));
}

#[test]
fn our_own_question_that_comes_back_is_no_question() {
    let mut node = local();
    node.ping(addr("127.0.0.1:1"), ZERO);
    let ours = node.poll_transmit().unwrap();
    node.handle(addr("127.0.0.1:2"), &ours.bytes, ZERO);
    assert_eq!(node.poll_transmit(), None);
}

#[test]
fn of_two_answers_the_first_counts_and_a_late_one_does_not() {
    let mut node = public();
    node.ping(other(), ZERO);
    let (_, number, _) = asked(&mut node);
    pong(&mut node, addr("203.0.113.7:6882"), &number, ZERO);
    pong(&mut node, other(), &number[..3], ZERO);
    assert_eq!(node.snapshot(ZERO).v4.unwrap().good, 0);
    pong(&mut node, other(), &number, ZERO);
    pong(&mut node, other(), &number, ZERO);
    let snapshot = node.snapshot(ZERO);
    assert_eq!(snapshot.v4.unwrap().good, 1);
    assert_eq!(
        (snapshot.traffic.answers_in, snapshot.traffic.dropped),
        (1, 3)
    );

    let mut node = public();
    node.ping(other(), ZERO);
    let (_, number, _) = asked(&mut node);
    node.handle_timeout(QUERY_TIMEOUT);
    pong(&mut node, other(), &number, QUERY_TIMEOUT);
    assert_eq!(node.snapshot(QUERY_TIMEOUT).v4.unwrap().good, 0);
    assert_eq!(node.snapshot(QUERY_TIMEOUT).traffic.unanswered, 1);
}

#[test]
fn an_address_is_not_pinged_again_and_again() {
    let mut node = public();
    for _ in 0..100 {
        node.ping(other(), ZERO);
    }
    assert_eq!(sent(&mut node).len(), 1);
}

#[test]
fn a_lookup_tells_each_step_and_each_peer_once_and_ends_once() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    let search = Search {
        announce: Some(Announcing {
            port: 7_777,
            implied_port: false,
            seed: false,
        }),
        ..Search::of(INFO_HASH, Family::V4)
    };
    let lookup = node.search(search, ZERO).unwrap();
    let (to, number, ask) = asked(&mut node);
    assert_eq!(
        (to, ask),
        (
            addr("127.0.0.1:1000"),
            Ask::GetPeers(GetPeers::of(INFO_HASH))
        )
    );
    let peers = [
        addr("127.0.0.1:5000"),
        addr("127.0.0.1:5001"),
        addr("127.0.0.1:5000"),
        addr("127.0.0.1:0"),
    ];
    let response = Response {
        values: peers.to_vec(),
        token: Some(b"token".to_vec()),
        ..Response::of(other_id())
    };
    node.handle(
        to,
        &message(&number, Body::Response(response)).encode(),
        ZERO,
    );
    // It is the only one, and so is told that we have the torrent, with its token.
    let (to, number, ask) = asked(&mut node);
    let Ask::AnnouncePeer(announce) = ask else {
        panic!("{ask:?}")
    };
    assert_eq!((announce.port, announce.token), (7_777, b"token".to_vec()));
    pong(&mut node, to, &number, ZERO);
    let events: Vec<Event> = std::iter::from_fn(|| node.poll_event()).collect();
    let [
        Event::Heard { step, .. },
        Event::Peers { peers, by, .. },
        Event::Ended { summary, .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((step.hops, step.id), (1, Some(other_id())));
    assert_eq!(
        step.distance,
        Some(Id::from(INFO_HASH).distance(other_id()).bits())
    );
    assert_eq!(step.said, Said::Answered { nodes: 0, peers: 4 });
    assert_eq!(peers, &[addr("127.0.0.1:5000"), addr("127.0.0.1:5001")]);
    assert_eq!(*by, Some(to));
    assert_eq!(
        (
            summary.asked,
            summary.answered,
            summary.peers,
            summary.announced
        ),
        (1, 1, 2, 1)
    );
    assert!(events.iter().all(|event| match event {
        Event::Heard { lookup: id, .. }
        | Event::Peers { lookup: id, .. }
        | Event::Ended { lookup: id, .. } => *id == lookup,
        Event::Moved { .. } => false,
    }));
}

#[test]
fn a_lookup_of_the_silent_ends_when_their_time_is_over() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    node.search(Search::of(INFO_HASH, Family::V4), ZERO)
        .unwrap();
    assert_eq!(sent(&mut node).len(), 1);
    while node.poll_timeout().unwrap() < QUERY_TIMEOUT {
        let due = node.poll_timeout().unwrap();
        node.handle_timeout(due);
    }
    assert_eq!(node.poll_event(), None);
    node.handle_timeout(QUERY_TIMEOUT);
    let Some(Event::Heard { step, .. }) = node.poll_event() else {
        panic!()
    };
    assert_eq!((step.said, step.id), (Said::Nothing, None));
    let Some(Event::Ended { summary, .. }) = node.poll_event() else {
        panic!()
    };
    assert_eq!((summary.asked, summary.answered), (1, 0));
}

#[test]
fn an_error_is_a_step_too() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    node.search(Search::of(INFO_HASH, Family::V4), ZERO)
        .unwrap();
    let (to, number, _) = asked(&mut node);
    let refusal = Body::Error(Refusal::protocol("no"));
    node.handle(to, &message(&number, refusal).encode(), ZERO);
    let Some(Event::Heard { step, .. }) = node.poll_event() else {
        panic!()
    };
    assert_eq!(
        step.said,
        Said::Refused {
            code: 203,
            text: "no".to_owned()
        }
    );
}

#[test]
fn what_is_cancelled_says_no_more() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    let lookup = node
        .search(Search::of(INFO_HASH, Family::V4), ZERO)
        .unwrap();
    let (to, number, _) = asked(&mut node);
    node.cancel(lookup);
    pong(&mut node, to, &number, ZERO);
    assert_eq!(node.poll_event(), None);
}

#[test]
fn there_are_so_many_lookups_and_no_more() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    let mut results = Vec::new();
    for n in 0..=crate::limits::MAX_LOOKUPS {
        results.push(node.search(Search::of(InfoHash([n as u8; 20]), Family::V4), ZERO));
    }
    assert_eq!(results.pop(), Some(Err(SearchError::TooMany)));
    assert!(results.iter().all(Result::is_ok));
    let nowhere = Announcing {
        port: 0,
        implied_port: false,
        seed: false,
    };
    let search = Search {
        announce: Some(nowhere),
        ..Search::of(INFO_HASH, Family::V4)
    };
    assert_eq!(node.search(search, ZERO), Err(SearchError::Port));
}

#[test]
fn who_was_announced_to_ourselves_is_found_without_asking() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    let own = node.id(Family::V4).unwrap();
    node.store.insert(INFO_HASH, other(), false, own, ZERO);
    node.search(Search::of(INFO_HASH, Family::V4), ZERO)
        .unwrap();
    let Some(Event::Peers {
        by: None, peers, ..
    }) = node.poll_event()
    else {
        panic!()
    };
    assert_eq!(peers, [other()]);
}

#[test]
fn it_begins_by_looking_for_itself_and_tries_again_ever_more_seldom() {
    let mut node = local();
    let seed = addr("127.0.0.1:1000");
    node.add_seed(seed, ZERO);
    let mut times = Vec::new();
    while let Some(due) = node.poll_timeout().filter(|&due| due < seconds(600)) {
        node.handle_timeout(due);
        for (to, message) in sent(&mut node) {
            let Body::Query(query) = message.body else {
                panic!()
            };
            let own = node.id(Family::V4).unwrap();
            let Ask::FindNode { target, .. } = query.ask else {
                panic!()
            };
            assert_eq!((to, target), (seed, own));
            times.push(due.as_secs());
        }
    }
    assert!((5..9).contains(&times.len()), "{times:?}");
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.is_sorted(), "{gaps:?}");
    assert_eq!(node.poll_event(), None, "it does so in silence");
}

#[test]
fn what_was_saved_is_where_the_next_run_begins() {
    let node = knowing(10);
    let bytes = node.save(ZERO);
    let mut next = Node::new(Config::PUBLIC, ZERO, &mut SmallRng::seed_from_u64(2));
    next.restore(&bytes, ZERO).unwrap();
    assert_eq!(next.id(Family::V4), node.id(Family::V4));
    next.handle_timeout(ZERO);
    let asked = sent(&mut next);
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|(to, _)| {
        node.closest(other_id(), Family::V4, 99, ZERO)
            .iter()
            .any(|c| c.addr == *to)
    }));
    assert!(next.restore(b"rubbish", ZERO).is_err());
}

#[test]
fn enough_hosts_can_tell_it_where_it_is() {
    let mut node = public();
    let ours: SocketAddr = addr("192.0.2.77:6881");
    for n in 0..8u8 {
        let from = (Ipv4Addr::new(198, 51, n, 1), 6881).into();
        node.ping(from, ZERO);
        let (_, number, _) = asked(&mut node);
        let answer = Message {
            ip: Some(ours),
            ..message(&number, Body::Response(Response::of(Id([n; 20]))))
        };
        assert_eq!(node.poll_event(), None);
        node.handle(from, &answer.encode(), ZERO);
    }
    let Some(Event::Moved { ip, id }) = node.poll_event() else {
        panic!()
    };
    assert_eq!(ip, ours.ip());
    assert!(id.fits(ip));
    assert_eq!(node.id(Family::V4), Some(id));
    assert_eq!(
        node.snapshot(ZERO).v4.unwrap().good,
        8,
        "it knows whom it knew"
    );
}

#[test]
fn a_read_only_node_says_so_and_answers_nobody() {
    let config = Config {
        read_only: ReadOnly::Always,
        ..Config::PUBLIC
    };
    let mut node = Node::new(config, ZERO, &mut SmallRng::seed_from_u64(1));
    node.handle(other(), &query(Ask::Ping).encode(), ZERO);
    assert_eq!(sent(&mut node), []);
    node.ping(other(), ZERO);
    let [(_, asked)] = &sent(&mut node)[..] else {
        panic!()
    };
    assert!(asked.read_only);
}

#[test]
fn whom_nobody_calls_becomes_read_only_and_who_is_called_does_not() {
    for is_called in [false, true] {
        let mut node = public();
        prove(&mut node, other(), ZERO);
        // Whom we have called has a way to us that others may not have.
        node.handle(other(), &query(Ask::Ping).encode(), seconds(1));
        if is_called {
            node.handle(
                addr("203.0.113.8:1"),
                &query(Ask::Ping).encode(),
                seconds(2),
            );
        }
        assert!(!node.is_read_only(TRIAL - seconds(1)));
        assert_eq!(node.is_read_only(TRIAL), !is_called);
    }
}

#[test]
fn a_node_in_both_networks_gets_to_know_the_one_by_the_other() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    node.handle_timeout(ZERO);
    let (to, number, ask) = asked(&mut node);
    let Ask::FindNode { want, .. } = ask else {
        panic!()
    };
    assert_eq!(want, Want { v4: true, v6: true });
    let v6 = |n: u16| Contact {
        id: Id([n as u8; 20]),
        addr: (std::net::Ipv6Addr::LOCALHOST, n).into(),
    };
    let response = Response {
        nodes: (1..=8).map(v6).collect(),
        ..Response::of(other_id())
    };
    node.handle(
        to,
        &message(&number, Body::Response(response)).encode(),
        ZERO,
    );
    let asked = sent(&mut node);
    assert!(
        (1..=6).contains(&asked.len()),
        "as many as were paid for: {}",
        asked.len()
    );
    assert!(asked.iter().all(|(to, _)| to.is_ipv6()));
}

#[test]
fn over_ipv6_it_is_all_the_same() {
    let config = Config {
        v4: false,
        v6: true,
        ..Config::PUBLIC
    };
    let mut node = Node::new(config, ZERO, &mut SmallRng::seed_from_u64(1));
    let from = addr("[2001:db8::7]:6881");
    prove(&mut node, from, ZERO);
    node.handle(from, &get_peers().encode(), ZERO);
    let token = said(&mut node).token.unwrap();
    let announce = AnnouncePeer {
        info_hash: INFO_HASH,
        port: 9,
        implied_port: false,
        token,
        seed: false,
    };
    node.handle(from, &query(Ask::AnnouncePeer(announce)).encode(), ZERO);
    said(&mut node);
    node.handle(from, &get_peers().encode(), ZERO);
    assert_eq!(said(&mut node).values, [addr("[2001:db8::7]:9")]);
    node.handle(other(), &query(Ask::Ping).encode(), ZERO);
    assert_eq!(sent(&mut node), [], "there is no socket for IPv4");
}

#[test]
fn the_same_calls_give_the_same_datagrams() {
    let run = || {
        let mut node = knowing(20);
        node.search(Search::of(INFO_HASH, Family::V4), ZERO)
            .unwrap();
        node.handle(other(), &get_peers().encode(), ZERO);
        node.handle_timeout(seconds(1));
        std::iter::from_fn(move || node.poll_transmit()).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
