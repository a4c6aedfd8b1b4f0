use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tracker::printable;

use super::*;
use crate::limits::{MAX_EXTENSIONS, MAX_HANDSHAKE};

fn decode(bytes: &[u8]) -> ExtendedHandshake {
    ExtendedHandshake::decode(bytes).unwrap()
}

fn extensions(pairs: &[(&str, u8)]) -> BTreeMap<String, u8> {
    let pairs = pairs.iter();
    pairs.map(|(name, id)| ((*name).to_owned(), *id)).collect()
}

#[test]
fn the_example_of_bep_10_is_read() {
    // The name of the second extension is written in Latin-1 there, and so is no text to us.
    let bytes = b"d1:md11:LT_metadatai1e6:\xb5T_PEXi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e";
    let handshake = decode(bytes);
    assert_eq!(handshake.extensions, extensions(&[("LT_metadata", 1)]));
    assert_eq!(handshake.port, Some(6881));
    assert_eq!(handshake.client.as_deref(), Some("µTorrent 1.2"));
    let utf8 = "d1:md7:µT_PEXi2eee".as_bytes();
    assert_eq!(decode(utf8).extensions, extensions(&[("µT_PEX", 2)]));
}

#[test]
fn the_example_of_bep_9_is_written() {
    let handshake = ExtendedHandshake {
        extensions: extensions(&[("ut_metadata", 3)]),
        metadata_size: Some(31235),
        ..ExtendedHandshake::default()
    };
    assert_eq!(
        handshake.to_body(),
        b"\0d1:md11:ut_metadatai3ee13:metadata_sizei31235ee"
    );
}

#[test]
fn what_libtorrent_says_is_read() {
    let bytes = b"d12:complete_agoi-1e1:md11:lt_donthavei7e10:share_modei8e11:upload_onlyi3e12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei132e4:reqqi2000e11:upload_onlyi1e1:v18:libtorrent/2.0.1106:yourip4:\x7f\0\0\x01e";
    let handshake = decode(bytes);
    assert_eq!(handshake.extensions.get("ut_metadata"), Some(&2));
    assert_eq!(handshake.extensions.len(), 6);
    assert_eq!(handshake.metadata_size, Some(132));
    assert_eq!(handshake.requests, Some(2000));
    assert_eq!(handshake.upload_only, Some(true));
    assert_eq!(handshake.your_ip, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
}

#[test]
fn one_odd_value_does_not_cost_the_rest() {
    let bytes = b"d1:v3:\x1b[m1:md5:ut_xxi256e5:ut_yyi-1e5:ut_zz1:34:goodi9e4:goodi8ee1:pi70000e\
        13:metadata_sizei-5e4:reqq3:abc6:yourip5:abcde4:ipv416:abcdabcdabcdabcd11:upload_onlyi7ee";
    let handshake = decode(bytes);
    let good = ExtendedHandshake {
        extensions: extensions(&[("good", 9)]),
        client: Some("[m".to_owned()),
        upload_only: Some(true),
        ..ExtendedHandshake::default()
    };
    assert_eq!(handshake, good);
    assert_eq!(decode(b"d1:mi5ee"), ExtendedHandshake::default());
    assert_eq!(decode(b"de"), ExtendedHandshake::default());
    assert_eq!(decode(b"detrailing"), ExtendedHandshake::default());
    assert_eq!(
        decode(b"d13:metadata_sizei0e1:pi0ee"),
        ExtendedHandshake::default()
    );
}

#[test]
fn what_is_no_handshake_is_told_in_a_sentence() {
    for (bytes, told) in [
        (
            &b""[..],
            "the peer's extension handshake cannot be read: at byte 0: ",
        ),
        (
            b"d1:m",
            "the peer's extension handshake cannot be read: at byte 4: ",
        ),
        (b"le", "the peer's extension handshake is no dictionary"),
    ] {
        let error = ExtendedHandshake::decode(bytes).unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
    let deep = [&b"d1:m"[..], &b"l".repeat(100_000)].concat();
    assert!(ExtendedHandshake::decode(&deep).is_err());
    let error = ExtendedHandshake::decode(&vec![b'd'; MAX_HANDSHAKE + 1]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "the peer's extension handshake has 65537 bytes; more than 65536 are not read"
    );
}

#[test]
fn a_peer_with_a_thousand_extensions_has_some_of_them() {
    let names: String = (0..1000).map(|n| format!("7:ut_{n:04}i1e")).collect();
    let handshake = decode(format!("d1:md{names}ee").as_bytes());
    assert_eq!(handshake.extensions.len(), MAX_EXTENSIONS);
    let mut first = ExtendedHandshake {
        extensions: extensions(&[("other", 1), ("ut_0003", 9)]),
        ..ExtendedHandshake::default()
    };
    first.update(&handshake);
    assert_eq!(first.extensions.len(), MAX_EXTENSIONS);
    assert_eq!(first.extensions["ut_0003"], 1);
}

fn a_handshake() -> impl Strategy<Value = ExtendedHandshake> {
    let names = prop::collection::btree_map("[a-z_]{1,20}", any::<u8>(), 0..8);
    let numbers = any::<(Option<u32>, Option<u16>, Option<u32>, Option<bool>)>();
    let ips = any::<(Option<IpAddr>, Option<Ipv4Addr>, Option<Ipv6Addr>)>();
    (names, any::<Option<String>>(), numbers, ips).prop_map(|(extensions, client, numbers, ips)| {
        let (size, port, requests, upload_only) = numbers;
        let (your_ip, ipv4, ipv6) = ips;
        ExtendedHandshake {
            extensions,
            metadata_size: size.filter(|&size| size > 0).map(u64::from),
            client: client
                .map(|client| printable(client.as_bytes()))
                .filter(|client| !client.is_empty()),
            port: port.filter(|&port| port > 0),
            requests,
            upload_only,
            your_ip,
            ipv4,
            ipv6,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_canonical_and_is_read_again(handshake in a_handshake()) {
        let body = handshake.to_body();
        prop_assert_eq!(body[0], HANDSHAKE_ID);
        prop_assert!(bencode::decode(&body[1..]).is_ok());
        prop_assert_eq!(decode(&body[1..]), handshake);
    }

    #[test]
    fn anything_can_be_read(bytes: Vec<u8>) {
        let _ = ExtendedHandshake::decode(&bytes);
    }

    #[test]
    fn what_differs_from_a_handshake_in_a_byte_can_be_read(handshake in a_handshake(), at: prop::sample::Index, byte: u8) {
        let mut body = handshake.to_body();
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(read) = ExtendedHandshake::decode(&body[1..]) {
            prop_assert_eq!(decode(&read.to_body()[1..]), read);
        }
    }
}
