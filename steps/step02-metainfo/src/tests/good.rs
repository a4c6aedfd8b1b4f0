//! Torrents as they should be.

use pretty_assertions::assert_eq;
use sha1::{Digest, Sha1};

use super::*;
use crate::{InfoHash, ParseInfoHashError, Version};

#[test]
fn a_torrent_of_one_file() {
    let torrent = parse(single()).unwrap();
    assert_eq!(torrent.name, "a.txt");
    assert!(!torrent.multi_file);
    assert_eq!(paths(&torrent), ["a.txt"]);
    assert_eq!(torrent.files[0].length, 3);
    assert_eq!(torrent.total_length, 3);
    assert_eq!(torrent.piece_length, 16384);
    assert_eq!(torrent.pieces, [[b'h'; 20]]);
    assert_eq!(torrent.piece_count(), 1);
    assert_eq!(torrent.version(), Version::V1);
    assert_eq!(torrent.info_hash_v2, None);
    assert_eq!(torrent.announce, Vec::<Vec<String>>::new());
    assert_eq!(torrent.warnings, []);
    assert!(!torrent.private);
}

#[test]
fn a_torrent_of_several_files() {
    let files = vec![
        file(&["one.txt"], 5),
        file(&["more", "empty"], 0),
        file(&["more", "two.txt"], 7),
    ];
    let torrent = parse(multi(files)).unwrap();
    assert!(torrent.multi_file);
    assert_eq!(torrent.name, "folder");
    assert_eq!(
        paths(&torrent),
        ["folder/one.txt", "folder/more/empty", "folder/more/two.txt"]
    );
    let lengths: Vec<_> = torrent.files.iter().map(|file| file.length).collect();
    assert_eq!(lengths, [5, 0, 7]);
    assert_eq!(torrent.total_length, 12);
    assert_eq!(torrent.warnings, []);
}

#[test]
fn one_file_in_a_list_is_in_a_folder() {
    let torrent = parse(multi(vec![file(&["a.txt"], 3)])).unwrap();
    assert!(torrent.multi_file);
    assert_eq!(paths(&torrent), ["folder/a.txt"]);
}

#[test]
fn what_stands_beside_info() {
    let torrent = Ben::Dict(vec![
        ("announce", text("http://one/announce")),
        ("comment", text("for you")),
        ("created by", text("hand")),
        ("creation date", int(1_700_000_000)),
        ("info", Ben::Dict(with(single(), "source", text("X")))),
        ("url-list", text("http://seed/")),
    ]);
    let torrent = Metainfo::parse(&torrent.bytes()).unwrap();
    assert_eq!(torrent.announce, [["http://one/announce"]]);
    assert_eq!(torrent.comment.as_deref(), Some("for you"));
    assert_eq!(torrent.created_by.as_deref(), Some("hand"));
    assert_eq!(torrent.creation_date, Some(1_700_000_000));
    assert_eq!(torrent.source.as_deref(), Some("X"));
    assert_eq!(torrent.web_seeds, ["http://seed/"]);
    assert_eq!(torrent.warnings, []);
}

// ANCHOR: info_hash
#[test]
fn the_info_hash_is_that_of_the_original_bytes() {
    let sha1 = |bytes: &[u8]| Some(InfoHash(Sha1::digest(bytes).into()));
    let unknown_key = with(single(), "xyz", Ben::List(vec![int(1), text("two")]));
    let mut unsorted = single();
    unsorted.reverse();
    for info in [single(), unknown_key, unsorted] {
        let bytes = Ben::Dict(info.clone()).bytes();
        assert_eq!(parse(info).unwrap().info_hash_v1, sha1(&bytes));
    }
    // Numbers that have a shorter spelling.
    let odd = b"d4:infod6:lengthi003e4:name05:a.txt12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhee";
    let torrent = Metainfo::parse(odd).unwrap();
    assert_eq!(torrent.info_hash_v1, sha1(&odd[7..odd.len() - 1]));
    assert_eq!(torrent.warnings.len(), 2);
}
// ANCHOR_END: info_hash

#[test]
fn the_first_info_counts_for_the_hash_and_for_the_files() {
    let first = Ben::Dict(single());
    let second = Ben::Dict(with(single(), "name", text("other")));
    let torrent = Ben::Dict(vec![("info", first.clone()), ("info", second)]);
    let torrent = Metainfo::parse(&torrent.bytes()).unwrap();
    assert_eq!(torrent.info_hash_v1, Some(InfoHash::of(&first.bytes())));
    assert_eq!(torrent.name, "a.txt");
    assert_eq!(torrent.warnings.len(), 1);
}

