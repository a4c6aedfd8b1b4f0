//! The program of chapter 13, run as a reader runs it.
#![cfg(feature = "program")]

#[allow(dead_code)]
#[path = "../../step09-file-layout/tests/support/ran.rs"]
mod ran;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use pretty_assertions::assert_eq;
use ran::{complained, said};

/// What `kostorrent download --json` printed of a small download.
const RECORDING: &str = r######"{"event":"start","name":"kostorrent-sample","info_hash":"a40dd91b6508323445e8ba2a7cc618320eed277f","total_length":700067,"pieces":22,"path":"out/kostorrent-sample","listening":"[::]:34147"}
{"event":"checking","checked":0,"pieces":22}
{"event":"progress","phase":"downloading","pieces_have":0,"pieces":22,"left":700067,"total_length":700067,"downloaded":0,"uploaded":0,"down_rate":0,"up_rate":0,"peers":0,"seeds":0,"eta":null}
{"event":"progress","phase":"downloading","pieces_have":3,"pieces":22,"left":601763,"total_length":700067,"downloaded":98304,"uploaded":0,"down_rate":122793,"up_rate":0,"peers":3,"seeds":3,"eta":5}
{"event":"piece_failed","piece":3,"peers":1,"message":"piece 3 is\u001b[2J wrong"}
{"event":"map","pieces":"####oo!!.............."}
{"event":"progress","phase":"downloading","pieces_have":6,"pieces":22,"left":503459,"total_length":700067,"downloaded":196608,"uploaded":0,"down_rate":108865,"up_rate":0,"peers":3,"seeds":3,"eta":5}
{"event":"complete","name":"kostorrent-sample","path":"out/kostorrent-sample","total_length":700067,"downloaded":700067,"uploaded":0,"seconds":10.734}
"######;

/// Runs the program with this on standard input.
fn run(input: &str, arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_step13-progress"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading all.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn a_recording_of_kostorrent_is_played_to_the_letter() {
    let shown = said(&run(
        RECORDING,
        &["-", "--speed", "0", "--width", "90", "--plain"],
    ));
    let expected = "\
kostorrent..  [......]    0%   0/22 pieces  down      0 B/s  up      0 B/s  no peers yet
   peak 0 B/s  0 B of 684 KiB  ratio -

kostorrent..  [......]   14%   3/22 pieces  down  120 KiB/s  up      0 B/s  5 s left
 #  peak 120 KiB/s  96 of 684 KiB  ratio 0.00

piece 3 is?[2J wrong
kostorrent..  [#.....]   28%   6/22 pieces  down  106 KiB/s  up      0 B/s  4 s left
####oo!!..............
 ##  peak 120 KiB/s  192 of 684 KiB  ratio 0.00

complete after 10 s
";
    assert_eq!(shown, expected);
}

#[test]
fn without_a_file_there_is_a_recording_to_play() {
    for width in ["20", "60", "100", "200"] {
        let shown = said(&run("", &["--speed", "0", "--width", width]));
        assert!(shown.contains("100%"), "{shown}");
        assert!(shown.contains("⣿"), "{shown}");
        // The line of the rates goes up and down.
        assert!(shown.contains("█") && shown.contains("▂"), "{shown}");
        assert!(
            !shown.contains('\x1b'),
            "no codes where there is no terminal"
        );
        let most: usize = width.parse().unwrap();
        let frames = shown.lines().filter(|line| !line.starts_with("complete"));
        let widest = frames.map(|line| line.chars().count()).max();
        assert!(widest <= Some(most.max(40)), "{width}: {widest:?}");
    }
}

#[test]
fn it_can_be_faster_than_it_was() {
    let slow = said(&run(RECORDING, &["-", "--speed", "0"]));
    let fast = said(&run(RECORDING, &["-", "--speed", "1000"]));
    assert_eq!(slow, fast);
}

#[test]
fn what_is_no_recording_is_said_in_one_line() {
    let line = complained(&run("d8:announce3:x", &["-", "--speed", "0"]));
    assert!(
        line.contains("standard input: line 1 is not an event"),
        "{line}"
    );
    let broken = format!("{RECORDING}\n{{\"event\":\"progress\"}}\n");
    let line = complained(&run(&broken, &["-", "--speed", "0"]));
    assert!(line.contains("line 9 is not an event"), "{line}");
    let line = complained(&run("", &["-", "--speed", "0"]));
    assert!(line.contains("no `progress` event"), "{line}");
    let line = complained(&run("", &["no-such-file"]));
    assert!(line.contains("cannot read no-such-file"), "{line}");
    let endless = "x".repeat(5 << 20);
    let line = complained(&run(&endless, &["-"]));
    assert!(line.contains("line 1 is longer than"), "{line}");
}

#[test]
fn a_speed_is_a_number_that_is_not_negative() {
    for speed in ["-1", "fast", "inf", "NaN"] {
        let output = run("", &[&format!("--speed={speed}")]);
        assert_eq!(output.status.code(), Some(2), "{speed}");
    }
}

#[test]
fn help_names_the_chapter() {
    let shown = said(&run("", &["--help"]));
    assert!(shown.contains("Chapter 13 of the guide"));
}
