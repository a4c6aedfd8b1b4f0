//! Torrents with symbolic links that lead out of the torrent's folder, or nowhere: the links are
//! left out, and whoever uses the torrent is told.

mod common;

use common::{folder, run, text};
use pretty_assertions::assert_eq;
use serde_json::json;

const CONTENT: &[u8] = b"abc";

/// A torrent of the folder `t`: a file, a good link to it, one that leads out and one to nothing.
fn torrent() -> Vec<u8> {
    let mut bytes = b"d4:infod5:filesl".to_vec();
    bytes.extend(b"d4:attr1:l6:lengthi0e4:pathl3:oute12:symlink pathl2:..2:..3:etcee");
    bytes.extend(b"d6:lengthi3e4:pathl4:fileee");
    bytes.extend(b"d4:attr1:l6:lengthi0e4:pathl7:nowhereee");
    bytes.extend(b"d4:attr1:l6:lengthi0e4:pathl4:linke12:symlink pathl4:fileee");
    bytes.extend(b"e4:name1:t12:piece lengthi16384e6:pieces20:");
    bytes.extend(hashing::digest(&[CONTENT]));
    bytes.extend(b"ee");
    bytes
}

const OUT: &str = "the symbolic link \"t/out\" does not plainly point into the torrent's own folder; it is left out";
const NOWHERE: &str = "the symbolic link \"t/nowhere\" points to nothing; it is left out";

/// The torrent `links.torrent`, and what it describes, in a folder.
fn complete() -> tempfile::TempDir {
    let dir = folder(&[("links.torrent", &torrent()), ("in/t/file", CONTENT)]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("file", dir.path().join("in/t/link")).unwrap();
    dir
}

#[test]
fn show_tells_what_is_left_out() {
    let dir = complete();
    let path = text(dir.path().join("links.torrent"));
    let out = run(["show", &path]).good().out;
    assert!(out.contains(&format!("\nnote          {OUT}\n")), "{out}");
    assert!(
        out.contains(&format!("\nnote          {NOWHERE}\n")),
        "{out}"
    );
    assert!(
        out.ends_with(" t/file\n2        0 B  t/link -> t/file\n"),
        "{out}"
    );

    let shown = &run(["show", "--json", &path]).good().events()[0];
    assert_eq!(shown["warnings"], json!([OUT, NOWHERE]));
    let file = |path: &str, length: u64| json!({"path": path, "length": length, "padding": false});
    assert_eq!(
        shown["files"],
        json!([file("t/file", 3), file("t/link", 0)])
    );
    assert_eq!(shown["total_length"], 3);
}

#[cfg(unix)]
#[test]
fn verify_and_download_tell_it_first() {
    let dir = complete();
    let (torrent, data) = (
        text(dir.path().join("links.torrent")),
        text(dir.path().join("in")),
    );
    let notes = format!("note: {OUT}\nnote: {NOWHERE}\n");

    let verified = run(["verify", &torrent, "--data", &data]);
    assert_eq!((verified.code, &*verified.err), (Some(0), &*notes));
    assert_eq!(verified.out, "t: 1 of 1 pieces are good, in 2 files\n");
    let download = ["download", &torrent, "--output", &data];
    let downloaded = run(download);
    assert_eq!(downloaded.code, Some(0), "{downloaded:?}");
    assert!(downloaded.err.starts_with(&notes), "{downloaded:?}");
    let quiet = run(download.iter().chain(&["--quiet"]));
    assert_eq!((quiet.code, &*quiet.err), (Some(0), ""));

    for line in [&download[..], &["verify", &torrent, "--data", &data]] {
        let ran = run(line.iter().chain(&["--json"])).good();
        let warnings = [OUT, NOWHERE].map(|why| json!({"event": "warning", "message": why}));
        assert_eq!(ran.events()[..2], warnings);
    }
    // What was left out is still not there.
    let mut names: Vec<_> = std::fs::read_dir(dir.path().join("in/t"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["file", "link"]);
}

#[test]
fn a_torrent_that_leaves_nothing_out_is_worked_on_without_a_word() {
    let strange = b"d4:infod6:lengthi3e4:name3:a/b12:piece lengthi16384e6:pieces20:";
    let bytes = [&strange[..], &hashing::digest(&[CONTENT]), b"ee"].concat();
    let dir = folder(&[("odd.torrent", &bytes), ("a_b", CONTENT)]);
    let (torrent, data) = (text(dir.path().join("odd.torrent")), text(dir.path()));
    let out = run(["show", &torrent]).good().out;
    assert!(out.contains("note          its name \"a/b\""), "{out}");
    run(["verify", &torrent, "--data", &data]).good();
}
