use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

const MINUTE: Duration = INTERVAL;

fn far() -> Inbox {
    Inbox::new("192.0.2.1".parse().unwrap())
}

fn addr(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    SocketAddr::from(([8, 8, high, low], 6881))
}

fn adds(peers: impl IntoIterator<Item = SocketAddr>) -> Vec<u8> {
    let added = peers.into_iter().map(|addr| Contact {
        addr,
        flags: Flags::NONE,
    });
    let message = PexMessage {
        added: added.collect(),
        dropped: vec![],
    };
    message.encode()
}

fn drops(peers: impl IntoIterator<Item = SocketAddr>) -> Vec<u8> {
    let message = PexMessage {
        added: vec![],
        dropped: peers.into_iter().collect(),
    };
    message.encode()
}

/// How many are new by a message.
fn new(inbox: &mut Inbox, body: &[u8], now: Duration) -> usize {
    match inbox.handle(body, now) {
        Ok(Heard::News { added, .. }) => added.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_added_is_known_until_it_is_dropped() {
    let mut inbox = far();
    let heard = inbox.handle(&adds([addr(1), addr(2)]), Duration::ZERO);
    let Ok(Heard::News { added, dropped }) = heard else {
        panic!("{heard:?}")
    };
    assert_eq!((added.len(), dropped), (2, vec![]));
    assert_eq!(
        new(&mut inbox, &adds([addr(1), addr(3)]), MINUTE),
        1,
        "1 is known"
    );
    let heard = inbox.handle(&drops([addr(2), addr(9)]), 2 * MINUTE);
    let news = Heard::News {
        added: vec![],
        dropped: vec![addr(2)],
    };
    assert_eq!(heard, Ok(news), "it has never told of 9");
    let known: Vec<SocketAddr> = inbox.contacts().map(|contact| contact.addr).collect();
    assert_eq!(known, [addr(1), addr(3)]);
}

#[test]
fn of_a_first_message_more_is_believed_than_of_the_next_ones() {
    let mut inbox = far();
    assert_eq!(
        new(&mut inbox, &adds((0..150).map(addr)), Duration::ZERO),
        MAX_FIRST
    );
    inbox.handle(&drops((0..150).map(addr)), MINUTE).unwrap();
    assert_eq!(inbox.contacts().count(), 0);
    assert_eq!(
        new(&mut inbox, &adds((0..150).map(addr)), 2 * MINUTE),
        MAX_ADDED
    );
}

#[test]
fn no_more_than_so_many_are_believed_of_one_peer() {
    let mut inbox = far();
    for minute in 0..20 {
        let peers = (0..50).map(|n| addr(50 * minute + n));
        inbox
            .handle(&adds(peers), u32::from(minute) * MINUTE)
            .unwrap();
    }
    assert_eq!(inbox.contacts().count(), MAX_FROM_ONE);
}

#[test]
fn messages_that_come_too_soon_are_not_read_and_too_many_are_a_flood() {
    let mut inbox = far();
    for n in 0..MAX_AT_ONCE {
        assert_eq!(new(&mut inbox, &adds([addr(n as u16)]), Duration::ZERO), 1);
    }
    for _ in 0..MAX_TOO_SOON {
        let heard = inbox.handle(&adds([addr(100)]), Duration::ZERO);
        assert_eq!(heard, Ok(Heard::TooSoon));
    }
    assert_eq!(inbox.handle(b"de", Duration::ZERO), Err(Flood));
    assert_eq!(
        Flood.to_string(),
        "it floods us with peer exchange: 10 messages in a row came too soon; one a minute is allowed"
    );
    assert_eq!(inbox.contacts().count(), 6);
}

#[test]
fn who_is_a_little_too_quick_loses_some_messages_and_is_no_flood() {
    let mut inbox = far();
    let mut heard = 0;
    for third in 0..3_000 {
        let came = inbox.handle(b"de", third * MINUTE / 3).unwrap();
        heard += usize::from(came != Heard::TooSoon);
    }
    assert_eq!(heard, 1_000 + MAX_AT_ONCE as usize - 1);
}

#[test]
fn one_message_a_minute_is_heard_for_ever() {
    let mut inbox = far();
    for minute in 0..1_000 {
        let heard = inbox.handle(b"de", minute * MINUTE);
        assert!(matches!(heard, Ok(Heard::News { .. })), "{minute}");
    }
}

#[test]
fn what_is_no_message_is_said_and_counts_as_one() {
    let mut inbox = far();
    for _ in 0..MAX_AT_ONCE {
        let heard = inbox.handle(b"nonsense", Duration::ZERO);
        assert!(matches!(heard, Ok(Heard::Broken(_))), "{heard:?}");
    }
    assert_eq!(inbox.handle(b"de", Duration::ZERO), Ok(Heard::TooSoon));
}

#[test]
fn of_one_address_one_is_believed_whatever_the_ports() {
    let mut inbox = far();
    let ports = |ip: [u8; 4]| (1..=60).map(move |port| SocketAddr::from((ip, port)));
    assert_eq!(
        new(&mut inbox, &adds(ports([8, 8, 8, 8])), Duration::ZERO),
        1
    );
    let mut here = Inbox::new("127.0.0.1".parse().unwrap());
    assert_eq!(
        new(&mut here, &adds(ports([127, 0, 0, 1])), Duration::ZERO),
        60
    );
}

#[test]
fn who_is_far_away_has_no_say_about_what_is_near() {
    let all: Vec<SocketAddr> = ["127.0.0.1:1", "192.168.1.1:80", "[fe80::1]:1", "8.8.8.8:1"]
        .map(|text| text.parse().unwrap())
        .to_vec();
    for (from, count) in [("192.0.2.1", 1), ("10.0.0.1", 3), ("127.0.0.1", 4)] {
        let mut inbox = Inbox::new(from.parse().unwrap());
        assert_eq!(
            new(&mut inbox, &adds(all.clone()), Duration::ZERO),
            count,
            "{from}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_is_told_it_stays_bounded(
        messages in prop::collection::vec(
            (prop::collection::vec(0u16..500, 0..200), any::<bool>(), 0u64..200),
            0..30,
        ),
    ) {
        let (mut inbox, mut now) = (far(), Duration::ZERO);
        for (peers, is_added, seconds) in messages {
            now += Duration::from_secs(seconds);
            let peers = peers.into_iter().map(addr);
            let body = if is_added { adds(peers) } else { drops(peers) };
            if let Ok(Heard::News { added, .. }) = inbox.handle(&body, now) {
                prop_assert!(added.len() <= MAX_FIRST);
                for contact in added {
                    prop_assert!(inbox.contacts().any(|known| known == contact));
                }
            }
            prop_assert!(inbox.contacts().count() <= MAX_FROM_ONE);
        }
    }
}
