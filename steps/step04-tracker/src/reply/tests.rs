use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::limits::{MAX_PEERS, MAX_TEXT};

fn peers(body: &[u8]) -> Vec<String> {
    let reply = parse_reply(body).unwrap();
    reply.peers.iter().map(SocketAddr::to_string).collect()
}

/// A reply with nothing in it but this key.
fn with(key: &str, value: &[u8]) -> Vec<u8> {
    let mut body = format!("d{}:{key}", key.len()).into_bytes();
    body.extend(value);
    body.push(b'e');
    body
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut value = format!("{}:", bytes.len()).into_bytes();
    value.extend(bytes);
    value
}

#[test]
fn everything_a_reply_can_say_is_read() {
    let body = b"d8:completei5e11:external ip4:\xc0\0\x02\x0710:incompletei7e8:intervali1800e12:min intervali900e\
                 5:peers6:\x01\x02\x03\x04\x1a\xe1\
                 6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50\
                 10:tracker id3:a\0b15:warning message5:hello3:new4:keyse";
    assert_eq!(
        parse_reply(body),
        Ok(AnnounceReply {
            interval: Duration::from_secs(1800),
            min_interval: Some(Duration::from_secs(900)),
            tracker_id: Some(b"a\0b".to_vec()),
            complete: Some(5),
            incomplete: Some(7),
            external_ip: Some([192, 0, 2, 7].into()),
            peers: vec![
                "1.2.3.4:6881".parse().unwrap(),
                "[2001:db8::1]:80".parse().unwrap()
            ],
            warning: Some("hello".to_string()),
        })
    );
}

#[test]
fn our_own_address_has_4_or_16_bytes() {
    let ours = |bytes: &[u8]| {
        let body = with("external ip", &string(bytes));
        parse_reply(&body).unwrap().external_ip
    };
    assert_eq!(ours(&[192, 0, 2, 1]), Some([192, 0, 2, 1].into()));
    assert_eq!(ours(&[9; 16]), Some([9; 16].into()));
    for odd in [&b""[..], b"192.0.2.1", &[1; 5]] {
        assert_eq!(ours(odd), None);
    }
}

#[test]
fn the_example_of_bep_7_is_read() {
    assert_eq!(
        peers(b"d8:intervali1800e5:peers6:iiiipp6:peers618:iiiiiiiiiiiiiiiippe"),
        [
            "105.105.105.105:28784",
            "[6969:6969:6969:6969:6969:6969:6969:6969]:28784"
        ]
    );
}

#[test]
fn peers_as_dictionaries_are_read_and_names_dropped() {
    let body = b"d8:intervali60e5:peersl\
                 d2:ip9:127.0.0.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881ee\
                 d2:ip3:::14:porti6882ee\
                 d2:ip12:peer.example4:porti6883ee\
                 d2:ip7:1.2.3.44:porti65536ee\
                 d2:ip7:1.2.3.44:porti-1ee\
                 d4:porti1ee\
                 d2:ip7:1.2.3.4e\
                 i5e0:\
                 ee";
    assert_eq!(peers(body), ["127.0.0.1:6881", "[::1]:6882"]);
}

#[test]
fn no_peers_is_a_reply_too() {
    for body in [
        &b"d8:intervali1800ee"[..],
        b"d8:intervali1800e5:peers0:e",
        b"d8:intervali1800e5:peerslee",
        b"d8:intervali1800e5:peersi5ee",
        b"de",
    ] {
        let reply = parse_reply(body).unwrap();
        assert_eq!(reply.peers, []);
        assert_eq!(reply.interval, Duration::from_secs(1800));
    }
}

#[test]
fn a_peer_cut_short_is_dropped() {
    let body = with("peers", &string(b"\x01\x02\x03\x04\0\x05\x01\x02\x03"));
    assert_eq!(peers(&body), ["1.2.3.4:5"]);
    let body = with("peers6", &string(&[1; 17]));
    assert_eq!(peers(&body), [""; 0]);
}

#[test]
fn addresses_where_nobody_can_be_are_dropped() {
    let v4 = [
        [0, 0, 0, 0, 0, 80],
        [1, 2, 3, 4, 0, 0],
        [224, 0, 0, 1, 0, 80],
        [255, 255, 255, 255, 0, 80],
        [127, 0, 0, 1, 0, 80],
    ];
    let body = with("peers", &string(v4.as_flattened()));
    assert_eq!(peers(&body), ["127.0.0.1:80"]);
    let body = with("peers6", &string(&[&[0; 16][..], &[0, 80]].concat()));
    assert_eq!(peers(&body), [""; 0]);
}

