//! The program of chapter 22, run as a reader runs it, against peers on loopback that are played with
//! the library.
#![cfg(feature = "program")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use encryption::{Answer, Methods, Opening, Policy, Responder, Secured, SkeyIndex};
use handshake::{Handshake, LEN, Reserved};
use metainfo::Metainfo;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use tempfile::{TempDir, tempdir};

/// A torrent of one small file.
fn torrent() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.torrent");
    let info = "d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
    std::fs::write(&path, format!("d4:info{info}e")).unwrap();
    (folder, path)
}

/// The torrents of a peer that has this one.
fn index(path: &Path) -> SkeyIndex {
    let torrent = Metainfo::parse(&std::fs::read(path).unwrap()).unwrap();
    torrent.info_hash_v1.into_iter().collect()
}

/// A peer with this policy, who takes calls for ever.
fn peer(policy: Policy, taken: Methods, torrents: SkeyIndex) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = serve(stream.unwrap(), policy, taken, &torrents);
        }
    });
    addr
}

/// Takes one call.
fn serve(
    mut stream: TcpStream,
    policy: Policy,
    taken: Methods,
    torrents: &SkeyIndex,
) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 100];
        let count = stream.read(&mut buffer).ok().filter(|&count| count > 0)?;
        bytes.extend(&buffer[..count]);
        match policy.answer(Opening::of(&bytes)) {
            Answer::Wait => {}
            Answer::Refuse(_) => return None,
            Answer::Plain if bytes.len() < LEN => {}
            Answer::Plain => {
                stream.write_all(&answer_to(&bytes)).ok()?;
                let _ = stream.read_to_end(&mut Vec::new());
                return Some(());
            }
            Answer::Encrypted => break,
        }
    }
    let (mut responder, mut secured) = (Responder::new(taken, &mut rand::rng()), None);
    let mut buffer = [0; 100];
    while secured.is_none() {
        secured = responder.handle(&bytes, |hash| torrents.find(hash)).ok()?;
        while let Some(bytes) = responder.poll_transmit() {
            // In small parts, as a network may.
            for part in bytes.chunks(33) {
                stream.write_all(part).ok()?;
            }
        }
        if secured.is_none() {
            let count = stream.read(&mut buffer).ok().filter(|&count| count > 0)?;
            bytes = buffer[..count].to_vec();
        }
    }
    let Secured {
        early, mut write, ..
    } = secured?;
    let mut answer = answer_to(&early);
    write.apply(&mut answer);
    stream.write_all(&answer).ok()?;
    let _ = stream.read_to_end(&mut Vec::new());
    Some(())
}

/// What the peer answers to a handshake.
fn answer_to(bytes: &[u8]) -> [u8; LEN] {
    let heard = Handshake::parse(bytes.first_chunk().unwrap()).unwrap();
    let answer = Handshake {
        reserved: Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x05]),
        peer_id: PeerId(*b"-LT20B0-0123456789ab"),
        ..heard
    };
    answer.to_bytes()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_step22-encryption"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a run against a peer shows, and the line on standard error, if it failed.
fn shown(policy: Policy, taken: Methods, more: &[&str]) -> (String, Option<String>) {
    let (_folder, path) = torrent();
    let addr = peer(policy, taken, index(&path)).to_string();
    let arguments = [&[path.to_str().unwrap(), "--peer", &addr], more].concat();
    let output = run(&arguments);
    let shown = text(&output.stdout);
    let error = text(&output.stderr).replace(&addr, "ADDR");
    if output.status.success() {
        assert_eq!(error, "", "{shown}");
        return (shown, None);
    }
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert_eq!(error.lines().count(), 1, "{error}");
    (shown, Some(error.trim_end().to_owned()))
}

