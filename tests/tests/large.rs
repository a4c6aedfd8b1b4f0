//! Torrents of many files, and of many bytes.

use std::sync::Arc;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::assert_memory;
use kostorrent_tests::torrent::{Files, Torrent};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{json, kostorrent, temp, wait};
use pretty_assertions::assert_eq;
use serde_json::Value;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

#[test]
fn two_thousand_files_arrive_and_42_of_them_are_empty() {
    // Every 50th file is empty, the first among them, and so are the last two.
    let length = |i: u64| {
        if i.is_multiple_of(50) || i >= 1998 {
            0
        } else {
            1 + i * 7919 % 40_000
        }
    };
    let name = |i: u64| match i % 4 {
        0 => format!("f{i:04}"),
        1 => format!("dir {}/file {i:04} é", i % 7),
        2 => format!("под-{}/{}/f{i:04}.bin", i % 11, i % 3),
        _ => format!("a/b/c/d/{i:04}"),
    };
    let payload = Payload::multi("two thousand", (0..2000).map(|i| (name(i), length(i))));
    assert_eq!(
        payload
            .files()
            .iter()
            .filter(|(_, bytes)| bytes.is_empty())
            .count(),
        42
    );
    let folder = temp();
    let described = payload.torrent(32_768, &[]);
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    let tracker = Tracker::naming(&[seeder.address()]);
    let torrent = folder.path().join("two thousand.torrent");
    payload
        .torrent(32_768, &[&[&tracker.url()]])
        .write(&torrent);

    kostorrent::download_all(&torrent, folder.path());

    payload.assert_in(folder.path());
    kostorrent::verify(&torrent, folder.path()).expect_code(0);
    assert_little_memory("show", peak_of_show(&torrent));
}

#[test]
fn a_hundred_gibibytes_are_shown_and_begun_in_little_memory() {
    let folder = temp();
    let bare = Torrent {
        name: "hundred.bin".to_owned(),
        piece_length: 4 * MIB,
        pieces: vec![[7; 20]; (100 * GIB / (4 * MIB)) as usize],
        files: Files::Single(100 * GIB),
        trackers: Vec::new(),
        private: false,
    };
    // It has everything to offer and never answers: what counts is that it is asked.
    let silent = Manner {
        silent_after: Some(0),
        ..Manner::default()
    };
    let seeder = Seeder::start(&bare, Arc::new([]), silent);
    let tracker = Tracker::naming(&[seeder.address()]);
    let torrent = folder.path().join("hundred.torrent");
    Torrent {
        trackers: vec![vec![tracker.url()]],
        ..bare
    }
    .write(&torrent);

    let shown = kostorrent::show(&torrent);
    shown.expect_code(0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["total_length"], 100 * GIB);
    assert_eq!(shown["pieces"], 25_600);

    assert_little_memory("show", peak_of_show(&torrent));

    let start = std::time::Instant::now();
    let client = kostorrent::start_download(&torrent, folder.path());
    wait::until("the first request", || seeder.seen().first_request);
    println!("first request after {} ms", start.elapsed().as_millis());
    wait::until_true("a full window of requests", || {
        seeder.seen().requests.len() > 4
    });
    assert_memory(client.peak_memory(), 100 * MIB);
    #[cfg(unix)]
    {
        client.interrupt();
        client.finish().expect_code(130);
    }
}

#[test]
fn a_torrent_of_a_hundred_thousand_files_is_shown() {
    let file = |i: u64| {
        (
            vec![
                format!("folder {}", i / 1000),
                format!("file {i:06} with a longer name.bin"),
            ],
            i % 5,
        )
    };
    let files: Vec<_> = (0..100_000).map(file).collect();
    assert_shown(Torrent {
        name: "many".to_owned(),
        piece_length: 16_384,
        pieces: vec![[1; 20]; (files.iter().map(|f| f.1).sum::<u64>()).div_ceil(16_384) as usize],
        files: Files::Multi(files),
        trackers: Vec::new(),
        private: false,
    });
}

#[test]
fn a_torrent_file_of_sixty_mebibytes_is_shown() {
    let pieces = 3_100_000;
    assert_shown(Torrent {
        name: "heavy.bin".to_owned(),
        piece_length: 16_384,
        pieces: vec![[1; 20]; pieces],
        files: Files::Single(16_384 * pieces as u64),
        trackers: Vec::new(),
        private: false,
    });
}

/// `show` prints all of it, in any of its forms.
fn assert_shown(described: Torrent) {
    let folder = temp();
    let torrent = folder.path().join("large.torrent");
    described.write(&torrent);
    let shown = kostorrent::show(&torrent);
    shown.expect_code(0);
    let shown = &json::lines(&shown.stdout)[0];
    assert_eq!(shown["info_hash_v1"], hex::encode(described.info_hash()));
    assert_eq!(shown["total_length"], described.total());
    assert_eq!(shown["pieces"], described.pieces.len());
    let files = match &described.files {
        Files::Single(_) => 1,
        Files::Multi(files) | Files::Linked(files, _) => files.len(),
    };
    assert_eq!(shown["files"].as_array().unwrap().len(), files);
    kostorrent::run(["show", torrent.to_str().unwrap()]).expect_code(0);
}

/// The most memory that `show` had resident, in bytes. Python can ask for it after the end; `None` without Python, and
/// on systems that count otherwise than Linux.
fn peak_of_show(torrent: &std::path::Path) -> Option<u64> {
    const PYTHON: &str = "import resource, subprocess, sys\n\
        subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    if !cfg!(target_os = "linux") {
        return None;
    }
    let mut python = std::process::Command::new("python3");
    python
        .args(["-c", PYTHON])
        .arg(kostorrent_tests::programs::kostorrent());
    let output = python.args(["show", "--json"]).arg(torrent).output().ok()?;
    let kib: u64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn assert_little_memory(what: &str, peak: Option<u64>) {
    let Some(peak) = peak else { return };
    println!("peak memory of {what}: {} MiB", peak / MIB);
    assert!(peak < 100 * MIB, "{what}: {} MiB", peak / MIB);
}
