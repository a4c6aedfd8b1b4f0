//! The program of chapter 5, run as a reader runs it, against scripted peers on loopback.
#![cfg(feature = "program")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};

use handshake::Handshake;
use handshake::blocking::{MeetError, introduce, meet, meet_someone, read_torrent};
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use support::{Folder, answer_to, arg, good_peer, hear, nobody, peer, text, tracker};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_step05-handshake"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The error line of a run against this one peer.
fn error_with(name: &str, peer: SocketAddr) -> String {
    let folder = Folder::new(name);
    let torrent = folder.torrent("http://127.0.0.1:1/announce");
    let output = run(&[arg(&torrent), "--peer", &peer.to_string()]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1);
    error.trim_end().to_string()
}

#[test]
fn both_handshakes_are_shown_byte_by_byte() {
    let folder = Folder::new("shown");
    let torrent = folder.torrent("http://127.0.0.1:1/announce");
    let addr = good_peer();
    let output = run(&[arg(&torrent), "--peer", &addr.to_string()]);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    let shown = text(&output.stdout);
    let (ours, theirs) = shown.split_once("The peer says:").unwrap();
    for line in [
        "   0  13                              19, the length of the name",
        "   1  42 69 74 54 6f 72 72 65 6e 74   \"BitTorrent protocol\"",
        "  11  20 70 72 6f 74 6f 63 6f 6c",
        "  20  00 00 00 00 00 00 00 00         reserved: no extension",
    ] {
        assert!(ours.lines().any(|shown| shown == line), "{line}\n{ours}");
    }
    let client = PeerId(*b"-LT20B0-0123456789ab")
        .client()
        .unwrap()
        .to_string();
    for line in [
        "  20  00 00 00 00 00 10 00 05         reserved: a bit for each extension",
        "                                      byte 5, bit 0x10: extension protocol (BEP 10)",
        "                                      byte 7, bit 0x04: fast extension (BEP 6)",
        "                                      byte 7, bit 0x01: DHT (BEP 5)",
        "  48  2d 4c 54 32 30 42 30 2d 30 31   peer id: -LT20B0-0123456789ab (CLIENT)",
        "The same torrent, and not ourselves: messages may follow.",
    ] {
        let line = line.replace("CLIENT", &client);
        assert!(
            theirs.lines().any(|shown| shown == line),
            "{line}\n{theirs}"
        );
    }
}

#[test]
fn peers_of_the_tracker_are_tried_one_after_the_other() {
    let silent_goodbye = peer(drop);
    let tracker = tracker(&[nobody(), silent_goodbye, good_peer()]);
    let folder = Folder::new("tracker");
    let output = run(&[arg(&folder.torrent(&tracker))]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert!(shown.contains(&format!("{tracker} names 3 peers")));
    assert!(shown.contains("nobody listens there\n"));
    assert!(shown.contains("The peer says:"));
}

#[test]
fn nobody_at_home_asks_for_the_lab() {
    let addr = nobody();
    assert_eq!(
        error_with("nobody", addr),
        format!("error: {addr}: nobody listens there: is `kostorrent lab` running?")
    );
}

#[test]
fn a_peer_that_wants_encryption_is_told() {
    let addr = peer(|mut stream| {
        let _ = stream.write_all(&[0xd2; 96]);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_eq!(
        error_with("encrypted", addr),
        format!(
            "error: {addr}: the peer's first byte is 0xd2, not 0x13: it wants an encrypted \
             connection, or does not speak BitTorrent"
        )
    );
}

#[test]
fn a_peer_of_another_torrent_is_refused_after_it_was_shown() {
    let addr = peer(|mut stream| {
        let mut answer = answer_to(&hear(&mut stream));
        answer.info_hash.0 = [0xee; 20];
        stream.write_all(&answer.to_bytes()).unwrap();
    });
    let error = error_with("another", addr);
    assert!(
        error.starts_with(&format!(
            "error: {addr}: the peer answered for another torrent: info-hash eeeeeeee"
        )),
        "{error}"
    );
}

#[test]
fn our_own_voice_is_known() {
    let addr = peer(|mut stream| {
        let heard = hear(&mut stream);
        stream.write_all(&heard.to_bytes()).unwrap();
    });
    assert_eq!(
        error_with("ourselves", addr),
        format!("error: {addr}: the peer has our own peer id: this is our own address")
    );
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(
        run(&["a.torrent", "--peer", "nonsense"]).status.code(),
        Some(2)
    );
    let output = run(&["--help"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Chapter 5 of the guide"));
}

fn introduced(folder: &Folder, tracker: &str) -> (metainfo::Metainfo, Handshake) {
    let torrent = read_torrent(&folder.torrent(tracker)).unwrap();
    let ours = introduce(&torrent).unwrap();
    (torrent, ours)
}

#[test]
fn after_a_meeting_the_stream_is_ready_for_messages() {
    let addr = peer(|mut stream| {
        let heard = hear(&mut stream);
        let mut bytes = answer_to(&heard).to_bytes().to_vec();
        bytes.extend([0, 0, 0, 1, 1]);
        stream.write_all(&bytes).unwrap();
    });
    let folder = Folder::new("meet");
    let (_, ours) = introduced(&folder, "http://127.0.0.1:1/");
    let mut meeting = meet(addr, &ours).unwrap();
    assert_eq!(meeting.addr, addr);
    assert_eq!(meeting.theirs, answer_to(&ours));
    let mut rest = Vec::new();
    meeting.stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, [0, 0, 0, 1, 1]);
}

/// Two addresses where nobody listens. Both ports are taken at once, or the second could be the first again.
fn two_nobodies() -> [SocketAddr; 2] {
    let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    taken.map(|listener| listener.local_addr().unwrap())
}

#[test]
fn someone_is_met_when_anyone_can_be() {
    let good = good_peer();
    let folder = Folder::new("someone");
    let (torrent, ours) = introduced(&folder, &tracker(&[nobody(), good]));
    let mut said = Vec::new();
    let meeting = meet_someone(&torrent, &ours, None, &mut |line| said.push(line)).unwrap();
    assert_eq!(meeting.addr, good);
    assert_eq!(
        said.len(),
        2,
        "the tracker's answer, and one failure: {said:?}"
    );

    let (torrent, ours) = introduced(&folder, &tracker(&two_nobodies()));
    let error = meet_someone(&torrent, &ours, None, &mut |_| {}).unwrap_err();
    assert!(matches!(error, MeetError::AllFailed { errors } if errors.len() == 2));
}
