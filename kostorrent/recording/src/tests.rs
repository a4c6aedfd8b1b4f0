use std::io::Cursor;
use std::net::SocketAddr;
use std::time::Duration;

use blocks::Geometry;
use engine::{Action, BufKey, Config, ContentConfig, Encryption, Engine, Event, Stored, Time};
use handshake::{Handshake, Reserved};
use messages::{Bitfield, BlockRequest, Message};
use metainfo::InfoHash;
use peer_id::PeerId;
use picker::PeerKey;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tracker::{AnnounceError, AnnounceEvent, AnnounceReply};

use super::mask::Mask;
use super::*;

fn config() -> Config {
    let geometry = Geometry::new(100_000, 32_768).unwrap();
    let mut have = Bitfield::new(geometry.pieces());
    have.set(1);
    Config {
        tiers: vec![vec!["http://a.example/secret/announce".to_owned()]],
        peers: vec!["192.0.2.1:6881".parse().unwrap()],
        names: vec![("home.example".to_owned(), 1)],
        seed: u64::MAX,
        limit_up: Some(5),
        peer_id: *b"-KO0100-abcdefghijkl",
        ..Config::new(Some(ContentConfig::all(geometry, have)))
    }
}

fn connected(peer: u32, addr: &str, id: &[u8; 20]) -> Event {
    Event::Connected {
        peer: PeerKey(peer),
        addr: addr.parse().unwrap(),
        incoming: false,
        encryption: Encryption::None,
        handshake: Handshake {
            reserved: Reserved::none(),
            info_hash: InfoHash([7; 20]),
            peer_id: PeerId(*id),
        },
    }
}

/// A recording of these events, as text.
fn recorded(events: &[(u64, Event)], anonymous: bool) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r");
    let target = Target {
        file: std::sync::Arc::new(std::fs::File::create(&path).unwrap()),
        path: path.clone(),
        anonymous,
    };
    let mut recorder = Recorder::start(&target, &config());
    let mut engine = Engine::new(config(), Time::ZERO);
    while let Some(action) = engine.poll_action() {
        recorder.action(&action);
    }
    for (millis, event) in events {
        let at = Time::after_start(Duration::from_millis(*millis));
        recorder.event(at, event);
        engine.handle(event.clone(), at);
        while let Some(action) = engine.poll_action() {
            recorder.action(&action);
        }
    }
    assert_eq!(recorder.finish(), None);
    std::fs::read(path).unwrap()
}

/// What happens in a short life.
fn events() -> Vec<(u64, Event)> {
    let peer = PeerKey(0);
    let block = |offset| BlockRequest {
        piece: 0,
        offset,
        len: 16_384,
    };
    let got = |offset, buf| Event::Block {
        peer,
        block: block(offset),
        buf: BufKey(buf),
    };
    let reply = AnnounceReply {
        interval: Duration::from_secs(60),
        min_interval: None,
        tracker_id: Some(b"personal".to_vec()),
        complete: None,
        incomplete: None,
        external_ip: Some([192, 0, 2, 99].into()),
        peers: vec!["192.0.2.2:7000".parse().unwrap()],
        warning: Some("personal words".to_owned()),
    };
    let tracker = "http://a.example/secret/announce".to_owned();
    let full = Bitfield::full(4).to_bytes();
    let message = |message| Event::Message { peer, message };
    vec![
        (
            1,
            Event::Announced {
                tracker,
                told: Some(AnnounceEvent::Started),
                result: Ok(reply),
            },
        ),
        (2, connected(0, "192.0.2.1:6881", b"-TR4060-personalpers")),
        (3, message(Message::Bitfield(full))),
        (
            3,
            Event::Room {
                peer,
                bytes: 65_536,
            },
        ),
        (4, message(Message::Unchoke)),
        (9, got(0, 0)),
        (10, got(16_384, 1)),
        (
            11,
            Event::Stored {
                piece: 0,
                result: Stored::Failed("/home/personal: full".to_owned()),
            },
        ),
        (5_000, Event::Timeout),
        (12_000, Event::Timeout),
    ]
}

fn read(text: &[u8]) -> (Header, Vec<Step>, Option<Damage>) {
    let mut reader = Reader::new(Cursor::new(text)).unwrap();
    let mut steps = Vec::new();
    let damage = loop {
        match reader.next_step() {
            Ok(Some(step)) => steps.push(step),
            Ok(None) => break None,
            Err(damage) => break Some(damage),
        }
    };
    (reader.header().clone(), steps, damage)
}

#[test]
fn what_was_written_is_what_is_read() {
    let text = recorded(&events(), false);
    let (header, steps, damage) = read(&text);
    assert_eq!(damage, None);
    let again = Header::of(&header.config().unwrap(), false).unwrap();
    assert_eq!(again, header);
    assert_eq!(header, Header::of(&config(), false).unwrap());
    let told = steps.iter().filter_map(|step| match step {
        Step::Told(at, event) => Some((at.since_start().as_millis() as u64, event.clone())),
        Step::Wanted(_) => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), events());
    let connects = Action::Connect {
        addr: "192.0.2.1:6881".parse().unwrap(),
    };
    assert!(steps.contains(&Step::Wanted(connects)));
}

#[test]
fn an_anonymous_recording_has_nothing_personal_in_it() {
    let text = String::from_utf8(recorded(&events(), true)).unwrap();
    for secret in [
        "personal",
        "192.0.2",
        "a.example",
        "secret",
        "home.example",
        "abcdefgh",
        "[7,7,7",
    ] {
        assert!(!text.contains(secret), "{secret} is in:\n{text}");
    }
    assert!(text.contains("http://tracker-1.example/announce"));
    let (_, steps, damage) = read(text.as_bytes());
    assert_eq!(damage, None);
    assert!(steps.len() > events().len());
}

