//! What scripts rely on: exit codes, one-line errors, JSON, silence.

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::Process;
use kostorrent_tests::{json, kostorrent, programs, temp};
use pretty_assertions::assert_eq;

fn sample() -> String {
    programs::root()
        .join("kostorrent/sample/kostorrent-sample.torrent")
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let sample = sample();
    let wrong: [&[&str]; 9] = [
        &[],
        &["nonsense"],
        &["download"],
        &["download", "--no-such-option", &sample],
        &["seed", &sample],
        &["verify", &sample],
        &["show"],
        &["download", &sample, "--port", "99999"],
        &["download", &sample, "--limit-down", "fast"],
    ];
    for arguments in wrong {
        let finished = kostorrent::run(arguments);
        assert_eq!(finished.code(), Some(2), "{arguments:?}");
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert_ne!(finished.stderr, "", "{arguments:?}");
    }
}

#[test]
fn a_failure_is_exit_code_1_and_one_line() {
    let folder = temp();
    let missing = folder.path().join("missing.torrent");
    let broken = folder.path().join("broken.torrent");
    std::fs::write(&broken, "d4:infod").unwrap();
    let empty = temp();
    for torrent in [&missing, &broken] {
        let torrent = torrent.to_str().unwrap();
        for arguments in [
            &["show", torrent][..],
            &[
                "download",
                torrent,
                "--output",
                empty.path().to_str().unwrap(),
            ],
            &["verify", torrent, "--data", empty.path().to_str().unwrap()],
            &["seed", torrent, "--data", empty.path().to_str().unwrap()],
        ] {
            let finished = kostorrent::run(arguments);
            finished.expect_code(1);
            assert_eq!(
                finished.stderr.trim_end().lines().count(),
                1,
                "{arguments:?}: {}",
                finished.stderr
            );
            assert_eq!(finished.stdout, "", "{arguments:?}");
        }
    }
    let verified = kostorrent::run([
        "verify",
        &sample(),
        "--data",
        empty.path().to_str().unwrap(),
    ]);
    verified.expect_code(1);
    assert_eq!(
        std::fs::read_dir(empty.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn a_person_can_ask_for_help() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["download", "--help"],
        &["lab", "--help"],
    ] {
        let finished = kostorrent::run(arguments);
        finished.expect_code(0);
        assert_ne!(finished.stdout, "", "{arguments:?}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let finished = kostorrent::run(["completions", shell]);
        finished.expect_code(0);
        assert!(finished.stdout.contains("download"), "{shell}");
    }
}

#[test]
fn a_download_tells_its_events_as_json() {
    let (payload, folder) = (Payload::odd("events"), temp());
    let described = payload.torrent(65_536, &[]);
    let slow = Manner {
        rate: Some(5_000_000),
        ..Manner::default()
    };
    let seeder = Seeder::start(&described, payload.bytes(), slow);
    let torrent = folder.path().join("events.torrent");
    described.write(&torrent);
    let peer = seeder.address().to_string();
    let download = |more: &[&str]| {
        let mut command = kostorrent::command(["download"]);
        command
            .arg(&torrent)
            .arg("--output")
            .arg(folder.path())
            .args(["--peer", &peer])
            .args(more);
        let finished = Process::run("kostorrent download", &mut command);
        finished.expect_code(0);
        finished
    };

    let events = json::events(&download(&["--json"]).stdout);
    assert_eq!(events.first().map(String::as_str), Some("start"));
    assert_eq!(events.last().map(String::as_str), Some("complete"));
    assert!(events.contains(&"progress".to_owned()), "{events:?}");
    payload.assert_in(folder.path());

    // Once more, with nothing to do: quiet is quiet.
    let quiet = download(&["--quiet"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn an_error_is_an_event_too() {
    let folder = temp();
    let torrent = folder.path().join("nobody.torrent");
    Payload::single("nobody.bin", 100_000)
        .torrent(16_384, &[])
        .write(&torrent);
    let finished = kostorrent::start_download(&torrent, folder.path()).finish();
    finished.expect_code(1);
    assert!(
        json::events(&finished.stdout).contains(&"error".to_owned()),
        "{}",
        finished.stdout
    );
}

#[cfg(unix)]
#[test]
fn a_broken_pipe_is_no_error() {
    let mut child = kostorrent::command(["show", "--json", &sample()])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take()); // nobody reads
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn verify_names_what_is_wrong_and_only_that() {
    let (payload, folder) = (Payload::odd("wrong"), temp());
    payload.write(folder.path());
    let torrent = folder.path().join("wrong.torrent");
    payload.torrent(32_768, &[]).write(&torrent);
    kostorrent::verify(&torrent, folder.path()).expect_code(0);
    std::fs::remove_file(folder.path().join("wrong/a/b/also empty")).unwrap();
    let verified = kostorrent::verify(&torrent, folder.path());
    verified.expect_code(1);
    let said = verified.stdout + &verified.stderr;
    assert!(
        said.contains("also empty") && !said.contains("large.bin"),
        "{said}"
    );
}
