//! The naive decoder of the book: right on good input, and what becomes of it on bad input.

#[allow(dead_code)]
#[path = "../examples/naive_recursive.rs"]
mod naive_recursive;

use std::process::Command;

use naive_recursive::{Value, decode, nested_lists};
use pretty_assertions::assert_eq;

#[test]
fn it_reads_good_input() {
    let (value, rest) = decode(b"d1:ali1e2:bcee").unwrap();
    let list = vec![Value::Int(1), Value::Bytes(b"bc".to_vec())];
    assert_eq!(
        value,
        Value::Dict([(b"a".to_vec(), Value::List(list))].into())
    );
    assert_eq!(rest, b"");
}

#[test]
fn it_reads_the_sample() {
    let path = "../../kostorrent/sample/kostorrent-sample.torrent";
    let torrent = std::fs::read(path).unwrap();
    let (value, rest) = decode(&torrent).unwrap();
    assert_eq!(rest, b"");
    let Value::Dict(torrent) = value else {
        panic!("{value:?}");
    };
    let Value::Dict(info) = &torrent[&b"info"[..]] else {
        panic!("{torrent:?}");
    };
    assert!(matches!(&info[&b"pieces"[..]], Value::Bytes(pieces) if pieces.len() == 440));
}

#[test]
fn it_refuses_what_is_cut_short() {
    for input in [&b"d1:a"[..], b"li1e", b"5:abc", b"i12", b""] {
        assert_eq!(decode(input), None);
    }
}

#[test]
fn it_forgets_how_the_input_was_written() {
    let sorted = decode(b"d1:ai1e1:bi2ee").unwrap();
    let unsorted = decode(b"d1:bi2e1:ai1ee").unwrap();
    assert_eq!(sorted, unsorted);
}

#[test]
fn it_brings_the_program_down_where_ours_gives_an_error() {
    const CHILD: &str = "KOSTORRENT_TEST_NAIVE_DECODER";
    let input = nested_lists(100_000);
    if std::env::var_os(CHILD).is_some() {
        // Only ever reached in the child process below. It does not return.
        println!("{}", decode(&input).is_some());
        return;
    }

    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "it_brings_the_program_down_where_ours_gives_an_error";
    child.args(["--exact", name, "--nocapture"]).env(CHILD, "1");
    let output = child.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("overflowed its stack"));

    let error = bencode::decode(&input).unwrap_err();
    assert_eq!(
        error.to_string(),
        "at byte 2048: lists and dictionaries are nested more than 2048 deep"
    );
}
