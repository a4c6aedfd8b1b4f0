//! `kostorrent create`.

mod common;

use std::fs;
use std::path::Path;

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

#[test]
fn what_is_left_out_is_said_and_the_rest_is_shared() {
    let litter = ["f/.DS_Store", "f/a/Thumbs.db", "f/b/desktop.ini"];
    let mut files = vec![
        ("f/keep.txt", &b"x"[..]),
        ("f/notes.tmp", b"y"),
        ("f/build/z", b"z"),
    ];
    files.extend(litter.map(|path| (path, &b"litter"[..])));
    let dir = folder(&files);
    let create = |options: &[&str]| {
        let line = ["create", "f", "-o", "-", "--announce", "http://a/"];
        let mut command = common::kostorrent(line.iter().chain(options));
        let output = command.current_dir(dir.path()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{err}");
        (Metainfo::parse(&output.stdout).unwrap(), err)
    };
    let paths = |torrent: &Metainfo| {
        let files = torrent.files.iter();
        files.map(|file| file.path.join("/")).collect::<Vec<_>>()
    };
    let (torrent, said) = create(&["--exclude", "*.tmp", "-x", "build/", "-x", "nothing"]);
    assert_eq!(paths(&torrent), ["f/keep.txt"]);
    for path in litter.map(|path| Path::new(path).display().to_string()) {
        assert!(
            said.contains(&format!("note: left out: {path} (")),
            "{said}"
        );
    }
    assert!(
        said.contains("--exclude nothing has excluded nothing"),
        "{said}"
    );
    assert!(!said.contains("notes.tmp"), "that was asked for: {said}");

    // The same files, the same info-hash, in whatever way the others were left out.
    let names = [
        "-x",
        "notes.*",
        "-x",
        "/build",
        "-x",
        ".DS_Store",
        "-x",
        "{Thumbs.db,desktop.ini}",
    ];
    let (same, said) = create(&[&names[..], &["--all"]].concat());
    assert_eq!(same.info_hash_v1, torrent.info_hash_v1, "{said}");
    assert_eq!(paths(&create(&["--all"]).0).len(), 6);
}

#[test]
fn no_more_is_told_of_what_is_left_out_than_a_person_would_read() {
    let names: Vec<String> = (0..25).map(|n| format!("f/{n:02}/.DS_Store")).collect();
    let mut files: Vec<_> = names.iter().map(|name| (&**name, &b"x"[..])).collect();
    files.push(("f/x", b"x"));
    let dir = folder(&files);
    let path = text(dir.path().join("f"));
    let output = text(dir.path().join("t"));
    let ran = run(["create", &path, "-o", &output]);
    let said = ran.err.lines().filter(|line| line.contains("left out"));
    let said: Vec<_> = said.collect();
    assert_eq!((ran.code, said.len()), (Some(0), 11), "{}", ran.err);
    assert_eq!(said[10], "note: left out: 15 more");

    // The torrent file does not hide among the others.
    let own = text(dir.path().join("f/x.torrent"));
    fs::copy(&output, &own).unwrap();
    let ran = run(["create", &path, "-o", &own, "--force"]);
    let first = format!("note: left out: {own} (the torrent file itself)\n");
    assert!(ran.err.starts_with(&first), "{}", ran.err);
    fs::remove_file(&own).unwrap();

    let ran = run(["create", &path, "-o", &output, "--force", "--json"]).good();
    let events = ran.events();
    let warnings = events.iter().filter(|event| event["event"] == "warning");
    assert_eq!((warnings.count(), events.len()), (11, 12));
    assert_eq!(events[11]["left_out"], 25);
}

#[cfg(unix)]
#[test]
fn links_inside_are_left_out_or_followed_and_one_that_was_named_is_followed() {
    let dir = folder(&[("real/a", b"x")]);
    let link =
        |target: &str, name| std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
    link("real", "named");
    let torrent = create(&text(dir.path().join("named")), &[]);
    assert_eq!(torrent.name, "named");

    link("a", "real/link");
    let (path, output) = (text(dir.path().join("real")), text(dir.path().join("t")));
    let line = ["create", &path, "-o", &output, "--announce", "http://a/"];
    let ran = run(line);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let expected = format!(
        "note: left out: {path}/link (a symbolic link; --follow-links takes what it leads to)\n"
    );
    assert_eq!(ran.err, expected);
    assert_eq!(create(&path, &["--follow-links"]).files.len(), 2);
}

#[cfg(unix)]
#[test]
fn names_that_are_dangerous_are_refused() {
    for (name, shown, what) in [
        ("a\\b", "a\\b", "has a backslash"),
        ("new\nline", "new\\nline", "has a control character"),
        ("\u{202e}gpj.exe", "\\u{202e}gpj.exe", "turns the direction"),
    ] {
        let dir = folder(&[("f/x", b"x")]);
        fs::write(dir.path().join("f").join(name), "y").unwrap();
        let said = run(["create", &text(dir.path().join("f"))]).failed(1);
        assert!(said.contains(&format!("the name \"f/{shown}\" ")), "{said}");
        assert!(said.contains(what), "{said}");
        assert!(said.contains("rename it"), "{said}");
        assert!(said.contains(", or leave it out with --exclude"), "{said}");
    }
    let dir = folder(&[("a\\b/x", b"x")]);
    let said = run(["create", &text(dir.path().join("a\\b"))]).failed(1);
    assert!(said.contains(", or give another with --name"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_only_other_systems_cannot_keep_are_taken() {
    let names = ["con.txt", "a:b", "ends with a dot.", "File", "fILE"];
    let paths = names.map(|name| format!("f/{name}"));
    let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (&**path, &b"x"[..])).collect();
    let dir = folder(&files);
    // In JSON, where the notes are not on stderr.
    let torrent = create(&text(dir.path().join("f")), &["--json"]);
    assert_eq!((torrent.files.len(), torrent.portable.files.len()), (5, 4));
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