#[test]
fn piece_lengths_need_not_be_powers_of_two() {
    for (length, total, count) in [(1, 3, 3), (7, 15, 3), (1_000_000, 3_000_000, 3), (5, 11, 3)] {
        let info = with(single(), "length", int(total));
        let info = with(
            with(info, "piece length", int(length)),
            "pieces",
            pieces(count),
        );
        let torrent = parse(info).unwrap();
        assert_eq!(torrent.piece_length, length as u64);
        assert_eq!(torrent.piece_count(), 3);
    }
}

#[test]
fn a_piece_may_be_larger_than_any_memory() {
    let info = with(single(), "piece length", int(i64::MAX.into()));
    assert_eq!(parse(info).unwrap().piece_length, i64::MAX as u64);
}

#[test]
fn a_torrent_of_empty_files_is_odd() {
    let info = with(
        multi(vec![file(&["a"], 0), file(&["b"], 0)]),
        "pieces",
        pieces(0),
    );
    let torrent = parse(info).unwrap();
    assert_eq!(torrent.piece_count(), 0);
    assert_eq!(
        warnings(&torrent),
        ["there is nothing to download: all files are empty"]
    );
}

#[test]
fn private_is_a_number_in_info() {
    let private = |value| parse(with(single(), "private", value)).unwrap();
    assert!(private(int(1)).private);
    assert!(!private(int(0)).private);
    assert_eq!(private(int(1)).warnings.len(), 0);
    assert!(private(int(2)).private);
    assert!(private(text("1")).private);
    assert_eq!(private(text("1")).warnings.len(), 1);
    let beside = Ben::Dict(vec![("info", Ben::Dict(single())), ("private", int(1))]);
    assert!(!Metainfo::parse(&beside.bytes()).unwrap().private);
}

#[test]
fn attributes_of_bep_47() {
    let attr = |letters: &str| {
        Ben::Dict(vec![
            ("attr", text(letters)),
            ("length", int(1)),
            ("path", path(&[letters])),
        ])
    };
    let torrent = parse(multi(vec![attr("x"), attr("hx"), attr("p"), attr("zq")])).unwrap();
    let set: Vec<_> = torrent
        .files
        .iter()
        .map(|file| (file.executable, file.hidden, file.padding))
        .collect();
    assert_eq!(
        set,
        [
            (true, false, false),
            (true, true, false),
            (false, false, true),
            (false, false, false)
        ]
    );
    assert_eq!(torrent.total_length, 4);
    let torrent = parse(with(single(), "attr", text("xpl"))).unwrap();
    assert!(torrent.files[0].executable && !torrent.files[0].padding);
    assert_eq!(torrent.files[0].symlink, None);
}

#[test]
fn a_padding_file_needs_no_path() {
    let padding = Ben::Dict(vec![("attr", text("p")), ("length", int(9))]);
    let old = file(&["_____padding_file_0_if you see this file"], 4);
    let torrent = parse(multi(vec![file(&["a"], 1), padding, old])).unwrap();
    assert_eq!(paths(&torrent)[1], "folder/.pad/9");
    let padding: Vec<_> = torrent.files.iter().map(|file| file.padding).collect();
    assert_eq!(padding, [false, true, true]);
}

#[test]
fn odd_dates_and_texts_are_taken_as_far_as_they_go() {
    let torrent = Ben::Dict(vec![
        ("comment", Ben::Bytes(b"caf\xe9".to_vec())),
        ("created by", int(3)),
        ("creation date", text("yesterday")),
        ("info", Ben::Dict(single())),
    ]);
    let torrent = Metainfo::parse(&torrent.bytes()).unwrap();
    assert_eq!(torrent.comment.as_deref(), Some("caf\u{fffd}"));
    assert_eq!(torrent.created_by, None);
    assert_eq!(torrent.creation_date, None);
    assert_eq!(
        warnings(&torrent),
        ["\"creation date\" is no number; it is left out"]
    );
}

#[test]
fn what_follows_the_torrent_is_odd_and_no_matter() {
    let bytes = [torrent(single()), b"\r\n".to_vec()].concat();
    let torrent = Metainfo::parse(&bytes).unwrap();
    assert_eq!(torrent.name, "a.txt");
    assert_eq!(torrent.warnings.len(), 1);
}

#[test]
fn an_info_hash_is_shown_and_read_as_hex() {
    let hash = InfoHash([0xab; 20]);
    assert_eq!(hash.to_string(), "ab".repeat(20));
    assert_eq!("AB".repeat(20).parse(), Ok(hash));
    assert_eq!("ab".repeat(19).parse::<InfoHash>(), Err(ParseInfoHashError));
    assert_eq!("xy".repeat(20).parse::<InfoHash>(), Err(ParseInfoHashError));
}
