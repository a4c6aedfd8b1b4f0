//! The program of chapter 11, run as a reader runs it, against peers that do what a script says.
#![cfg(feature = "program")]

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
const BLOCK: u64 = 16 * 1024;

/// Downloads to `root` from these peers.
fn run(torrent: &Torrent, root: &Path, peers: &[SocketAddr], more: &[&str]) -> Output {
    let folder = tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_step11-concurrent-peers"));
    command.arg(torrent.save(folder.path()));
    command.arg("--output").arg(root).args(more);
    for peer in peers {
        command.args(["--peer", &peer.to_string()]);
    }
    command.output().unwrap()
}

/// Downloads from peers that follow these scripts.
fn download(torrent: &Torrent, root: &Path, scripts: &[Script], more: &[&str]) -> Output {
    let peers: Vec<SocketAddr> = scripts.iter().map(|s| torrent.start(s.clone())).collect();
    run(torrent, root, &peers, more)
}

/// The download must have succeeded, and every byte be right; what it said.
fn complete(torrent: &Torrent, root: &Path, output: &Output) -> String {
    let said = said(output);
    assert!(fs::read(root.join("a.bin")).unwrap() == torrent.data);
    said
}

#[test]
fn peers_that_have_a_part_each_give_it_all_together() {
    let torrent = Torrent::new(12, PIECE);
    let root = tempdir().unwrap();
    let scripts = [0, 1, 2].map(|first| torrent.having((first..12).step_by(3)));
    let output = download(&torrent, root.path(), &scripts, &[]);
    let said = complete(&torrent, root.path(), &output);
    let last = "12 of 12 pieces, 3 peers\none peer has  ############\n";
    assert!(said.contains(last), "{said}");
}

#[test]
fn rarest_first_has_the_rare_pieces_before_their_only_holder_leaves_and_sequential_has_not() {
    for (order, is_complete) in [("rarest", true), ("sequential", false)] {
        // One peer has everything, and leaves after three quarters; of the last eighth it alone has
        // a copy. The other one begins when it has gone.
        let torrent = Torrent::new(64, BLOCK);
        let mut common = torrent.having(0..56);
        let mut leaves = torrent.seed();
        leaves.most = 48;
        leaves.ahead = 4;
        leaves.unchokes_at = Some(common.met.clone());
        common.unchokes_at = Some(leaves.gone.clone());

        let root = tempdir().unwrap();
        let scripts = [leaves, common];
        let output = download(&torrent, root.path(), &scripts, &["--order", order]);
        if is_complete {
            let said = complete(&torrent, root.path(), &output);
            assert!(said.contains("\nrarest: the pieces that 1 had"), "{said}");
        } else {
            let line = complained(&output);
            let why = "8 pieces are missing, and none of the peers that are here has any of them";
            assert!(line.contains(why), "{line}");
        }
    }
}

#[test]
fn the_end_game_takes_the_last_blocks_from_another() {
    let torrent = Torrent::new(4, PIECE);
    let stalls = Script {
        stalls: true,
        ..torrent.seed()
    };
    let mut good = torrent.seed();
    good.unchokes_at = Some(stalls.asked.clone());
    let root = tempdir().unwrap();
    let peers = [torrent.start(stalls), torrent.start(good)];
    let output = run(&torrent, root.path(), &peers, &[]);
    let said = complete(&torrent, root.path(), &output);
    let [stalled, good] = peers;
    let race = format!("asked of {stalled}, then of {good}; {good} was first");
    assert_eq!(said.matches(&race).count(), 2, "{said}");
    let summary = "end game: 2 blocks were asked of several peers, 0 blocks came twice";
    assert!(said.contains(summary), "{said}");
}

#[test]
fn a_liar_is_named_and_the_others_go_on() {
    let torrent = Torrent::new(8, PIECE);
    let lies = Script {
        lies: true,
        ..torrent.seed()
    };
    let mut good = torrent.seed();
    // Else it might be all over before the liar gets a chance.
    good.unchokes_at = Some(lies.gone.clone());
    let root = tempdir().unwrap();
    let peers = [torrent.start(lies), torrent.start(good)];
    let output = run(&torrent, root.path(), &peers, &[]);
    let said = complete(&torrent, root.path(), &output);
    let told = said.lines().find(|line| line.contains("let go")).unwrap();
    assert!(told.starts_with(&peers[0].to_string()), "{said}");
    assert!(
        told.ends_with("was wrong, and all of it came from this peer"),
        "{said}"
    );
}

#[test]
fn who_lied_is_found_though_several_sent_parts() {
    // Pieces so long that both peers are asked for blocks of the same one.
    let torrent = Torrent::new(3, 16 * BLOCK);
    let lies = Script {
        lies: true,
        ..torrent.seed()
    };
    let mut good = torrent.seed();
    good.unchokes_at = Some(lies.asked.clone());
    let root = tempdir().unwrap();
    let peers = [torrent.start(lies), torrent.start(good)];
    let output = run(&torrent, root.path(), &peers, &[]);
    let said = complete(&torrent, root.path(), &output);
    let good = format!("{}: let go", peers[1]);
    assert!(!said.contains(&good), "{said}");
}

#[test]
fn a_peer_that_hangs_up_is_said_and_the_others_go_on() {
    let torrent = Torrent::new(8, PIECE);
    let leaves = Script {
        most: 3,
        ..torrent.seed()
    };
    let mut good = torrent.seed();
    good.unchokes_at = Some(leaves.gone.clone());
    let root = tempdir().unwrap();
    let output = download(&torrent, root.path(), &[leaves, good], &[]);
    let said = complete(&torrent, root.path(), &output);
    assert!(
        said.contains("let go: the peer has closed the connection"),
        "{said}"
    );
}

#[test]
fn what_was_begun_goes_on_when_all_peers_have_gone() {
    let torrent = Torrent::new(8, BLOCK);
    let root = tempdir().unwrap();
    let leaves = Script {
        most: 6,
        ahead: 2,
        ..torrent.seed()
    };
    let line = complained(&download(&torrent, root.path(), &[leaves], &[]));
    assert!(line.contains("no peer is left; the last said: "), "{line}");

    let output = download(&torrent, root.path(), &[torrent.seed()], &[]);
    let said = complete(&torrent, root.path(), &output);
    assert!(said.contains("of 8 pieces are on disk already"), "{said}");

    let nobody = ["127.0.0.1:1".parse().unwrap()];
    let said = complete(
        &torrent,
        root.path(),
        &run(&torrent, root.path(), &nobody, &[]),
    );
    assert!(said.contains("8 of 8 pieces are on disk already"), "{said}");
}

#[test]
fn nobody_there() {
    let torrent = Torrent::new(2, PIECE);
    let root = tempdir().unwrap();
    let peers = ["127.0.0.1:1", "127.0.0.1:2"].map(|addr| addr.parse().unwrap());
    let line = complained(&run(&torrent, root.path(), &peers, &[]));
    assert!(line.contains("is `kostorrent lab` running?"), "{line}");
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    let torrent = Torrent::new(2, PIECE);
    let root = tempdir().unwrap();
    fs::write(root.path().join("a.bin"), "mine").unwrap();
    let nobody = ["127.0.0.1:1".parse().unwrap()];
    let line = complained(&run(&torrent, root.path(), &nobody, &[]));
    assert!(line.contains("another file is in its place"), "{line}");
    assert_eq!(fs::read(root.path().join("a.bin")).unwrap(), b"mine");
}

#[test]
fn help_names_the_chapter() {
    let output = Command::new(env!("CARGO_BIN_EXE_step11-concurrent-peers"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("Chapter 11 of the guide"));
}
