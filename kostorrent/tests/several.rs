//! `kostorrent seed` with several torrents: one node, one port.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use common::{kostorrent, run, text};
use pretty_assertions::assert_eq;
use serde_json::Value;

/// A file of its own and a torrent without trackers for it.
fn share(dir: &Path, name: &str) -> PathBuf {
    fs::write(dir.join(name), name.repeat(20_000)).unwrap();
    let torrent = dir.join(format!("{name}.torrent"));
    let made = ["create", &text(dir.join(name)), "-o", &text(&torrent)];
    assert_eq!(run(made).code, Some(0));
    torrent
}

/// A running `seed`; it ends with the test.
struct Seeder {
    child: Child,
    out: BufReader<ChildStdout>,
    said: Vec<Value>,
}

impl Seeder {
    fn start(torrents: &[&PathBuf], data: &Path) -> Seeder {
        let torrents = torrents.iter().map(text);
        let line = ["seed".to_owned()].into_iter().chain(torrents);
        let line = line.chain(["--data".to_owned(), text(data), "--json".to_owned()]);
        let mut command = kostorrent(line);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let said = Vec::new();
        Seeder { child, out, said }
    }

    /// Reads on until an event is this of that torrent.
    fn until(&mut self, torrent: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let is_it = |event: &Value| event["torrent"] == torrent && is_it(event);
        loop {
            if let Some(event) = self.said.iter().find(|event| is_it(event)) {
                return event.clone();
            }
            let mut line = String::new();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "{:?}", self.said);
            self.said.push(serde_json::from_str(&line).unwrap());
        }
    }

    fn until_seeding(&mut self, torrent: &str) {
        self.until(torrent, |event| event["phase"] == "seeding");
    }

    /// Where a torrent of it can be had.
    fn port(&mut self, torrent: &str) -> String {
        let start = self.until(torrent, |event| event["event"] == "start");
        let addr = start["listening"].as_str().unwrap();
        addr.rsplit_once(':').unwrap().1.to_owned()
    }

    /// Ctrl-C: its exit code, and the rest of what it says.
    #[cfg(unix)]
    fn interrupt(mut self) -> (Option<i32>, Vec<Value>, String) {
        let id = self.child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(kill.unwrap().success());
        let rest = (&mut self.out).lines();
        let rest = rest.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let rest = rest.collect();
        let mut err = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), rest, err)
    }
}

impl Drop for Seeder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fetch(torrent: &Path, port: &str, to: &Path) {
    let peer = format!("127.0.0.1:{port}");
    let line = ["download", &text(torrent), "-o", &text(to)];
    run(line.into_iter().chain(["--peer", &peer, "--quiet"])).good();
}

#[cfg(unix)]
#[test]
fn two_torrents_are_had_at_one_port() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (share(data.path(), "one"), share(data.path(), "two"));
    let mut seeder = Seeder::start(&[&one, &two], data.path());
    let port = seeder.port("one");
    assert_eq!(port, seeder.port("two"));
    seeder.until_seeding("one");
    seeder.until_seeding("two");
    for (torrent, name) in [(&one, "one"), (&two, "two")] {
        fetch(torrent, &port, to.path());
        let read = |dir: &Path| fs::read(dir.join(name)).unwrap();
        assert!(read(to.path()) == read(data.path()), "{name}");
    }
    let (code, rest, _) = seeder.interrupt();
    assert_eq!(code, Some(0));
    let mut stopped: Vec<_> = rest
        .iter()
        .filter(|event| event["event"] == "stopped")
        .map(|event| event["torrent"].as_str().unwrap())
        .collect();
    stopped.sort_unstable();
    assert_eq!(stopped, ["one", "two"]);
}

#[cfg(unix)]
#[test]
fn one_that_fails_is_named_and_the_other_goes_on() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (good, bad) = (share(data.path(), "good"), share(data.path(), "bad"));
    fs::remove_file(data.path().join("bad")).unwrap();
    let mut seeder = Seeder::start(&[&bad, &good], data.path());
    let failed = seeder.until("bad", |event| event["event"] == "failed");
    assert!(failed["message"].as_str().unwrap().contains("missing"));
    seeder.until_seeding("good");
    let port = seeder.port("good");
    fetch(&good, &port, to.path());
    let (code, rest, err) = seeder.interrupt();
    assert_eq!(code, Some(1));
    assert!(
        err.starts_with("error: 1 of 2 torrents failed: bad: "),
        "{err}"
    );
    assert_eq!(rest.last().unwrap()["event"], "error");
}

#[test]
fn when_all_have_failed_it_is_over() {
    let data = tempfile::tempdir().unwrap();
    let (one, two) = (share(data.path(), "one"), share(data.path(), "two"));
    for name in ["one", "two"] {
        fs::remove_file(data.path().join(name)).unwrap();
    }
    let line = [
        "seed",
        &text(&one),
        &text(&two),
        "--data",
        &text(data.path()),
    ];
    let ran = run(line);
    assert_eq!((ran.code, &*ran.out), (Some(1), ""));
    let said: Vec<_> = ran.err.lines().collect();
    for name in ["one: ", "two: "] {
        let failed = format!("{name}failed: ");
        assert!(
            said.iter().any(|line| line.contains(&failed)),
            "{}",
            ran.err
        );
    }
    let last = said.last().unwrap();
    assert!(
        last.starts_with("error: 2 of 2 torrents failed: "),
        "{last}"
    );
}

