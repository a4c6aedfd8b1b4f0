//! The program of chapter 7, run as a reader runs it, against scripted peers on loopback.
#![cfg(feature = "program")]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};

use messages::{BlockRequest, Message};
use metainfo::create::Create;
use pretty_assertions::assert_eq;
use support::{Folder, PIECE, Remote, peer};

const BLOCK: usize = 16_384;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step07-block-requests"))
}

/// Fetches from this peer; with more arguments.
fn run(name: &str, peer: SocketAddr, more: &[&str]) -> Output {
    let folder = Folder::new(name);
    program()
        .arg(folder.torrent())
        .args(["--peer", &peer.to_string()])
        .args(more)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What is shown, without the times, which differ, and with single spaces.
fn lines(output: &Output) -> Vec<String> {
    text(&output.stdout)
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let timed = words.get(1).is_some_and(|word| ["->", "<-"].contains(word));
            words[usize::from(timed)..].join(" ")
        })
        .collect()
}

/// Runs against a script; the lines that have an arrow. The piece must arrive.
fn conversation(
    name: &str,
    more: &[&str],
    script: impl FnOnce(Remote) + Send + 'static,
) -> Vec<String> {
    let output = run(name, peer(script), more);
    assert_eq!(text(&output.stderr), "", "{}", text(&output.stdout));
    assert!(output.status.success());
    let lines = lines(&output);
    assert!(lines.contains(&"They are the same: the piece is good.".to_owned()));
    lines
        .into_iter()
        .filter(|line| line.contains("->") || line.contains("<-"))
        .collect()
}

#[test]
fn a_piece_arrives_block_by_block() {
    let shown = conversation("good", &[], |mut remote| {
        remote.greet();
        let requests = remote.requests(4);
        remote.answer(&requests);
    });
    assert_eq!(
        shown,
        [
            "<- bitfield: 3 of 3 pieces 0",
            "-> interested 0 ....",
            "<- unchoke 0 ....",
            "-> request blocks 0 to 3 4 ....",
            "<- block 0 3 #...",
            "<- block 1 2 ##..",
            "<- block 2 1 ###.",
            "<- block 3 0 ####",
        ]
    );
}

#[test]
fn one_request_at_a_time_and_the_last_piece() {
    let shown = conversation("one", &["--window", "1", "--piece", "2"], |mut remote| {
        remote.greet();
        for _ in 0..2 {
            let requests = remote.requests(1);
            remote.answer(&requests);
        }
    });
    assert_eq!(
        shown[3..],
        [
            "-> request block 0 1 ..",
            "<- block 0 0 #.",
            "-> request block 1 1 #.",
            "<- block 1 0 ##",
        ]
    );
}

#[test]
fn a_peer_that_answers_with_32_kib_is_understood() {
    let shown = conversation("large", &[], |mut remote| {
        remote.greet();
        remote.requests(4);
        remote.send_bytes(0, 0, 2 * BLOCK);
        remote.send_bytes(0, 2 * BLOCK, PIECE - 2 * BLOCK);
    });
    assert_eq!(
        shown[4..],
        [
            "<- 32768 bytes: block 0, block 1 2 ##..",
            "<- 24576 bytes: block 2, block 3 0 ####",
        ]
    );
}

#[test]
fn other_cuts_in_another_order_are_understood() {
    let shown = conversation("cuts", &[], |mut remote| {
        remote.greet();
        remote.requests(4);
        remote.send_bytes(0, 20_000, PIECE - 20_000);
        remote.send_bytes(0, 0, 10_000);
        remote.send_bytes(0, 5_000, 15_000);
    });
    assert_eq!(
        shown[4..],
        [
            "<- 37344 bytes: a part of block 1, block 2, block 3 2 ..##",
            "<- 10000 bytes: a part of block 0 2 ..##",
            "<- 15000 bytes: the rest of block 0, the rest of block 1 0 ####",
        ]
    );
}

