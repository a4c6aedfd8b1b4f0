//! How it behaves towards whoever calls it, and towards what it calls.

#![cfg(unix)]

use kostorrent_tests::process::Process;
use kostorrent_tests::{kostorrent, temp, wait};
use pretty_assertions::assert_eq;

use super::examine;

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(ToOwned::to_owned).collect()
}

/// A shell that does this, and is told of the torrent.
fn shell(line: &str) -> Vec<String> {
    ["sh", "-c", line, "{torrent}"]
        .map(ToOwned::to_owned)
        .into()
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    for (options, command) in [
        (&["--only", "nonsense"][..], "client {torrent}"),
        (&["--only", "handshake/nonsense"], "client {torrent}"),
        (&[], "client without a torrent"),
        (&["--until", "1"], "client {torrent}"),
        (&["--seeder"], "client {torrent}"),
        (&["--seeder"], "client {torrent} {data}"),
        (&[], "client {torrent} {data}"),
        (&["--only", "seeding"], "client {torrent}"),
        (
            &["--seeder", "--only", "blocks"],
            "client {torrent} {data} {port}",
        ),
    ] {
        let finished = examine(options, &words(command));
        finished.expect_code(2);
        assert_eq!(finished.stdout, "", "{options:?}");
        assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    }
    let finished = examine(&[], &words("/no/such/client {torrent}"));
    finished.expect_code(1);
    assert!(finished.stderr.contains("could not be started"));
}

#[test]
fn the_list_names_every_check() {
    let finished = kostorrent::run(["examine", "--list"]);
    finished.expect_code(0);
    for name in [
        "2 metainfo",
        "5 handshake",
        "stranger",
        "pipelining",
        "16 seeding (with --seeder)",
        "(BEP 3,",
    ] {
        assert!(finished.stdout.contains(name), "{}", finished.stdout);
    }
}

#[test]
fn a_client_that_does_nothing_passes_nothing() {
    let finished = examine(&["--json", "--timeout", "1"], &shell("exit 0"));
    finished.expect_code(0);
    let said = super::read(&finished);
    assert!(
        said.values().all(|told| told.verdict == "skipped"),
        "{said:#?}"
    );
}

#[test]
fn a_seeder_that_does_nothing_passes_nothing() {
    let command = [&shell("exit 0")[..], &words("{data} {port}")[..]].concat();
    let finished = examine(&["--json", "--timeout", "1", "--seeder"], &command);
    finished.expect_code(0);
    let said = super::read(&finished);
    assert!(
        said.values().all(|told| told.verdict == "skipped"),
        "{said:#?}"
    );
}

#[test]
fn a_single_run_of_a_stage_can_be_had() {
    let options = ["--json", "--timeout", "1", "--only"];
    let only = |words| examine(&[&options[..], &[words]].concat(), &shell("exit 0"));
    let checks = |finished| super::read(&finished).into_keys().collect::<Vec<_>>();
    let check = |stage: &str, check: &str| (stage.to_owned(), check.to_owned());
    assert_eq!(
        checks(only("messages/parts,handshake/stranger")),
        [check("handshake", "stranger"), check("messages", "parts")]
    );
    let all = checks(only("handshake"));
    assert_eq!(checks(only("handshake/stranger,handshake")), all);
}

#[cfg(target_os = "linux")]
#[test]
fn each_peer_has_an_address_of_its_own_beside_the_one_that_was_asked_for() {
    let Some(command) = super::python(super::plain("ch04_tracker.py"), &["{torrent}"]) else {
        return;
    };
    let folder = temp();
    let options = [
        "--only",
        "peers/several",
        "--host",
        "127.0.7.9",
        "--timeout",
        "1",
    ];
    let keep = ["--keep", folder.path().to_str().unwrap()];
    examine(&[&options[..], &keep].concat(), &command).expect_code(0);
    let run = folder.path().join("peers-several");
    let torrent = std::fs::read(run.join("test.torrent")).unwrap();
    let torrent = String::from_utf8_lossy(&torrent);
    assert!(torrent.contains("http://127.0.7.9:"), "{torrent}");
    let printed = std::fs::read_to_string(run.join("output.txt")).unwrap();
    let hosts = printed.lines().map(|line| line.split_once(':').unwrap().0);
    let hosts: Vec<&str> = hosts.collect();
    assert_eq!(hosts, ["127.0.7.100", "127.0.7.101", "127.0.7.102"]);
}

#[test]
fn an_address_that_is_not_here_is_refused() {
    for (host, code) in [("0.0.0.0", 2), ("192.0.2.1", 1)] {
        let finished = examine(&["--host", host], &words("client {torrent}"));
        finished.expect_code(code);
        assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
        assert!(finished.stderr.contains(host), "{}", finished.stderr);
    }
}

#[test]
fn a_crash_is_wrong_and_its_output_is_shown() {
    let crash = "echo about to crash; kill -SEGV $$";
    let finished = examine(&["--only", "handshake"], &shell(crash));
    finished.expect_code(1);
    assert!(finished.stdout.contains("WRONG"), "{}", finished.stdout);
    assert!(finished.stdout.contains("was ended by signal 11"));
    assert!(finished.stdout.contains("| about to crash"));
}

#[test]
fn what_was_seen_is_kept_where_one_wants_it() {
    let folder = temp();
    let keep = folder.path().join("kept");
    let options = ["--only", "handshake", "--timeout", "1", "--keep"];
    let options = [&options[..], &[keep.to_str().unwrap()]].concat();
    examine(&options, &shell("echo said")).expect_code(0);
    let run = keep.join("handshake-stranger");
    assert!(run.join("test.torrent").is_file());
    let printed = std::fs::read_to_string(run.join("output.txt")).unwrap();
    assert_eq!(printed, "said\n");
    let seen = std::fs::read_to_string(run.join("seen.txt")).unwrap();
    assert!(seen.contains("ended with exit code 0"), "{seen}");
    // Not over what somebody has there.
    examine(&options, &shell("echo said")).expect_code(1);
}

/// Processes whose command line has this word in it.
#[cfg(target_os = "linux")]
fn alive(word: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| {
        let line = std::fs::read(process.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines
        .filter(|line| line.contains(word) && !line.contains("examine"))
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_outlives_it_however_it_ends() {
    // One child in the command's group, one in a session of its own, both without a parent to wait for them.
    let line = "sleep 1234.5 & setsid sleep 1234.5 & setsid sh -c 'sleep 1234.5 & exec sleep 1234.5' & wait";
    let start = || {
        let mut command =
            kostorrent::command(["examine", "--only", "handshake", "--jobs", "1", "--"]);
        command.args(shell(line));
        let process = Process::start("kostorrent examine", &mut command);
        wait::until("the command's children", || {
            (alive("1234.5").len() >= 5).then_some(())
        });
        process
    };
    let gone = || {
        wait::until("the end of all", || {
            alive("1234.5").is_empty().then_some(())
        });
    };
    // A person stops it.
    let process = start();
    process.interrupt();
    process.finish().expect_code(130);
    gone();
    // It is killed, and can do nothing any more.
    let mut process = start();
    process.kill();
    gone();
}