#[test]
fn every_peer_comes_once_even_in_ipv6_clothes() {
    let mapped = [
        &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff][..],
        &[1, 2, 3, 4, 0, 80],
    ]
    .concat();
    let mut body = b"d5:peers18:".to_vec();
    for port in [80, 81, 80] {
        body.extend([1, 2, 3, 4, 0, port]);
    }
    body.extend(b"6:peers618:");
    body.extend(mapped);
    body.push(b'e');
    assert_eq!(peers(&body), ["1.2.3.4:80", "1.2.3.4:81"]);
}

#[test]
fn more_peers_than_the_limit_are_dropped() {
    let many: Vec<u8> = (0..10_000u32)
        .flat_map(|n| [10, 0, (n >> 8) as u8, n as u8, 0, 80])
        .collect();
    let reply = parse_reply(&with("peers", &string(&many))).unwrap();
    assert_eq!(reply.peers.len(), MAX_PEERS);
}

#[test]
fn the_interval_is_kept_within_bounds() {
    for (said, kept) in [
        ("i0e", 30),
        ("i-1800e", 30),
        ("i29e", 30),
        ("i60e", 60),
        ("i7201e", 7200),
        ("i9223372036854775807e", 7200),
        // No i64: taken for not said.
        ("i9223372036854775808e", 1800),
        ("4:1800", 1800),
        ("0:", 1800),
        ("le", 1800),
    ] {
        let body = with("interval", said.as_bytes());
        let reply = parse_reply(&body).unwrap();
        assert_eq!(reply.interval, Duration::from_secs(kept), "{said}");
    }
    let reply = parse_reply(&with("min interval", b"i1e")).unwrap();
    assert_eq!(reply.min_interval, Some(MIN_INTERVAL));
}

#[test]
fn a_failure_is_told_in_the_trackers_words() {
    let error = parse_reply(b"d14:failure reason17:unregistered hashe").unwrap_err();
    let reason = "unregistered hash".to_string();
    let retry = None;
    assert_eq!(error, ReplyError::Failure { reason, retry });
    assert_eq!(error.to_string(), "the tracker refused: unregistered hash");
}

#[test]
fn a_failure_without_words_is_a_failure_all_the_same() {
    for reason in [&b"0:"[..], b"1: ", b"i5e", b"le", b"de"] {
        let error = parse_reply(&with("failure reason", reason)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the tracker refused: it does not say why"
        );
    }
}

#[test]
fn a_failure_with_terminal_commands_is_made_harmless_and_short() {
    let reason = [&b"\x1b]0;title\x07"[..], &[b'x'; 10_000]].concat();
    let body = with("failure reason", &string(&reason));
    let Err(ReplyError::Failure { reason: text, .. }) = parse_reply(&body) else {
        panic!("not taken for a failure");
    };
    assert!(text.chars().all(|c| !c.is_control()));
    assert!(text.chars().count() <= MAX_TEXT + 1);
}

#[test]
fn common_wrong_answers_are_named() {
    assert_eq!(parse_reply(b""), Err(ReplyError::Empty));
    assert_eq!(parse_reply(b"\r\n"), Err(ReplyError::Empty));
    assert_eq!(
        parse_reply(b"\n<!DOCTYPE html><html>"),
        Err(ReplyError::Html)
    );
    assert_eq!(parse_reply(b"l5:peerse"), Err(ReplyError::NotADictionary));
    assert!(matches!(
        parse_reply(b"Not Found"),
        Err(ReplyError::NotBencode { .. })
    ));
    assert_eq!(
        parse_reply(&vec![b'd'; MAX_REPLY + 1]),
        Err(ReplyError::TooLong)
    );
    assert!(matches!(
        parse_reply(&vec![b'l'; MAX_REPLY]),
        Err(ReplyError::NotBencode { .. })
    ));
}

#[test]
fn an_untidy_reply_is_read_all_the_same() {
    // Keys out of order, a leading zero, a line break after the end.
    let body = b"d5:peers6:\x01\x02\x03\x04\0\x508:intervali0060ee\n";
    let reply = parse_reply(body).unwrap();
    assert_eq!(reply.interval, Duration::from_secs(60));
    assert_eq!(reply.peers.len(), 1);
}

#[test]
fn a_tracker_id_too_long_to_send_back_is_dropped() {
    let body = with("tracker id", &string(&[b'x'; MAX_TRACKER_ID + 1]));
    assert_eq!(parse_reply(&body).unwrap().tracker_id, None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body: Vec<u8>) {
        let _ = parse_reply(&body);
    }

    #[test]
    fn any_compact_peers_are_read(v4: Vec<u8>, v6: Vec<u8>) {
        let mut body = b"d5:peers".to_vec();
        body.extend(string(&v4));
        body.extend(b"6:peers6");
        body.extend(string(&v6));
        body.push(b'e');
        let reply = parse_reply(&body).unwrap();
        prop_assert!(reply.peers.len() <= v4.len() / 6 + v6.len() / 18);
        prop_assert!(reply.peers.iter().all(|peer| peer.port() != 0));
    }
}
