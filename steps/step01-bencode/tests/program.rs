//! Runs the step's program.

use std::path::PathBuf;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;

/// A file that is gone at the end of the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, content: &[u8]) -> Temporary {
        let name = format!("kostorrent-step01-{}-{name}", std::process::id());
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
    Command::new(env!("CARGO_BIN_EXE_step01-bencode"))
}

fn show(name: &str, content: &[u8], options: &[&str]) -> Output {
    let file = Temporary::new(name, content);
    program().args(options).arg(&file.0).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_good_file_is_shown_as_an_annotated_tree() {
    let input = b"d4:infod6:lengthi3e4:name5:a.txt6:pieces20:\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9de5:nodesll4:hosti80eeee";
    let output = show("good", input, &[]);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout),
        "     0  64                         dictionary\n\
         \x20    1  34 3a 69 6e 66 6f            key \"info\"\n\
         \x20    7  64                           dictionary\n\
         \x20    8  36 3a 6c 65 6e 67 74 68        key \"length\"\n\
         \x20   16  69 33 65                       number 3\n\
         \x20   19  34 3a 6e 61 6d 65              key \"name\"\n\
         \x20   25  35 3a 61 2e 74 78 74           \"a.txt\"\n\
         \x20   32  36 3a 70 69 65 63 65 73        key \"pieces\"\n\
         \x20   40  32 30 3a a9 99 3e 36 47 …      20 bytes: a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d\n\
         \x20   63  65                           end of the dictionary\n\
         \x20   64  35 3a 6e 6f 64 65 73         key \"nodes\"\n\
         \x20   71  6c                           list\n\
         \x20   72  6c                             list\n\
         \x20   73  34 3a 68 6f 73 74                \"host\"\n\
         \x20   79  69 38 30 65                      number 80\n\
         \x20   83  65                             end of the list\n\
         \x20   84  65                           end of the list\n\
         \x20   85  65                         end of the dictionary\n"
    );
}

#[test]
fn long_strings_are_cut_and_odd_ones_do_not_reach_the_terminal() {
    let long = [
        &b"l200:"[..],
        &[b'x'; 200],
        b"4:\x1b[2J40:",
        &[0xfe; 40],
        b"e",
    ]
    .concat();
    let output = show("long", &long, &[]);
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert!(lines[1].ends_with(&format!("\"{}\"… (200 bytes)", "x".repeat(60))));
    assert!(lines[2].ends_with("4 bytes: 1b 5b 32 4a"));
    assert!(lines[3].ends_with(&format!("40 bytes:{} …", " fe".repeat(20))));
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn an_odd_file_is_shown_with_what_is_odd() {
    let output = show("odd", b"d1:b0:1:a0:e", &[]);
    assert!(output.status.success());
    assert!(text(&output.stdout).ends_with(
        "odd: at byte 6: this dictionary key should stand before the one in front of it\n"
    ));
}

#[test]
fn with_strict_an_odd_file_is_refused() {
    let output = show("strict", b"d1:b0:1:a0:e", &["--strict"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("at byte 6: this dictionary key should stand before"));
}

#[test]
fn a_broken_file_is_shown_where_it_breaks() {
    let output = show("broken", b"d4:name5:hello6:lengthi1x2ee", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        "    16  6c 65 6e 67 74 68 69 31 78 32 65 65               lengthi1x2ee\n\
         \x20                               ^^ byte 24\n"
    );
    assert_eq!(text(&output.stderr).lines().count(), 1);
    assert!(text(&output.stderr).starts_with("error: "));
    assert!(
        text(&output.stderr)
            .ends_with("at byte 24: a digit was expected in this number, not the byte 0x78 'x'\n")
    );
}

#[test]
fn a_file_cut_short_is_marked_behind_its_last_byte() {
    let output = show("short", b"l4:spam", &[]);
    assert_eq!(
        text(&output.stdout),
        "     0  6c 34 3a 73 70 61 6d                              l4:spam\n\
         \x20                            ^^ byte 7\n"
    );
}

#[test]
fn an_empty_file_and_a_missing_one_are_errors() {
    let empty = show("empty", b"", &[]);
    assert_eq!(empty.status.code(), Some(1));
    assert!(text(&empty.stderr).ends_with("the input is empty, there is no value in it\n"));
    let missing = program().arg("no/such/file").output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).starts_with("error: cannot read no/such/file: "));
}

#[test]
fn a_deep_file_is_shown_without_end_of_the_stack_or_the_line() {
    let deep = [vec![b'l'; 2048], vec![b'e'; 2048]].concat();
    let output = show("deep", &deep, &[]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).lines().count(), 4096);
    assert!(text(&output.stdout).lines().all(|line| line.len() < 120));
}

#[test]
fn help_says_which_chapter_it_belongs_to() {
    let output = program().arg("--help").output().unwrap();
    assert!(text(&output.stdout).contains("Chapter 1 of the guide"));
    assert_eq!(program().output().unwrap().status.code(), Some(2));
}
