//! What the ids of real clients say, and what odd ones do not.

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::*;

/// The client of an id that begins so; letters fill it up.
fn client(start: &[u8]) -> Option<String> {
    let mut id = [b'x'; 20];
    id[..start.len()].copy_from_slice(start);
    PeerId(id).client().map(|client| client.to_string())
}

#[track_caller]
fn is(start: &[u8], expected: &str) {
    assert_eq!(client(start).as_deref(), Some(expected));
}

// ANCHOR: ours
#[test]
fn our_own_ids_follow_bep_20_and_are_recognised() {
    let id = PeerId::generate(&mut SmallRng::seed_from_u64(1));
    let version = env!("CARGO_PKG_VERSION");
    let prefix = format!("-KO{}0-", version.replace('.', ""));
    assert_eq!(std::str::from_utf8(&id.0[..8]), Ok(&*prefix));
    assert!(id.0[8..].iter().all(u8::is_ascii_alphanumeric));
    assert_eq!(
        id.client().unwrap().to_string(),
        format!("kostorrent {version}")
    );
}
// ANCHOR_END: ours

#[test]
fn each_run_has_another_id() {
    let mut rng = SmallRng::seed_from_u64(1);
    let first = PeerId::generate(&mut rng);
    assert_ne!(PeerId::generate(&mut rng), first);
    assert_eq!(PeerId::generate(&mut SmallRng::seed_from_u64(1)), first);
}

#[test]
fn azureus_style() {
    is(b"-AZ2060-", "Azureus (Vuze) 2.0.6.0");
    is(b"-qB4250-", "qBittorrent 4.2.5");
    is(b"-qB43A0-", "qBittorrent 4.3.10");
    is(b"-DE13F0-", "Deluge 1.3.15");
    is(b"-LT20B0-", "libtorrent (Rasterbar) 2.0.11");
    is(b"-lt0D80-", "libTorrent (rTorrent) 0.13.8");
    is(b"-BC0059-", "BitComet 0.59");
    is(b"-WW0109-", "WebTorrent 1.09");
    is(b"-FG0180-", "FlashGet 1.80");
    is(b"-FG01820", "FlashGet 1.82");
    is(b"-BFxxxx-", "Bitflu");
}

#[test]
fn azureus_style_with_a_version_in_its_own_way() {
    is(b"-TR0006-", "Transmission 0.6");
    is(b"-TR0072-", "Transmission 0.72");
    is(b"-TR111Z-", "Transmission 1.11 development");
    is(b"-TR3000-", "Transmission 3.00");
    is(b"-TR4060-", "Transmission 4.0.6");
    is(b"-TR400B-", "Transmission 4.0.0 beta");
    is(b"-UT355S-", "µTorrent 3.5.5");
    is(b"-UT341B-", "µTorrent 3.4.1 beta");
    is(b"-UT36111", "µTorrent 3.6.111");
    is(b"-KT5110-", "KTorrent 5.1.1");
    is(b"-KT33R1-", "KTorrent 3.3 RC 1");
    is(b"-KT31D3-", "KTorrent 3.1 Dev 3");
}

#[test]
fn an_unknown_client_of_azureus_style_is_named_by_its_letters() {
    is(b"-zq1234-", "unknown client zq 1.2.3.4");
    assert_eq!(client(b"-z\xff1234-"), None);
    assert_eq!(client(b"-zq12 4-"), None);
    assert_eq!(client(b"-zq12345"), None);
}

#[test]
fn a_known_client_without_a_readable_version_is_still_known() {
    is(b"-TR\x01\x02\x03\x04-", "Transmission");
    assert_eq!(client(b"-TR4060x"), None);
}

#[test]
fn shadow_style() {
    is(b"S58B-----", "Shadow's client 5.8.11");
    is(b"T03I-----", "BitTornado 0.3.18");
    is(b"R310-----", "Tribler 3.1.0");
    is(b"A31Za----", "ABC 3.1.35.36");
    is(b"U12345---", "UPnP NAT Bit Torrent 1.2.3.4.5");
    assert_eq!(client(b"S58BCxxxx"), None);
    assert_eq!(client(b"S58B----\xff"), None);
    assert_eq!(client(b"S5 B-----"), None);
    assert_eq!(client(b"S--------"), None);
    assert_eq!(client(b"Z58B-----"), None);
}

/// Ids that were seen in swarms, of the tests of Azureus (`BTPeerIDByteDecoder`).
#[test]
fn shadow_style_with_a_running_number() {
    let client = |id: &str| id.parse::<PeerId>().unwrap().client().unwrap().to_string();
    assert_eq!(client("A310--001v5Gysr4NxNK"), "ABC 3.1.0");
    assert_eq!(client("T03I--008gY6iB6Aq27C"), "BitTornado 0.3.18");
    assert_eq!(client("R100--003hR6s07XWcov"), "Tribler 1.0.0");
    assert_eq!(
        client("413236392D2D2D2D345077199FAEC4A673BECA01"),
        "ABC 2.6.9"
    );
}

