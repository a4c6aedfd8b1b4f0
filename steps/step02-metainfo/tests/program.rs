//! Runs the step's program.

use std::path::PathBuf;
use std::process::{Command, Output};

use metainfo::create::Create;
use pretty_assertions::assert_eq;

/// A file that is gone at the end of the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, content: &[u8]) -> Temporary {
        let name = format!("kostorrent-step02-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step02-metainfo"))
}

fn show(name: &str, content: &[u8]) -> Output {
    let file = Temporary::new(name, content);
    program().arg(&file.0).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn it_shows_what_is_in_a_torrent_of_several_files() {
    let mut create = Create::multi("talk", 16 * 1024);
    create.add_file(["slides.pdf"], 20_000);
    create.add_file(["notes", "empty.txt"], 0);
    create.add_file(["run.sh"], 100);
    create.files[2].executable = true;
    create.about.announce = vec![
        vec!["http://a/announce".into()],
        vec!["http://b/announce".into()],
    ];
    create.about.comment = Some("two\nlines".into());
    create.about.creation_date = Some(1_700_000_000);
    let output = show(
        "several",
        &create.to_bytes(&[[0xaa; 20], [0xbb; 20]]).unwrap(),
    );
    assert_eq!(text(&output.stderr), "");
    assert_eq!(
        text(&output.stdout),
        "name           talk\n\
         version        1\n\
         info-hash      e4fbbe28e1eee90f79dc99fdf996657da700d3df\n\
         \x20 is the hash  of bytes 147 to 359 of the file, the value of \"info\"\n\
         size           20,100 bytes in 3 files\n\
         pieces         2 of 16,384 bytes\n\
         \x20 the last     has 3,716 bytes\n\
         \x20 SHA-1        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa of the first\n\
         \x20              bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb of the last\n\
         private        no\n\
         tracker tier 1 http://a/announce\n\
         tracker tier 2 http://b/announce\n\
         comment        two lines\n\
         creation date  2023-11-14 22:13 UTC\n\
         \n\
         offset   bytes  file\n\
         \x20    0  20,000  talk/slides.pdf\n\
         20,000       0  talk/notes/empty.txt\n\
         20,000     100  talk/run.sh (executable)\n"
    );
    assert!(output.status.success());
}

#[test]
fn it_shows_a_torrent_of_version_2() {
    let output = show(
        "v2",
        b"d4:infod9:file treed1:ad0:d6:lengthi3e11:pieces root32:rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrree\
          1:bd0:d6:lengthi0eeee12:meta versioni2e4:name1:n12:piece lengthi16384eee",
    );
    assert_eq!(text(&output.stderr), "");
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines[1], "version        2");
    assert!(lines[2].starts_with("info-hash v2   "));
    assert_eq!(lines.last(), Some(&"16,384       0  n/b"));
}

#[test]
fn it_says_what_is_odd() {
    let output = show(
        "odd",
        b"d4:infod6:lengthi3e4:name2:..12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhee",
    );
    assert!(text(&output.stdout).contains("\nodd            its name \"..\" is \"__\" on disk\n"));
    assert!(output.status.success());
}

#[test]
fn a_bad_torrent_is_one_line_on_stderr() {
    for (name, content) in [
        ("empty", &b""[..]),
        ("html", b"<html>"),
        ("list", b"le"),
        ("short", b"d4:infod6:lengthi3e4:name5:a.t"),
    ] {
        let output = show(name, content);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), "");
        assert_eq!(text(&output.stderr).lines().count(), 1);
        assert!(text(&output.stderr).starts_with("error: "));
    }
    let missing = program().arg("no/such/file").output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).starts_with("error: cannot read no/such/file: "));
}

#[test]
fn help_says_which_chapter_it_belongs_to() {
    let output = program().arg("--help").output().unwrap();
    assert!(text(&output.stdout).contains("Chapter 2 of the guide"));
    assert_eq!(program().output().unwrap().status.code(), Some(2));
}