#[test]
fn what_a_choke_drops_is_asked_for_again() {
    let shown = conversation("choke", &[], |mut remote| {
        remote.greet();
        let requests = remote.requests(4);
        remote.answer(&requests[1..2]);
        remote.send(&[Message::Choke, Message::KeepAlive, Message::Unchoke]);
        let again = remote.requests(3);
        assert_eq!(again, [requests[0], requests[2], requests[3]]);
        remote.answer(&again);
    });
    assert_eq!(
        shown[4..],
        [
            "<- block 1 3 .#..",
            "<- choke: what was asked for will not come 0 .#..",
            "<- keep-alive 0 .#..",
            "<- unchoke 0 .#..",
            "-> request blocks 0, 2 to 3 3 .#..",
            "<- block 0 2 ##..",
            "<- block 2 1 ###.",
            "<- block 3 0 ####",
        ]
    );
}

#[test]
fn a_piece_nobody_asked_for_is_read_past() {
    let shown = conversation("unasked", &[], |mut remote| {
        remote.greet();
        let requests = remote.requests(4);
        remote.answer(&[BlockRequest {
            piece: 1,
            ..requests[0]
        }]);
        remote.answer(&requests);
        remote.answer(&requests);
    });
    assert_eq!(
        shown[4],
        "<- 16384 bytes of piece 1 at 0: not asked for 4 ...."
    );
    assert_eq!(shown[8], "<- block 3 0 ####");
}

#[test]
fn the_first_piece_that_the_peer_has_is_taken() {
    let shown = conversation("have", &[], |mut remote| {
        remote.send(&[Message::Skipped(20), Message::Have(1)]);
        assert_eq!(remote.next(), Some(Message::Interested));
        remote.send(&[Message::Have(0), Message::Unchoke]);
        let requests = remote.requests(4);
        assert!(requests.iter().all(|block| block.piece == 1));
        remote.answer(&requests);
    });
    assert_eq!(shown[0], "<- have piece 1 0");
}

#[test]
fn wrong_data_is_caught_by_its_hash() {
    let addr = peer(|mut remote| {
        remote.spoil(40_000);
        remote.greet();
        let requests = remote.requests(4);
        remote.answer(&requests);
    });
    let output = run("wrong", addr, &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = "piece 0 is not what the torrent promises: the peer sent wrong data";
    assert_eq!(text(&output.stderr), format!("error: {addr}: {error}\n"));
}

#[test]
fn a_peer_that_goes_or_talks_nonsense_is_one_line() {
    let gone = peer(|mut remote| {
        remote.greet();
        let requests = remote.requests(4);
        remote.answer(&requests[..1]);
    });
    let output = run("gone", gone, &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = "the peer hung up, 3 blocks before the end of the piece";
    assert_eq!(text(&output.stderr), format!("error: {gone}: {error}\n"));

    let liar = peer(|mut remote| remote.send(&[Message::Bitfield(vec![0xff])]));
    let output = run("liar", liar, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("claims pieces after the last"));
}

#[test]
fn what_cannot_be_fetched_is_refused_first() {
    let folder = Folder::new("refused");
    let refuse = |torrent: &std::path::Path, more: &[&str], code, message: &str| {
        let output = program().arg(torrent).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains(message),
            "{}",
            text(&output.stderr)
        );
    };
    let torrent = folder.torrent();
    let no_such = "the torrent has 3 pieces, counted from 0: there is no piece 3";
    refuse(&torrent, &["--piece", "3"], 1, no_such);
    refuse(&torrent, &[], 1, "names no tracker");
    refuse(&torrent, &["--window", "0"], 2, "--window");
    let silent = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    refuse(
        &torrent,
        &["--peer", &silent.to_string()],
        1,
        "is `kostorrent lab` running?",
    );
    let long = folder.write(&Create::single("a", 1 << 29, 1 << 29), &[0]);
    refuse(&long, &[], 1, "a piece of this torrent has 536870912 bytes");
}

#[test]
fn the_help_names_the_chapter() {
    let output = program().arg("--help").output().unwrap();
    assert!(text(&output.stdout).contains("Chapter 7 of the guide"));
}
