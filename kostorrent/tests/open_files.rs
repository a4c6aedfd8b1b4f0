//! What the program does where few files may be open.

#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use common::{Ran, kostorrent, run, text};
use pretty_assertions::assert_eq;
use serde_json::Value;

/// The program under `ulimit`, with these options of it.
fn limited(limit: &str, arguments: &[&str]) -> Command {
    let inner = kostorrent(arguments);
    let mut command = Command::new("sh");
    let line = format!("ulimit {limit} && exec \"$@\"");
    command.args(["-c", &line, "sh"]).arg(inner.get_program());
    command.args(inner.get_args()).stdin(Stdio::null());
    command
}

/// Many tiny files and their torrent; the folder's name is `tiny`.
fn tiny(count: usize) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("tiny");
    for i in 0..count {
        let sub = folder.join(format!("{}", i % 10));
        std::fs::create_dir_all(&sub).unwrap();
        std::fs::write(
            sub.join(format!("{i:05}")),
            format!("this is file {i:05}\n"),
        )
        .unwrap();
    }
    let torrent = text(dir.path().join("tiny.torrent"));
    assert_eq!(
        run(["create", &text(&folder), "-o", &torrent]).code,
        Some(0)
    );
    (dir, torrent)
}

/// A seeder that ends with the test.
struct Seeder {
    child: Child,
    _out: BufReader<ChildStdout>,
    addr: String,
}

impl Seeder {
    fn start(limit: &str, torrent: &str, data: &str) -> Seeder {
        let line = ["seed", torrent, "--data", data, "--json"];
        let mut command = limited(limit, &line);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut start = String::new();
        out.read_line(&mut start).unwrap();
        let start: Value = serde_json::from_str(&start).unwrap();
        let listening = start["listening"].as_str().unwrap();
        let port = listening.rsplit_once(':').unwrap().1;
        Seeder {
            child,
            addr: format!("127.0.0.1:{port}"),
            _out: out,
        }
    }
}

impl Drop for Seeder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn thousands_of_tiny_files_are_seeded_with_few_open() {
    let (dir, torrent) = tiny(4000);
    let seeder = Seeder::start("-n 100", &torrent, &text(dir.path()));
    let to = tempfile::tempdir().unwrap();
    let line = [
        "download",
        &torrent,
        "-o",
        &text(to.path()),
        "--peer",
        &seeder.addr,
    ];
    let ran = run(line.iter().chain(&["--json"]));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let verified = run(["verify", &torrent, "--data", &text(to.path())]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
}

#[test]
fn all_threads_of_a_check_share_the_open_files() {
    let (dir, torrent) = tiny(2000);
    let data = text(dir.path());
    let ran = Ran::of(&mut limited(
        "-n 64",
        &["verify", &torrent, "--data", &data],
    ));
    assert_eq!((ran.code, &*ran.err), (Some(0), ""), "{}", ran.out);
}

#[test]
fn all_threads_of_a_creation_share_the_open_files() {
    let (dir, _) = tiny(2000);
    let (folder, output) = (text(dir.path().join("tiny")), text(dir.path().join("2")));
    let line = ["create", &folder, "-o", &output, "-l", "16K"];
    let ran = Ran::of(&mut limited("-n 56", &line));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn the_program_takes_the_open_files_it_may_have() {
    let (dir, torrent) = tiny(1);
    let seeder = Seeder::start("-S -n 100", &torrent, &text(dir.path()));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", seeder.child.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let words: Vec<&str> = line.unwrap().split_whitespace().collect();
    assert_eq!(words[3], words[4], "soft and hard");
}
