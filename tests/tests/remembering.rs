//! What is on disk is remembered: the next start trusts it, reads no more than it has to, and is never wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{json, kostorrent, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const PIECE: usize = 65_536;

/// A payload, a seeder for it, and a folder to download into.
struct Scene {
    payload: Payload,
    seeder: Seeder,
    _tracker: Tracker,
    torrent: PathBuf,
    folder: TempDir,
}

impl Scene {
    fn new(payload: Payload, rate: u64) -> Scene {
        let folder = temp();
        let manner = Manner {
            rate: Some(rate),
            ..Manner::default()
        };
        let seeder = Seeder::start(&payload.torrent(PIECE as u64, &[]), payload.bytes(), manner);
        let tracker = Tracker::naming(&[seeder.address()]);
        let torrent = folder.path().join("the.torrent");
        payload
            .torrent(PIECE as u64, &[&[&tracker.url()]])
            .write(&torrent);
        Scene {
            payload,
            seeder,
            _tracker: tracker,
            torrent,
            folder,
        }
    }

    fn download(&self, more: &[&str]) -> Process {
        let [torrent, folder] = [&*self.torrent, self.folder.path()].map(text);
        let mut arguments = vec!["download", &torrent, "--output", &folder, "--log", "debug"];
        arguments.extend(more);
        Process::start("kostorrent", &mut kostorrent::command(arguments))
    }

    /// Which pieces are right on disk.
    fn on_disk(&self) -> Vec<u32> {
        let pieces = self.payload.pieces_in(self.folder.path(), PIECE);
        let right = (0..).zip(pieces).filter(|&(_, right)| right);
        right.map(|(piece, _)| piece).collect()
    }

    fn until_on_disk(&self, pieces: usize) {
        wait::until_true("pieces on disk", || self.on_disk().len() >= pieces);
    }

    fn asked(&self) -> usize {
        self.seeder.seen().requests.len()
    }

    /// Which of these pieces were asked for since.
    fn asked_again(&self, since: usize, had: &[u32]) -> Vec<u32> {
        let seen = self.seeder.seen();
        let asked = seen.requests[since..].iter().map(|request| request.0);
        asked.filter(|piece| had.contains(piece)).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// How many pieces were trusted at a start, and how many were read.
#[track_caller]
fn looked(finished: &Finished) -> (u32, u32) {
    let line = finished
        .stderr
        .lines()
        .find(|line| line.contains("looked at what is there"));
    let line = line.unwrap_or_else(|| panic!("no such line:\n{}", finished.stderr));
    let figure = |name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=")).expect("the figure");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    (figure("trusted"), figure("read"))
}

/// Seeded, so that a failure can be run again.
fn chances() -> impl Iterator<Item = u64> {
    let mut state = 14_u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    })
}

#[test]
fn killed_a_hundred_times_it_fetches_nothing_twice_that_was_whole() {
    let scene = Scene::new(Payload::single("killed.bin", 32 << 20), 3_000_000);
    let mut had = Vec::new();
    let mut kills = 0;
    for chance in chances().take(100) {
        let before = scene.asked();
        let mut client = scene.download(&["--sync", "50ms"]);
        sleep(Duration::from_millis(40 + chance % 120));
        let is_over = client.ended().is_some();
        client.kill();
        let finished = client.finish();
        assert_eq!(
            scene.asked_again(before, &had),
            [0; 0],
            "{}",
            finished.stderr
        );
        if is_over {
            break;
        }
        kills += 1;
        let now = scene.on_disk();
        let lost: Vec<_> = had.iter().filter(|piece| !now.contains(piece)).collect();
        assert!(lost.is_empty(), "{lost:?}");
        had = now;
    }
    assert_eq!(kills, 100, "it was complete before");
    let before = scene.asked();
    scene.download(&[]).finish().expect_code(0);
    assert_eq!(scene.asked_again(before, &had), [0; 0]);
    scene.payload.assert_in(scene.folder.path());
}

