use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn request() -> AnnounceRequest {
    AnnounceRequest {
        info_hash: InfoHash(*b"aaaaaaaaaaaaaaaaaaaa"),
        peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
        port: 6881,
        uploaded: 1,
        downloaded: 2,
        left: 3,
        event: None,
        numwant: None,
        key: 0xbeef,
        tracker_id: None,
    }
}

const REST: &str = "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-KO0100-abcdefghijkl&port=6881\
                    &uploaded=1&downloaded=2&left=3&compact=1&key=0000BEEF";

#[test]
fn the_url_says_what_the_specification_asks_for() {
    assert_eq!(
        announce_url("http://tracker.example:6969/announce", &request()),
        Ok(format!("http://tracker.example:6969/announce?{REST}"))
    );
}

#[test]
fn optional_keys_come_when_there_is_something_to_say() {
    let request = AnnounceRequest {
        event: Some(AnnounceEvent::Stopped),
        numwant: Some(0),
        tracker_id: Some(b"a b\xff".to_vec()),
        ..request()
    };
    assert_eq!(
        announce_url("https://tracker.example/announce", &request),
        Ok(format!(
            "https://tracker.example/announce?{REST}&event=stopped&numwant=0&trackerid=a%20b%FF"
        ))
    );
}

#[test]
fn a_query_that_is_there_already_is_kept() {
    for (announce, expected) in [
        ("http://t/a?passkey=1%2f2", "http://t/a?passkey=1%2f2&"),
        ("http://t/a?passkey=12&", "http://t/a?passkey=12&"),
        ("http://t/a?", "http://t/a?"),
        ("http://t", "http://t/?"),
        ("http://t?x", "http://t/?x&"),
    ] {
        assert_eq!(
            announce_url(announce, &request()),
            Ok(format!("{expected}{REST}"))
        );
    }
}

#[test]
fn a_fragment_is_dropped() {
    assert_eq!(
        announce_url("http://t/a?b=c#top", &request()),
        Ok(format!("http://t/a?b=c&{REST}"))
    );
}

#[test]
fn spaces_and_control_characters_in_a_torrents_url_do_no_harm() {
    let url = announce_url(" http://t/\u{1b}[2J a\r\nHost: x ", &request()).unwrap();
    assert_eq!(url, format!("http://t/%1B[2J%20aHost:%20x?{REST}"));
}

#[test]
fn udp_trackers_are_named_as_not_built() {
    let error = announce_url("udp://tracker.example:80/announce", &request()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tracker.example is a UDP tracker, and UDP trackers are not built yet"
    );
}

#[test]
fn other_schemes_and_rubbish_are_refused() {
    for announce in [
        "wss://t/a",
        "ftp://t/a",
        "file:///etc/passwd",
        "localhost:80",
    ] {
        let error = announce_url(announce, &request()).unwrap_err();
        assert!(matches!(error, UrlError::Scheme { .. }), "{announce}");
    }
    for announce in ["", "announce", "http://", "//t/a", "http://[::1"] {
        let error = announce_url(announce, &request()).unwrap_err();
        assert!(matches!(error, UrlError::Invalid { .. }), "{announce}");
    }
}

proptest! {
    #[test]
    fn whatever_the_bytes_the_url_is_one_and_stays_as_it_is(
        info_hash: [u8; 20],
        peer_id: [u8; 20],
        tracker_id: Option<Vec<u8>>,
    ) {
        let request = AnnounceRequest {
            info_hash: InfoHash(info_hash),
            peer_id: PeerId(peer_id),
            tracker_id,
            ..request()
        };
        let url = announce_url("http://t/announce", &request).unwrap();
        let parsed = Url::parse(&url).unwrap();
        prop_assert_eq!(parsed.as_str(), &url);
    }
}
