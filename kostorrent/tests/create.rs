//! `kostorrent create`.

mod common;

use std::fs;

use common::{folder, run, text};
use metainfo::Metainfo;
use pretty_assertions::assert_eq;

/// Makes a torrent of `path`, with more options, and reads it.
#[track_caller]
fn create(path: &str, options: &[&str]) -> Metainfo {
    let dir = tempfile::tempdir().unwrap();
    let output = text(dir.path().join("made.torrent"));
    let line = ["create", path, "-o", &output, "--announce", "http://a/"];
    let ran = run(line.iter().chain(options));
    assert_eq!((ran.code, &*ran.err), (Some(0), ""));
    Metainfo::parse(&fs::read(output).unwrap()).unwrap()
}

#[test]
fn a_file_becomes_a_torrent_of_one_file() {
    let dir = folder(&[("talk.ogg", &[7; 40_000])]);
    let torrent = create(
        &text(dir.path().join("talk.ogg")),
        &["--piece-length", "16K"],
    );
    assert!(!torrent.multi_file);
    assert_eq!(
        (torrent.name.as_str(), torrent.total_length),
        ("talk.ogg", 40_000)
    );
    let hashes: Vec<_> = [7; 40_000]
        .chunks(16 << 10)
        .map(|piece| hashing::digest(&[piece]))
        .collect();
    assert_eq!(torrent.pieces, hashes);
    assert_eq!(
        torrent.created_by.unwrap(),
        format!("kostorrent {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn every_option_arrives() {
    let dir = folder(&[("f/a", b"x")]);
    let torrent = create(
        &text(dir.path().join("f")),
        &[
            "--announce",
            "http://b/,udp://c:1/",
            "--private",
            "--web-seed",
            "http://w/",
            "--comment",
            "two\nlines",
            "--source",
            "SRC",
            "--name",
            "other",
            "--date",
            "2001-07-02",
        ],
    );
    assert_eq!(
        torrent.announce,
        [vec!["http://a/"], vec!["http://b/", "udp://c:1/"]]
    );
    assert!(torrent.private);
    assert_eq!(torrent.web_seeds, ["http://w/"]);
    assert_eq!(torrent.comment.as_deref(), Some("two\nlines"));
    assert_eq!(torrent.source.as_deref(), Some("SRC"));
    assert_eq!(torrent.creation_date, Some(994_032_000));
    assert_eq!(torrent.files[0].path, ["other", "a"]);
}

#[test]
fn the_same_files_give_the_same_info_hash() {
    let files: [(&str, &[u8]); 4] = [("b", b"22"), ("a/z", b"1"), ("a/b", b"333"), ("c", b"")];
    let one = folder(&files);
    let mut other = files;
    other.reverse();
    let two = folder(&other);
    let hash = |dir: &tempfile::TempDir, options: &[&str]| {
        let mut all = vec!["--name", "same"];
        all.extend(options);
        create(&text(dir.path()), &all).info_hash_v1
    };
    assert_eq!(hash(&one, &["--date", "1"]), hash(&two, &["--no-date"]));
    assert_ne!(hash(&one, &[]), hash(&one, &["--source", "x"]));
    assert_ne!(hash(&one, &[]), hash(&one, &["--private"]));
}

#[test]
fn an_existing_output_is_kept_unless_forced() {
    let dir = folder(&[("f", b"x"), ("f.torrent", b"precious")]);
    let line = ["create", "f"];
    let said = common::Ran::of(common::kostorrent(line).current_dir(dir.path())).failed(1);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(fs::read(dir.path().join("f.torrent")).unwrap(), b"precious");

    let line = ["create", "f", "--force", "--announce", "http://a/"];
    let ran = common::Ran::of(common::kostorrent(line).current_dir(dir.path())).good();
    assert!(ran.out.starts_with("f.torrent\n"), "{}", ran.out);
    assert!(Metainfo::parse(&fs::read(dir.path().join("f.torrent")).unwrap()).is_ok());
}

#[test]
fn json_tells_what_was_made() {
    let dir = folder(&[("f", b"x")]);
    let output = text(dir.path().join("t"));
    let ran = run([
        "create",
        &text(dir.path().join("f")),
        "-o",
        &output,
        "--json",
    ])
    .good();
    let [event] = &ran.events()[..] else {
        panic!("{}", ran.out)
    };
    assert_eq!(event["event"], "created");
    assert_eq!(event["output"], output);
    let torrent = Metainfo::parse(&fs::read(&output).unwrap()).unwrap();
    assert_eq!(
        event["info_hash_v1"],
        torrent.info_hash_v1.unwrap().to_string()
    );
}

#[test]
fn nothing_to_share_is_said() {
    let dir = folder(&[("only/empty", b"")]);
    let said = run(["create", &text(dir.path().join("only"))]).failed(1);
    assert!(said.contains("not a single byte"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_link_inside_is_refused_and_one_that_was_named_is_followed() {
    let dir = folder(&[("real/a", b"x")]);
    std::os::unix::fs::symlink("real", dir.path().join("named")).unwrap();
    let torrent = create(&text(dir.path().join("named")), &[]);
    assert_eq!(torrent.name, "named");

    std::os::unix::fs::symlink("a", dir.path().join("real/link")).unwrap();
    let said = run(["create", &text(dir.path().join("real"))]).failed(1);
    assert!(said.contains("real/link is a symbolic link"), "{said}");
}

#[cfg(unix)]
#[test]
fn names_that_other_systems_could_not_hold_are_refused() {
    for name in ["con.txt", "a:b", "ends with a dot.", "new\nline"] {
        let dir = folder(&[("f/x", b"x")]);
        fs::write(dir.path().join("f").join(name), "y").unwrap();
        let said = run(["create", &text(dir.path().join("f"))]).failed(1);
        assert!(said.contains("rename"), "{said}");
    }
}

// Elsewhere the two would be one file.
#[cfg(target_os = "linux")]
#[test]
fn names_that_differ_in_case_alone_are_refused() {
    let dir = folder(&[("f/File", b"x"), ("f/fILE", b"x")]);
    run(["create", &text(dir.path().join("f"))]).failed(1);
}

#[test]
fn the_builders_clock_is_respected() {
    let dir = folder(&[("f", b"x")]);
    let output = dir.path().join("t");
    let mut command = common::kostorrent(["create", "f", "-o", "t"]);
    command
        .env("SOURCE_DATE_EPOCH", "12")
        .current_dir(dir.path());
    assert_eq!(common::Ran::of(&mut command).code, Some(0));
    let torrent = Metainfo::parse(&fs::read(output).unwrap()).unwrap();
    assert_eq!(torrent.creation_date, Some(12));
}

#[test]
fn what_cannot_be_made_is_an_error_event() {
    let ran = run(["create", "/nowhere/at/all", "--json"]);
    assert_eq!(ran.code, Some(1));
    let events = ran.events();
    assert_eq!(
        (events.len(), events[0]["event"].as_str()),
        (1, Some("error"))
    );
}
