use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn contact(text: &str, flags: u8) -> Contact {
    Contact {
        addr: addr(text),
        flags: Flags(flags),
    }
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let message = PexMessage {
        added: vec![
            contact("1.2.3.4:258", 0x02),
            contact("[2001:db8::1]:80", 0x10),
            contact("5.6.7.8:80", 0),
        ],
        dropped: vec![addr("[::2]:1"), addr("9.9.9.9:9")],
    };
    let expected = [
        b"d5:added12:\x01\x02\x03\x04\x01\x02\x05\x06\x07\x08\x00\x50".as_slice(),
        b"7:added.f2:\x02\x00",
        b"6:added618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50",
        b"8:added6.f1:\x10",
        b"7:dropped6:\x09\x09\x09\x09\x00\x09",
        b"8:dropped618:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x00\x01e",
    ];
    assert_eq!(message.encode(), expected.concat());
}

#[test]
fn empty_lists_are_left_out_when_written_and_taken_when_read() {
    assert_eq!(PexMessage::default().encode(), b"de");
    let body = b"d5:added0:7:added.f0:6:added60:8:added6.f0:7:dropped0:8:dropped60:e";
    assert_eq!(PexMessage::decode(body), Ok(PexMessage::default()));
}

#[test]
fn flags_of_another_number_say_nothing() {
    for flags in [
        "7:added.f0:",
        "7:added.f1:\x02",
        "7:added.f3:\x02\x02\x02",
        "",
    ] {
        let body = format!("d5:added12:\x01\x02\x03\x04\x01\x02\x05\x06\x07\x08\x01\x02{flags}e");
        let message = PexMessage::decode(body.as_bytes()).unwrap();
        let added = [contact("1.2.3.4:258", 0), contact("5.6.7.8:258", 0)];
        assert_eq!(message.added, added, "{flags}");
    }
}

#[test]
fn what_is_left_of_a_list_is_dropped_and_what_is_no_list_is_nothing() {
    let body = b"d5:added8:\x01\x02\x03\x04\x01\x02\x05\x067:droppedi7e8:dropped65:abcdee";
    let message = PexMessage::decode(body).unwrap();
    assert_eq!(message.added, [contact("1.2.3.4:258", 0)]);
    assert_eq!(message.dropped, []);
}

#[test]
fn nobody_is_where_nobody_can_be() {
    let body = b"d5:added36:\x01\x02\x03\x04\0\0\0\0\0\0\x01\x02\xe0\0\0\x01\x01\x02\xff\xff\xff\xff\x01\x02\
                 \0\x01\x02\x03\x01\x02\xf0\0\0\x01\x01\x02e";
    let message = PexMessage::decode(body).unwrap();
    assert_eq!(message, PexMessage::default());
}

#[test]
fn nobody_is_added_twice_nor_added_and_dropped() {
    let body =
        b"d5:added18:\x01\x02\x03\x04\x01\x02\x01\x02\x03\x04\x01\x02\x05\x05\x05\x05\x01\x02\
                 7:dropped12:\x05\x05\x05\x05\x01\x02\x05\x05\x05\x05\x01\x02e";
    let message = PexMessage::decode(body).unwrap();
    assert_eq!(message.added, [contact("1.2.3.4:258", 0)]);
    assert_eq!(message.dropped, [addr("5.5.5.5:258")]);
}

#[test]
fn the_flags_stay_with_their_peers_when_others_are_left_out() {
    let body = b"d5:added18:\0\0\0\0\x01\x02\x01\x02\x03\x04\x01\x02\x05\x05\x05\x05\x01\x02\
                 7:added.f3:\x01\x02\x10e";
    let message = PexMessage::decode(body).unwrap();
    let added = [contact("1.2.3.4:258", 0x02), contact("5.5.5.5:258", 0x10)];
    assert_eq!(message.added, added);
}

#[test]
fn ipv4_in_the_clothes_of_ipv6_is_ipv4() {
    let body = b"d6:added618:\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04\x01\x02e";
    let message = PexMessage::decode(body).unwrap();
    assert_eq!(message.added, [contact("1.2.3.4:258", 0)]);
}

#[test]
fn keys_out_of_order_and_others_are_taken() {
    let body = b"d7:dropped6:\x01\x02\x03\x04\x01\x021:xi1e5:added0:e";
    let message = PexMessage::decode(body).unwrap();
    assert_eq!(message.dropped, [addr("1.2.3.4:258")]);
}

#[test]
fn what_is_no_message_is_named() {
    let broken = PexMessage::decode(b"d5:added").unwrap_err();
    assert!(matches!(broken, PexError::Bencode { .. }), "{broken}");
    assert_eq!(PexMessage::decode(b"le"), Err(PexError::NoDictionary));
    let long = PexMessage::decode(&[b'd'; MAX_MESSAGE + 1]).unwrap_err();
    assert_eq!(
        long.to_string(),
        "a peer exchange message of 16385 bytes; at most 16384 are read"
    );
}

fn any_addr() -> impl Strategy<Value = SocketAddr> {
    let v4 = (any::<[u8; 4]>(), 1u16..).prop_map(SocketAddr::from);
    let v6 = (any::<[u8; 16]>(), 1u16..).prop_map(SocketAddr::from);
    prop_oneof![v4, v6].prop_filter_map("somebody can be there", dialable)
}

proptest! {
    #[test]
    fn a_message_comes_back_as_it_was_sent(
        added in prop::collection::btree_map(any_addr(), any::<u8>(), 0..60),
        dropped in prop::collection::btree_set(any_addr(), 0..60),
    ) {
        let added = added.into_iter().filter(|(addr, _)| !dropped.contains(addr));
        let added = added.map(|(addr, flags)| Contact { addr, flags: Flags(flags) });
        let message = PexMessage {
            added: added.collect(),
            dropped: dropped.iter().copied().collect(),
        };
        prop_assert_eq!(PexMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        lists in prop::collection::vec(
            (
                prop::sample::select(vec!["added", "added.f", "added6", "added6.f", "dropped", "dropped6"]),
                prop::collection::vec(any::<u8>(), 0..100),
            ),
            0..8,
        ),
        cut in 0usize..500,
    ) {
        let mut body = b"d".to_vec();
        for (key, list) in lists {
            body.extend(format!("{}:{key}{}:", key.len(), list.len()).bytes());
            body.extend(list);
        }
        body.push(b'e');
        let whole = PexMessage::decode(&body).unwrap();
        prop_assert_eq!(PexMessage::decode(&whole.encode()), Ok(whole));
        body.truncate(cut);
        let _ = PexMessage::decode(&body);
    }
}
