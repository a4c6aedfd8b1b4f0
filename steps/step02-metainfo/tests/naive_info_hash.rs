//! The naive info-hash of the book: when it is right, and when it names another torrent.

#[allow(dead_code)]
#[path = "../examples/naive_info_hash.rs"]
mod naive_info_hash;

use metainfo::Metainfo;
use naive_info_hash::{TORRENTS, info_hash, naive_info_hash};
use pretty_assertions::assert_eq;

/// A torrent with these keys in `info`.
fn torrent(info: &str) -> Vec<u8> {
    format!("d4:infod{info}ee").into_bytes()
}

const LENGTH: &str = "6:lengthi3e";
const NAME: &str = "4:name5:a.txt";
const PIECE_LENGTH: &str = "12:piece lengthi16384e";
const PIECES: &str = "6:pieces20:aaaaaaaaaaaaaaaaaaaa";

#[test]
fn it_is_right_while_it_knows_every_key() {
    let plain = torrent(&[LENGTH, NAME, PIECE_LENGTH, PIECES].concat());
    assert_eq!(naive_info_hash(&plain), info_hash(&plain));
    let parsed = Metainfo::parse(&plain).unwrap();
    assert_eq!(parsed.info_hash_v1, info_hash(&plain));
}

#[test]
fn a_key_it_does_not_know_makes_it_another_torrent() {
    let unknown = "7:unknown3:key";
    let with_key = torrent(&[LENGTH, NAME, PIECE_LENGTH, PIECES, unknown].concat());
    let without = torrent(&[LENGTH, NAME, PIECE_LENGTH, PIECES].concat());
    assert_ne!(naive_info_hash(&with_key), info_hash(&with_key));
    assert_eq!(naive_info_hash(&with_key), info_hash(&without));
    let parsed = Metainfo::parse(&with_key).unwrap();
    assert_eq!(parsed.info_hash_v1, info_hash(&with_key));
}

#[test]
fn keys_in_another_order_make_it_another_torrent() {
    let unordered = torrent(&[NAME, LENGTH, PIECES, PIECE_LENGTH].concat());
    assert_ne!(naive_info_hash(&unordered), info_hash(&unordered));
    let parsed = Metainfo::parse(&unordered).unwrap();
    assert_eq!(parsed.info_hash_v1, info_hash(&unordered));
}

#[test]
fn of_the_torrents_in_the_book_it_is_right_about_the_first() {
    let right = TORRENTS.map(|(_, torrent)| {
        let torrent = torrent.as_bytes();
        assert!(Metainfo::parse(torrent).is_ok());
        naive_info_hash(torrent) == info_hash(torrent)
    });
    assert_eq!(right, [true, false, false]);
}
