use metainfo::InfoHash;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tracker::AnnounceRequest;

use super::*;
use crate::{ConnectionId, TransactionId};

/// A tracker that knows these peers of every torrent, and refuses who wants to have no port.
struct Peers(Vec<SocketAddr>);

impl Lookup for Peers {
    fn announce(&mut self, _from: SocketAddr, announce: &Announce) -> Result<Announced, String> {
        if announce.request.port == 0 {
            return Err("no port".to_owned());
        }
        Ok(Announced {
            interval: 1800,
            leechers: 0,
            seeders: 1,
            peers: self.0.clone(),
        })
    }

    fn scrape(&mut self, torrents: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        let one = Scraped {
            seeders: 1,
            completed: 0,
            leechers: 0,
        };
        Ok(vec![one; torrents.len()])
    }
}

fn server(seed: u64) -> Server {
    Server::new(&mut ChaCha8Rng::seed_from_u64(seed))
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn peers() -> Peers {
    let v4 = (0..=255).map(|n| SocketAddr::from(([192, 0, 2, n], 6881)));
    let v6 = (0..=255).map(|n| SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, n], 6881)));
    Peers(v4.chain(v6).collect())
}

/// The connection id that this server gives.
fn id(server: &Server, from: &str, now: Duration) -> ConnectionId {
    let transaction = TransactionId(7);
    let connect = Request::Connect { transaction }.encode();
    let answer = server
        .answer(addr(from), &connect, now, &mut peers())
        .unwrap();
    assert_eq!(answer.len(), connect.len(), "16 bytes for 16");
    let reply = Reply::decode(&answer, Family::V4).unwrap();
    assert_eq!(reply.transaction, transaction);
    match reply.said {
        Said::Connected(id) => id,
        said => panic!("{said:?}"),
    }
}

/// What the server answers to an announce with this id.
fn announced(
    server: &Server,
    connection: ConnectionId,
    from: &str,
    (port, numwant): (u16, Option<u32>),
    now: Duration,
) -> Option<Said> {
    let request = Request::Ask {
        connection,
        transaction: TransactionId(8),
        ask: Ask::Announce(Announce {
            request: AnnounceRequest {
                info_hash: InfoHash([1; 20]),
                peer_id: PeerId([2; 20]),
                port,
                uploaded: 0,
                downloaded: 0,
                left: 0,
                event: None,
                numwant,
                key: 0,
                tracker_id: None,
            },
            url_data: None,
        }),
    };
    let answer = server.answer(addr(from), &request.encode(), now, &mut peers())?;
    assert!(answer.len() <= MAX_DATAGRAM);
    let reply = Reply::decode(&answer, addr(from).into()).unwrap();
    assert_eq!(reply.transaction, TransactionId(8));
    Some(reply.said)
}

/// How many peers somebody gets who wants so many.
fn named(from: &str, numwant: Option<u32>) -> usize {
    let server = server(1);
    let connection = id(&server, from, seconds(0));
    match announced(&server, connection, from, (1, numwant), seconds(0)) {
        Some(Said::Announced(announced)) => announced.peers.len(),
        said => panic!("{said:?}"),
    }
}

#[test]
fn an_id_is_good_for_two_minutes_and_not_much_longer() {
    let server = server(1);
    let from = "192.0.2.1:5000";
    for given in [0, 1, 59, 60, 61, 119, 1_000_003] {
        let connection = id(&server, from, seconds(given));
        let is_good = |now| announced(&server, connection, from, (1, None), seconds(now)).is_some();
        assert!(
            [0, 1, 60, 119, 120]
                .iter()
                .all(|after| is_good(given + after)),
            "{given}"
        );
        assert!(!is_good(given + 180), "{given}");
    }
}

#[test]
fn an_id_is_for_who_asked_for_it_and_from_this_tracker() {
    let server = server(1);
    let from = "192.0.2.1:5000";
    let connection = id(&server, from, seconds(5));
    let answer = |server: &Server, connection, from| {
        announced(server, connection, from, (1, None), seconds(5))
    };
    assert!(answer(&server, connection, from).is_some());
    assert!(answer(&server, connection, "[::ffff:192.0.2.1]:5000").is_some());
    for other in ["192.0.2.1:5001", "192.0.2.2:5000", "[2001:db8::1]:5000"] {
        assert_eq!(answer(&server, connection, other), None);
    }
    assert_eq!(answer(&self::server(2), connection, from), None);
    assert_eq!(answer(&server, ConnectionId(connection.0 ^ 1), from), None);
    assert_eq!(
        answer(&server, ConnectionId(crate::PROTOCOL_ID), from),
        None
    );
}

#[test]
fn as_many_peers_are_named_as_are_wanted_and_fit() {
    let (v4, v6) = ("192.0.2.1:5000", "[2001:db8::1]:5000");
    assert_eq!(named(v4, None), 50);
    assert_eq!(named(v4, Some(3)), 3);
    assert_eq!(named(v4, Some(0)), 0);
    assert_eq!(named(v4, Some(10_000)), 202);
    assert_eq!(named(v6, Some(10_000)), 67);
}

#[test]
fn a_refusal_has_its_words() {
    let server = server(1);
    let from = "192.0.2.1:5000";
    let connection = id(&server, from, seconds(0));
    let said = announced(&server, connection, from, (0, None), seconds(0));
    assert_eq!(said, Some(Said::Refused("no port".to_owned())));
}

#[test]
fn a_scrape_of_too_many_is_answered_in_part() {
    let server = server(1);
    let from = "192.0.2.1:5000";
    let connection = id(&server, from, seconds(0));
    let request = Request::Ask {
        connection,
        transaction: TransactionId(8),
        ask: Ask::Scrape(vec![InfoHash([1; 20]); 100]),
    };
    let answer = server.answer(addr(from), &request.encode(), seconds(0), &mut peers());
    assert_eq!(answer.unwrap().len(), 8 + 12 * MAX_SCRAPED);
}

proptest! {
    #[test]
    fn a_stranger_gets_no_more_than_he_has_sent(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        action in 0u8..4,
        protocol: bool,
    ) {
        if bytes.len() >= 12 {
            bytes[8..12].copy_from_slice(&[0, 0, 0, action]);
            if protocol {
                bytes[..8].copy_from_slice(&crate::PROTOCOL_ID.to_be_bytes());
            }
        }
        let answer = server(3).answer(addr("192.0.2.1:1"), &bytes, seconds(9), &mut peers());
        prop_assert!(answer.is_none_or(|answer| answer.len() <= bytes.len()));
    }
}
