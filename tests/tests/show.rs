//! `show`, on torrent files that others have made, and on what damage makes of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use kostorrent_tests::bencode::Value;
use kostorrent_tests::payload::Payload;
use kostorrent_tests::{bencode, clients, json, kostorrent, programs, skip, temp};
use pretty_assertions::assert_eq;
use serde_json::json;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// The folder of the npm package `webtorrent-fixtures`.
fn fixtures() -> Option<PathBuf> {
    let folder = programs::shared().join("webtorrent-fixtures/package/fixtures");
    skip::unless_missing(
        "webtorrent-fixtures (npm)",
        folder.is_dir().then_some(folder),
    )
}

/// Its torrent files, by name.
fn torrents(folder: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let all = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let torrents = all.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "torrent")
    });
    torrents
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_good_fixture_is_shown_with_its_info_hash() {
    let Some(folder) = fixtures() else { return };
    let torrents = torrents(&folder);
    assert_eq!(torrents.len(), 9);
    for (name, bytes) in torrents
        .iter()
        .filter(|(name, _)| *name != "corrupt.torrent")
    {
        let shown = kostorrent::show(&folder.join(name));
        shown.expect_code(0);
        let shown = &json::lines(&shown.stdout)[0];
        let info = bencode::entry(bytes, "info").expect("an info dictionary");
        assert_eq!(
            shown["info_hash_v1"],
            hex::encode(Sha1::digest(&bytes[info])),
            "{name}"
        );
        assert_eq!(shown["info_hash_v2"], json!(null), "{name}");
        assert_ne!(shown["files"], json!([]), "{name}");
        kostorrent::run(["show".as_ref(), folder.join(name).as_os_str()]).expect_code(0);
    }
}

#[test]
fn the_corrupt_fixture_is_refused_in_one_line() {
    let Some(folder) = fixtures() else { return };
    let shown = kostorrent::show(&folder.join("corrupt.torrent")); // it has no name
    shown.expect_code(1);
    assert_eq!(shown.stdout, "");
    assert_eq!(
        shown.stderr.trim_end().lines().count(),
        1,
        "{}",
        shown.stderr
    );
}

#[test]
fn a_fixture_is_shown_in_full() {
    let Some(folder) = fixtures() else { return };
    let shown = kostorrent::show(&folder.join("leaves.torrent"));
    let name = "Leaves of Grass by Walt Whitman.epub";
    assert_eq!(
        json::lines(&shown.stdout)[0],
        json!({
            "name": name,
            "info_hash_v1": "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36",
            "info_hash_v2": null,
            "piece_length": 16384,
            "pieces": 23,
            "total_length": 362_017,
            "private": false,
            "magnet": "magnet:?xt=urn:btih:d2474e86c95b19b8bcfdb92bc12c9d44667cfa36\
                       &dn=Leaves%20of%20Grass%20by%20Walt%20Whitman.epub",
            "announce": [],
            "web_seeds": [],
            "files": [{ "path": name, "length": 362_017, "padding": false }],
            "comment": null,
            "created_by": "uTorrent/3300",
            "creation_date": 1_375_363_666,
        })
    );
    let shown = kostorrent::show(&folder.join("numbers.torrent"));
    let files = &json::lines(&shown.stdout)[0]["files"];
    let file =
        |path: &str, length: u64| json!({ "path": path, "length": length, "padding": false });
    assert_eq!(
        *files,
        json!([
            file("numbers/1.txt", 1),
            file("numbers/2.txt", 2),
            file("numbers/3.txt", 3)
        ])
    );
}

#[test]
fn the_files_of_the_fixtures_are_verified() {
    let Some(folder) = fixtures() else { return };
    for name in ["leaves", "alice", "numbers", "lots-of-numbers", "folder"] {
        kostorrent::verify(&folder.join(format!("{name}.torrent")), &folder).expect_code(0);
    }
    kostorrent::verify(&folder.join("sintel.torrent"), &folder).expect_code(1);
}