#[test]
fn both_ways_are_shown_byte_by_byte() {
    let (shown, error) = shown(Policy::Allow, Methods::BOTH, &["--offer", "rc4"]);
    assert_eq!(error, None, "{shown}");
    let (plain, encrypted) = shown.split_once("\nEncrypted\n").unwrap();
    for line in [
        "     0  13                              19, the length of the name",
        "     1  42 69 74 54 6f 72 72 65 6e 74   \"BitTorrent protocol\"",
        "    20  00 00 00 00 00 10 00 05         reserved: a bit for each extension",
        "Whoever looked at the first 20 bytes knows what this is.",
    ] {
        assert!(plain.lines().any(|shown| shown == line), "{line}\n{plain}");
    }
    let (exchange, inside) = encrypted
        .split_once("It is agreed: this connection goes on in RC4.")
        .unwrap();
    assert!(!exchange.contains("42 69 74 54 6f 72 72 65 6e 74"));
    for comment in [
        "our public key: 2 to the power of our private key",
        "its public key",
        "HASH('req1', S): here the pad ends, and we know the secret",
        "HASH('req2', SKEY) xor HASH('req3', S): the torrent, masked",
        "from here on RC4, with our key: eight zeros",
        "we offer to go on in RC4",
        "length of the initial payload: 68 bytes",
        "it chooses RC4",
    ] {
        let found = exchange.lines().any(|line| line.ends_with(comment));
        assert!(found, "{comment}\n{exchange}");
    }
    assert!(
        exchange.contains("        … and 76 bytes more\n"),
        "of each key"
    );
    for line in [
        "In RC4 the peer says:",
        "    20  00 00 00 00 00 10 00 05         reserved: a bit for each extension",
        "The same torrent, and not ourselves: messages may follow.",
    ] {
        assert!(
            inside.lines().any(|shown| shown == line),
            "{line}\n{inside}"
        );
    }
}

#[test]
fn where_the_peer_may_choose_it_goes_on_in_plain_text() {
    let (shown, error) = shown(Policy::Allow, Methods::BOTH, &[]);
    assert_eq!(error, None);
    assert!(
        shown.contains("we offer to go on in plain text or RC4\n"),
        "{shown}"
    );
    assert!(shown.contains("It is agreed: this connection goes on in plain text.\n"));
    assert!(shown.contains("In plain text the peer says:\n"));
}

#[test]
fn a_peer_that_requires_encryption_hangs_up_on_plain_text_only() {
    let (shown, error) = shown(Policy::Require, Methods::RC4, &[]);
    assert_eq!(error, None);
    assert!(
        shown.contains("\nthe peer hung up after 0 of 68 bytes"),
        "{shown}"
    );
    assert!(shown.contains("It is agreed: this connection goes on in RC4.\n"));
}

#[test]
fn a_peer_that_requires_more_than_is_offered_hangs_up() {
    let (_, error) = shown(Policy::Require, Methods::RC4, &["--offer", "plain"]);
    let error = error.unwrap();
    assert!(
        error.starts_with("error: ADDR: the peer hung up after "),
        "{error}"
    );
}

#[test]
fn a_peer_that_does_not_encrypt_hangs_up() {
    let (shown, error) = shown(Policy::Off, Methods::NONE, &[]);
    assert!(shown.contains("knows what this is.\n"));
    assert_eq!(
        error.as_deref(),
        Some(
            "error: ADDR: the peer hung up after 0 bytes: it may not encrypt, or not have this \
             torrent, or take one call at a time from one address"
        )
    );
}

#[test]
fn plain_text_may_be_all() {
    let (plain, error) = shown(Policy::Allow, Methods::BOTH, &["--plain"]);
    assert_eq!(error, None);
    assert!(!plain.contains("Encrypted"), "{plain}");
    let (_, error) = shown(Policy::Require, Methods::RC4, &["--plain"]);
    let error = error.unwrap();
    assert!(
        error.contains("the peer hung up after 0 of 68 bytes"),
        "{error}"
    );
}

#[test]
fn a_peer_without_the_torrent_hangs_up_after_it_was_asked_for_it() {
    let (_folder, path) = torrent();
    let addr = peer(Policy::Require, Methods::RC4, SkeyIndex::default()).to_string();
    let output = run(&[path.to_str().unwrap(), "--peer", &addr]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.contains("the torrent, masked"), "{shown}");
    assert!(text(&output.stderr).contains("hung up after"));
}

#[test]
fn nobody_at_home_asks_for_the_lab() {
    let (_folder, path) = torrent();
    let addr = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = run(&[path.to_str().unwrap(), "--peer", &addr.to_string()]);
    assert_eq!(
        text(&output.stderr),
        format!("error: {addr}: nobody listens there: is `kostorrent lab` running?\n")
    );
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    assert_eq!(run(&[]).status.code(), Some(2));
    let both = run(&["a.torrent", "--plain", "--offer", "rc4"]);
    assert_eq!(both.status.code(), Some(2));
    let output = run(&["--help"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Chapter 22 of the guide"));
}
