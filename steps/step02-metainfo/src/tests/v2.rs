//! The files of version 2 (BEP 52): a tree of dictionaries.

use pretty_assertions::assert_eq;
use sha2::{Digest, Sha256};

use super::*;
use crate::Version;

/// A file in a file tree.
pub fn leaf(length: i128) -> Ben {
    let mut properties = vec![("length", int(length))];
    if length > 0 {
        properties.push(("pieces root", Ben::Bytes(vec![b'r'; 32])));
    }
    Ben::Dict(vec![("", Ben::Dict(properties))])
}

/// The `info` of these files.
pub fn v2(tree: Vec<(&'static str, Ben)>) -> Vec<(&'static str, Ben)> {
    vec![
        ("file tree", Ben::Dict(tree)),
        ("meta version", int(2)),
        ("name", text("folder")),
        ("piece length", int(16384)),
    ]
}

#[track_caller]
fn refused(info: Vec<(&'static str, Ben)>, message: &str) {
    assert_eq!(parse(info).unwrap_err().to_string(), message);
}

#[test]
fn a_file_tree_is_read_in_order() {
    let info = v2(vec![
        ("a.txt", leaf(10_000)),
        (
            "dir",
            Ben::Dict(vec![
                ("b", leaf(1)),
                ("sub", Ben::Dict(vec![("c", leaf(0))])),
            ]),
        ),
        ("empty folder", Ben::Dict(vec![])),
        ("z", leaf(16_384)),
    ]);
    let hash: [u8; 32] = Sha256::digest(Ben::Dict(info.clone()).bytes()).into();
    let torrent = parse(info).unwrap();
    assert_eq!(torrent.version(), Version::V2);
    assert_eq!(torrent.info_hash_v1, None);
    assert_eq!(torrent.info_hash_v2, Some(hash));
    assert!(torrent.multi_file);
    assert_eq!(
        paths(&torrent),
        [
            "folder/a.txt",
            "folder/dir/b",
            "folder/dir/sub/c",
            "folder/z"
        ]
    );
    assert_eq!(torrent.total_length, 26_385);
    assert!(torrent.pieces.is_empty());
    // Every file begins a new piece.
    assert_eq!(torrent.piece_count(), 1 + 1 + 1);
    assert_eq!(torrent.warnings, []);
}

#[test]
fn one_file_of_the_torrents_name_stands_alone() {
    let torrent = parse(v2(vec![("folder", leaf(3))])).unwrap();
    assert!(!torrent.multi_file);
    assert_eq!(paths(&torrent), ["folder"]);
    let torrent = parse(v2(vec![("other", leaf(3))])).unwrap();
    assert!(torrent.multi_file);
    assert_eq!(paths(&torrent), ["folder/other"]);
    let torrent = parse(v2(vec![("folder", Ben::Dict(vec![("folder", leaf(3))]))])).unwrap();
    assert_eq!(paths(&torrent), ["folder/folder/folder"]);
}

#[test]
fn names_in_a_tree_are_made_safe() {
    let tree = vec![
        ("..", Ben::Dict(vec![("a", leaf(1))])),
        ("/etc", leaf(1)),
        ("A", leaf(1)),
        ("a", leaf(1)),
    ];
    let torrent = parse(v2(tree)).unwrap();
    assert_eq!(
        paths(&torrent.into_portable()),
        ["folder/__/a", "folder/_etc", "folder/A", "folder/a (2)"]
    );
}

#[test]
fn links_in_a_tree_stay_inside() {
    let link = |target| {
        let properties = vec![("attr", text("l")), ("symlink path", path(target))];
        Ben::Dict(vec![("", Ben::Dict(properties))])
    };
    let torrent = parse(v2(vec![("a", leaf(1)), ("b", link(&["a"]))])).unwrap();
    let target = ["folder", "a"].map(String::from);
    assert_eq!(torrent.files[1].symlink.as_deref(), Some(&target[..]));
    let torrent = parse(v2(vec![("a", leaf(1)), ("b", link(&["..", "x"]))])).unwrap();
    assert_eq!(paths(&torrent), ["folder/a"]);
    assert_eq!(
        warnings(&torrent),
        [
            "the symbolic link \"folder/b\" does not plainly point into the torrent's own folder; it is left out"
        ]
    );
    // What comes behind a link that is left out has its own root.
    let tree = vec![
        ("a", leaf(1)),
        ("b", link(&[])),
        ("c", leaf(1)),
        ("d", leaf(0)),
    ];
    assert_eq!(
        paths(&parse(v2(tree)).unwrap()),
        ["folder/a", "folder/c", "folder/d"]
    );
}

#[test]
fn there_is_no_padding_in_a_tree() {
    for length in [int(7), int(0)] {
        let properties = vec![
            ("attr", text("p")),
            ("length", length),
            ("pieces root", Ben::Bytes(vec![b'r'; 32])),
        ];
        let properties = match properties[1].1 {
            Ben::Int(0) => without(properties, "pieces root"),
            _ => properties,
        };
        let padding = Ben::Dict(vec![("", Ben::Dict(properties))]);
        refused(
            v2(vec![("a", leaf(1)), ("b", padding)]),
            "\"folder/b\" is padding, and in \"info.file tree\" there is none",
        );
    }
}

#[test]
fn trees_that_are_none() {
    refused(
        v2(vec![("a", int(1))]),
        "\"info.file tree\" (at byte 23) must be made of dictionaries",
    );
    refused(v2(vec![]), "the torrent lists no files");
    refused(
        v2(vec![("dir", Ben::Dict(vec![]))]),
        "the torrent lists no files",
    );
    refused(
        with(v2(vec![]), "file tree", int(1)),
        "\"info.file tree\" (at byte 19) must be a dictionary",
    );
    refused(
        without(v2(vec![]), "file tree"),
        "the torrent has no \"info.file tree\"; it is no torrent file, or incomplete",
    );
}

#[test]
fn nothing_is_both_a_file_and_a_folder() {
    let both = "in \"info.file tree\" (at byte 26) something is both a file and a folder";
    let length = || Ben::Dict(vec![("length", int(0))]);
    refused(
        v2(vec![("a", Ben::Dict(vec![("", length()), ("b", leaf(1))]))]),
        both,
    );
    let unsorted = vec![("b", leaf(0)), ("", length())];
    refused(
        v2(vec![("a", Ben::Dict(unsorted))]),
        "in \"info.file tree\" (at byte 46) something is both a file and a folder",
    );
    refused(
        v2(vec![("", length())]),
        "in \"info.file tree\" (at byte 22) something is both a file and a folder",
    );
}

#[test]
fn files_in_a_tree_need_a_length_and_a_root() {
    let leaf = |properties| v2(vec![("a", Ben::Dict(vec![("", Ben::Dict(properties))]))]);
    refused(
        leaf(vec![]),
        "the torrent has no \"info.file tree.length\"; it is no torrent file, or incomplete",
    );
    refused(
        leaf(vec![("length", int(-1))]),
        "\"info.file tree.length\" (at byte 35) must be a number from 0 to 9223372036854775807",
    );
    refused(
        leaf(vec![("length", int(1))]),
        "the torrent has no \"info.file tree.pieces root\"; it is no torrent file, or incomplete",
    );
    refused(
        leaf(vec![("length", int(1)), ("pieces root", text("short"))]),
        "\"info.file tree.pieces root\" (at byte 52) must be a string of 32 bytes",
    );
}

#[test]
fn piece_lengths_of_version_2() {
    for (length, fine) in [
        (16_384, true),
        (1 << 40, true),
        (8_192, false),
        (24_576, false),
    ] {
        let result = parse(with(v2(vec![("a", leaf(1))]), "piece length", int(length)));
        assert_eq!(result.is_ok(), fine, "{length}");
    }
}

#[test]
fn pieces_that_cannot_be_numbered() {
    let tree = vec![("a", leaf(i64::MAX.into()))];
    refused(
        v2(tree),
        "the torrent has more pieces than the protocol can number",
    );
    let tree = vec![("a", leaf(i64::MAX.into())), ("b", leaf(1))];
    refused(
        v2(tree),
        "the sizes of the files add up to more than any disk holds",
    );
}

#[test]
fn versions_that_are_odd() {
    let odd = |version| parse(with(single(), "meta version", version)).unwrap();
    assert_eq!(odd(int(1)).version(), Version::V1);
    assert_eq!(odd(int(9)).version(), Version::V1);
    assert_eq!(odd(text("2")).warnings.len(), 1);
    refused(
        with(v2(vec![("a", leaf(1))]), "meta version", int(0)),
        "\"info.meta version\" (at byte 105) must be 1 or 2",
    );
}
