//! Disks that are full, and files that may not grow.
#![cfg(target_os = "linux")]

use std::fs;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::Process;
use kostorrent_tests::{disk, json, kostorrent, temp};
use pretty_assertions::assert_eq;

const PIECE: usize = 64 * 1024;

#[test]
fn a_disk_that_is_too_small_is_told_at_the_start_and_what_fits_stays() {
    let Some(()) = disk::available() else { return };
    let (payload, folder) = (Payload::single("six.bin", 6 << 20), temp());
    let described = payload.torrent(PIECE as u64, &[]);
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    let torrent = folder.path().join("six.torrent");
    described.write(&torrent);
    let (place, saved) = (folder.path().join("disk"), folder.path().join("saved"));
    for folder in [&place, &saved] {
        fs::create_dir(folder).unwrap();
    }
    let download = |folder| {
        let mut command = kostorrent::download(&torrent, folder);
        command.args(["--peer", &seeder.address().to_string()]);
        command
    };
    let mut command = disk::on_small_disk(&download(&place), &place, 2048, &saved);
    let finished = Process::run("kostorrent download", &mut command);
    finished.expect_code(1);

    let events = json::lines(&finished.stdout);
    let event = |name: &str| events.iter().position(|event| event["event"] == name);
    let (told, failed) = (event("low_space").unwrap(), event("error").unwrap());
    assert!(event("start") < Some(told) && told < failed, "{events:?}");
    let (told, failed) = (&events[told], &events[failed]["message"]);
    assert_eq!(told["needed"], 6 << 20);
    assert!(told["free"].as_u64().unwrap() <= 2 << 20, "{told}");
    assert_eq!(told["path"], place.to_str().unwrap());
    let failed = failed.as_str().unwrap();
    assert!(
        failed.contains("six.bin") && failed.contains("free some space"),
        "{failed}"
    );

    // What was verified is there; and where there is room, the download goes on from it.
    let there = payload.pieces_in(&saved, PIECE);
    let there = there.iter().filter(|&&good| good).count();
    assert!((1..=32).contains(&there), "{there} pieces");
    let before = seeder.seen().requests.len();
    let finished = Process::run("kostorrent download", &mut download(&saved));
    finished.expect_code(0);
    assert!(!json::events(&finished.stdout).contains(&"low_space".to_owned()));
    payload.assert_in(&saved);
    let asked = seeder.seen().requests.split_off(before);
    let blocks = PIECE / (16 << 10);
    assert_eq!(
        asked.len(),
        (96 - there) * blocks,
        "nothing was fetched twice"
    );
}

#[test]
fn a_file_that_may_not_grow_is_an_error_like_others() {
    let (payload, folder) = (Payload::single("six.bin", 6 << 20), temp());
    let torrent = folder.path().join("six.torrent");
    payload.torrent(PIECE as u64, &[]).write(&torrent);
    let command = kostorrent::download(&torrent, folder.path());
    let mut command = disk::with_small_files(&command, 1024);
    let finished = Process::run("kostorrent download", &mut command);
    // Not a signal: that would be no code at all.
    finished.expect_code(1);
    let said = &finished.stderr;
    assert!(
        said.contains("six.bin") && said.contains("`ulimit -f`"),
        "{said}"
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
