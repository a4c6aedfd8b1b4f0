//! Torrents as large as they come, and larger.

use pretty_assertions::assert_eq;

use super::*;
use crate::{MAX_FILES, MAX_PATH_DEPTH, MAX_PATH_ELEMENTS, MAX_PATH_LENGTH, MAX_TORRENT_SIZE};

#[test]
fn a_torrent_of_64_mib_with_100_000_files_is_taken() {
    const FILES: usize = 100_000;
    const PIECES: usize = 3_000_000;
    let names: Vec<String> = (0..FILES)
        .map(|number| format!("file {number}.txt"))
        .collect();
    let file = |name: &String| file(&["some", "folders", "deep", name], 0);
    let mut files: Vec<Ben> = names.iter().map(file).collect();
    files[0] = super::file(&["large"], PIECES as i128 * 16384);
    let info = Ben::Dict(with(multi(files), "pieces", pieces(PIECES)));
    // An unknown key fills it up to the last byte.
    let filled = |filling| {
        let filling = Ben::Bytes(vec![b' '; filling]);
        Ben::Dict(vec![("info", info.clone()), ("unknown", filling)]).bytes()
    };
    let bytes = filled(MAX_TORRENT_SIZE - filled(1_000_000).len() + 1_000_000);
    assert_eq!(bytes.len(), MAX_TORRENT_SIZE);

    let torrent = Metainfo::parse(&bytes).unwrap();
    assert_eq!(torrent.files.len(), FILES);
    assert_eq!(torrent.piece_count(), PIECES as u32);
    assert_eq!(torrent.warnings, []);
}

#[test]
fn a_torrent_file_beyond_the_limit_is_refused() {
    let bytes = vec![b'd'; MAX_TORRENT_SIZE + 1];
    assert_eq!(
        Metainfo::parse(&bytes).unwrap_err().to_string(),
        "this is not a torrent file, or a damaged one: at byte 0: the input has 67108865 bytes, \
         more than the 67108864 that are read"
    );
}

#[test]
fn so_many_files_and_no_more() {
    let some = |count| with(multi(vec![file(&["a"], 0); count]), "pieces", pieces(0));
    assert_eq!(parse(some(MAX_FILES)).unwrap().files.len(), MAX_FILES);
    assert_eq!(parse(some(MAX_FILES + 1)), Err(Error::TooManyFiles));
}

#[test]
fn paths_of_a_bounded_depth() {
    let deep = |depth| parse(multi(vec![file(&vec!["a"; depth], 1)]));
    assert_eq!(
        deep(MAX_PATH_DEPTH - 1).unwrap().files[0].path.len(),
        MAX_PATH_DEPTH
    );
    assert_eq!(
        deep(MAX_PATH_DEPTH).unwrap_err().to_string(),
        "\"info.files[0].path\" is more than 100 folders deep"
    );
}

#[test]
fn paths_of_a_bounded_length() {
    // The torrent's name, and fourteen elements with the slash in front of each.
    let element = "x".repeat((MAX_PATH_LENGTH - "folder".len()) / 14 - 1);
    let long = |count| parse(multi(vec![file(&vec![&*element; count], 1)]));
    let path = long(14).unwrap().files[0].path.join("/");
    assert!(path.len() <= MAX_PATH_LENGTH && path.len() > MAX_PATH_LENGTH - 14);
    assert_eq!(
        long(15).unwrap_err().to_string(),
        "\"info.files[0].path\" is longer than 3500 bytes"
    );
}

#[test]
fn path_elements_of_a_bounded_number() {
    let files = vec![file(&["a"; MAX_PATH_DEPTH - 1], 0); MAX_PATH_ELEMENTS / MAX_PATH_DEPTH + 1];
    assert_eq!(parse(multi(files)), Err(Error::TooManyPathElements));
}

#[test]
fn a_tree_of_a_bounded_depth() {
    let (open, close) = ("d1:a", "e");
    for depth in [MAX_PATH_DEPTH, 1_000] {
        let bytes = format!(
            "d4:infod9:file tree{}d0:d6:lengthi0eee{}12:meta versioni2e4:name1:n12:piece lengthi16384eee",
            open.repeat(depth),
            close.repeat(depth)
        );
        assert_eq!(
            Metainfo::parse(bytes.as_bytes()).unwrap_err().to_string(),
            "\"info.file tree\" is more than 100 folders deep"
        );
    }
}

#[test]
fn texts_of_a_bounded_length() {
    let long = Ben::Bytes(vec![0xff; 1_000_000]);
    let torrent = Ben::Dict(vec![("comment", long), ("info", Ben::Dict(single()))]);
    let torrent = Metainfo::parse(&torrent.bytes()).unwrap();
    assert_eq!(torrent.comment.unwrap().chars().count(), 16 * 1024);
}

#[test]
fn lists_in_lists_without_end_are_refused() {
    let bytes = [&b"d4:info"[..], &vec![b'l'; 100_000]].concat();
    assert!(matches!(Metainfo::parse(&bytes), Err(Error::Bencode(_))));
}