#[cfg(unix)]
#[test]
fn a_torrent_that_is_named_twice_is_worked_on_once_and_it_is_said() {
    let data = tempfile::tempdir().unwrap();
    let torrent = share(data.path(), "one");
    let mut seeder = Seeder::start(&[&torrent, &torrent], data.path());
    let mut line = String::new();
    seeder.out.read_line(&mut line).unwrap();
    let warning: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(warning["event"], "warning");
    let said = warning["message"].as_str().unwrap();
    assert!(said.contains("is the same torrent as"), "{said}");
    while !line.contains("\"seeding\"") {
        line.clear();
        assert_ne!(seeder.out.read_line(&mut line).unwrap(), 0);
    }
    assert_eq!(seeder.interrupt().0, Some(0));
}

/// A whole download of several torrents, in JSON.
fn download(torrents: &[&Path], to: &Path, more: &[&str]) -> common::Ran {
    let torrents = torrents.iter().map(text);
    let line = ["download".to_owned()].into_iter().chain(torrents);
    let line = line.chain(["-o".to_owned(), text(to), "--json".to_owned()]);
    run(line.chain(more.iter().map(|&word| word.to_owned())))
}

#[cfg(unix)]
#[test]
fn several_are_downloaded_in_one_command() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (share(data.path(), "one"), share(data.path(), "two"));
    let mut seeder = Seeder::start(&[&one, &two], data.path());
    let peer = format!("127.0.0.1:{}", seeder.port("one"));
    let ran = download(&[&one, &two], to.path(), &["--peer", &peer]).good();
    let complete = ran.events().into_iter();
    let complete = complete.filter(|event| event["event"] == "complete");
    assert_eq!(complete.count(), 2);
    for name in ["one", "two"] {
        let read = |dir: &Path| fs::read(dir.join(name)).unwrap();
        assert!(read(to.path()) == read(data.path()), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn of_several_downloads_one_that_fails_is_named_and_the_others_go_on() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let good = share(data.path(), "good");
    let broken = data.path().join("broken.torrent");
    fs::write(&broken, "d4:infod").unwrap();
    let missing = data.path().join("missing.torrent");
    // Another torrent of a file with the same name.
    let other = tempfile::tempdir().unwrap();
    let clash = share(other.path(), "good");
    let clash = {
        fs::write(other.path().join("good"), "another").unwrap();
        let made = [
            "create",
            &text(other.path().join("good")),
            "-o",
            &text(&clash),
            "-f",
        ];
        assert_eq!(run(made).code, Some(0));
        clash
    };
    let mut seeder = Seeder::start(&[&good, &good], data.path());
    let port = loop {
        let mut line = String::new();
        assert_ne!(seeder.out.read_line(&mut line).unwrap(), 0);
        let event: Value = serde_json::from_str(&line).unwrap();
        if let Some(listening) = event["listening"].as_str() {
            break listening.rsplit_once(':').unwrap().1.to_owned();
        }
    };
    let peer = format!("127.0.0.1:{port}");
    let torrents = [&*broken, &*good, &*missing, &*clash];
    let ran = download(&torrents, to.path(), &["--peer", &peer]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let events = ran.events();
    let of = |kind: &str| events.iter().filter(|e| e["event"] == kind).count();
    assert_eq!((of("warning"), of("complete"), of("error")), (3, 1, 1));
    for part in [
        "error: 3 of 4 torrents failed: ",
        "broken.torrent",
        "missing.torrent",
        "good is a file of",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    let read = |dir: &Path| fs::read(dir.join("good")).unwrap();
    assert!(read(to.path()) == read(data.path()));
}

#[test]
fn stdin_brings_one_torrent_file() {
    for command in [
        &["download", "-", "-"][..],
        &["seed", "-", "-", "--data", "."],
    ] {
        let said = run(command).failed(2);
        assert!(said.contains("stdin"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_download_that_has_been_seeded_enough_ends_well() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = share(data.path(), "one");
    fs::copy(data.path().join("one"), to.path().join("one")).unwrap();
    for limit in [["--seed-time", "0.1s"], ["--seed-ratio", "0.5"]] {
        let line = ["seed", &text(&one), "--data", &text(data.path()), "--json"];
        let mut command = kostorrent(line.into_iter().chain(limit));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        out.read_line(&mut said).unwrap();
        if limit[0] == "--seed-ratio" {
            let start: Value = serde_json::from_str(&said).unwrap();
            let port = start["listening"].as_str().unwrap();
            let port = port.rsplit_once(':').unwrap().1;
            let to = tempfile::tempdir().unwrap();
            fetch(&one, port, to.path());
        }
        out.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
        assert!(said.contains("\"given_enough\""), "{said}");
    }
    let ran = download(&[&one], to.path(), &["--seed-time", "0.1s"]).good();
    let kinds: Vec<_> = ran
        .events()
        .iter()
        .map(|e| e["event"].to_string())
        .collect();
    for kind in ["\"complete\"", "\"given_enough\"", "\"stopped\""] {
        assert!(kinds.iter().any(|k| k == kind), "{kinds:?}");
    }
}
