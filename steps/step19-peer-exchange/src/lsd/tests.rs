use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::limits::{MAX_COOKIE, MAX_DATAGRAM, MAX_LOOKED_AT};

const MINUTE: Duration = LOCAL_PAUSE;

fn lsd(torrents: u8) -> Lsd {
    let mut lsd = Lsd::new(6881, &mut ChaCha8Rng::seed_from_u64(1));
    for n in 1..=torrents {
        lsd.insert(torrent(n));
    }
    lsd
}

fn torrent(n: u8) -> InfoHash {
    InfoHash([n; 20])
}

fn neighbour() -> SocketAddr {
    "192.168.1.7:50000".parse().unwrap()
}

/// A datagram of somebody else.
fn other(port: &str, lines: &str) -> Vec<u8> {
    format!("BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: {port}\r\n{lines}\r\n\r\n")
        .into_bytes()
}

#[test]
fn the_datagram_is_that_of_the_specification() {
    let search = Search {
        port: 6881,
        torrents: vec![InfoHash([0xab; 20])],
        cookie: Some("mine".to_owned()),
    };
    let v4 = "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n\
              Infohash: abababababababababababababababababababab\r\ncookie: mine\r\n\r\n\r\n";
    assert_eq!(String::from_utf8(search.encode(Group::V4)).unwrap(), v4);
    let v6 = v4.replace("239.192.152.143:6771", "[ff15::efc0:988f]:6771");
    assert_eq!(String::from_utf8(search.encode(Group::V6)).unwrap(), v6);
}

#[test]
fn the_longest_datagram_of_ours_has_less_than_1400_bytes() {
    let mut lsd = lsd(250);
    let search = lsd.poll_transmit(Duration::ZERO).unwrap();
    assert_eq!(search.torrents.len(), MAX_NAMED);
    assert!(search.encode(Group::V6).len() < 1_400);
}

#[test]
fn up_to_five_torrents_have_a_datagram_each_small_enough_for_aria2() {
    let mut lsd = lsd(5);
    for minute in 0..20 {
        let search = lsd.poll_transmit(minute * MINUTE).unwrap();
        assert_eq!(search.torrents, [torrent(minute as u8 % 5 + 1)]);
        assert!(search.encode(Group::V6).len() <= 200);
        assert_eq!(lsd.poll_transmit(minute * MINUTE), None, "once a minute");
    }
}

#[test]
fn one_torrent_is_told_of_every_five_minutes() {
    let mut lsd = lsd(1);
    assert_eq!(lsd.poll_timeout(), Some(Duration::ZERO));
    assert!(lsd.poll_transmit(Duration::ZERO).is_some());
    assert_eq!(lsd.poll_timeout(), Some(5 * MINUTE));
    assert_eq!(
        lsd.poll_transmit(5 * MINUTE - Duration::from_nanos(1)),
        None
    );
    assert!(lsd.poll_transmit(5 * MINUTE).is_some());
}

#[test]
fn a_new_torrent_comes_first_and_one_that_is_gone_is_not_told_of() {
    let mut lsd = lsd(2);
    assert_eq!(
        lsd.poll_transmit(Duration::ZERO).unwrap().torrents,
        [torrent(1)]
    );
    assert_eq!(lsd.poll_timeout(), Some(MINUTE));
    lsd.remove(torrent(2));
    assert_eq!(lsd.poll_timeout(), Some(5 * MINUTE));
    lsd.insert(torrent(9));
    lsd.insert(torrent(1));
    assert_eq!(lsd.poll_transmit(MINUTE).unwrap().torrents, [torrent(9)]);
    assert_eq!(lsd.poll_transmit(2 * MINUTE), None, "1 is not new");
    lsd.remove(torrent(1));
    lsd.remove(torrent(9));
    assert_eq!(lsd.poll_timeout(), None);
}

#[test]
fn a_neighbour_with_our_torrent_is_found_at_its_port() {
    let mut lsd = lsd(2);
    let lines = format!("Infohash: {}\r\nInfohash: {}\r\n", torrent(2), torrent(7));
    let found = lsd.handle(neighbour(), &other("51413", &lines), Duration::ZERO);
    let expected = Neighbour {
        addr: "192.168.1.7:51413".parse().unwrap(),
        torrents: vec![torrent(2)],
    };
    assert_eq!(found, Ok(expected));
}

#[test]
fn an_address_of_one_link_keeps_the_link() {
    let mut lsd = lsd(1);
    let from: SocketAddr = "[fe80::7%3]:50000".parse().unwrap();
    let lines = format!("Infohash: {}\r\n", torrent(1));
    let found = lsd
        .handle(from, &other("1", &lines), Duration::ZERO)
        .unwrap();
    assert_eq!(found.addr, "[fe80::7%3]:1".parse().unwrap());
}

#[test]
fn a_neighbour_that_comes_over_a_socket_of_both_families_has_an_address_of_ipv4() {
    let mut lsd = lsd(1);
    let from: SocketAddr = "[::ffff:192.168.1.7]:50000".parse().unwrap();
    let lines = format!("Infohash: {}", torrent(1));
    let found = lsd.handle(from, &other("1", &lines), Duration::ZERO);
    assert_eq!(found.unwrap().addr, "192.168.1.7:1".parse().unwrap());
}

#[test]
fn our_own_voice_is_known() {
    let mut lsd = lsd(1);
    let ours = lsd.poll_transmit(Duration::ZERO).unwrap().encode(Group::V4);
    assert_eq!(
        lsd.handle(neighbour(), &ours, Duration::ZERO),
        Err(Unheard::Ours)
    );
    let another = Lsd::new(1, &mut ChaCha8Rng::seed_from_u64(2));
    assert_ne!(lsd.cookie, another.cookie);
}

