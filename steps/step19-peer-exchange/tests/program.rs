//! The program of chapter 19, run as a reader runs it.
#![cfg(feature = "program")]

use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use exchange::Search;
use exchange::lsd::{GROUP_V4, Group};
use metainfo::{InfoHash, Metainfo};
use pretty_assertions::assert_eq;
use socket2::SockRef;
use tempfile::{TempDir, tempdir};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step19-peer-exchange"))
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a run shows that ends well.
fn shown(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    text(&output.stdout)
}

/// A torrent of one small file, and its info-hash.
fn torrent(private: bool) -> (TempDir, PathBuf, InfoHash) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.torrent");
    let private = if private { "7:privatei1e" } else { "" };
    let info = format!(
        "d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa{private}e"
    );
    let bytes = format!("d4:info{info}e");
    std::fs::write(&path, &bytes).unwrap();
    let info_hash = Metainfo::parse(bytes.as_bytes()).unwrap().info_hash_v1;
    (folder, path, info_hash.unwrap())
}

#[test]
fn a_chain_of_three_is_complete_after_a_minute_and_forgets_who_goes() {
    let shown = shown(&["--peers", "3", "--seed", "1"]);
    // The middle one tells both ends of each other, and one of them calls the other.
    let expected = "3 peers, each connected to its neighbours:

      A B C
   A  \\ # .
   B  # \\ #
   C  . # \\

   # connected 4   + has heard of 0   . does not know 2

Minute 1: 2 messages, 58 bytes; A calls C

   B tells A, 29 bytes: added C
   B tells C, 29 bytes: added A

      A B C
   A  \\ # #
   B  # \\ #
   C  # # \\

   # connected 6   + has heard of 0   . does not know 0

Everybody is connected to everybody.

C goes. Whoever was told of it does not know:

      A B C
   A  \\ # +
   B  # \\ .
   C  . . \\

   # connected 2   + has heard of 1   . does not know 3

A minute later: 1 message, 19 bytes

      A B C
   A  \\ # .
   B  # \\ .
   C  . . \\

   # connected 2   + has heard of 0   . does not know 4
";
    assert_eq!(shown, expected);
}

#[test]
fn eight_peers_find_each_other_and_the_same_seed_shows_the_same() {
    let once = shown(&["--seed", "7"]);
    assert!(
        once.contains("Everybody is connected to everybody."),
        "{once}"
    );
    assert_eq!(once, shown(&["--seed", "7"]));
    assert_ne!(once, shown(&["--seed", "8"]));
}

#[test]
fn any_number_of_peers_is_complete_within_half_an_hour() {
    for peers in ["3", "11", "26"] {
        let shown = shown(&["--peers", peers, "--calls", "3", "--seed", "1"]);
        assert!(
            shown.contains("Everybody is connected to everybody."),
            "{shown}"
        );
    }
}

#[test]
fn it_stops_when_it_is_told_to() {
    let shown = shown(&["--minutes", "1", "--seed", "1"]);
    assert!(
        shown.ends_with("\nThat is where we stop looking.\n"),
        "{shown}"
    );
    assert!(!shown.contains("Minute 2"));
}

/// A socket that speaks to the group over loopback, if this system lets anybody.
fn speaker() -> Option<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let reference = SockRef::from(&socket);
    reference.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).ok()?;
    socket.send_to(b"x", GROUP_V4).ok()?;
    Some(socket)
}

#[test]
fn a_neighbour_on_loopback_is_found() {
    let Some(socket) = speaker() else {
        eprintln!("skipped: there is no multicast over loopback here");
        return;
    };
    let (_folder, path, info_hash) = torrent(false);
    let mut command = program();
    command.args([
        "--lsd",
        "--interface",
        "127.0.0.1",
        "--seconds",
        "3",
        "--torrent",
    ]);
    command.arg(&path).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    let search = |torrent| Search {
        port: 51413,
        torrents: vec![torrent],
        cookie: None,
    };
    // Sent until the program has ended, so that it does not matter when it begins to listen.
    let waiting = thread::spawn(move || child.wait_with_output().unwrap());
    let output = loop {
        for torrent in [InfoHash([7; 20]), info_hash] {
            socket
                .send_to(&search(torrent).encode(Group::V4), GROUP_V4)
                .unwrap();
        }
        thread::sleep(Duration::from_millis(100));
        if waiting.is_finished() {
            break waiting.join().unwrap();
        }
    };
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}");
    for line in [
        "We listen to 239.192.152.143:6771 on 127.0.0.1, for 3 s.",
        "   BT-SEARCH * HTTP/1.1",
        &format!("   Infohash: {info_hash}"),
        "   Nothing to us: our own announce.",
        "   Nothing to us: its torrent is not ours.",
        "   A neighbour: it takes calls at 127.0.0.1:51413.",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
}

#[test]
fn a_private_torrent_is_not_announced() {
    let (_folder, path, _) = torrent(true);
    let output = run(&["--lsd", "--torrent", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: the torrent is private: it must not be announced here (BEP 27)\n"
    );
}

#[test]
fn an_address_that_is_not_ours_is_an_error_in_one_line() {
    let output = run(&["--lsd", "--interface", "192.0.2.1"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("error: nobody can listen to 239.192.152.143:6771 on 192.0.2.1: "),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    assert_eq!(run(&["--peers", "27"]).status.code(), Some(2));
    assert_eq!(run(&["--interface", "127.0.0.1"]).status.code(), Some(2));
    let output = run(&["--help"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Chapter 19 of the guide"));
}
