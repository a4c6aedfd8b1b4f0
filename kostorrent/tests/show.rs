//! `kostorrent show`.

mod common;

use common::{folder, run, sample_torrent, text};
use pretty_assertions::assert_eq;
use serde_json::json;

/// A torrent with these bytes between `d` and the info of one file, and after it.
fn torrent(before: &[u8], name: &[u8], after: &[u8]) -> Vec<u8> {
    let mut bytes = b"d".to_vec();
    bytes.extend_from_slice(before);
    bytes.extend_from_slice(b"4:infod6:lengthi3e4:name");
    bytes.extend_from_slice(format!("{}:", name.len()).as_bytes());
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(b"12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae");
    bytes.extend_from_slice(after);
    bytes.push(b'e');
    bytes
}

#[test]
fn json_has_exactly_the_promised_fields() {
    let ran = run(["show", "--json", &text(sample_torrent())]).good();
    let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let fields: Vec<_> = shown
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut promised = vec![
        "name",
        "info_hash_v1",
        "info_hash_v2",
        "piece_length",
        "pieces",
        "total_length",
        "private",
        "announce",
        "web_seeds",
        "files",
        "comment",
        "created_by",
        "creation_date",
        "magnet",
    ];
    promised.sort();
    assert_eq!(fields, promised);
    assert_eq!(shown["name"], "kostorrent-sample");
    assert_eq!(
        shown["announce"],
        json!([["http://127.0.0.1:7878/announce"]])
    );
    assert_eq!(
        shown["files"][2],
        json!({
            "path": "kostorrent-sample/data/empty.txt", "length": 0, "padding": false
        })
    );
    assert_eq!(shown["info_hash_v2"], json!(null));
    assert_eq!(shown["private"], json!(false));
    let link = shown["magnet"].as_str().unwrap();
    let hash = shown["info_hash_v1"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("magnet:?xt=urn:btih:{hash}&dn=kostorrent-sample")),
        "{link}"
    );
}

#[test]
fn what_a_torrent_leaves_out_is_null_and_a_single_announce_is_a_tier() {
    let dir = folder(&[("t", &torrent(b"8:announce9:http://a/", b"a.txt", b""))]);
    let ran = run(["show", "--json", &text(dir.path().join("t"))]).good();
    let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(shown["announce"], json!([["http://a/"]]));
    assert_eq!(
        shown["files"],
        json!([{"path": "a.txt", "length": 3, "padding": false}])
    );
    for absent in ["comment", "created_by", "creation_date"] {
        assert_eq!(shown[absent], json!(null), "{absent}");
    }
}

#[test]
fn nothing_a_terminal_obeys_is_printed() {
    let evil = "x\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\u{7f}";
    let comment = format!("7:comment{}:{evil}", evil.len());
    let announce = format!("8:announce{}:http://a/{evil}", evil.len() + 9);
    let bytes = torrent(
        format!("{announce}{comment}").as_bytes(),
        evil.as_bytes(),
        b"",
    );
    let dir = folder(&[("t", &bytes)]);
    for options in [&["show"][..], &["show", "--json"]] {
        let path = text(dir.path().join("t"));
        let ran = run(options.iter().copied().chain([&*path]));
        let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(
            !ran.out.contains(obeyed) && !ran.err.contains(obeyed),
            "{ran:?}"
        );
    }
}

#[test]
fn a_person_sees_the_files_and_the_numbers() {
    let out = run(["show", &text(sample_torrent())]).good().out;
    for part in [
        "info-hash     ",
        "tracker       http://127.0.0.1:7878/announce",
        "created       2026-11-22 00:00:00 UTC",
        "of 32 KiB",
        "texts/Grüße.txt",
        "texts/断片.txt",
    ] {
        assert!(out.contains(part), "no {part:?} in:\n{out}");
    }
}

#[test]
fn what_is_no_torrent_is_refused_with_the_reason() {
    let whole = std::fs::read(sample_torrent()).unwrap();
    let cases: [(&str, &[u8]); 5] = [
        ("empty", b""),
        ("text", b"hello"),
        ("html", b"<html>not found</html>"),
        ("cut", &whole[..whole.len() / 2]),
        ("deep", &vec![b'l'; 100_000]),
    ];
    for (name, bytes) in cases {
        let dir = folder(&[(name, bytes)]);
        let said = run(["show", &text(dir.path().join(name))]).failed(1);
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn a_torrent_file_beyond_64_mib_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.torrent");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    let said = run(["show", &text(&path)]).failed(1);
    assert!(said.contains("64 MiB"), "{said}");
}

#[test]
fn a_hundred_thousand_files_are_shown() {
    let mut bytes = b"d4:infod5:filesl".to_vec();
    for number in 0..100_000 {
        bytes.extend_from_slice(format!("d6:lengthi1e4:pathl6:{number:06}ee").as_bytes());
    }
    bytes.extend_from_slice(
        b"e4:name4:many12:piece lengthi1048576e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
    );
    let dir = folder(&[("t", &bytes)]);
    let ran = run(["show", &text(dir.path().join("t"))]).good();
    let listed = ran
        .out
        .lines()
        .filter(|line| line.contains("many/"))
        .count();
    assert_eq!(listed, 100_000);
}
