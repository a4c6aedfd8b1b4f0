//! Disks that are full, and files that may not grow.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::Process;
use kostorrent_tests::{disk, kostorrent, temp};
use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

const PIECE: usize = 64 * 1024;

/// Six MiB, a seeder of them, and a folder for the rest.
struct Scene {
    payload: Payload,
    seeder: Seeder,
    _folder: TempDir,
    torrent: PathBuf,
    place: PathBuf,
    saved: PathBuf,
}

impl Scene {
    fn new() -> Scene {
        let (payload, folder) = (Payload::single("six.bin", 6 << 20), temp());
        let described = payload.torrent(PIECE as u64, &[]);
        let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
        let torrent = folder.path().join("six.torrent");
        described.write(&torrent);
        let (place, saved) = (folder.path().join("disk"), folder.path().join("saved"));
        for folder in [&place, &saved] {
            fs::create_dir(folder).unwrap();
        }
        Scene {
            payload,
            seeder,
            _folder: folder,
            torrent,
            place,
            saved,
        }
    }

    fn download(&self, folder: &Path) -> Command {
        let mut command = kostorrent::download(&self.torrent, folder);
        command.args(["--peer", &self.seeder.address().to_string()]);
        command
    }

    fn pieces_saved(&self) -> usize {
        let there = self.payload.pieces_in(&self.saved, PIECE);
        there.iter().filter(|&&good| good).count()
    }
}

/// The first event of this name, as it comes.
fn event(process: &mut Process, name: &str) -> Value {
    process.until_line(name, |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["event"] == name).then_some(event)
    })
}

#[test]
fn a_download_waits_for_room_and_goes_on_when_there_is_some() {
    let Some(()) = disk::available() else { return };
    let scene = Scene::new();
    let command = scene.download(&scene.place);
    let mut command = disk::on_filled_disk(&command, &scene.place, 8192, 6144, &scene.saved);
    let mut download = Process::start("kostorrent download", &mut command);
    let told = event(&mut download, "low_space");
    assert_eq!(told["needed"], 6 << 20);
    assert!(told["free"].as_u64().unwrap() <= 2 << 20, "{told}");
    assert_eq!(told["path"], scene.place.to_str().unwrap());
    let fault = event(&mut download, "disk_fault")["message"].to_string();
    assert!(
        fault.contains("six.bin") && fault.contains("free some space"),
        "{fault}"
    );
    let progress = download.until_line("waiting", |line| {
        line.contains(r#""phase":"waiting""#)
            .then(|| line.to_owned())
    });
    assert!(!progress.is_empty());
    fs::remove_file(disk::of_process(download.id(), &scene.place).join("filler")).unwrap();
    event(&mut download, "disk_well");
    download.finish().expect_code(0);
    scene.payload.assert_in(&scene.saved);
    // What was whole when the disk was full waited in memory.
    let blocks = (6 << 20) / (16 << 10);
    let asked = scene.seeder.seen().requests.len();
    assert_eq!(asked, blocks, "nothing was fetched twice");
}

#[test]
fn what_fits_stays_when_somebody_stops_waiting() {
    let Some(()) = disk::available() else { return };
    let scene = Scene::new();
    let command = scene.download(&scene.place);
    let mut command = disk::on_filled_disk(&command, &scene.place, 2048, 0, &scene.saved);
    let mut download = Process::start("kostorrent download", &mut command);
    event(&mut download, "disk_fault");
    download.interrupt_inner();
    download.finish().expect_code(130);
    let there = scene.pieces_saved();
    assert!((1..=32).contains(&there), "{there} pieces");
    let before = scene.seeder.seen().requests.len();
    let finished = Process::run("kostorrent download", &mut scene.download(&scene.saved));
    finished.expect_code(0);
    scene.payload.assert_in(&scene.saved);
    let asked = scene.seeder.seen().requests.len() - before;
    assert_eq!(
        asked,
        (96 - there) * (PIECE / (16 << 10)),
        "nothing was fetched twice"
    );
}

#[test]
fn a_file_that_may_not_grow_is_a_fault_like_others() {
    let scene = Scene::new();
    let command = scene.download(&scene.place);
    let mut command = disk::with_small_files(&command, 1024);
    let download = Process::start("kostorrent download", &mut command);
    // Not a signal: that would be no code at all.
    let said = download.finish();
    said.expect_code(1);
    assert!(
        said.stderr.contains("six.bin") && said.stderr.contains("`ulimit -f`"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_torrent_that_has_no_room_is_told_before_the_hashing() {
    let Some(()) = disk::available() else { return };
    let folder = temp();
    let (place, saved) = (folder.path().join("disk"), folder.path().join("saved"));
    for folder in [&place, &saved] {
        fs::create_dir(folder).unwrap();
    }
    // A hole that nobody hashes in a lifetime, and more pieces than the disk has bytes.
    let huge = folder.path().join("huge");
    fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    let mut command = kostorrent::command(["create", "--piece-length", "1M", "--output"]);
    command.arg(place.join("huge.torrent")).arg(&huge);
    let mut command = disk::on_small_disk(&command, &place, 64, &saved);
    let finished = Process::run("kostorrent create", &mut command);
    finished.expect_code(1);
    let said = &finished.stderr;
    assert!(
        said.contains("will have 20 MiB, and 64 KiB are free"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&saved).unwrap().count(), 0);
}
