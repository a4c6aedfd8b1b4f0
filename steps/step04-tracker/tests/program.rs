//! The program of chapter 4, run as a reader runs it, against a tracker on loopback.
#![cfg(feature = "program")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use pretty_assertions::assert_eq;
use support::{Server, nobody, respond};

/// A folder for one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("step04-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A torrent of one small file, with these trackers, each a tier.
    fn torrent(&self, trackers: &[&str]) -> PathBuf {
        let tiers: String = trackers
            .iter()
            .map(|url| format!("l{}:{url}e", url.len()))
            .collect();
        let info =
            b"d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
        let mut bytes = format!("d13:announce-listl{tiers}e4:info").into_bytes();
        bytes.extend(info);
        bytes.push(b'e');
        let path = self.0.join("a.torrent");
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(torrent: &Path, more: &[&str]) -> Output {
    program().arg(torrent).args(more).output().unwrap()
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_step04-tracker"));
    // Neither a proxy nor certificates are needed to ask a tracker on this machine.
    command
        .env("HTTP_PROXY", format!("http://{}", nobody()))
        .env("http_proxy", format!("http://{}", nobody()))
        .env("SSL_CERT_FILE", "/nonexistent")
        .env("SSL_CERT_DIR", "/nonexistent");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn question_and_answer_are_shown_byte_by_byte() {
    let server = Server::with_body(
        *b"d8:completei2e10:incompletei1e8:intervali1800e5:peers12:\
           \x7f\0\0\x01\x1a\xe1\x0a\0\0\x07\xc8\xd515:warning message3:olde",
    );
    let folder = Folder::new("shown");
    let output = run(&folder.torrent(&[&server.url()]), &[]);
    let shown = text(&output.stdout);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    for line in [
        "torrent    a.txt",
        "  &left=3                        bytes we lack; 0 would make us a seeder",
        "The answer: HTTP status 200, 92 bytes",
        "      56    7f 00 00 01  1a e1   127.0.0.1:6881",
        "      62    0a 00 00 07  c8 d5   10.0.0.7:51413",
        "  seeders       2",
        "  ask again in  30 min",
        "  warning       old",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].contains("&event=stopped"));
}

#[test]
fn tiers_are_asked_in_order() {
    let server = Server::with_body(*b"d5:peers6:\x7f\0\0\x01\x1a\xe1e");
    let gone = format!("http://{}/announce", nobody());
    let folder = Folder::new("tiers");
    let torrent = folder.torrent(&["udp://127.0.0.1:9/x", &gone, &server.url()]);
    let output = run(&torrent, &[]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}");
    let at = |what: &str| {
        shown
            .find(what)
            .unwrap_or_else(|| panic!("{what}\n{shown}"))
    };
    assert!(at("(tier 1 of 3)") < at("127.0.0.1 is a UDP tracker"));
    assert!(at("(tier 2 of 3)") < at("cannot reach the tracker"));
    assert!(at("(tier 3 of 3)") < at("127.0.0.1:6881"));
}

#[test]
fn an_answer_that_comes_late_is_shown_with_its_tracker() {
    let (asked, others) = std::sync::mpsc::channel::<()>();
    let others = std::sync::Mutex::new(others);
    let slow = Server::new(move |path, stream| {
        if path.contains("event=started") {
            let _ = others.lock().unwrap().recv_timeout(Duration::from_secs(60));
        }
        respond(stream, "200 OK", &[], b"d5:peers6:\x7f\0\0\x01\x1a\xe1e");
    });
    let empty = Server::new(move |path, stream| {
        respond(stream, "200 OK", &[], b"d5:peers0:e");
        if path.contains("event=stopped") {
            let _ = asked.send(());
        }
    });
    let folder = Folder::new("late");
    let output = run(&folder.torrent(&[&slow.url(), &empty.url()]), &[]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}");
    let at = |what: &str| {
        shown
            .find(what)
            .unwrap_or_else(|| panic!("{what}\n{shown}"))
    };
    assert!(at("no answer yet: the next tracker is asked beside it") < at("(tier 2 of 2)"));
    let late = format!("heard of   {}", slow.url());
    assert!(at("(tier 2 of 2)") < at(&late));
    assert!(at(&late) < at("127.0.0.1:6881"));
}

#[test]
fn when_nobody_answers_it_asks_for_the_lab() {
    let gone = format!("http://{}/announce", nobody());
    let folder = Folder::new("gone");
    let output = run(&folder.torrent(&[&gone]), &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.starts_with("error: cannot reach the tracker 127.0.0.1:"));
    assert!(
        error.ends_with(": is `kostorrent lab` running?\n"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn udp_trackers_alone_are_told_in_a_sentence() {
    let folder = Folder::new("udp");
    let torrent = folder.torrent(&["udp://127.0.0.1:9/announce"]);
    let output = run(&torrent, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: the torrent has only UDP trackers, and those are not built yet: name a peer with \
         --peer ADDR\n"
    );

    let output = run(&torrent, &["--peer", "127.0.0.1:6881"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).ends_with("and the peer that you named: 127.0.0.1:6881\n"));
}

/// 0.0.0.0 reaches this machine without being a loopback address, on Linux.
#[cfg(target_os = "linux")]
#[test]
fn a_system_without_certificates_can_still_use_plain_http() {
    let server = Server::with_body(*b"d5:peers6:\x7f\0\0\x01\x1a\xe1e");
    let folder = Folder::new("certificates");
    let url = format!("http://0.0.0.0:{}/announce", server.addr.port());
    let output = program()
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .arg(folder.torrent(&[&url]))
        .output()
        .unwrap();
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn what_is_no_torrent_is_one_line_and_exit_1() {
    let folder = Folder::new("no-torrent");
    let missing = folder.0.join("missing.torrent");
    let rubbish = folder.0.join("rubbish.torrent");
    std::fs::write(&rubbish, b"<html>").unwrap();
    for path in [missing, rubbish, folder.0.clone()] {
        let output = run(&path, &[]);
        assert_eq!(output.status.code(), Some(1));
        let error = text(&output.stderr);
        assert!(error.starts_with("error: "), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    assert_eq!(program().output().unwrap().status.code(), Some(2));
    let output = program().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Chapter 4 of the guide"));
}