#[cfg(unix)]
#[test]
fn after_an_end_in_order_no_byte_is_read() {
    let scene = Scene::new(Payload::odd("in order"), 3_000_000);
    let client = scene.download(&[]);
    scene.until_on_disk(20);
    client.interrupt();
    client.finish().expect_code(130);
    let had = scene.on_disk();
    let before = scene.asked();
    let finished = scene.download(&[]).finish();
    finished.expect_code(0);
    assert_eq!(looked(&finished), (had.len() as u32, 0));
    assert_eq!(scene.asked_again(before, &had), [0; 0]);
    scene.payload.assert_in(scene.folder.path());
    // With --check everything is read, whatever is remembered.
    let finished = scene.download(&["--check"]).finish();
    finished.expect_code(0);
    let (trusted, read) = looked(&finished);
    assert_eq!((trusted, read), (0, scene.on_disk().len() as u32));
}

#[cfg(unix)]
#[test]
fn a_seeder_reads_once_and_its_ratio_is_that_of_all_its_lives() {
    let payload = Payload::odd("lives");
    let folder = temp();
    let from = folder.path().join("from");
    fs::create_dir(&from).expect("a folder");
    payload.write(&from);
    let torrent = folder.path().join("the.torrent");
    payload.torrent(PIECE as u64, &[]).write(&torrent);
    let [torrent, from] = [&*torrent, &*from].map(text);
    let mut read = Vec::new();
    for life in 0..2 {
        let arguments = [
            "seed", &torrent, "--data", &from, "--json", "--log", "debug",
        ];
        let more = ["--sync", "50ms", "--seed-ratio", "2", "--no-dht"];
        let seeder = Process::start(
            "seed",
            &mut kostorrent::command(arguments.iter().chain(&more)),
        );
        let start = wait::until("where it listens", || {
            let events = json::lines(&seeder.stdout());
            events.into_iter().find(|event| event["event"] == "start")
        });
        let listening = start["listening"].as_str().expect("an address").to_owned();
        let port = listening.rsplit_once(':').expect("a port").1;
        let to = folder.path().join(format!("to {life}"));
        let (peer, to) = (format!("127.0.0.1:{port}"), text(&to));
        kostorrent::run(["download", &torrent, "--peer", &peer, "--output", &to]).expect_code(0);
        if life == 0 {
            // What it has read is durable, and said to be, soon.
            seeder.interrupt();
            let finished = seeder.finish();
            finished.expect_code(0);
            read.push(looked(&finished).1);
        } else {
            // It has given everything twice now.
            let finished = seeder.finish();
            finished.expect_code(0);
            read.push(looked(&finished).1);
            assert!(json::events(&finished.stdout).contains(&"given_enough".to_owned()));
        }
    }
    assert!(read[0] > 0);
    assert_eq!(read[1], 0);
}

#[test]
fn the_choice_of_files_is_remembered() {
    let scene = Scene::new(Payload::odd("chosen"), 30_000_000);
    let finished = scene.download(&["--files", "2"]).finish();
    finished.expect_code(0);
    let some = scene.on_disk();
    let finished = scene.download(&[]).finish();
    finished.expect_code(0);
    assert!(
        finished.stderr.contains("as chosen before"),
        "{}",
        finished.stderr
    );
    assert_eq!(scene.on_disk(), some);
    scene.download(&["--files", "*"]).finish().expect_code(0);
    scene.payload.assert_in(scene.folder.path());
}

#[test]
fn two_programs_do_not_write_to_the_same_files() {
    let scene = Scene::new(Payload::odd("both"), 1_000_000);
    let first = scene.download(&[]);
    scene.until_on_disk(1);
    let second = scene.download(&[]).finish();
    second.expect_code(1);
    assert!(
        second.stderr.contains("another kostorrent"),
        "{}",
        second.stderr
    );
    first.finish().expect_code(0);
    scene.payload.assert_in(scene.folder.path());
}
