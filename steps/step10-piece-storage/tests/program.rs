//! The program of chapter 10, run as a reader runs it, against peers that do what a script says.
#![cfg(feature = "program")]

#[path = "../../step11-concurrent-peers/tests/support/mod.rs"]
mod support;

#[path = "../../step09-file-layout/tests/support/ran.rs"]
mod ran;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use ran::{complained, said, text};
use support::{Script, Torrent};
use tempfile::tempdir;

const PIECE: u64 = 32 * 1024;

/// What takes longer than this will never be.
const LONG: Duration = Duration::from_secs(60);

fn command(torrent: &Path, root: &Path, peer: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_step10-piece-storage"));
    command.arg(torrent);
    command.arg("--output").arg(root);
    command.args(["--peer", &peer.to_string()]);
    command
}

fn run(torrent: &Torrent, root: &Path, peer: SocketAddr) -> Output {
    let folder = tempdir().unwrap();
    let torrent = torrent.save(folder.path());
    command(&torrent, root, peer).output().unwrap()
}

/// The download must have succeeded, and every byte be right; what it said.
fn complete(torrent: &Torrent, root: &Path, output: &Output) -> String {
    let said = said(output);
    assert!(fs::read(root.join("a.bin")).unwrap() == torrent.data);
    said
}

/// The lines of the table: second, pieces, then figures in KiB where the system tells them.
fn table(said: &str) -> Vec<Vec<Option<u64>>> {
    let rows = said
        .lines()
        .skip_while(|line| !line.starts_with("second "))
        .skip(1);
    rows.take_while(|line| !line.is_empty())
        .map(|line| {
            let figures = line
                .split_whitespace()
                .skip(2)
                .filter(|word| *word != "KiB");
            figures.map(|word| word.parse().ok()).collect()
        })
        .collect()
}

#[test]
fn the_files_grow_and_the_memory_does_not() {
    // 48 MiB in pieces of 256 KiB.
    let torrent = Torrent::new(192, 256 * 1024);
    let root = tempdir().unwrap();
    let peer = torrent.start(torrent.seed());
    let said = complete(&torrent, root.path(), &run(&torrent, root.path(), peer));
    let table = table(&said);
    let (first, last) = (&table[0], table.last().unwrap());
    let [length, on_disk, holes, memory] = [0, 1, 2, 3];
    assert_eq!(
        (first[length], last[length]),
        (Some(48 * 1024), Some(48 * 1024))
    );
    if let (Some(before), Some(after)) = (first[on_disk], last[on_disk]) {
        assert!(before < 1024 && after >= 48 * 1024, "{said}");
        assert_eq!(last[holes], Some(0), "{said}");
    }
    if let (Some(before), Some(after)) = (first[memory], last[memory]) {
        assert!(after < before + 16 * 1024, "{said}");
    }
}

#[test]
fn killed_in_the_middle_it_goes_on_with_what_was_written() {
    let torrent = Torrent::new(8, PIECE);
    let root = tempdir().unwrap();
    // It sends five blocks, two pieces and a half, and then nothing more.
    let stops = Script {
        ahead: 5,
        ..torrent.seed()
    };
    let folder = tempdir().unwrap();
    let file = torrent.save(folder.path());
    let mut child = command(&file, root.path(), torrent.start(stops))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let two = 2 * PIECE as usize;
    let has_two = || {
        let there = fs::read(root.path().join("a.bin")).unwrap_or_default();
        there.len() > two && there[..two] == torrent.data[..two]
    };
    let began = Instant::now();
    while !has_two() {
        assert!(child.try_wait().unwrap().is_none(), "it goes on waiting");
        if began.elapsed() > LONG {
            child.kill().unwrap();
            panic!("two pieces are not written after {LONG:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let peer = torrent.start(torrent.seed());
    let said = complete(&torrent, root.path(), &run(&torrent, root.path(), peer));
    assert!(said.contains("2 of 8 pieces are on disk already"), "{said}");
    let nobody = "127.0.0.1:1".parse().unwrap();
    let said = complete(&torrent, root.path(), &run(&torrent, root.path(), nobody));
    assert!(said.contains("8 of 8 pieces are on disk already"), "{said}");
}

#[test]
fn a_piece_that_was_half_written_is_fetched_again() {
    let torrent = Torrent::new(4, PIECE);
    let root = tempdir().unwrap();
    let mut half = torrent.data.clone();
    half[9_000..].fill(0);
    fs::write(root.path().join("a.bin"), half).unwrap();
    let peer = torrent.start(torrent.seed());
    let said = complete(&torrent, root.path(), &run(&torrent, root.path(), peer));
    assert!(said.contains("0 of 4 pieces are on disk already"), "{said}");
}

#[test]
fn a_wrong_piece_is_never_written() {
    let torrent = Torrent::new(4, PIECE);
    let lies = Script {
        lies: true,
        ..torrent.seed()
    };
    let root = tempdir().unwrap();
    let line = complained(&run(&torrent, root.path(), torrent.start(lies)));
    assert!(
        line.contains("piece 0 is not what the torrent promises"),
        "{line}"
    );
    let there = fs::read(root.path().join("a.bin")).unwrap();
    assert!(there.iter().all(|&byte| byte == 0));
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    let torrent = Torrent::new(4, PIECE);
    for length in [5, 4 * PIECE as usize] {
        let root = tempdir().unwrap();
        let theirs = vec![7; length];
        fs::write(root.path().join("a.bin"), &theirs).unwrap();
        let peer = torrent.start(torrent.seed());
        complained(&run(&torrent, root.path(), peer));
        assert_eq!(fs::read(root.path().join("a.bin")).unwrap(), theirs);
    }
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
    let output = Command::new(env!("CARGO_BIN_EXE_step10-piece-storage"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("Chapter 10 of the guide"));
}
