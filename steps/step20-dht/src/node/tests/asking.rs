//! What we ask, and what we make of the answers.

use std::net::IpAddr;

use pretty_assertions::assert_eq;

use super::*;

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
fn who_answers_pings_with_errors_is_in_the_table_no_more_than_who_is_silent() {
    let mut node = public();
    prove(&mut node, other(), ZERO);
    let mut now = seconds(15 * 60);
    for _ in 0..2 {
        now += seconds(11 * 60);
        node.ping(other(), now);
        let (to, number, _) = asked(&mut node);
        let refusal = Body::Error(Refusal::protocol("no"));
        node.handle(to, &message(&number, refusal).encode(), now);
    }
    let place = node.snapshot(now).v4.unwrap();
    assert_eq!((place.good, place.questionable, place.bad), (0, 0, 1));
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

/// Somebody answers, and says where he sees us.
fn answer_seeing(node: &mut Node, from: SocketAddr, number: &[u8], us: SocketAddr, now: Duration) {
    let IpAddr::V4(ip) = from.ip() else { panic!() };
    let id = Id([ip.octets()[2]; 20]);
    let answer = Message {
        ip: Some(us),
        ..message(number, Body::Response(Response::of(id)))
    };
    node.handle(from, &answer.encode(), now);
}

#[test]
fn enough_of_those_whom_it_has_chosen_can_tell_it_where_it_is() {
    let mut node = public();
    let ours = addr("192.0.2.77:6881");
    let voter = |n: u8| (Ipv4Addr::new(198, 51, n, 1), 6881).into();
    // Anybody can have us ping him.
    for n in 0..20 {
        node.ping(voter(n), ZERO);
        let (to, number, _) = asked(&mut node);
        answer_seeing(&mut node, to, &number, ours, ZERO);
    }
    assert_eq!(node.poll_event(), None);
    let mut told = 0;
    let mut tell = |node: &mut Node, us: SocketAddr, now: Duration| {
        node.find_nodes(Id([told; 20]), Family::V4, now).unwrap();
        told += 1;
        let mut asked = sent(node);
        while let Some((to, question)) = asked.pop() {
            answer_seeing(node, to, &question.transaction, us, now);
            asked.extend(sent(node));
        }
        let events = std::iter::from_fn(|| node.poll_event());
        let moved = events.filter(|event| matches!(event, Event::Moved { .. }));
        moved.last()
    };
    // Nobody can be there.
    assert_eq!(tell(&mut node, addr("0.0.0.1:1"), ZERO), None);
    assert_eq!(node.seen_at(Family::V4), None);
    let Some(Event::Moved { ip, id }) = tell(&mut node, ours, ZERO) else {
        panic!()
    };
    assert_eq!(ip, ours.ip());
    assert_eq!(node.seen_at(Family::V4), Some(ip));
    assert!(id.fits(ip));
    assert_eq!(node.id(Family::V4), Some(id));
    let good = node.snapshot(ZERO).v4.unwrap().good;
    assert!(good >= 8, "it knows whom it knew: {good}");
    // Not again so soon, however many say so.
    let elsewhere = addr("192.0.3.77:6881");
    for now in [seconds(1), seconds(2), seconds(599)] {
        assert_eq!(tell(&mut node, elsewhere, now), None);
    }
    let Some(Event::Moved { ip, .. }) = tell(&mut node, elsewhere, seconds(600)) else {
        panic!()
    };
    assert_eq!(ip, elsewhere.ip());
}

#[test]
fn who_learns_its_address_while_it_looks_for_itself_looks_for_its_new_self() {
    let mut node = public();
    let ours = addr("192.0.2.77:6881");
    for n in 0..10u8 {
        node.add_seed((Ipv4Addr::new(198, 51, n, 1), 6881).into(), ZERO);
    }
    let mut targets = Vec::new();
    while let Some(now) = node.poll_timeout().filter(|&due| due < seconds(60)) {
        node.handle_timeout(now);
        let mut asked = sent(&mut node);
        while let Some((to, question)) = asked.pop() {
            if let Body::Query(Query {
                ask: Ask::FindNode { target, .. },
                ..
            }) = question.body
            {
                targets.push(target);
            }
            answer_seeing(&mut node, to, &question.transaction, ours, now);
            asked.extend(sent(&mut node));
        }
    }
    let Some(Event::Moved { id, .. }) = node.poll_event() else {
        panic!("it learned where it is")
    };
    assert_eq!(node.id(Family::V4), Some(id));
    assert!(
        !targets[..8].contains(&id),
        "all votes fell into the first lookup"
    );
    assert!(targets.contains(&id), "it never looked for its new id");
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

#[test]
fn in_a_flood_what_is_waited_for_is_read_all_the_same() {
    let mut node = public();
    node.ping(other(), ZERO);
    let (_, number, _) = asked(&mut node);
    let junk = addr("203.0.113.99:1");
    for _ in 0..10_000 {
        node.handle(junk, b"junk", ZERO);
    }
    assert!(node.snapshot(ZERO).traffic.dropped >= 10_000);
    pong(&mut node, other(), &number, ZERO);
    assert_eq!(node.snapshot(ZERO).v4.unwrap().good, 1);
}

#[test]
fn whom_we_have_asked_is_let_in_once_and_not_without_end() {
    let mut node = public();
    node.ping(other(), ZERO);
    sent(&mut node);
    for _ in 0..10_000 {
        node.handle(other(), b"junk", ZERO);
    }
    let read = node.snapshot(ZERO).traffic.bytes_in / 4;
    assert_eq!(read, u64::from(READ_BURST) + 1);
}

#[test]
fn the_nodes_around_an_id_can_be_looked_for() {
    let mut node = local();
    node.add_seed(addr("127.0.0.1:1000"), ZERO);
    let target = Id([0x70; 20]);
    let lookup = node.find_nodes(target, Family::V4, ZERO).unwrap();
    let (to, number, ask) = asked(&mut node);
    let Ask::FindNode { target: wanted, .. } = ask else {
        panic!("{ask:?}")
    };
    assert_eq!(wanted, target);
    pong(&mut node, to, &number, ZERO);
    let ended = std::iter::from_fn(|| node.poll_event()).last();
    let Some(Event::Ended {
        lookup: id,
        summary,
    }) = ended
    else {
        panic!("{ended:?}")
    };
    let contact = Contact {
        id: other_id(),
        addr: to,
    };
    assert_eq!((id, summary.closest), (lookup, vec![contact]));
}
