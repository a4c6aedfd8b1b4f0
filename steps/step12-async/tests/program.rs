//! The program of chapter 12, run as a reader runs it, against peers that do what a script says.
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

const BLOCK: u64 = 16 * 1024;

fn run(torrent: &Torrent, root: &Path, peers: &[SocketAddr], more: &[&str]) -> Output {
    let folder = tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_step12-async"));
    command.arg(torrent.save(folder.path()));
    command.arg("--output").arg(root).args(more);
    for peer in peers {
        command.args(["--peer", &peer.to_string()]);
    }
    command.output().unwrap()
}

/// The download must have succeeded, and every byte be right; what it said.
fn complete(torrent: &Torrent, root: &Path, output: &Output) -> String {
    let said = said(output);
    assert!(fs::read(root.join("a.bin")).unwrap() == torrent.data);
    said
}

/// The lines of the trace without times and levels: sender, receiver, channel, what.
fn traced(said: &str) -> Vec<String> {
    let is_level = |word: &&str| {
        let parts = word.split_once('/');
        parts.is_some_and(|(used, _)| used.parse::<u32>().is_ok())
    };
    let words = |line: &str| {
        let words = line.split_whitespace().skip(1);
        let words: Vec<&str> = words.filter(|word| !is_level(word)).collect();
        words.join(" ")
    };
    let lines = said.lines().filter(|line| line.contains(" -> "));
    lines.map(words).collect()
}

#[test]
fn the_trace_follows_a_block_from_task_to_task() {
    let torrent = Torrent::new(1, BLOCK);
    let root = tempdir().unwrap();
    let peers = [torrent.start(torrent.seed())];
    let said = complete(
        &torrent,
        root.path(),
        &run(&torrent, root.path(), &peers, &["--trace"]),
    );
    let mut lines = traced(&said).into_iter();
    for expected in [
        "torrent -> peer 0 orders interested",
        "peer 0 -> torrent heard",
        "torrent -> peer 0 orders request block 0 of piece 0",
        "peer 0 -> torrent heard block 0 of piece 0",
        "torrent -> disk pieces piece 0, whole",
        "disk -> torrent kept piece 0 is written",
        "torrent -> peer 0 orders have piece 0",
    ] {
        let found = lines.any(|line| line.starts_with(expected));
        assert!(found, "{expected}, in this order:\n{said}");
    }
    let level = "torrent -> disk      pieces 1/2   piece 0, whole\n";
    assert!(said.contains(level), "{said}");
}

#[test]
fn a_slow_disk_fills_the_channels_and_stops_the_reading() {
    let torrent = Torrent::new(32, BLOCK);
    let root = tempdir().unwrap();
    let peers = [torrent.start(torrent.seed())];
    let options = ["--trace", "--slow-disk", "20"];
    let output = run(&torrent, root.path(), &peers, &options);
    let said = complete(&torrent, root.path(), &output);
    for channel in ["pieces", "heard"] {
        let what = format!("{channel} is full: whoever sends there waits");
        assert!(said.contains(&what), "{what}:\n{said}");
    }
    // While it waits for the disk the torrent's task hears nothing, and the channel stays full.
    let heard = said.lines().find_map(|line| line.strip_prefix("heard "));
    let full = heard.unwrap().split_whitespace().last().unwrap();
    assert!(full.parse::<u32>().unwrap() >= 5, "{said}");
}

#[test]
fn without_the_trace_it_says_how_far_it_is() {
    let torrent = Torrent::new(6, BLOCK);
    let root = tempdir().unwrap();
    let scripts = [0, 1].map(|first| torrent.having((first..6).step_by(2)));
    let peers = scripts.map(|script| torrent.start(script));
    let said = complete(
        &torrent,
        root.path(),
        &run(&torrent, root.path(), &peers, &[]),
    );
    assert_eq!(traced(&said), Vec::<String>::new());
    assert!(said.contains("\n6 of 6 pieces, 2 peers\n"), "{said}");

    // And what is complete asks nobody.
    let nobody = ["127.0.0.1:1".parse().unwrap()];
    let said = complete(
        &torrent,
        root.path(),
        &run(&torrent, root.path(), &nobody, &[]),
    );
    assert!(said.contains("6 of them on disk already"), "{said}");
}

#[test]
fn a_liar_is_let_go_and_the_others_go_on() {
    let torrent = Torrent::new(8, 2 * BLOCK);
    let lies = Script {
        lies: true,
        ..torrent.seed()
    };
    let mut good = torrent.seed();
    // Else it might be all over before the liar gets a chance.
    good.unchokes_at = Some(lies.gone.clone());
    let root = tempdir().unwrap();
    let mut peers = [torrent.start(lies), torrent.start(good)];
    peers.sort_unstable();
    let said = complete(
        &torrent,
        root.path(),
        &run(&torrent, root.path(), &peers, &[]),
    );
    assert!(
        said.contains("was wrong, and all of it came from this peer"),
        "{said}"
    );
}

#[test]
fn when_the_only_peer_hangs_up_it_says_so() {
    let torrent = Torrent::new(8, BLOCK);
    let leaves = Script {
        most: 3,
        ..torrent.seed()
    };
    let root = tempdir().unwrap();
    let peers = [torrent.start(leaves)];
    let line = complained(&run(&torrent, root.path(), &peers, &[]));
    assert!(line.contains("no peer is left; the last said: "), "{line}");
    assert!(
        line.contains("the peer has closed the connection"),
        "{line}"
    );
}

#[test]
fn nobody_there() {
    let torrent = Torrent::new(2, BLOCK);
    let root = tempdir().unwrap();
    let nobody = ["127.0.0.1:1".parse().unwrap()];
    let line = complained(&run(&torrent, root.path(), &nobody, &[]));
    assert!(line.contains("is `kostorrent lab` running?"), "{line}");
}

#[test]
fn help_names_the_chapter() {
    let output = Command::new(env!("CARGO_BIN_EXE_step12-async"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("Chapter 12 of the guide"));
}