#[test]
fn mainline_style() {
    is(b"M4-3-6--", "BitTorrent (Mainline) 4.3.6");
    is(b"M4-20-8-", "BitTorrent (Mainline) 4.20.8");
    is(b"M7-10-1-", "BitTorrent (Mainline) 7.10.1");
    is(b"Q1-0-0--", "Queen Bee 1.0.0");
    is(b"Q1-10-0-", "Queen Bee 1.10.0");
    assert_eq!(client(b"M4-3-6xx"), None);
    assert_eq!(client(b"M+4-3-6-"), None);
    assert_eq!(client(b"M4-3----"), None);
    assert_eq!(client(b"M-------"), None);
}

#[test]
fn the_exceptions_of_bep_20() {
    is(b"exbc\x00\x38", "BitComet 0.56");
    is(b"FUTB\x00\x38", "BitComet 0.56");
    is(b"exbc\x01\x00LORD", "BitLord 1.00");
    is(b"XBT054d-", "XBT Client 0.5.4 debug");
    is(b"XBT054--", "XBT Client 0.5.4");
    is(b"OP7685f2c1495b1680bf", "Opera build 7685");
    is(b"-ML2.7.2-", "MLDonkey 2.7.2");
    is(b"-BOWA0C-", "Bits on Wheels 1.0.6");
    is(b"-BOWB11-", "Bits on Wheels");
    is(b"AZ2500BT", "BitTyrant");
    is(b"346------", "TorrenTopia");
    is(b"\0\x03BS", "BitSpirit 3");
    is(b"\0\x02BS", "BitSpirit 2");
    is(b"\x00\x06RSann", "Rufus 0.6");
    is(b"-G3ann", "G3 Torrent");
    is(b"AP0.61-", "AllPeers 0.61");
}

#[test]
fn other_clients_seen_in_swarms() {
    is(b"A2-1-37-0-", "aria2 1.37.0");
    is(b"A2-1-4-2-", "aria2 1.4.2");
    is(b"TIX0193-", "Tixati");
    is(b"btpd/0.16", "BitTorrent Protocol Daemon");
}

#[test]
fn what_is_only_random_is_no_client() {
    assert_eq!(PeerId([0; 20]).client(), None);
    assert_eq!(PeerId([0xff; 20]).client(), None);
    assert_eq!(PeerId(*b"abcdefghijklmnopqrst").client(), None);
    assert_eq!(PeerId(*b"OPxxxxxxxxxxxxxxxxxx").client(), None);
    assert_eq!(PeerId(*b"--------------------").client(), None);
}

#[test]
fn an_id_is_shown_with_escapes_and_read_back() {
    let id = PeerId(*b"-KO0100-\0%\xff abcdefgh");
    assert_eq!(id.to_string(), "-KO0100-%00%25%FF%20abcdefgh");
    assert_eq!(id.to_string().parse(), Ok(id));
}

#[test]
fn an_id_is_read_as_text_and_as_hex() {
    let id = PeerId(*b"-TR4060-k8hj0wgej6ch");
    assert_eq!("-TR4060-k8hj0wgej6ch".parse(), Ok(id));
    assert_eq!("2d5452343036302D6b38686a307767656a366368".parse(), Ok(id));
    assert_eq!(
        "%zz45678901234567890".parse(),
        Ok(PeerId(*b"%zz45678901234567890"))
    );
}

#[test]
fn a_text_of_another_length_is_no_id() {
    assert_eq!("".parse::<PeerId>(), Err(ParsePeerIdError { bytes: 0 }));
    let error = "-TR4060-%00".parse::<PeerId>().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a peer id has 20 bytes, this has 9;")
    );
}

proptest! {
    #[test]
    fn any_bytes_have_a_client_or_none(bytes: [u8; 20]) {
        if let Some(client) = PeerId(bytes).client() {
            prop_assert!(!client.name.is_empty());
        }
    }

    #[test]
    fn near_ids_have_a_client_or_none(
        start in prop::sample::select(vec!["-TR", "-UT", "M", "Q1-", "S58", "A2-", "OP", "XBT", "-ML", "AP", "exbc"]),
        rest in prop::collection::vec(prop::sample::select(b"0129aBz-.~\0\xff".to_vec()), 20),
    ) {
        let mut id = [0; 20];
        let bytes: Vec<u8> = start.bytes().chain(rest).take(20).collect();
        id.copy_from_slice(&bytes);
        if let Some(client) = PeerId(id).client() {
            prop_assert!(!client.name.is_empty());
            prop_assert!(!client.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn every_id_is_read_back_as_it_is_shown(bytes: [u8; 20]) {
        prop_assert_eq!(PeerId(bytes).to_string().parse(), Ok(PeerId(bytes)));
    }
}
