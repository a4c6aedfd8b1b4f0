//! Exit codes, help, and what is not built yet.

mod common;

use std::io::Read;
use std::process::Stdio;

use common::{kostorrent, run, sample_torrent, text};

#[test]
fn help_is_for_a_person_and_no_failure() {
    let help = run(["--help"]).good().out;
    for command in [
        "download",
        "seed",
        "verify",
        "show",
        "create",
        "lab",
        "demo",
        "sim",
        "replay",
        "status",
        "pause",
        "resume",
        "choose",
        "stop",
        "completions",
        "man",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is not in:\n{help}"
        );
        let own = run([command, "--help"]).good().out;
        assert!(own.contains("Usage: kostorrent"), "{own}");
    }
    for section in ["Exit codes", "HTTPS_PROXY", "SSL_CERT_FILE"] {
        assert!(help.contains(section), "{help}");
    }
    assert!(run(["--version"]).good().out.starts_with("kostorrent 0."));
}

#[test]
fn wrong_usage_is_code_two() {
    let torrent = text(sample_torrent());
    for line in [
        &[][..],
        &["fly"],
        &["download"],
        &["download", &torrent, "--seed-ratio", "0"],
        &["download", &torrent, "--seed-time", "1w"],
        &["download", &torrent, "--no-seed", "--seed-time", "1h"],
        &["stop", "a", "b"],
        &["status", "--pid", "me"],
        &["download", &torrent, "--port", "65536"],
        &["download", &torrent, "--peer", "nobody"],
        &["download", &torrent, "--limit-down", "fast"],
        &["download", &torrent, "--limit-up", "0"],
        &["download", &torrent, "--sequential"],
        &["seed", &torrent],
        &["verify", &torrent],
        &["create", "x", "--piece-length", "1000"],
        &["create", "x", "--announce", "nowhere"],
        &["create", "x", "--date", "1", "--no-date"],
        &["completions", "tcl"],
        &["sim"],
        &["sim", "flsh"],
        &["replay"],
        &["replay", "x", "--at", "soon"],
        &["replay", "x", "--at", "1", "--piece", "2"],
        &["replay", "x", "--peer", "nobody"],
        &["download", &torrent, "--anonymous"],
        &["seed", &torrent, &torrent, "--data", ".", "--record", "x"],
    ] {
        let ran = run(line);
        assert_eq!(ran.code, Some(2), "{line:?}: {}", ran.err);
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{line:?}");
    }
}

#[test]
fn failures_are_one_line_and_code_one() {
    let dir = tempfile::tempdir().unwrap();
    let missing = text(dir.path().join("missing.torrent"));
    for line in [
        &["show", &missing][..],
        &["download", &missing],
        &["seed", &missing, "--data", "."],
        &["verify", &missing, "--data", "."],
        &["create", &missing],
        &["show", &text(dir.path())],
    ] {
        let said = run(line).failed(1);
        assert!(said.starts_with("error: "), "{said}");
        assert!(said.contains(&text(dir.path())), "{said}");
    }
}

#[test]
fn completions_and_the_man_page_come_from_the_same_definition() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).good().out;
        assert!(script.contains("no-dht"), "{shell}");
    }
    let man = run(["man"]).good().out;
    assert!(man.starts_with(".ie") || man.starts_with(".TH"), "{man}");
    assert!(
        man.contains("KOSTORRENT DOWNLOAD") && man.contains("limit\\-down"),
        "{man}"
    );
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = kostorrent(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), &*err), (Some(0), ""));
}

#[test]
fn a_log_tells_what_goes_on_and_a_bad_filter_is_said() {
    let torrent = text(sample_torrent());
    let dir = tempfile::tempdir().unwrap();
    kostorrent::lab::sample::write(dir.path()).unwrap();
    let output = text(dir.path());
    let line = ["download", &torrent, "-o", &output, "--quiet"];
    run(line).good();
    for by_option in [true, false] {
        let mut command = kostorrent(line);
        match by_option {
            true => command.args(["--log", "debug"]),
            false => command.env("KOSTORRENT_LOG", "kostorrent=debug"),
        };
        let ran = common::Ran::of(&mut command);
        assert_eq!((ran.code, &*ran.out), (Some(0), ""));
        let checked = |line: &str| line.contains("DEBUG torrent{name=\"kostorrent-sample\"");
        assert!(ran.err.lines().any(checked), "{}", ran.err);
    }
    let said = run(line.into_iter().chain(["--log", "loud"])).failed(2);
    assert!(said.contains("--log") && said.contains("loud"), "{said}");
    let mut command = kostorrent(line);
    command.env("KOSTORRENT_LOG", "kostorrent=loud");
    let said = common::Ran::of(&mut command).failed(2);
    assert!(said.contains("KOSTORRENT_LOG"), "{said}");
}
