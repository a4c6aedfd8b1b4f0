//! The program of chapter 16, run as a reader runs it, with a peer that does what a script says.
#![cfg(feature = "program")]

#[path = "../../step11-concurrent-peers/tests/support/mod.rs"]
mod support;

#[path = "../../step09-file-layout/tests/support/ran.rs"]
mod ran;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use ran::{complained, said, text};
use support::{Script, Torrent};
use tempfile::tempdir;

const PIECE: u64 = 32 * 1024;

fn run(torrent: &Torrent, root: &Path, peer: SocketAddr) -> Output {
    let folder = tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_step16-seeding"))
        .arg(torrent.save(folder.path()))
        .arg("--output")
        .arg(root)
        .args(["--peer", &peer.to_string(), "--round", "0.1"])
        .output()
        .unwrap()
}

/// How often a line says this of this member.
fn count(said: &str, name: &str, what: &str) -> usize {
    let lines = said
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| line.starts_with(&format!("{name} {what}")))
        .count()
}

#[test]
fn who_gives_is_unchoked_and_who_only_takes_waits_for_the_optimistic_slot() {
    let torrent = Torrent::new(16, PIECE);
    let root = tempdir().unwrap();
    let shown = said(&run(&torrent, root.path(), torrent.start(torrent.seed())));
    for name in ["ada", "ben"] {
        let data = fs::read(root.path().join(name).join("a.bin")).unwrap();
        assert!(data == torrent.data, "{name}");
    }
    assert!(count(&shown, "ada", "unchoked gives us") > 0, "{shown}");
    assert!(count(&shown, "ben", "unchoked gives us") > 0, "{shown}");
    for taker in ["carl", "dora"] {
        assert!(
            count(&shown, taker, "unchoked optimistic: its turn") > 0,
            "{shown}"
        );
        assert!(
            count(&shown, taker, "choked no slot free: gives us nothing") > 0,
            "{shown}"
        );
    }
}

#[test]
fn the_table_says_who_got_how_much() {
    let torrent = Torrent::new(16, PIECE);
    let root = tempdir().unwrap();
    let shown = said(&run(&torrent, root.path(), torrent.start(torrent.seed())));
    let table: Vec<Vec<&str>> = shown
        .lines()
        .skip_while(|line| !line.starts_with("got from"))
        .take(5)
        .map(|line| line.split_whitespace().collect())
        .collect();
    // Each had half of sixteen pieces of 32 KiB, and got the other half from the other.
    let of = |row: &[&str]| row.join(" ");
    assert!(
        of(&table[1]).starts_with("ada 0 B 256 KiB 0 B 0 B 256 KiB"),
        "{shown}"
    );
    assert!(
        of(&table[2]).starts_with("ben 256 KiB 0 B 0 B 0 B 256 KiB"),
        "{shown}"
    );
    assert_eq!(table[3].last(), Some(&"0.00"), "{shown}");
    assert_eq!(table[4].last(), Some(&"0.00"), "{shown}");
}

#[test]
fn who_has_everything_needs_no_peer() {
    let torrent = Torrent::new(4, PIECE);
    let root = tempdir().unwrap();
    said(&run(&torrent, root.path(), torrent.start(torrent.seed())));
    let nobody = "127.0.0.1:1".parse().unwrap();
    let shown = said(&run(&torrent, root.path(), nobody));
    assert!(shown.contains("nothing to trade"), "{shown}");
}

#[test]
fn a_wrong_piece_is_not_traded() {
    let torrent = Torrent::new(4, PIECE);
    let lies = Script {
        lies: true,
        ..torrent.seed()
    };
    let root = tempdir().unwrap();
    let line = complained(&run(&torrent, root.path(), torrent.start(lies)));
    assert!(line.contains("is not what the torrent promises"), "{line}");
}

#[test]
fn nobody_there() {
    let torrent = Torrent::new(2, PIECE);
    let root = tempdir().unwrap();
    let nobody = "127.0.0.1:1".parse().unwrap();
    let line = complained(&run(&torrent, root.path(), nobody));
    assert!(line.contains("is `kostorrent lab` running?"), "{line}");
}

#[test]
fn help_names_the_chapter() {
    let output = Command::new(env!("CARGO_BIN_EXE_step16-seeding"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("Chapter 16 of the guide"));
}
