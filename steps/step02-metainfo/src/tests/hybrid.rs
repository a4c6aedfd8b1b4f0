//! Hybrid torrents (BEP 52, upgrade path): two descriptions of the same files.

use pretty_assertions::assert_eq;
use sha2::{Digest, Sha256};

use super::v2::{leaf, v2};
use super::*;
use crate::{InfoHash, Version};

const PIECE: i128 = 16_384;

fn pad(length: i128) -> Ben {
    Ben::Dict(vec![
        ("attr", text("p")),
        ("length", int(length)),
        ("path", path(&[".pad", "0"])),
    ])
}

/// The `info` of these files, as version 1 lists them and as version 2 does.
fn hybrid(files: Vec<Ben>, tree: Vec<(&'static str, Ben)>) -> Vec<(&'static str, Ben)> {
    pieces_of(1, files, tree)
}

fn pieces_of(
    count: usize,
    files: Vec<Ben>,
    tree: Vec<(&'static str, Ben)>,
) -> Vec<(&'static str, Ben)> {
    let mut info = v2(tree);
    info.push(("files", Ben::List(files)));
    info.push(("pieces", pieces(count)));
    sorted(info)
}

#[track_caller]
fn taken(info: Vec<(&'static str, Ben)>) -> Metainfo {
    let torrent = parse(info).unwrap();
    assert_eq!(torrent.version(), Version::Hybrid);
    assert_eq!(torrent.warnings, []);
    torrent
}

/// The two halves do not agree, and this is where.
#[track_caller]
fn disagree(info: Vec<(&'static str, Ben)>, message: &str) {
    assert_eq!(
        parse(info).unwrap_err().to_string(),
        format!("the two halves of the torrent do not agree, version 1 and version 2: {message}")
    );
}

#[test]
fn a_hybrid_torrent_works_by_its_v1_half() {
    let files = vec![file(&["a"], 5), pad(PIECE - 5), file(&["b", "c"], 7)];
    let tree = vec![("a", leaf(5)), ("b", Ben::Dict(vec![("c", leaf(7))]))];
    let info = pieces_of(2, files, tree);
    let bytes = Ben::Dict(info.clone()).bytes();
    let torrent = taken(info);
    assert_eq!(torrent.info_hash_v1, Some(InfoHash::of(&bytes)));
    assert_eq!(torrent.info_hash_v2, Some(Sha256::digest(&bytes).into()));
    assert_eq!(paths(&torrent), ["folder/a", "folder/.pad/0", "folder/b/c"]);
    assert_eq!(torrent.total_length, PIECE as u64 + 7);
}

#[test]
fn a_hybrid_torrent_of_one_file() {
    let single = |length| {
        let mut info = v2(vec![("folder", leaf(3))]);
        info.push(("length", int(length)));
        info.push(("pieces", pieces(1)));
        sorted(info)
    };
    assert!(!taken(single(3)).multi_file);
    disagree(
        single(4),
        "the file \"folder\" has 4 bytes in one and 3 in the other",
    );
    // A list of one file, which happens to be called like the folder.
    let torrent = taken(hybrid(
        vec![file(&["folder"], 3)],
        vec![("folder", leaf(3))],
    ));
    assert_eq!(paths(&torrent), ["folder/folder"]);
    let mut other = v2(vec![("other", leaf(3))]);
    other.extend([("length", int(3)), ("pieces", pieces(1))]);
    disagree(
        sorted(other),
        "where one has the file \"folder\", the other has \"folder/other\"",
    );
}

#[test]
fn halves_with_other_files() {
    let tree = || vec![("a", leaf(5)), ("b", leaf(0))];
    taken(hybrid(vec![file(&["a"], 5), file(&["b"], 0)], tree()));
    disagree(
        hybrid(vec![file(&["a"], 5), file(&["c"], 0)], tree()),
        "where one has the file \"folder/c\", the other has \"folder/b\"",
    );
    disagree(
        hybrid(vec![file(&["b"], 0), file(&["a"], 5)], tree()),
        "where one has the file \"folder/b\", the other has \"folder/a\"",
    );
    disagree(
        hybrid(vec![file(&["a"], 6), file(&["b"], 0)], tree()),
        "the file \"folder/a\" has 6 bytes in one and 5 in the other",
    );
    disagree(
        hybrid(vec![file(&["a"], 5)], tree()),
        "the file \"folder/b\" is in the second alone",
    );
    let three = vec![file(&["a"], 5), file(&["b"], 0), file(&["c"], 0)];
    disagree(
        hybrid(three, tree()),
        "the file \"folder/c\" is in the first alone",
    );
}

#[test]
fn padding_that_does_not_fit() {
    let tree = || vec![("a", leaf(5)), ("b", leaf(7))];
    let padded = |padding: Vec<Ben>, count| {
        let files = [vec![file(&["a"], 5)], padding, vec![file(&["b"], 7)]];
        pieces_of(count, files.concat(), tree())
    };
    taken(padded(vec![pad(PIECE - 5)], 2));
    taken(padded(vec![pad(100), pad(PIECE - 105)], 2));
    for (padding, begins, count) in [
        (vec![], 5, 1),
        (vec![pad(PIECE - 6)], 16_383, 2),
        (vec![pad(PIECE - 4)], 16_385, 2),
        (vec![pad(2 * PIECE - 5)], 32_768, 3),
    ] {
        disagree(
            padded(padding, count),
            &format!(
                "the file \"folder/b\" begins at byte {begins} in one and at byte 16384 in the \
                 other; the padding before it is wrong"
            ),
        );
    }
    // An empty file has no place that could be wrong.
    let files = vec![file(&["a"], 5), file(&["b"], 0)];
    taken(hybrid(files, vec![("a", leaf(5)), ("b", leaf(0))]));
}

#[test]
fn the_last_piece_may_be_filled_up_and_no_more() {
    let padded = |padding, count| {
        let files = vec![file(&["a"], 5), pad(padding)];
        pieces_of(count, files, vec![("a", leaf(5))])
    };
    for padding in [0, 1, PIECE - 5] {
        taken(padded(padding, 1));
    }
    disagree(
        padded(PIECE - 4, 2),
        "one ends at byte 16385, the last piece of the other at byte 16384; the padding is wrong",
    );
}

#[test]
fn a_second_half_that_is_broken() {
    let files = || vec![file(&["a"], 5)];
    let error = parse(hybrid(files(), vec![("a", int(1))])).unwrap_err();
    assert!(
        error.to_string().ends_with("must be made of dictionaries"),
        "{error}"
    );
    let error = parse(without(hybrid(files(), vec![("a", leaf(5))]), "file tree"));
    assert_eq!(
        error.unwrap_err().to_string(),
        "the torrent has no \"info.file tree\"; it is no torrent file, or incomplete"
    );
    for length in [10_000, 8_192] {
        let info = hybrid(files(), vec![("a", leaf(5))]);
        let error = parse(with(info, "piece length", int(length))).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("must be a power of two and at least 16384"),
            "{error}"
        );
    }
}

#[test]
fn the_hashes_of_the_second_half_may_be_missing_but_not_wrong() {
    let info = || {
        let files = vec![file(&["a"], 2 * PIECE)];
        Ben::Dict(pieces_of(2, files, vec![("a", leaf(2 * PIECE))]))
    };
    let torrent = Metainfo::parse(&Ben::Dict(vec![("info", info())]).bytes()).unwrap();
    assert_eq!(
        warnings(&torrent),
        ["the hashes of its v2 half (\"piece layers\") are not there; its v1 half is used"]
    );
    let layers = Ben::Dict(vec![(
        "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr",
        Ben::Bytes(vec![1; 64]),
    )]);
    let torrent = Ben::Dict(vec![("info", info()), ("piece layers", layers)]);
    assert_eq!(
        Metainfo::parse(&torrent.bytes()).unwrap_err().to_string(),
        "the hashes of the file \"folder/a\" in \"piece layers\" do not fit its \"pieces root\""
    );
}

#[test]
fn links_may_differ_since_they_have_no_bytes() {
    let link = |target| {
        let properties = vec![("attr", text("l")), ("symlink path", path(target))];
        Ben::Dict(vec![("", Ben::Dict(properties))])
    };
    let listed = Ben::Dict(vec![
        ("attr", text("l")),
        ("path", path(&["b"])),
        ("symlink path", path(&["a"])),
    ]);
    let files = || vec![file(&["a"], 5), listed.clone()];
    taken(hybrid(files(), vec![("a", leaf(5)), ("b", link(&["a"]))]));
    taken(hybrid(files(), vec![("a", leaf(5)), ("b", link(&[".."]))]));
    taken(hybrid(files(), vec![("a", leaf(5))]));
}
