//! Only the files that are asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::Process;
use kostorrent_tests::{disk, json, kostorrent, temp};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const PIECE: u64 = 64 * 1024;

/// A torrent of four files, in folders, whose ends lie in the middle of pieces; and a seeder.
struct Scene {
    payload: Payload,
    seeder: Seeder,
    folder: TempDir,
    torrent: PathBuf,
}

impl Scene {
    fn new() -> Scene {
        let files = [
            ("a.txt", 100_000),
            ("pdf/b.pdf", 300_000),
            ("pdf/c.pdf", 200_000),
            ("d.bin", 400_000),
        ];
        let files = files.map(|(name, length)| (name.to_owned(), length));
        let payload = Payload::multi("some", files);
        let folder = temp();
        let described = payload.torrent(PIECE, &[]);
        let torrent = folder.path().join("some.torrent");
        described.write(&torrent);
        let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
        Scene {
            payload,
            seeder,
            folder,
            torrent,
        }
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("into")
    }

    fn download(&self, more: &[&str]) -> Command {
        let mut command = kostorrent::download(&self.torrent, &self.place());
        command.args(["--peer", &self.seeder.address().to_string()]);
        command.args(more);
        command
    }

    fn run(&self, more: &[&str]) -> String {
        let finished = Process::run("kostorrent download", &mut self.download(more));
        finished.expect_code(0);
        finished.stdout
    }

    /// The files that are there, and whether each is right.
    fn there(&self) -> Vec<(String, bool)> {
        let mut there = Vec::new();
        collect(&self.place(), &mut there);
        let complete = temp();
        self.payload.write(complete.path());
        let mut files: Vec<(String, bool)> = there
            .into_iter()
            .map(|path| {
                let name = path.strip_prefix(self.place()).unwrap().to_owned();
                let right = fs::read(complete.path().join(&name)).ok();
                let is_right = right == fs::read(&path).ok();
                let name = name.to_string_lossy().into_owned();
                (name, is_right)
            })
            .collect();
        files.sort();
        files
    }

    fn pieces_asked(&self) -> Vec<u32> {
        let mut pieces: Vec<u32> = Vec::new();
        for (piece, ..) in self.seeder.seen().requests {
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
        pieces
    }
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, into),
            false => into.push(path),
        }
    }
}

fn right(names: &[&str]) -> Vec<(String, bool)> {
    names.iter().map(|&name| (name.to_owned(), true)).collect()
}

#[test]
fn only_what_is_asked_for_is_fetched_and_made() {
    let scene = Scene::new();
    let events = scene.run(&["--files", "**/b.pdf"]);
    let there = scene.there();
    let (files, parts): (Vec<_>, Vec<_>) = there
        .into_iter()
        .partition(|(name, _)| name.starts_with("some"));
    assert_eq!(files, right(&["some/pdf/b.pdf"]));
    assert!(
        parts.len() == 1 && parts[0].0.ends_with(".parts"),
        "{parts:?}"
    );
    let mut pieces = scene.pieces_asked();
    pieces.sort_unstable();
    assert_eq!(pieces, (1..7).collect::<Vec<_>>());
    let complete = json::lines(&events)
        .into_iter()
        .find(|event| event["event"] == "complete");
    assert_eq!(complete.unwrap()["total_length"], 300_000);
    // A part of it is told apart from all of it.
    kostorrent::verify(&scene.torrent, &scene.place()).expect_code(1);
}

#[test]
fn a_later_run_takes_over_what_came_along_and_fetches_nothing_twice() {
    let scene = Scene::new();
    scene.run(&["--files", "2"]);
    scene.run(&["--files", "3"]);
    let there = scene.there();
    let files: Vec<_> = there
        .into_iter()
        .filter(|(name, _)| name.starts_with("some"))
        .collect();
    assert_eq!(files, right(&["some/pdf/b.pdf", "some/pdf/c.pdf"]));
    scene.run(&["--files", "*"]);
    assert_eq!(
        scene.there(),
        right(&[
            "some/a.txt",
            "some/d.bin",
            "some/pdf/b.pdf",
            "some/pdf/c.pdf"
        ]),
        "no part file is left"
    );
    let blocks = 1_000_000_u64.div_ceil(16 * 1024) as usize;
    assert_eq!(scene.seeder.seen().requests.len(), blocks);
    kostorrent::verify(&scene.torrent, &scene.place()).expect_code(0);
}

#[test]
fn what_is_urgent_comes_first_and_what_is_not_comes_last() {
    let scene = Scene::new();
    scene.run(&["--files", "*,4:high,1:low"]);
    let pieces = scene.pieces_asked();
    // Pieces 9 to 15 have bytes of the fourth file, and only piece 0 has nothing of another.
    let mut first = pieces[..7].to_vec();
    first.sort_unstable();
    assert_eq!(first, (9..16).collect::<Vec<_>>());
    assert_eq!(pieces.last(), Some(&0));
}

#[test]
fn a_list_that_names_nothing_says_what_is_near() {
    let scene = Scene::new();
    let mut command = scene.download(&["--files", "pdf/d.pdf"]);
    command.arg("--quiet");
    let finished = Process::run("kostorrent download", &mut command);
    finished.expect_code(1);
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(
        said.contains("pdf/d.pdf") && said.contains("pdf/b.pdf"),
        "{said}"
    );
    assert!(!scene.place().exists());
}

#[test]
fn somebodys_file_that_nobody_asked_for_is_left_alone() {
    let scene = Scene::new();
    fs::create_dir_all(scene.place().join("some")).unwrap();
    let notes = scene.place().join("some/a.txt");
    fs::write(&notes, "my own").unwrap();
    scene.run(&["--files", "2-4"]);
    assert_eq!(fs::read(&notes).unwrap(), b"my own");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_without_room_is_told_before_the_first_byte() {
    let Some(()) = disk::available() else { return };
    let scene = Scene::new();
    let (place, saved) = (scene.place(), scene.folder.path().join("saved"));
    for folder in [&place, &saved] {
        fs::create_dir(folder).unwrap();
    }
    let full = scene.download(&["--allocate", "full"]);
    let mut command = disk::on_small_disk(&full, &place, 512, &saved);
    let finished = Process::run("kostorrent download", &mut command);
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("free some space"),
        "{}",
        finished.stderr
    );
    assert_eq!(scene.seeder.seen().requests.len(), 0);
    // What is asked for fits.
    let some = scene.download(&["--allocate", "full", "--files", "2"]);
    let mut command = disk::on_small_disk(&some, &place, 512, &saved);
    Process::run("kostorrent download", &mut command).expect_code(0);
    assert_eq!(
        fs::read(saved.join("some/pdf/b.pdf")).unwrap().len(),
        300_000
    );
}

#[test]
fn a_file_may_grow_as_it_comes() {
    let scene = Scene::new();
    scene.run(&["--allocate", "none"]);
    scene.payload.assert_in(&scene.place());
}
