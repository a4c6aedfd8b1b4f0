//! Stopping, by Ctrl-C and by force, and going on from what is on disk.

use std::fs;
use std::path::PathBuf;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::Process;
use kostorrent_tests::torrent::Torrent;
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{kostorrent, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const PIECE: usize = 65_536;

/// A payload, a seeder and a tracker for it, and a folder to download into.
struct Scene {
    payload: Payload,
    described: Torrent,
    seeder: Seeder,
    tracker: Tracker,
    torrent: PathBuf,
    folder: TempDir,
}

impl Scene {
    fn new(payload: Payload, manner: Manner) -> Scene {
        let folder = temp();
        let seeder = Seeder::start(&payload.torrent(PIECE as u64, &[]), payload.bytes(), manner);
        let tracker = Tracker::naming(&[seeder.address()]);
        let described = payload.torrent(PIECE as u64, &[&[&tracker.url()]]);
        let torrent = folder.path().join("the.torrent");
        described.write(&torrent);
        Scene {
            payload,
            described,
            seeder,
            tracker,
            torrent,
            folder,
        }
    }

    /// Slow enough to be interrupted: some three seconds for everything.
    fn slow() -> Scene {
        Scene::new(
            Payload::odd("slow"),
            Manner {
                rate: Some(3_000_000),
                ..Manner::default()
            },
        )
    }

    fn start(&self) -> Process {
        kostorrent::start_download(&self.torrent, self.folder.path())
    }

    /// Which pieces are right on disk.
    fn on_disk(&self) -> Vec<u32> {
        let pieces = self.payload.pieces_in(self.folder.path(), PIECE);
        (0..)
            .zip(pieces)
            .filter_map(|(piece, right)| right.then_some(piece))
            .collect()
    }

    fn until_on_disk(&self, pieces: usize) {
        wait::until_true("pieces on disk", || self.on_disk().len() >= pieces);
    }

    /// Goes on from what is there: the rest is fetched, and nothing that was there.
    #[track_caller]
    fn assert_goes_on(&self, had: &[u32]) {
        let asked_before = self.seeder.seen().requests.len();
        kostorrent::download_all(&self.torrent, self.folder.path());
        self.payload.assert_in(self.folder.path());
        let seen = self.seeder.seen();
        let again: Vec<u32> = seen.requests[asked_before..]
            .iter()
            .map(|r| r.0)
            .filter(|p| had.contains(p))
            .collect();
        assert_eq!(again, [0u32; 0], "pieces that were on disk already");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_pieces_and_says_goodbye() {
    let scene = Scene::slow();
    let client = scene.start();
    scene.until_on_disk(20);
    client.interrupt();
    let finished = client.finish();
    finished.expect_code(130);
    let had = scene.on_disk();
    assert!(
        had.len() >= 20 && had.len() < scene.described.pieces.len(),
        "{} pieces",
        had.len()
    );
    let stopped = scene.tracker.announces().pop().expect("announces");
    assert_eq!(stopped.event, "stopped");
    // The last piece, which is short, may be among them.
    assert!(stopped.downloaded >= 19 * PIECE as u64, "{stopped:?}");
    assert!(!scene.tracker.events().contains(&"completed".to_owned()));

    scene.assert_goes_on(&had);
    assert_eq!(
        scene
            .tracker
            .events()
            .iter()
            .filter(|event| *event == "completed")
            .count(),
        1
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_download_that_has_found_nobody() {
    let (_folder, tracker, client) = alone();
    client.interrupt();
    client.finish().expect_code(130);
    tracker.until_event("stopped");
}

/// A download that has found nobody, and its tracker.
#[cfg(unix)]
fn alone() -> (TempDir, Tracker, Process) {
    let folder = temp();
    let tracker = Tracker::naming(&[]);
    let torrent = folder.path().join("alone.torrent");
    Payload::single("alone.bin", 100_000)
        .torrent(16_384, &[&[&tracker.url()]])
        .write(&torrent);
    let client = kostorrent::start_download(&torrent, folder.path());
    tracker.until_event("started");
    (folder, tracker, client)
}

#[cfg(unix)]
#[test]
fn two_signals_at_once_are_one() {
    let (_folder, tracker, client) = alone();
    // Of different kinds: the system would make one of two of a kind.
    client.terminate();
    client.interrupt();
    let finished = client.finish();
    finished.expect_code(130);
    assert!(!finished.stderr.contains("at once"), "{finished:?}");
    assert_eq!(tracker.events().last().unwrap(), "stopped");
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let (_folder, tracker, client) = alone();
    tracker.answer(Answer::Silence);
    client.interrupt();
    tracker.until_event("stopped");
    std::thread::sleep(std::time::Duration::from_millis(400));
    client.interrupt();
    let finished = client.finish();
    finished.expect_code(130);
    assert!(finished.stderr.contains("ended at once"), "{finished:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_seeding() {
    let scene = Scene::new(Payload::odd("seeding"), Manner::default());
    scene.payload.write(scene.folder.path());
    let (seeder, address) = kostorrent::start_seed(&scene.torrent, scene.folder.path());
    let started = scene.tracker.until_event("started");
    assert_eq!((started.left, started.port), (0, address.port()));
    seeder.interrupt();
    let code = seeder.finish().code();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    scene.tracker.until_event("stopped");
    assert!(
        !scene.tracker.events().contains(&"completed".to_owned()),
        "a seeder has completed nothing"
    );
}

#[test]
fn a_killed_download_goes_on() {
    let scene = Scene::slow();
    let mut client = scene.start();
    scene.until_on_disk(20);
    client.kill();
    assert_eq!(
        scene.tracker.events(),
        ["started"],
        "it had no time to say goodbye"
    );
    let had = scene.on_disk();
    assert!(had.len() < scene.described.pieces.len());
    scene.assert_goes_on(&had);
}

#[test]
fn a_download_killed_again_and_again_arrives() {
    let scene = Scene::slow();
    for pieces in [5, 15, 30, 50, 70] {
        let mut client = scene.start();
        scene.until_on_disk(pieces);
        client.kill();
    }
    let had = scene.on_disk();
    scene.assert_goes_on(&had);
}

#[test]
fn one_corrupt_byte_costs_one_piece() {
    let scene = Scene::new(Payload::odd("corrupt"), Manner::default());
    kostorrent::download_all(&scene.torrent, scene.folder.path());
    let file = scene.folder.path().join("corrupt/large.bin");
    let mut bytes = fs::read(&file).unwrap();
    bytes[2_500_000] ^= 1;
    fs::write(&file, bytes).unwrap();

    let verified = kostorrent::verify(&scene.torrent, scene.folder.path());
    verified.expect_code(1);
    let said = verified.stdout + &verified.stderr;
    assert!(
        said.contains("large.bin") && !said.contains("deep.bin"),
        "it names the file and no other:\n{said}"
    );

    let had = scene.on_disk();
    assert_eq!(had.len(), scene.described.pieces.len() - 1);
    scene.assert_goes_on(&had);
    kostorrent::verify(&scene.torrent, scene.folder.path()).expect_code(0);
}

#[test]
fn files_that_are_short_long_or_missing_are_mended() {
    let scene = Scene::new(Payload::odd("parts"), Manner::default());
    scene.payload.write(scene.folder.path());
    let file = |name: &str| scene.folder.path().join("parts").join(name);
    let bytes = fs::read(file("large.bin")).unwrap();
    fs::write(file("large.bin"), &bytes[..3_000_000]).unwrap();
    fs::write(
        file("block.bin"),
        [fs::read(file("block.bin")).unwrap(), vec![9; 1000]].concat(),
    )
    .unwrap();
    fs::remove_file(file("read me.txt")).unwrap();
    fs::remove_file(file("z/empty at the end")).unwrap();
    fs::remove_dir(file("z")).unwrap();

    let had = scene.on_disk();
    assert!(had.len() > 80, "{} pieces", had.len());
    scene.assert_goes_on(&had);
    assert_eq!(
        kostorrent::verify(&scene.torrent, scene.folder.path()).code(),
        Some(0)
    );
}

#[test]
fn a_complete_download_needs_nobody() {
    let folder = temp();
    let payload = Payload::odd("complete");
    payload.write(folder.path());
    let torrent = folder.path().join("complete.torrent");
    payload.torrent(PIECE as u64, &[]).write(&torrent);
    kostorrent::download_all(&torrent, folder.path());
    payload.assert_in(folder.path());
}

#[test]
fn a_longer_file_of_which_nothing_is_the_torrents_is_left_alone() {
    let folder = temp();
    let payload = Payload::odd("mine");
    payload.write(folder.path());
    let torrent = folder.path().join("mine.torrent");
    payload.torrent(PIECE as u64, &[]).write(&torrent);
    let mine = folder.path().join("mine").join("large.bin");
    let length = fs::metadata(&mine).unwrap().len();
    fs::write(&mine, vec![7; length as usize + 1]).unwrap();
    let finished = kostorrent::start_download(&torrent, folder.path()).finish();
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("large.bin would be written over"),
        "{}",
        finished.stderr
    );
    assert_eq!(fs::read(&mine).unwrap(), vec![7; length as usize + 1]);
}
