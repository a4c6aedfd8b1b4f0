//! `kostorrent verify`.

mod common;

use std::fs;
use std::path::Path;

use common::{run, sample_torrent, text};
use kostorrent::lab::sample;
use pretty_assertions::assert_eq;
use serde_json::json;

/// The sample in a folder of its own, to be damaged.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    sample::write(dir.path()).unwrap();
    dir
}

fn inside(dir: &tempfile::TempDir, path: &str) -> std::path::PathBuf {
    dir.path().join(sample::NAME).join(path)
}

/// The files that are named, with what is wrong, and whether all is well.
fn verify(data: &Path) -> (Vec<(String, String)>, bool) {
    let ran = run([
        "verify",
        &text(sample_torrent()),
        "--data",
        &text(data),
        "--json",
    ]);
    let mut events = ran.events();
    let verified = events.pop().unwrap();
    assert_eq!(verified["event"], "verified");
    let ok = verified["ok"].as_bool().unwrap();
    assert_eq!(ran.code, Some(if ok { 0 } else { 1 }));
    let files = events.iter().map(|event| {
        assert_eq!(event["event"], "file");
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        (
            text("path").replace("kostorrent-sample/", ""),
            text("fault"),
        )
    });
    (files.collect(), ok)
}

fn faults(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(path, fault)| ((*path).to_owned(), (*fault).to_owned()))
        .collect()
}

#[test]
fn the_whole_sample_is_good() {
    assert_eq!(verify(copy().path()), (vec![], true));
}

#[test]
fn a_flipped_bit_names_its_file() {
    let dir = copy();
    let path = inside(&dir, "figures/evening.bmp");
    let mut bytes = fs::read(&path).unwrap();
    bytes[300_000] ^= 1;
    fs::write(path, bytes).unwrap();
    assert_eq!(
        verify(dir.path()),
        (faults(&[("figures/evening.bmp", "wrong")]), false)
    );

    let ran = run([
        "verify",
        &text(sample_torrent()),
        "--data",
        &text(dir.path()),
    ]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out
            .contains("wrong       kostorrent-sample/figures/evening.bmp  (1 bad piece)")
    );
    assert!(ran.out.contains("21 of 22 pieces are good"), "{}", ran.out);
    assert_eq!(ran.err.lines().count(), 1);
}

#[test]
fn missing_files_are_missing_and_their_neighbours_unproven() {
    let dir = copy();
    fs::remove_file(inside(&dir, "texts/3 The words.txt")).unwrap();
    fs::remove_file(inside(&dir, "data/empty.txt")).unwrap();
    let (files, ok) = verify(dir.path());
    assert!(!ok);
    // The end of the tune and all the texts lie in the last piece.
    let expected = faults(&[
        ("data/empty.txt", "missing"),
        ("sound/handshake.wav", "unproven"),
        ("texts/1 How to read a torrent.txt", "unproven"),
        ("texts/2 A short history.txt", "unproven"),
        ("texts/3 The words.txt", "missing"),
        ("texts/Grüße.txt", "unproven"),
        ("texts/断片.txt", "unproven"),
    ]);
    assert_eq!(files, expected);
}

#[test]
fn lengths_count() {
    let dir = copy();
    let append = |path: &str| {
        let path = inside(&dir, path);
        let bytes = [fs::read(&path).unwrap(), b"more".to_vec()].concat();
        fs::write(path, bytes).unwrap();
    };
    append("data/empty.txt");
    append("texts/断片.txt");
    assert_eq!(
        verify(dir.path()),
        (
            faults(&[
                ("data/empty.txt", "too_long"),
                ("texts/断片.txt", "too_long")
            ]),
            false
        )
    );
    let path = inside(&dir, "figures/evening.bmp");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..500_000]).unwrap();
    let (files, _) = verify(dir.path());
    assert!(
        files.contains(&("figures/evening.bmp".into(), "too_short".into())),
        "{files:?}"
    );
}

#[test]
fn an_empty_folder_misses_everything() {
    let dir = tempfile::tempdir().unwrap();
    let (files, ok) = verify(dir.path());
    assert!(!ok);
    assert_eq!(files.len(), sample::FILES.len());
    assert!(
        files.iter().all(|(_, fault)| fault == "missing"),
        "{files:?}"
    );
}

#[test]
fn the_schema_is_the_documented_one() {
    let dir = copy();
    fs::remove_file(inside(&dir, "data/empty.txt")).unwrap();
    let ran = run([
        "verify",
        &text(sample_torrent()),
        "--data",
        &text(dir.path()),
        "--json",
    ]);
    assert_eq!(
        ran.events(),
        [
            json!({"event": "file", "path": "kostorrent-sample/data/empty.txt", "fault": "missing", "bad_pieces": 0}),
            json!({"event": "verified", "name": "kostorrent-sample", "ok": false, "pieces": 22, "pieces_good": 22, "files_bad": 1}),
        ]
    );
    assert_eq!(ran.err, "");
}

#[test]
fn data_must_be_a_folder() {
    let said = run([
        "verify",
        &text(sample_torrent()),
        "--data",
        "/nowhere/at/all",
    ])
    .failed(1);
    assert!(said.contains("--data"), "{said}");
}

#[test]
fn what_cannot_be_verified_is_an_error_event() {
    let torrent = text(sample_torrent());
    let ran = run(["verify", &torrent, "--data", "/nowhere/at/all", "--json"]);
    assert_eq!(ran.code, Some(1));
    let events = ran.events();
    assert_eq!((events.len(), &events[0]["event"]), (1, &json!("error")));
    let message = events[0]["message"].as_str().unwrap();
    assert!(ran.err.contains(message), "{}", ran.err);
}
