//! Runs the step's program.

use std::process::{Command, Output};

use pretty_assertions::assert_eq;

fn run(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_step03-peer-id"));
    program.args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn without_an_id_it_makes_one_of_ours_each_time_another() {
    let (first, second) = (run(&[]), run(&[]));
    assert!(first.status.success());
    assert!(text(&first.stdout).starts_with("peer id   -KO"));
    let client = concat!("client    kostorrent ", env!("CARGO_PKG_VERSION"), "\n");
    assert!(text(&first.stdout).ends_with(client));
    assert_ne!(first.stdout, second.stdout);
}

#[test]
fn it_names_the_client_behind_each_id() {
    let ids = ["-TR4060-k8hj0wgej6ch", "exbc%00%38abcdefghijklmn"];
    let output = run(&ids);
    assert_eq!(
        text(&output.stdout),
        "peer id   -TR4060-k8hj0wgej6ch\n\
         bytes     2d 54 52 34 30 36 30 2d  6b 38 68 6a 30 77 67 65 6a 36 63 68\n\
         client    Transmission 4.0.6\n\
         peer id   exbc%008abcdefghijklmn\n\
         bytes     65 78 62 63 00 38 61 62  63 64 65 66 67 68 69 6a 6b 6c 6d 6e\n\
         client    BitComet 0.56\n"
    );
}

#[test]
fn an_unknown_client_is_no_error() {
    let output = run(&["0000000000000000000000000000000000000000"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).ends_with("client    unknown\n"));
}

#[test]
fn an_id_of_another_length_is_wrong_usage() {
    let output = run(&["-TR4060-"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a peer id has 20 bytes, this has 8"));
}

#[test]
fn help_says_which_chapter_it_belongs_to() {
    let output = run(&["--help"]);
    assert!(text(&output.stdout).contains("Chapter 3 of the guide"));
}