#[test]
fn made_up_addresses_are_the_same_for_the_same_and_keep_what_the_engine_looks_at() {
    let mut mask = Mask::default();
    let mut addr = |text: &str| match mask.event(&connected(0, text, b"-TR4060-personalpers")) {
        Event::Connected {
            addr, handshake, ..
        } => {
            assert_eq!(&handshake.peer_id.0, b"-TR4060-000000000001");
            addr
        }
        other => panic!("{other:?}"),
    };
    let one = addr("192.0.2.1:6881");
    assert_eq!(addr("192.0.2.1:6881"), one);
    let port = addr("192.0.2.1:6882");
    assert!(port.ip() == one.ip() && port.port() != one.port());
    assert!(addr("192.0.2.2:6881").ip() != one.ip());
    assert_eq!(addr("192.0.2.3:0").port(), 0);
    // Of one network, as the engine sees it.
    let network = |addr: SocketAddr| match addr {
        SocketAddr::V6(v6) => v6.ip().segments()[..4].to_vec(),
        SocketAddr::V4(v4) => panic!("{v4}"),
    };
    let (a, b) = (addr("[2001:db8::1]:1"), addr("[2001:db8::2]:1"));
    assert!(a != b && network(a) == network(b));
    assert!(network(addr("[2001:db8:0:1::1]:1")) != network(a));
}

#[test]
fn failures_of_trackers_keep_their_kind_and_lose_their_words() {
    let mut mask = Mask::default();
    let failed = AnnounceError::Unreachable {
        host: "secret.example".to_owned(),
        reason: "secret".to_owned(),
    };
    let event = Event::Announced {
        tracker: "http://secret.example/key".to_owned(),
        told: None,
        result: Err(failed),
    };
    let masked = mask.event(&event);
    assert!(!format!("{masked:?}").contains("secret"), "{masked:?}");
    assert!(matches!(
        masked,
        Event::Announced {
            result: Err(AnnounceError::Unreachable { .. }),
            ..
        }
    ));
}

#[test]
fn an_answer_in_an_older_recording_does_not_say_what_it_is_about() {
    let failed = r#"{"TimedOut":{"host":"a","limit":{"secs":20,"nanos":0}}}"#;
    let answer = |told: &str| {
        let json =
            format!(r#"{{"Announced":{{"tracker":"a",{told}"result":{{"Err":{failed}}}}}}}"#);
        (serde_json::from_str::<Event>(&json).unwrap(), json)
    };
    for (told, expected) in [
        ("", None),
        (r#""told":"Stopped","#, Some(AnnounceEvent::Stopped)),
    ] {
        let (event, json) = answer(told);
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        assert!(matches!(event, Event::Announced { told, .. } if told == expected));
    }
}

#[test]
fn a_header_with_more_peers_than_can_be_is_refused() {
    let mut header = Header::of(&config(), false).unwrap();
    header.max_peers = usize::MAX;
    assert!(header.config().unwrap_err().contains("max_peers"));
    header.max_peers = 50;
    header.upload_slots = usize::MAX;
    assert!(header.config().unwrap_err().contains("upload_slots"));
}

#[test]
fn a_line_is_one_of_the_two() {
    let whole = recorded(&events(), false);
    let header = whole.split_inclusive(|&byte| byte == b'\n').next().unwrap();
    for line in [
        r#"{}"#,
        r#"{"at":1}"#,
        r#"{"at":1,"event":"Timeout","action":"Settle"}"#,
        r#"{"at":1,"event":"Timeout","more":1}"#,
        r#"[1,2]"#,
    ] {
        let text = [header, line.as_bytes(), b"\n"].concat();
        let mut reader = Reader::new(Cursor::new(text)).unwrap();
        let damage = reader.next_step().unwrap_err();
        assert!(matches!(damage, Damage::Line { line: 2, .. }), "{damage}");
    }
}

/// Replays whatever can be read, as `kostorrent replay` does.
fn replayed(text: &[u8]) -> usize {
    let Ok(mut reader) = Reader::new(Cursor::new(text)) else {
        return 0;
    };
    let Ok(config) = reader.header().config() else {
        return 0;
    };
    let mut engine = Engine::new(
        Config {
            explain: true,
            ..config
        },
        Time::ZERO,
    );
    let mut told = 0;
    while let Ok(Some(step)) = reader.next_step() {
        if let Step::Told(at, event) = step {
            told += 1;
            engine.handle(event, at);
        }
        while engine.poll_action().is_some() {
            let _ = engine.poll_why();
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_recording_breaks_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..128), 1..8),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = recorded(&events(), false);
        prop_assert_eq!(replayed(&whole), events().len());
        // Signs changed, and the end cut off.
        let mut text = whole.clone();
        for (place, sign) in changes {
            let place = place.index(text.len());
            text[place] = sign;
        }
        text.truncate(cut.index(text.len()));
        replayed(&text);
        // Whole lines once more, out of their order.
        let lines: Vec<&[u8]> = whole.split_inclusive(|&byte| byte == b'\n').collect();
        let mut text = lines.concat();
        for line in order {
            let line = String::from_utf8_lossy(lines[1..][line.index(lines.len() - 1)]);
            let last = line.split(",\"event\"").nth(1);
            if let Some(event) = last {
                text.extend_from_slice(format!("{{\"at\":99000000000,\"event\"{event}").as_bytes());
            }
        }
        replayed(&text);
    }
}
