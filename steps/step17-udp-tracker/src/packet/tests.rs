//! The tables of BEP 15, byte for byte.

use metainfo::InfoHash;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tracker::{AnnounceEvent, AnnounceReply, AnnounceRequest};

use super::*;

fn announce() -> Announce {
    Announce {
        request: AnnounceRequest {
            info_hash: InfoHash(*b"an info-hash has 20b"),
            peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
            port: 6881,
            uploaded: 3,
            downloaded: 1,
            left: 2,
            event: Some(AnnounceEvent::Started),
            numwant: None,
            key: 0x1234_abcd,
            tracker_id: None,
        },
        url_data: None,
    }
}

fn request(ask: Ask) -> Request {
    Request::Ask {
        connection: ConnectionId(0x0102_0304_0506_0708),
        transaction: TransactionId(0x090a_0b0c),
        ask,
    }
}

fn reply(said: Said) -> Reply {
    let transaction = TransactionId(0x090a_0b0c);
    Reply { transaction, said }
}

/// A datagram of these fields, each in hex.
fn bytes(fields: &[&str]) -> Vec<u8> {
    let digits: Vec<char> = fields.concat().chars().filter(|c| *c != ' ').collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[track_caller]
fn check_request(request: &Request, fields: &[&str]) {
    assert_eq!(request.encode(), bytes(fields));
    assert_eq!(Request::decode(&bytes(fields)).as_ref(), Ok(request));
}

#[track_caller]
fn check_reply(reply: &Reply, family: Family, fields: &[&str]) {
    assert_eq!(reply.encode(family), bytes(fields));
    assert_eq!(Reply::decode(&bytes(fields), family).as_ref(), Ok(reply));
}

#[test]
fn a_connect_request_has_16_bytes() {
    let transaction = TransactionId(0x090a_0b0c);
    check_request(
        &Request::Connect { transaction },
        &["00000417 27101980", "00000000", "090a0b0c"],
    );
}

#[test]
fn a_connect_reply_has_16_bytes() {
    check_reply(
        &reply(Said::Connected(ConnectionId(0x0102_0304_0506_0708))),
        Family::V4,
        &["00000000", "090a0b0c", "01020304 05060708"],
    );
}

#[test]
fn an_announce_has_98_bytes() {
    let request = request(Ask::Announce(announce()));
    assert_eq!(request.encode().len(), 98);
    check_request(
        &request,
        &[
            "01020304 05060708",
            "00000001",
            "090a0b0c",
            "616e20696e666f2d68617368206861732032 3062",
            "2d4b4f303130302d6162636465666768696a6b6c",
            "00000000 00000001",
            "00000000 00000002",
            "00000000 00000003",
            "00000002",
            "00000000",
            "1234abcd",
            "ffffffff",
            "1ae1",
        ],
    );
}

#[test]
fn events_and_counts_have_the_numbers_of_the_table() {
    let field = |change: &dyn Fn(&mut AnnounceRequest), at: usize| {
        let mut announce = announce();
        change(&mut announce.request);
        let bytes = request(Ask::Announce(announce)).encode();
        u32::from_be_bytes(*bytes[at..].first_chunk().unwrap())
    };
    for (event, number) in [
        (None, 0),
        (Some(AnnounceEvent::Completed), 1),
        (Some(AnnounceEvent::Started), 2),
        (Some(AnnounceEvent::Stopped), 3),
        (Some(AnnounceEvent::Paused), 0),
    ] {
        assert_eq!(field(&|request| request.event = event, 80), number);
    }
    let wanted = |n| field(&|request| request.numwant = n, 92);
    assert_eq!(wanted(None), u32::MAX, "-1");
    assert_eq!((wanted(Some(0)), wanted(Some(200))), (0, 200));
    assert_eq!(wanted(Some(u32::MAX)), i32::MAX as u32);
    let unknown = |request: &mut AnnounceRequest| request.left = UNKNOWN_LEFT;
    let left = [field(&unknown, 64), field(&unknown, 68)];
    assert_eq!(left, [i32::MAX as u32, u32::MAX]);
}

#[test]
fn path_and_query_stand_behind_the_announce() {
    let ask = Ask::Announce(Announce {
        url_data: Some(b"/dir?a=b&c=d".to_vec()),
        ..announce()
    });
    let bytes = request(ask.clone()).encode();
    assert_eq!(&bytes[98..], b"\x02\x0c/dir?a=b&c=d");
    assert_eq!(Request::decode(&bytes), Ok(request(ask)));
    assert_eq!(
        Request::decode(&bytes[..bytes.len() - 1]),
        Err(PacketError::Option { offset: 0 })
    );
}

#[test]
fn the_reply_to_an_announce_has_6_bytes_a_peer_over_ipv4() {
    let said = Announced {
        interval: 1800,
        leechers: 1,
        seeders: 2,
        peers: vec![
            "127.0.0.1:6881".parse().unwrap(),
            "10.0.0.7:51413".parse().unwrap(),
        ],
    };
    check_reply(
        &reply(Said::Announced(said)),
        Family::V4,
        &[
            "00000001",
            "090a0b0c",
            "00000708",
            "00000001",
            "00000002",
            "7f000001 1ae1",
            "0a000007 c8d5",
        ],
    );
}

#[test]
fn the_reply_to_an_announce_has_18_bytes_a_peer_over_ipv6() {
    let said = Announced {
        interval: 1800,
        leechers: 0,
        seeders: 1,
        peers: vec!["[2001:db8::1]:80".parse().unwrap()],
    };
    check_reply(
        &reply(Said::Announced(said)),
        Family::V6,
        &[
            "00000001",
            "090a0b0c",
            "00000708",
            "00000000",
            "00000001",
            "20010db8 00000000 00000000 00000001 0050",
        ],
    );
}

#[test]
fn peers_of_the_other_family_are_not_sent() {
    let peers = ["192.0.2.1:1", "[2001:db8::1]:2", "[::ffff:192.0.2.2]:3"];
    let said = Said::Announced(Announced {
        interval: 0,
        leechers: 0,
        seeders: 0,
        peers: peers.map(|peer| peer.parse().unwrap()).to_vec(),
    });
    let reply = reply(said);
    assert_eq!(reply.encode(Family::V4).len(), 20 + 2 * 6);
    assert_eq!(reply.encode(Family::V6).len(), 20 + 18);
}

#[test]
fn a_scrape_has_20_bytes_a_torrent_and_its_reply_12() {
    let torrents = vec![InfoHash([1; 20]), InfoHash([2; 20])];
    let (one, two) = ("01".repeat(20), "02".repeat(20));
    check_request(
        &request(Ask::Scrape(torrents)),
        &["01020304 05060708", "00000002", "090a0b0c", &one, &two],
    );
    let scraped = |seeders, completed, leechers| Scraped {
        seeders,
        completed,
        leechers,
    };
    check_reply(
        &reply(Said::Scraped(vec![scraped(1, 2, 3), scraped(4, 5, 6)])),
        Family::V6,
        &[
            "00000002", "090a0b0c", "00000001", "00000002", "00000003", "00000004", "00000005",
            "00000006",
        ],
    );
}

#[test]
fn an_error_is_a_text() {
    check_reply(
        &reply(Said::Refused("no".to_owned())),
        Family::V4,
        &["00000003", "090a0b0c", "6e6f"],
    );
    let read = |text: &[u8]| {
        let datagram = [&bytes(&["00000003", "00000000"]), text].concat();
        match Reply::decode(&datagram, Family::V4).unwrap().said {
            Said::Refused(reason) => reason,
            said => panic!("{said:?}"),
        }
    };
    assert_eq!(read(b""), "it does not say why");
    assert_eq!(read(b"gone\0"), "gone");
    assert_eq!(read(b"\x1b[2Jgone\r\nx"), "[2Jgone  x");
    assert_eq!(read(&[b'x'; 60_000]).chars().count(), 301);
}

#[test]
fn more_bytes_than_known_are_left_unread() {
    let more = |mut bytes: Vec<u8>| {
        bytes.extend([7; 5]);
        bytes
    };
    let connect = Request::Connect {
        transaction: TransactionId(1),
    };
    assert_eq!(Request::decode(&more(connect.encode())), Ok(connect));
    let connected = reply(Said::Connected(ConnectionId(5)));
    let scraped = reply(Said::Scraped(vec![]));
    let announced = reply(Said::Announced(Announced {
        interval: 1,
        leechers: 2,
        seeders: 3,
        peers: vec![],
    }));
    for reply in [connected, scraped, announced] {
        let datagram = more(reply.encode(Family::V4));
        assert_eq!(Reply::decode(&datagram, Family::V4), Ok(reply));
    }
}

#[test]
fn fewer_bytes_than_needed_are_told_in_a_sentence() {
    let short = |bytes: &[u8]| Request::decode(bytes).unwrap_err().to_string();
    let whole = request(Ask::Announce(announce())).encode();
    assert_eq!(
        short(&whole[..97]),
        "an announce has 98 bytes at least, and this datagram has 97"
    );
    assert_eq!(
        short(&whole[..15]),
        "a request has 16 bytes at least, and this datagram has 15"
    );
    let short = |said, len| {
        let datagram = reply(said).encode(Family::V4);
        Reply::decode(&datagram[..len], Family::V4)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        short(Said::Connected(ConnectionId(1)), 15),
        "the reply to a connect has 16 bytes at least, and this datagram has 15"
    );
    let announced = Said::Announced(Announced {
        interval: 1,
        leechers: 2,
        seeders: 3,
        peers: vec![],
    });
    assert_eq!(
        short(announced, 19),
        "the reply to an announce has 20 bytes at least, and this datagram has 19"
    );
    assert_eq!(
        short(Said::Refused(String::new()), 7),
        "a reply has 8 bytes at least, and this datagram has 7"
    );
}

#[test]
fn what_is_something_else_is_told_in_a_sentence() {
    let error = |fields: &[&str]| Request::decode(&bytes(fields)).unwrap_err().to_string();
    assert_eq!(
        error(&["0000041727101981", "00000000", "00000000"]),
        "a connect request begins with 0x41727101980, and this one with 0x41727101981"
    );
    assert_eq!(
        error(&["0000041727101980", "00000004", "00000000"]),
        "action 4 is unknown: there are 0, connect, to 3, error"
    );
    assert_eq!(
        error(&["0000041727101980", "00000003", "00000000"]),
        "errors go from the tracker to the client only"
    );
}

#[test]
fn a_reply_is_the_same_as_an_http_trackers() {
    let announced = |interval, peers: &[&str]| Announced {
        interval,
        leechers: 7,
        seeders: 5,
        peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
    };
    let peers = [
        "192.0.2.1:80",
        "192.0.2.2:0",
        "0.0.0.0:1",
        "224.0.0.1:1",
        "255.255.255.255:1",
        "192.0.2.1:80",
        "127.0.0.1:6881",
        "[::ffff:192.0.2.3]:5",
        "[ff02::1]:5",
    ];
    let reply = AnnounceReply::from(announced(1800, &peers));
    let body = b"d8:completei5e10:incompletei7e8:intervali1800e5:peers12:\
                 \xc0\0\x02\x01\0\x50\x7f\0\0\x01\x1a\xe16:peers618:\
                 \0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x03\0\x05e";
    assert_eq!(Ok(reply), tracker::parse_reply(body));

    let interval = |seconds| {
        AnnounceReply::from(announced(seconds, &[]))
            .interval
            .as_secs()
    };
    assert_eq!(interval(0), 30);
    assert_eq!(interval(31), 31);
    assert_eq!(interval(u32::MAX), 2 * 60 * 60);
    let unknown = Announced {
        seeders: u32::MAX,
        leechers: u32::MAX - 5,
        ..announced(1, &[])
    };
    let reply = AnnounceReply::from(unknown);
    assert_eq!((reply.complete, reply.incomplete), (None, None));
}

#[test]
fn ipv4_in_the_clothes_of_ipv6_is_ipv4() {
    let family = |addr: &str| Family::from(addr.parse::<SocketAddr>().unwrap());
    assert_eq!(family("192.0.2.1:1"), Family::V4);
    assert_eq!(family("[::ffff:192.0.2.1]:1"), Family::V4);
    assert_eq!(family("[2001:db8::1]:1"), Family::V6);
}

fn any_announce() -> impl Strategy<Value = Announce> {
    let event = prop_oneof![
        Just(None),
        Just(Some(AnnounceEvent::Started)),
        Just(Some(AnnounceEvent::Completed)),
        Just(Some(AnnounceEvent::Stopped)),
    ];
    let numbers = any::<(u64, u64, u64, u32, u16)>();
    let wanted = prop::option::of(0..=i32::MAX as u32);
    let url_data = prop::option::of(prop::collection::vec(any::<u8>(), 0..600));
    (
        any::<([u8; 20], [u8; 20])>(),
        numbers,
        event,
        wanted,
        url_data,
    )
        .prop_map(
            |(
                (info_hash, peer_id),
                (uploaded, downloaded, left, key, port),
                event,
                numwant,
                url_data,
            )| {
                Announce {
                    request: AnnounceRequest {
                        info_hash: InfoHash(info_hash),
                        peer_id: PeerId(peer_id),
                        port,
                        uploaded,
                        downloaded,
                        left,
                        event,
                        numwant,
                        key,
                        tracker_id: None,
                    },
                    url_data,
                }
            },
        )
}

fn any_request() -> impl Strategy<Value = Request> {
    let torrents = prop::collection::vec(any::<[u8; 20]>().prop_map(InfoHash), 0..80);
    let ask = prop_oneof![
        any_announce().prop_map(Ask::Announce),
        torrents.prop_map(Ask::Scrape)
    ];
    let ask = (any::<u64>(), any::<u32>(), ask);
    prop_oneof![
        any::<u32>().prop_map(|number| Request::Connect {
            transaction: TransactionId(number)
        }),
        ask.prop_map(|(connection, transaction, ask)| Request::Ask {
            connection: ConnectionId(connection),
            transaction: TransactionId(transaction),
            ask,
        }),
    ]
}

fn any_reply() -> impl Strategy<Value = (Reply, Family)> {
    let v4 = any::<([u8; 4], u16)>().prop_map(SocketAddr::from);
    // Whatever came in a reply over IPv6 is IPv6; what it means is seen later.
    let v6 = any::<([u16; 8], u16)>().prop_map(SocketAddr::from);
    let v6 = v6.prop_filter("mapped", |addr| Family::from(*addr) == Family::V6);
    let peers = prop_oneof![
        prop::collection::vec(v4, 0..40).prop_map(|peers| (peers, Family::V4)),
        prop::collection::vec(v6, 0..40).prop_map(|peers| (peers, Family::V6)),
    ];
    let announced = (any::<[u32; 3]>(), peers);
    let announced = announced.prop_map(|([interval, leechers, seeders], (peers, family))| {
        let announced = Announced {
            interval,
            leechers,
            seeders,
            peers,
        };
        (Said::Announced(announced), family)
    });
    let scraped = any::<[u32; 3]>().prop_map(|[seeders, completed, leechers]| Scraped {
        seeders,
        completed,
        leechers,
    });
    let scraped = prop::collection::vec(scraped, 0..80);
    let said = prop_oneof![
        any::<u64>().prop_map(|id| (Said::Connected(ConnectionId(id)), Family::V4)),
        announced,
        scraped.prop_map(|torrents| (Said::Scraped(torrents), Family::V6)),
        "[a-z]([a-z ]{0,80}[a-z])?".prop_map(|words| (Said::Refused(words), Family::V4)),
    ];
    (any::<u32>(), said).prop_map(|(number, (said, family))| {
        let transaction = TransactionId(number);
        (Reply { transaction, said }, family)
    })
}

proptest! {
    #[test]
    fn a_request_comes_back_as_it_was_sent(request in any_request()) {
        prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
    }

    #[test]
    fn a_reply_comes_back_as_it_was_sent((reply, family) in any_reply()) {
        prop_assert_eq!(Reply::decode(&reply.encode(family), family), Ok(reply));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        action in 0u8..5,
        at in prop::sample::select(vec![3usize, 11]),
    ) {
        // Mostly of a known action, or little would be seen.
        if let Some(last) = bytes.get_mut(at) {
            *last = action;
            bytes[at - 3..at].fill(0);
        }
        let _ = Request::decode(&bytes);
        for family in [Family::V4, Family::V6] {
            if let Ok(Reply { said: Said::Announced(announced), .. }) = Reply::decode(&bytes, family) {
                let reply = AnnounceReply::from(announced);
                prop_assert!(reply.peers.iter().all(|peer| peer.port() != 0));
            }
        }
    }
}
