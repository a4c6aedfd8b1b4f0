//! The program of chapter 15, run as a reader runs it, against seeds on loopback.
#![cfg(feature = "program")]

// The seeds of chapter 9's tests.
#[allow(dead_code)]
#[path = "../../step09-file-layout/tests/support/mod.rs"]
mod support;

#[allow(dead_code)]
#[path = "../../step09-file-layout/tests/support/ran.rs"]
mod ran;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use metainfo::create::Create;
use pretty_assertions::assert_eq;
use ran::{complained, said};
use support::Torrent;
use tempfile::tempdir;

/// Pieces 0 and 1 are of `one`, 1 to 4 of `two` and `three`, 4 and 5 of `last`.
fn torrent() -> Torrent {
    let mut create = Create::multi("t", 32 * 1024);
    create.add_file(["one"], 50_000);
    create.add_file(["folder", "two"], 100);
    create.add_file(["folder", "deep", "three"], 90_000);
    create.add_file(["empty"], 0);
    create.add_file(["last"], 40_000);
    Torrent::new(&create)
}

fn run(torrent: &Torrent, root: &Path, args: &[&str]) -> Output {
    let folder = tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_step15-file-selection"))
        .arg(torrent.save(folder.path()))
        .arg("--output")
        .arg(root)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn download(torrent: &Torrent, root: &Path, files: &str, peer: SocketAddr) -> Output {
    run(
        torrent,
        root,
        &["--files", files, "--peer", &peer.to_string()],
    )
}

/// What is below a folder, without folders.
fn there(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten() {
            let path = folder.join(entry.unwrap().file_name());
            match root.join(&path).is_dir() {
                true => folders.push(path),
                false => found.push(path.to_string_lossy().into_owned()),
            }
        }
    }
    found.sort();
    found
}

/// Where the part file is.
fn part_file(torrent: &Torrent) -> String {
    format!(".{}.parts", torrent.metainfo.info_hash_v1.unwrap())
}

#[test]
fn the_files_are_listed_with_their_numbers_and_pieces() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let said = said(&run(&torrent, root.path(), &["--list"]));
    let expected = "       size  pieces  file
1    49 KiB  0-1     t/one
2     100 B  1       t/folder/two
3    88 KiB  1-4     t/folder/deep/three
4       0 B  none    t/empty
5    39 KiB  4-5     t/last
";
    assert_eq!(said, expected);
    assert_eq!(there(root.path()), [] as [&str; 0]);
}

#[test]
fn only_the_files_asked_for_are_there_in_the_end() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let seed = torrent.seed(usize::MAX);
    let said = said(&download(
        &torrent,
        root.path(),
        "folder/deep,empty:high",
        seed,
    ));
    let hidden = part_file(&torrent);
    assert_eq!(
        there(root.path()),
        [&hidden, "t/empty", "t/folder/deep/three"]
    );
    let three = fs::read(root.path().join("t/folder/deep/three")).unwrap();
    assert!(three == torrent.data[50_100..140_100]);
    for line in [
        "wanted     2 of 5 files, 90,000 bytes",
        "pieces     4 of 6, each 32,768 bytes: 1-4",
        "along      41,072 bytes that nobody wants, because pieces do not end where files do:",
        "              17,232 of t/one",
        "                 100 of t/folder/two",
        "              23,740 of t/last",
        "piece 4  good  4 of 4",
        "      90,000 bytes  t/folder/deep/three  (complete)",
    ] {
        assert!(said.lines().any(|there| there == line), "{line}\n{said}");
    }
    assert!(
        said.contains(&format!("{hidden}  (what came along)")),
        "{said}"
    );
}

#[test]
fn what_came_along_is_not_fetched_again_when_it_is_wanted_later() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let first = torrent.partial([1, 2, 3, 4]);
    said(&download(&torrent, root.path(), "3", first));
    // The second peer has nothing but what is missing.
    let said = said(&download(
        &torrent,
        root.path(),
        "*",
        torrent.partial([0, 5]),
    ));
    assert!(
        said.contains("4 of the 6 needed pieces are on disk already"),
        "{said}"
    );
    let all = [
        "t/empty",
        "t/folder/deep/three",
        "t/folder/two",
        "t/last",
        "t/one",
    ];
    assert_eq!(there(root.path()), all);
    assert!(fs::read(root.path().join("t/last")).unwrap() == torrent.data[140_100..]);
    assert!(fs::read(root.path().join("t/one")).unwrap() == torrent.data[..50_000]);
}

#[test]
fn what_is_wanted_most_comes_first() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let seed = torrent.seed(usize::MAX);
    let said = said(&download(&torrent, root.path(), "1:low,5:high,2", seed));
    let pieces = said.lines().filter(|line| line.starts_with("piece "));
    let pieces: Vec<&str> = pieces.filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(pieces, ["4", "5", "1", "0"]);
}

#[test]
fn the_next_peer_goes_on_where_the_last_one_stopped() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let failed = download(&torrent, root.path(), "1", torrent.seed(2));
    complained(&failed);
    let said = said(&download(&torrent, root.path(), "1", torrent.partial([1])));
    assert!(said.contains("1 of the 2 needed pieces"), "{said}");
    assert_eq!(there(root.path()), [&*part_file(&torrent), "t/one"]);
}

#[test]
fn what_no_file_matches_is_said_in_one_line() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let line = complained(&download(&torrent, root.path(), "thre", nobody));
    assert_eq!(
        line,
        "error: no file matches 'thre'; near: folder/deep/three\n"
    );
    let line = complained(&download(&torrent, root.path(), "7", nobody));
    assert!(line.contains("the torrent has 5 files"), "{line}");
    // What is no list at all is wrong usage.
    let wrong = download(&torrent, root.path(), "1,,2", nobody);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(there(root.path()), [] as [&str; 0]);
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    fs::create_dir(root.path().join("t")).unwrap();
    let notes = vec![7; 50_000];
    fs::write(root.path().join("t/one"), &notes).unwrap();
    let seed = torrent.seed(usize::MAX);
    let line = complained(&download(&torrent, root.path(), "1", seed));
    assert!(line.contains("nothing in it is the torrent's"), "{line}");
    said(&download(&torrent, root.path(), "folder/two", seed));
    assert!(fs::read(root.path().join("t/one")).unwrap() == notes);
    // And once more: what came along is found in spite of it.
    let again = said(&download(&torrent, root.path(), "folder/two", seed));
    assert!(again.contains("1 of the 1 needed pieces"), "{again}");
}

#[test]
fn a_peer_that_sends_wrong_data_is_told() {
    let (mut torrent, root) = (torrent(), tempdir().unwrap());
    torrent.data[60_000] ^= 1;
    let line = complained(&download(
        &torrent,
        root.path(),
        "two",
        torrent.seed(usize::MAX),
    ));
    assert!(line.contains("near: folder/two"), "{line}");
    let line = complained(&download(
        &torrent,
        root.path(),
        "2",
        torrent.seed(usize::MAX),
    ));
    assert!(
        line.contains("piece 1 is not what the torrent promises"),
        "{line}"
    );
}

#[test]
fn without_a_terminal_nobody_can_choose() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let line = complained(&run(&torrent, root.path(), &["--choose"]));
    assert_eq!(
        line,
        "error: there is no terminal to choose files on: say which with --files\n"
    );
}

#[test]
fn the_help_names_the_chapter() {
    let (torrent, root) = (torrent(), tempdir().unwrap());
    let help = said(&run(&torrent, root.path(), &["--help"]));
    assert!(
        help.contains("Chapter 15 of the guide: file selection."),
        "{help}"
    );
}
