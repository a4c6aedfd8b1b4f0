//! The program of chapter 6, run as a reader runs it, against scripted peers on loopback.
#![cfg(feature = "program")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::sync::mpsc::channel;

use messages::Message;
use pretty_assertions::assert_eq;
use support::{Folder, peer};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step06-bitfield"))
}

fn run(name: &str, peer: SocketAddr) -> Output {
    let folder = Folder::new(name);
    program()
        .arg(folder.torrent())
        .args(["--peer", &peer.to_string(), "--seconds", "60"])
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn send(stream: &mut TcpStream, messages: &[Message]) {
    let mut bytes = Vec::new();
    for message in messages {
        message.encode(&mut bytes);
    }
    stream.write_all(&bytes).unwrap();
}

#[test]
fn bitfield_and_haves_make_a_map() {
    let addr = peer(|mut stream| {
        send(
            &mut stream,
            &[
                Message::Bitfield(vec![0xf0, 0x00]),
                Message::Unchoke,
                Message::Have(9),
            ],
        );
    });
    let output = run("map", addr);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    let shown = text(&output.stdout);
    for line in [
        "pieces     10",
        &format!("{addr}: Transmission 4.0.6"),
        "  00 00 00 03 05 f0 00                      bitfield: 4 of 10 pieces",
        "  00 00 00 01 01                            unchoke",
        "  00 00 00 05 04 00 00 00 09                have: piece 9",
        "The peer hung up.",
        "The peer has 5 of 10 pieces: 4 by its bitfield, 1 by have.",
        "         0  ####.....#",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
}

#[test]
fn a_peer_without_a_bitfield_tells_by_have() {
    let addr = peer(|mut stream| {
        for piece in 0..10 {
            send(&mut stream, &[Message::Have(piece)]);
        }
    });
    let shown = text(&run("haves", addr).stdout);
    assert!(
        shown.contains("The peer has 10 of 10 pieces: 0 by its bitfield, 10 by have."),
        "{shown}"
    );
}

#[test]
fn a_keep_alive_is_not_answered_with_another() {
    let (sender, heard) = channel();
    let addr = peer(move |mut stream| {
        send(&mut stream, &[Message::KeepAlive, Message::KeepAlive]);
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        sender.send(answer).unwrap();
    });
    let output = run("keep-alive", addr);
    assert!(output.status.success());
    let line = "  00 00 00 00                               keep-alive";
    assert_eq!(
        text(&output.stdout)
            .lines()
            .filter(|shown| *shown == line)
            .count(),
        2
    );
    assert_eq!(heard.recv().unwrap(), []);
}

#[test]
fn messages_of_later_beps_are_named_and_skipped() {
    let addr = peer(|mut stream| {
        stream.write_all(&[0, 0, 0, 1, 14]).unwrap();
        stream.write_all(&[0, 0, 0, 3, 9, 0x1a, 0xe1]).unwrap();
        send(&mut stream, &[Message::Have(3)]);
    });
    let shown = text(&run("later", addr).stdout);
    for words in [
        "have all (id 14), 5 bytes: skipped",
        "port (id 9), 7 bytes: skipped",
        "have: piece 3",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

#[test]
fn impossible_messages_are_one_line_and_exit_1() {
    let cases: [(&str, Vec<u8>, &str); 3] = [
        (
            "beyond",
            vec![0, 0, 0, 5, 4, 0, 0, 0, 10],
            "the peer sent a `have` message for piece 10, but the torrent has 10 pieces, counted \
             from 0",
        ),
        (
            "size",
            vec![0, 0, 0, 2, 5, 0xff],
            "the peer sent a `bitfield` message (id 5) of 2 bytes, which is always 3 long",
        ),
        (
            "spare",
            vec![0, 0, 0, 3, 5, 0xff, 0xff],
            "the bitfield claims pieces after the last: the torrent has 10",
        ),
    ];
    for (name, bytes, expected) in cases {
        let addr = peer(move |mut stream| {
            stream.write_all(&bytes).unwrap();
            let _ = stream.read(&mut [0]);
        });
        let output = run(name, addr);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stderr), format!("error: {addr}: {expected}\n"));
    }
}

#[test]
fn a_message_cut_short_is_noticed() {
    let addr = peer(|mut stream| stream.write_all(&[0, 0, 0, 3, 5, 0xff]).unwrap());
    let shown = text(&run("cut", addr).stdout);
    assert!(
        shown.contains("The peer hung up in the middle of a message."),
        "{shown}"
    );
}

#[test]
fn the_time_it_listens_can_be_given() {
    let addr = peer(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    let folder = Folder::new("seconds");
    let output = program()
        .arg(folder.torrent())
        .args(["--peer", &addr.to_string(), "--seconds", "0"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let shown = text(&output.stdout);
    assert!(shown.contains("The time is over."), "{shown}");
    assert!(shown.contains("The peer has 0 of 10 pieces"), "{shown}");
}

#[test]
fn without_a_tracker_that_can_be_asked_a_peer_is_wanted() {
    let folder = Folder::new("udp");
    let output = program().arg(folder.torrent()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: the torrent has only UDP trackers, and those are not built yet: name a peer with \
         --peer ADDR\n"
    );
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    assert_eq!(program().output().unwrap().status.code(), Some(2));
    let output = program().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Chapter 6 of the guide"));
}