#[test]
fn names_in_any_case_and_order_and_other_lines_are_read() {
    let datagram = b"bt-search * http/1.0\nX-New: 1\nno colon\nINFOHASH:ABABABABABABABABABABABABABABABABABABABAB\n\
                     infohash: short\nport:  80 \n\nPort: 90\n";
    let search = Search::decode(datagram).unwrap();
    assert_eq!(search.port, 80);
    assert_eq!(search.torrents, [InfoHash([0xab; 20])]);
    assert_eq!(search.cookie, None);
}

#[test]
fn what_is_no_announce_is_named() {
    let good = format!("Infohash: {}\r\n", torrent(1));
    let cases = [
        (
            b"M-SEARCH * HTTP/1.1\r\n\r\n".to_vec(),
            SearchError::NoSearch,
        ),
        (b"".to_vec(), SearchError::NoSearch),
        (other("0", &good), SearchError::NoPort),
        (other("65536", &good), SearchError::NoPort),
        (other("x", &good), SearchError::NoPort),
        (other("80", "Infohash: 12\r\n"), SearchError::NoTorrent),
        (
            vec![b'x'; MAX_DATAGRAM + 1],
            SearchError::TooLong { length: 1_501 },
        ),
    ];
    for (datagram, error) in cases {
        let text = String::from_utf8_lossy(&datagram);
        assert_eq!(Search::decode(&datagram), Err(error), "{text}");
    }
}

#[test]
fn much_in_one_datagram_is_not_all_looked_at() {
    let many: String = (1..=200u8)
        .map(|n| format!("Infohash: {:040x}\n", n))
        .collect();
    let datagram = format!("BT-SEARCH * HTTP/1.1\nPort: 1\n{many}");
    let datagram = &datagram.as_bytes()[..MAX_DATAGRAM];
    let search = Search::decode(datagram).unwrap();
    assert!(search.torrents.len() <= MAX_LOOKED_AT);
    let datagram = format!(
        "BT-SEARCH * HTTP/1.1\nPort: 1\ncookie: {}\n{many}",
        "x".repeat(500)
    );
    let search = Search::decode(&datagram.as_bytes()[..MAX_DATAGRAM]).unwrap();
    assert_eq!(search.cookie, Some("x".repeat(MAX_COOKIE)));
}

#[test]
fn who_cannot_be_called_and_who_has_something_else_is_not_found() {
    let mut lsd = lsd(1);
    let lines = format!("Infohash: {}\r\n", torrent(1));
    for nowhere in ["0.0.0.0:1", "0.1.2.3:1", "240.0.0.1:1"] {
        let nowhere: SocketAddr = nowhere.parse().unwrap();
        let found = lsd.handle(nowhere, &other("1", &lines), Duration::ZERO);
        assert_eq!(found, Err(Unheard::Nowhere(nowhere)));
    }
    let lines = format!("Infohash: {}\r\n", torrent(2));
    let found = lsd.handle(neighbour(), &other("1", &lines), Duration::ZERO);
    assert_eq!(found, Err(Unheard::OtherTorrents));
}

#[test]
fn more_datagrams_than_a_network_may_send_are_not_read() {
    let mut lsd = lsd(1);
    for _ in 0..MAX_HEARD {
        let unheard = lsd.handle(neighbour(), b"x", Duration::ZERO);
        assert_eq!(unheard, Err(Unheard::Broken(SearchError::NoSearch)));
    }
    let unheard = lsd.handle(neighbour(), b"x", Duration::ZERO);
    assert_eq!(unheard, Err(Unheard::TooMany));
    let unheard = lsd.handle(neighbour(), b"x", Duration::from_secs(1));
    assert_ne!(unheard, Err(Unheard::TooMany));
}

proptest! {
    #[test]
    fn an_announce_comes_back_as_it_was_sent(
        port in 1u16..,
        torrents in prop::collection::btree_set(any::<[u8; 20]>(), 1..25),
        cookie in prop::option::of("[0-9a-f]{1,8}"),
        v6: bool,
    ) {
        let torrents = torrents.into_iter().map(InfoHash).collect();
        let search = Search { port, torrents, cookie };
        let group = if v6 { Group::V6 } else { Group::V4 };
        prop_assert_eq!(Search::decode(&search.encode(group)), Ok(search));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
        let _ = Search::decode(&bytes);
        let mut datagram = other("80", &format!("Infohash: {}\r\n", torrent(1)));
        datagram.truncate(cut);
        datagram.extend(bytes);
        let _ = Search::decode(&datagram);
    }

    #[test]
    fn nothing_is_told_too_often_and_all_are_told(torrents in 1u8..150, steps in prop::collection::vec(1u64..90, 30..60)) {
        let mut lsd = lsd(torrents);
        let (mut now, mut last_datagram) = (Duration::ZERO, None);
        let mut last: BTreeMap<InfoHash, Duration> = BTreeMap::new();
        for seconds in steps {
            if let Some(search) = lsd.poll_transmit(now) {
                prop_assert!(last_datagram.is_none_or(|last| now >= last + LOCAL_PAUSE));
                last_datagram = Some(now);
                prop_assert!(!search.torrents.is_empty());
                for torrent in search.torrents {
                    let before = last.insert(torrent, now);
                    prop_assert!(before.is_none_or(|before| now >= before + LOCAL_INTERVAL));
                }
            }
            prop_assert!(lsd.poll_timeout().unwrap() > now);
            now += Duration::from_secs(seconds);
        }
        if now > Duration::from_secs(900) && torrents <= 125 {
            prop_assert_eq!(last.len(), usize::from(torrents));
        }
    }
}
