//! The program of chapter 8, run as a reader runs it.
#![cfg(feature = "program")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use metainfo::create::Create;
use pretty_assertions::assert_eq;
use tempfile::{TempDir, tempdir};

/// Two files and padding in five pieces; the torrent file and its data in one folder.
fn folder() -> TempDir {
    let dir = tempdir().unwrap();
    let mut create = Create::multi("t", 16384);
    create.add_file(["one"], 30_000);
    create.add_file([".pad", "2768"], 2_768);
    create.files[1].padding = true;
    create.add_file(["sub", "two"], 40_000);
    create.add_file(["empty"], 0);
    let one: Vec<u8> = (0..30_000).map(|i| (i * i / 5) as u8).collect();
    let two: Vec<u8> = (0..40_000).map(|i| (i * i / 3) as u8).collect();
    let data = [&one[..], &[0; 2_768], &two].concat();
    let hashes: Vec<_> = data.chunks(16384).map(hashing::sha1).collect();
    fs::write(
        dir.path().join("a.torrent"),
        create.to_bytes(&hashes).unwrap(),
    )
    .unwrap();
    fs::create_dir_all(dir.path().join("t/sub")).unwrap();
    fs::write(dir.path().join("t/one"), one).unwrap();
    fs::write(dir.path().join("t/sub/two"), two).unwrap();
    dir
}

fn run(folder: &Path, more: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_step08-sha1"));
    command.arg(folder.join("a.torrent"));
    for data in more {
        command.arg("--data").arg(data);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn good_data_pass_and_a_flipped_bit_is_caught() {
    let dir = folder();
    let output = run(dir.path(), &[]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let said = said(&output);
    assert!(said.contains("5 of 5 pieces are good."), "{said}");
    assert_eq!(said.matches(" as promised: good").count(), 1, "{said}");
    assert_eq!(
        said.matches(" not as promised: thrown away").count(),
        1,
        "{said}"
    );
    for way in [
        "the code of this chapter",
        "4 messages",
        "8 messages",
        "16 messages",
    ] {
        assert!(said.contains(way), "{said}");
    }
}

#[test]
fn the_data_may_be_elsewhere() {
    let (dir, elsewhere) = (folder(), tempdir().unwrap());
    fs::rename(dir.path().join("t"), elsewhere.path().join("t")).unwrap();
    assert!(said(&run(dir.path(), &[elsewhere.path()])).contains("5 of 5 pieces are good."));
}

#[test]
fn bad_and_missing_pieces_are_named() {
    let dir = folder();
    let path = dir.path().join("t/sub/two");
    let mut two = fs::read(&path).unwrap();
    two[16384] ^= 1;
    two.truncate(39_999);
    fs::write(path, two).unwrap();
    let output = run(dir.path(), &[]);
    let lines = said(&output);
    assert!(lines.contains("piece 3  bad "), "{lines}");
    assert!(lines.contains("piece 4  missing"), "{lines}");
    assert!(lines.contains("3 of 5 pieces are good."), "{lines}");
    assert_eq!(
        complaint(&output),
        "error: 2 of 5 pieces are missing or bad\n"
    );
}

#[test]
fn a_missing_file_is_no_data() {
    let dir = folder();
    fs::remove_file(dir.path().join("t/one")).unwrap();
    let output = run(dir.path(), &[]);
    let lines = said(&output);
    assert!(
        lines.contains("piece 0  missing\npiece 1  missing\n3 of 5"),
        "{lines}"
    );
}

#[test]
fn without_data_the_standards_example_serves() {
    let dir = folder();
    fs::remove_dir_all(dir.path().join("t")).unwrap();
    let output = run(dir.path(), &[]);
    assert!(output.status.success());
    let said = said(&output);
    assert!(
        said.contains("found     a9993e364706816aba3e25717850c26c9cd0d89d  as promised"),
        "{said}"
    );
}

#[test]
fn data_that_are_not_where_they_should_be() {
    let (dir, elsewhere) = (folder(), tempdir().unwrap());
    let complaint = complaint(&run(dir.path(), &[elsewhere.path()]));
    assert!(complaint.starts_with("error: there is no "), "{complaint}");
}

#[test]
fn help_names_the_chapter() {
    let output = Command::new(env!("CARGO_BIN_EXE_step08-sha1"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(said(&output).contains("Chapter 8 of the guide"));
}
