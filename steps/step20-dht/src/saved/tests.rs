use std::net::SocketAddr;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn contact(id: [u8; 20], addr: impl Into<SocketAddr>) -> Contact {
    let addr = addr.into();
    Contact { id: Id(id), addr }
}

#[test]
fn a_table_has_one_spelling() {
    let saved = Saved {
        id: Some(Id([b'a'; 20])),
        id6: None,
        nodes: vec![contact([b'b'; 20], ([97, 98, 99, 100], 0x6566))],
        nodes6: vec![],
    };
    let bytes =
        b"d6:formati1e2:id20:aaaaaaaaaaaaaaaaaaaa5:nodes26:bbbbbbbbbbbbbbbbbbbbabcdef6:nodes60:e";
    assert_eq!(saved.encode(), bytes);
    assert_eq!(Saved::decode(bytes), Ok(saved));
}

#[test]
fn what_is_odd_is_refused_with_its_key() {
    let key = |bytes: &[u8]| match Saved::decode(bytes) {
        Err(SavedError::Key { key }) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(key(b"de"), "format");
    assert_eq!(key(b"i1e"), "format");
    assert_eq!(key(b"d6:formati1e2:id3:abc5:nodes0:6:nodes60:e"), "id");
    assert_eq!(key(b"d6:formati1e5:nodes3:abc6:nodes60:e"), "nodes");
    assert_eq!(key(b"d6:formati1e5:nodes0:e"), "nodes6");
    let error = Saved::decode(b"d6:formati2ee").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the saved nodes of the DHT have format 2, and this version reads 1; delete them, and the node \
         begins anew"
    );
    assert!(matches!(
        Saved::decode(b"<html>"),
        Err(SavedError::Damaged(_))
    ));
    assert!(matches!(
        Saved::decode(&vec![b'l'; 100_000]),
        Err(SavedError::Damaged(_))
    ));
    let many = [&b"d6:formati1e5:nodes5226:"[..], &[7; 5226], b"6:nodes60:e"].concat();
    assert_eq!(key(&many), "nodes");
}

proptest! {
    #[test]
    fn what_is_saved_is_read_again(
        id in any::<Option<[u8; 20]>>(),
        id6 in any::<Option<[u8; 20]>>(),
        v4 in prop::collection::vec(any::<([u8; 20], [u8; 4], u16)>(), 0..50),
        v6 in prop::collection::vec(any::<([u8; 20], [u8; 16], u16)>(), 0..50),
    ) {
        // Unless it is IPv4 in the clothes of IPv6, which no node has.
        let v6 = v6.into_iter().map(|(id, ip, port)| contact(id, (ip, port)));
        let v6 = v6.filter(|node| node.addr.ip().to_canonical().is_ipv6());
        let saved = Saved {
            id: id.map(Id),
            id6: id6.map(Id),
            nodes: v4.into_iter().map(|(id, ip, port)| contact(id, (ip, port))).collect(),
            nodes6: v6.collect(),
        };
        prop_assert_eq!(Saved::decode(&saved.encode()), Ok(saved));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        if let Ok(saved) = Saved::decode(&bytes) {
            prop_assert_eq!(Saved::decode(&saved.encode()), Ok(saved));
        }
    }
}