#[test]
fn damaged_torrents_are_shown_or_refused_and_nothing_else() {
    let Some(folder) = fixtures() else { return };
    let scratch = temp();
    for (name, bytes) in torrents(&folder) {
        // Forty lengths to cut it to, and forty bits to flip, spread over the file: most of them near its beginning,
        // where the structure is.
        let places = (0..40usize).map(|i| if i < 30 { i * 7 } else { i * bytes.len() / 40 });
        for place in places.filter(|&place| place < bytes.len()) {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            for damaged in [&bytes[..place], &flipped] {
                let path = scratch.path().join(&name);
                fs::write(&path, damaged).unwrap();
                let shown = kostorrent::show(&path);
                match shown.code() {
                    Some(0) => drop(json::lines(&shown.stdout)),
                    Some(1) => assert_eq!(
                        (
                            shown.stdout.as_str(),
                            shown.stderr.trim_end().lines().count()
                        ),
                        ("", 1),
                        "{name}, damaged at {place}: {}",
                        shown.stderr
                    ),
                    other => panic!("{name}, damaged at {place}: {other:?} {}", shown.stderr),
                }
            }
        }
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let folder = temp();
    for deep in [
        "l".repeat(5_000_000),
        "d1:a".repeat(1_000_000),
        format!("d4:info{}", "l".repeat(1_000_000)),
    ] {
        let torrent = folder.path().join("deep.torrent");
        fs::write(&torrent, deep).unwrap();
        let shown = kostorrent::show(&torrent);
        shown.expect_code(1);
        assert!(
            shown.stderr.len() < 1000,
            "{} bytes of error",
            shown.stderr.len()
        );
    }
}

#[test]
fn lengths_that_overflow_are_refused() {
    let payload = Payload::single("overflow.bin", 100_000);
    let good = payload.torrent(16_384, &[]).encode();
    let folder = temp();
    for length in [
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "-1",
    ] {
        let text = [b"6:lengthi", length.as_bytes(), b"e"].concat();
        let at = good
            .windows(9)
            .position(|window| window == b"6:lengthi")
            .unwrap();
        let end = at
            + good[at..]
                .iter()
                .position(|&byte| byte == b'e')
                .map(|_| "6:lengthi100000e".len())
                .unwrap();
        let torrent = folder.path().join("overflow.torrent");
        fs::write(&torrent, [&good[..at], &text, &good[end..]].concat()).unwrap();
        kostorrent::show(&torrent).expect_code(1);
    }
}

/// The `info` of a v2 torrent (BEP 52) of one file, `three.bin`, of three bytes.
fn info_of_version_2() -> Value {
    let file = Value::dict([
        ("length", 3u64.into()),
        ("pieces root", Value::Bytes(vec![7; 32])),
    ]);
    let tree = Value::dict([("three.bin", Value::dict([("", file)]))]);
    Value::dict([
        ("file tree", tree),
        ("meta version", 2u64.into()),
        ("name", "three.bin".into()),
        ("piece length", 16_384u64.into()),
    ])
}

/// What `show --json` says about a torrent of this `info`, and both hashes of it.
fn shown(info: &Value) -> (serde_json::Value, String, String) {
    let folder = temp();
    let torrent = folder.path().join("three.torrent");
    fs::write(&torrent, Value::dict([("info", info.clone())]).encode()).unwrap();
    let shown = kostorrent::show(&torrent);
    shown.expect_code(0);
    let info = info.encode();
    (
        json::lines(&shown.stdout)[0].clone(),
        hex::encode(Sha1::digest(&info)),
        hex::encode(Sha256::digest(&info)),
    )
}

#[test]
fn a_torrent_of_version_2_is_shown_in_full() {
    let (shown, _, info_hash_v2) = shown(&info_of_version_2());
    assert_eq!(
        shown,
        json!({
            "name": "three.bin",
            "info_hash_v1": null,
            "info_hash_v2": info_hash_v2,
            "piece_length": 16_384,
            "pieces": 1,
            "total_length": 3,
            "private": false,
            "magnet": format!("magnet:?xt=urn:btmh:1220{info_hash_v2}&dn=three.bin"),
            "announce": [],
            "web_seeds": [],
            "files": [{ "path": "three.bin", "length": 3, "padding": false }],
            "comment": null,
            "created_by": null,
            "creation_date": null,
        })
    );
}

#[test]
fn a_hybrid_torrent_is_shown_with_both_hashes() {
    let mut info = info_of_version_2();
    info.set("length", 3u64);
    info.set("pieces", Value::Bytes(vec![9; 20]));
    let (shown, info_hash_v1, info_hash_v2) = shown(&info);
    assert_eq!(shown["info_hash_v1"], info_hash_v1);
    assert_eq!(shown["info_hash_v2"], info_hash_v2);
    let file = json!({ "path": "three.bin", "length": 3, "padding": false });
    assert_eq!(shown["files"], json!([file]));
}

#[test]
fn what_libtorrent_makes_of_version_2_is_shown_and_refused_when_its_hashes_are_damaged() {
    let Some(python) = clients::libtorrent::available() else {
        return;
    };
    let folder = temp();
    let payload = Payload::odd("t");
    payload.write(folder.path());
    let torrent = folder.path().join("made.torrent");
    for (version, piece_length) in [
        ("v1", 32_768),
        ("v2", 16_384),
        ("v2", 65_536),
        ("hybrid", 16_384),
        ("hybrid", 262_144),
    ] {
        clients::libtorrent::make(
            &python,
            version,
            &folder.path().join("t"),
            &torrent,
            piece_length,
        );
        let made = fs::read(&torrent).unwrap();
        let shown = kostorrent::show(&torrent);
        shown.expect_code(0);
        let shown = &json::lines(&shown.stdout)[0];
        assert_eq!(shown["warnings"], json!(null), "{version}");
        let info = &made[bencode::entry(&made, "info").expect("an info dictionary")];
        let hashes = (
            (version != "v2").then(|| hex::encode(Sha1::digest(info))),
            (version != "v1").then(|| hex::encode(Sha256::digest(info))),
        );
        assert_eq!(shown["info_hash_v1"], json!(hashes.0), "{version}");
        assert_eq!(shown["info_hash_v2"], json!(hashes.1), "{version}");
        let files = shown["files"].as_array().unwrap();
        let length = |file: &serde_json::Value| file["length"].as_u64().unwrap();
        let real = files.iter().filter(|file| file["padding"] == json!(false));
        let real: u64 = real.map(length).sum();
        assert_eq!(real, payload.bytes().len() as u64, "{version}");

        let Some(layers) = bencode::entry(&made, "piece layers") else {
            assert_eq!(version, "v1");
            continue;
        };
        for place in layers.clone().step_by(layers.len() / 12) {
            let mut damaged = made.clone();
            damaged[place] ^= 1;
            fs::write(&torrent, damaged).unwrap();
            kostorrent::show(&torrent).expect_code(1);
        }
    }
}

#[test]
fn a_torrent_of_version_2_alone_is_refused_with_a_sentence() {
    let folder = temp();
    let torrent = folder.path().join("three.torrent");
    let bytes = Value::dict([("info", info_of_version_2())]).encode();
    fs::write(&torrent, bytes).unwrap();
    let (torrent, empty) = (torrent.to_str().unwrap(), temp());
    let data = empty.path().to_str().unwrap();
    for arguments in [
        ["download", torrent, "--output", data],
        ["verify", torrent, "--data", data],
        ["seed", torrent, "--data", data],
    ] {
        let finished = kostorrent::run(arguments);
        finished.expect_code(1);
        assert_eq!(finished.stdout, "", "{arguments:?}");
        let said = finished.stderr.trim_end();
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.contains("v2"), "{arguments:?}: {said}");
    }
    assert_eq!(fs::read_dir(data).unwrap().count(), 0, "nothing is written");
}
