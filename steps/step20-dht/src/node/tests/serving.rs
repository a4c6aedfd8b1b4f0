//! What others get from us.

use pretty_assertions::assert_eq;

use super::*;

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
fn a_question_costs_a_look_at_its_own_torrent_and_no_other() {
    let mut node = public();
    let own = node.id(Family::V4).unwrap();
    let peer = addr("203.0.113.99:1");
    for info_hash in [INFO_HASH, InfoHash([0x44; 20])] {
        node.store.insert(info_hash, peer, false, own, ZERO);
    }
    let now = crate::limits::PEER_LIFE;
    prove(&mut node, other(), now);
    node.handle(other(), &get_peers().encode(), now);
    assert_eq!(said(&mut node).values, []);
    assert_eq!(node.stored(), (1, 1), "the other waits for the tick");
    node.handle_timeout(now);
    assert_eq!(node.stored(), (0, 0));
}
