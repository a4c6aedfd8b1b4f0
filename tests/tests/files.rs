//! Files that are somebody else's, and files that change under a running program.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kostorrent_tests::clients::{aria2, libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder, fetch_at_once};
use kostorrent_tests::process::Process;
use kostorrent_tests::torrent::Torrent;
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{kostorrent, ports, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const PIECE: u64 = 65_536;

/// A payload, a seeder of it, and an empty folder.
struct Scene {
    payload: Payload,
    seeder: Seeder,
    _tracker: Tracker,
    torrent: PathBuf,
    folder: TempDir,
    /// Where the torrent file is.
    _beside: TempDir,
}

impl Scene {
    fn new(payload: Payload, rate: Option<u32>) -> Scene {
        let (folder, beside) = (temp(), temp());
        let manner = Manner {
            rate: rate.map(u64::from),
            ..Manner::default()
        };
        let seeder = Seeder::start(&payload.torrent(PIECE, &[]), payload.bytes(), manner);
        let tracker = Tracker::naming(&[seeder.address()]);
        let torrent = beside.path().join("the.torrent");
        payload.torrent(PIECE, &[&[&tracker.url()]]).write(&torrent);
        Scene {
            payload,
            seeder,
            _tracker: tracker,
            torrent,
            folder,
            _beside: beside,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The download is refused, for this file, and nothing has happened.
    #[track_caller]
    fn assert_refused(&self, name: &str) {
        let before = listing(self.folder.path());
        let finished = kostorrent::start_download(&self.torrent, self.folder.path()).finish();
        finished.expect_code(1);
        let said = finished.stderr;
        assert!(
            said.contains(name) && said.contains("--overwrite"),
            "{said}"
        );
        assert_eq!(listing(self.folder.path()), before);
        assert_eq!(self.seeder.seen().requests, []);
    }

    fn pieces(&self) -> usize {
        let pieces = self.payload.pieces_in(self.folder.path(), PIECE as usize);
        pieces.iter().filter(|&&right| right).count()
    }
}

/// Every file below a folder, with its bytes.
fn listing(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push((path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

fn three(name: &str) -> Payload {
    let files = [("a.bin", 3_000_000), ("b.txt", 3_000), ("c.bin", 2_000_000)];
    Payload::multi(name, files.map(|(path, length)| (path.to_owned(), length)))
}

#[test]
fn a_file_of_ones_own_is_left_alone() {
    let scene = Scene::new(Payload::single("notes.txt", 3_000), None);
    for mine in [&b"my own notes\n"[..], &[b'n'; 3_000], &[b'n'; 5_000]] {
        fs::write(scene.path("notes.txt"), mine).unwrap();
        scene.assert_refused("notes.txt");
    }
    let mut command = kostorrent::download(&scene.torrent, scene.folder.path());
    Process::run("download --overwrite", command.arg("--overwrite")).expect_code(0);
    scene.payload.assert_in(scene.folder.path());
}

#[test]
fn a_file_of_ones_own_inside_a_torrents_folder_is_left_alone() {
    let scene = Scene::new(three("three"), None);
    fs::create_dir(scene.path("three")).unwrap();
    for mine in [&b"my own notes\n"[..], &[b'n'; 3_000]] {
        fs::write(scene.path("three/b.txt"), mine).unwrap();
        scene.assert_refused("b.txt");
    }
}

#[test]
fn what_bytes_cannot_prove_is_compared_before_it_is_written_over() {
    let files = [("a.bin", 300_000), ("b.bin", 40_000), ("notes.txt", 3_000)];
    let files = files.map(|(path, length)| (path.to_owned(), length));
    let scene = Scene::new(Payload::multi("mine", files), None);
    let notes = scene.path("mine/notes.txt");
    // Somebody has deleted a file that shares a piece with the others: these are right.
    scene.payload.write(scene.folder.path());
    let right = fs::read(&notes).unwrap();
    fs::remove_file(scene.path("mine/b.bin")).unwrap();
    kostorrent::download_all(&scene.torrent, scene.folder.path());
    scene.payload.assert_in(scene.folder.path());
    // Or they are not.
    fs::remove_file(scene.path("mine/b.bin")).unwrap();
    let mine = vec![b'n'; right.len()];
    fs::write(&notes, &mine).unwrap();
    let finished = kostorrent::start_download(&scene.torrent, scene.folder.path()).finish();
    finished.expect_code(1);
    let said = finished.stderr;
    assert!(
        said.contains("notes.txt") && said.contains("--overwrite"),
        "{said}"
    );
    assert_eq!(fs::read(&notes).unwrap(), mine);
}

#[test]
fn a_finished_download_of_another_torrent_is_left_alone() {
    let scene = Scene::new(three("three"), None);
    let other = Payload::multi(
        "three",
        [
            ("c.bin".to_owned(), 2_000_000),
            ("a.bin".to_owned(), 1_000_000),
        ],
    );
    other.write(scene.folder.path());
    scene.assert_refused("a.bin");
}

#[test]
fn files_beside_the_torrents_are_nobodys_business() {
    let scene = Scene::new(three("three"), None);
    fs::create_dir(scene.path("three")).unwrap();
    fs::write(scene.path("three/mine.txt"), "my own").unwrap();
    File::create(scene.path("three/c.bin")).unwrap();
    kostorrent::download_all(&scene.torrent, scene.folder.path());
    scene.payload.assert_in(scene.folder.path());
    assert_eq!(fs::read(scene.path("three/mine.txt")).unwrap(), b"my own");
}

#[test]
fn what_is_deleted_while_it_is_downloaded_is_there_in_the_end() {
    for what in ["three/a.bin", "three"] {
        let scene = Scene::new(three("three"), Some(4_000_000));
        let download = kostorrent::start_download(&scene.torrent, scene.folder.path());
        wait::until_true("half of it", || scene.pieces() >= 40);
        let victim = scene.path(what);
        match victim.is_dir() {
            true => fs::remove_dir_all(victim).unwrap(),
            false => fs::remove_file(victim).unwrap(),
        }
        let finished = download.finish();
        finished.expect_code(0);
        assert!(
            finished.stdout.contains("file_failed"),
            "{}",
            finished.stdout
        );
        scene.payload.assert_in(scene.folder.path());
    }
}

/// A download waits for the disk, and says why.
fn waiting(download: &mut Process, why: &str) {
    let said = until_event(download, "disk_fault");
    assert!(said.contains(why), "{said}");
}

#[test]
fn a_download_whose_folder_is_taken_away_waits_for_it() {
    let scene = Scene::new(three("three"), Some(4_000_000));
    let root = scene.path("into");
    let mut download = kostorrent::start_download(&scene.torrent, &root);
    wait::until_true("files", || root.join("three/c.bin").exists());
    fs::rename(&root, scene.path("away")).unwrap();
    waiting(&mut download, "moved or deleted");
    assert!(!root.exists());
    // Another folder of that name is not it: a disk may be gone, and only its place be there.
    fs::create_dir(&root).unwrap();
    until_older(&mut download, 7); // it tries every five seconds
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    fs::remove_dir(&root).unwrap();
    fs::rename(scene.path("away"), &root).unwrap();
    until_event(&mut download, "disk_well");
    download.finish().expect_code(0);
    scene.payload.assert_in(&root);
}

#[test]
fn another_file_put_in_the_place_of_ours_is_left_alone() {
    let scene = Scene::new(three("three"), Some(4_000_000));
    let mut download = kostorrent::start_download(&scene.torrent, scene.folder.path());
    wait::until_true("some of it", || scene.pieces() >= 10);
    fs::write(scene.path("mine"), "my own").unwrap();
    fs::rename(scene.path("mine"), scene.path("three/a.bin")).unwrap();
    waiting(&mut download, "left alone");
    assert_eq!(fs::read(scene.path("three/a.bin")).unwrap(), b"my own");
    // It is moved away: the download goes on.
    fs::rename(scene.path("three/a.bin"), scene.path("mine")).unwrap();
    download.finish().expect_code(0);
    scene.payload.assert_in(scene.folder.path());
    assert_eq!(fs::read(scene.path("mine")).unwrap(), b"my own");
}

#[test]
fn another_file_that_a_read_meets_first_is_left_alone() {
    let scene = Scene::new(Payload::single("one.bin", 4_000_000), Some(1_000_000));
    let port = ports::free().to_string();
    let mut command = kostorrent::download(&scene.torrent, scene.folder.path());
    let mut download = Process::start("download", command.args(["--port", &port]));
    wait::until_true("some of it", || scene.pieces() >= 10);
    // Somebody downloads from it: its files are read, too.
    let (beside, into) = (temp(), temp());
    let torrent = beside.path().join("the.torrent");
    scene.payload.torrent(PIECE, &[]).write(&torrent);
    let mut leech = kostorrent::download(&torrent, into.path());
    leech.args(["--peer", &format!("127.0.0.1:{port}")]);
    let _leecher = Process::start("leecher", &mut leech);
    let notes = b"my own notes\n".repeat(400_000);
    fs::write(scene.path("mine"), &notes).unwrap();
    let one = scene.path("one.bin");
    File::options()
        .write(true)
        .open(&one)
        .unwrap()
        .set_len(0)
        .unwrap();
    fs::rename(scene.path("mine"), &one).unwrap();
    waiting(&mut download, "left alone");
    assert!(fs::read(&one).unwrap() == notes, "it was written to");
}

#[test]
fn what_others_write_into_a_download_is_mended_before_it_is_complete() {
    let scene = Scene::new(Payload::single("one.bin", 2_000_000), Some(1_000_000));
    let download = kostorrent::start_download(&scene.torrent, scene.folder.path());
    wait::until_true("some of it", || scene.pieces() >= 5);
    let path = scene.path("one.bin");
    let right = scene.payload.pieces_in(scene.folder.path(), PIECE as usize);
    let piece = right.iter().position(|&right| right).unwrap() as u64;
    let mut file = File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(piece * PIECE + 100)).unwrap();
    file.write_all(b"somebody's doing").unwrap();
    drop(file);
    download.finish().expect_code(0);
    scene.payload.assert_in(scene.folder.path());
}

/// A download that is complete from the start and goes on seeding, and where it listens.
fn seed_on(scene: &Scene) -> (Process, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::free()));
    let mut command = kostorrent::download(&scene.torrent, scene.folder.path());
    command.args(["--seed", "--port", &address.port().to_string()]);
    let mut seeding = Process::start("download --seed", &mut command);
    until_event(&mut seeding, "complete");
    (seeding, address)
}

#[test]
fn a_copy_in_the_place_of_a_file_is_seeded_on() {
    let scene = Scene::new(three("three"), None);
    scene.payload.write(scene.folder.path());
    let (mut seeding, address) = seed_on(&scene);
    let described = scene.payload.torrent(PIECE, &[]);
    fetch_at_once(address, &described, 16_384).unwrap();
    let (file, copy) = (scene.path("three/a.bin"), scene.path("copy"));
    fs::copy(&file, &copy).unwrap();
    fs::rename(&copy, &file).unwrap();
    // Files in use are looked at every ten seconds.
    let (beside, into) = (temp(), temp());
    let torrent = beside.path().join("the.torrent");
    described.write(&torrent);
    until_older(&mut seeding, 12);
    let mut leech = kostorrent::download(&torrent, into.path());
    leech.args(["--peer", &address.to_string()]);
    Process::run("leecher", &mut leech).expect_code(0);
    scene.payload.assert_in(into.path());
    seeding.interrupt();
    seeding.finish().expect_code(0);
}

#[cfg(unix)]
#[test]
fn what_is_complete_behind_a_link_may_be_touched() {
    let scene = Scene::new(three("three"), None);
    let elsewhere = temp();
    scene.payload.write(elsewhere.path());
    fs::create_dir(scene.path("three")).unwrap();
    for name in ["a.bin", "b.txt", "c.bin"] {
        let place = Path::new("three").join(name);
        std::os::unix::fs::symlink(
            elsewhere.path().join(&place),
            scene.folder.path().join(place),
        )
        .unwrap();
    }
    let (mut seeding, address) = seed_on(&scene);
    let described = scene.payload.torrent(PIECE, &[]);
    fetch_at_once(address, &described, 16_384).unwrap();
    let target = File::options()
        .write(true)
        .open(elsewhere.path().join("three/a.bin"));
    target
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    until_older(&mut seeding, 12);
    let got = fetch_at_once(address, &described, 16_384).unwrap();
    assert!(got[..] == scene.payload.bytes()[..]);
    seeding.interrupt();
    let finished = seeding.finish();
    finished.expect_code(0);
    assert!(
        !finished.stdout.contains("file_failed"),
        "{}",
        finished.stdout
    );
}

#[cfg(unix)]
#[test]
fn what_is_complete_behind_a_link_is_complete() {
    let scene = Scene::new(three("three"), None);
    let elsewhere = temp();
    scene.payload.write(elsewhere.path());
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(elsewhere.path().join(from), scene.path(to)).unwrap();
    };
    link("three", "three");
    kostorrent::download_all(&scene.torrent, scene.folder.path());
    let mut command = kostorrent::download(&scene.torrent, scene.folder.path());
    let mut seeding = Process::start("download --seed", command.arg("--seed"));
    seeding.until_line("complete", |line| {
        line.contains("\"event\":\"complete\"").then_some(())
    });
    seeding.interrupt();
    seeding.finish().expect_code(0);
    // A single file behind a link, and another one missing: only that one is made.
    fs::remove_file(scene.path("three")).unwrap();
    fs::create_dir(scene.path("three")).unwrap();
    link("three/a.bin", "three/a.bin");
    let file = File::options()
        .write(true)
        .open(elsewhere.path().join("three/a.bin"));
    file.unwrap().set_len(2_999_000).unwrap();
    let finished = kostorrent::start_download(&scene.torrent, scene.folder.path()).finish();
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("symbolic link"),
        "{}",
        finished.stderr
    );
    assert_eq!(
        fs::metadata(elsewhere.path().join("three/a.bin"))
            .unwrap()
            .len(),
        2_999_000
    );
}

/// A seeder of three files, and its torrent.
fn seeding(payload: &Payload) -> (Process, SocketAddr, Torrent, TempDir) {
    let folder = temp();
    payload.write(folder.path());
    let described = payload.torrent(PIECE, &[]);
    let torrent = folder.path().join("the.torrent");
    described.write(&torrent);
    let (mut seeder, address) = kostorrent::start_seed(&torrent, folder.path());
    seeder.until_line("seeding", |line| line.contains("\"seeding\"").then_some(()));
    (seeder, address, described, folder)
}

fn until_event(process: &mut Process, event: &str) -> String {
    let wanted = format!("\"event\":\"{event}\"");
    process.until_line(event, |line| {
        line.contains(&wanted).then(|| line.to_owned())
    })
}

/// Waits until the client has lived for so long, by its own clock: it tells its figures once a second.
fn until_older(process: &mut Process, seconds: usize) {
    let told = |process: &Process| process.stdout().matches(r#""event":"progress""#).count();
    let until = told(process) + seconds;
    wait::until_true("time to pass", || told(process) >= until);
}

/// A seeder that loses one of its three files.
struct Loser {
    payload: Payload,
    folder: TempDir,
    torrent: PathBuf,
    /// Where somebody else downloads to.
    into: TempDir,
    port: u16,
    _tracker: Tracker,
}

impl Loser {
    fn new() -> Loser {
        let payload = three("three");
        let (folder, into) = (temp(), temp());
        payload.write(folder.path());
        let port = ports::free();
        let tracker = Tracker::naming(&[SocketAddr::from(([127, 0, 0, 1], port))]);
        let torrent = folder.path().join("the.torrent");
        let described = payload.torrent(PIECE, &[&[&tracker.url()]]);
        described.write(&torrent);
        Loser {
            payload,
            folder,
            torrent,
            into,
            port,
            _tracker: tracker,
        }
    }

    /// Whether all of the third file is there but for its first piece, which it shares with the one
    /// before it.
    fn has_left(&self) -> bool {
        let [ours, theirs] = [&self.folder, &self.into].map(|folder| {
            // Transmission gives it its name when it is complete.
            let places = ["three/c.bin", "three/c.bin.part"];
            let mut files = places
                .iter()
                .map(|place| fs::read(folder.path().join(place)));
            let file = files.find_map(Result::ok).unwrap_or_default();
            file.get(PIECE as usize..).map(<[u8]>::to_vec)
        });
        theirs.is_some() && theirs == ours
    }

    /// The leecher, which begins when the file is gone, gets what is left, and the rest when it is
    /// back.
    fn lose<L>(&self, begin: impl FnOnce(&Path, &Path) -> L) {
        self.lose_calling(&[], begin);
    }

    /// The same, while the seeder calls these.
    fn lose_calling<L>(&self, peers: &[SocketAddr], begin: impl FnOnce(&Path, &Path) -> L) {
        let (ours, into) = (self.folder.path(), self.into.path());
        let port = self.port.to_string();
        let mut seed = kostorrent::command(["seed", "--json", "--port", &port]);
        seed.arg(&self.torrent).arg("--data").arg(ours);
        for peer in peers {
            seed.arg("--peer").arg(peer.to_string());
        }
        let mut seeder = Process::start("kostorrent seed", &mut seed);
        seeder.until_line("seeding", |line| line.contains("\"seeding\"").then_some(()));
        let lost = ours.join("three/a.bin");
        fs::rename(&lost, ours.join("away")).unwrap();
        let _leecher = begin(&self.torrent, into);
        wait::until_true("what is left", || self.has_left());
        let said = until_event(&mut seeder, "file_failed");
        assert!(said.contains("a.bin"), "{said}");
        fs::rename(ours.join("away"), &lost).unwrap();
        until_event(&mut seeder, "file_back");
        wait::until_true("the rest", || {
            self.payload.difference(into, false).is_none()
        });
    }
}

#[test]
fn a_seeder_that_loses_one_file_of_three_gives_the_others_to_libtorrent() {
    if let Some(python) = libtorrent::available() {
        Loser::new().lose(|torrent, into| libtorrent::download(&python, torrent, into).process);
    }
}

#[test]
fn a_seeder_that_loses_one_file_of_three_gives_the_others_to_aria2() {
    if aria2::available().is_some() {
        Loser::new().lose(|torrent, into| aria2::download(torrent, into).process);
    }
}

#[test]
fn a_seeder_that_loses_one_file_of_three_gives_the_others_to_transmission() {
    if transmission::available().is_some() {
        // It does not call us, so it is called: until it is there, again and again.
        let address = transmission::free_address();
        Loser::new().lose_calling(&[address], |torrent, into| {
            transmission::start_at(address, torrent, into)
        });
    }
}

#[test]
fn a_seeder_that_loses_one_file_of_three_gives_the_others_to_us() {
    Loser::new().lose(kostorrent::start_download);
}

#[test]
fn what_is_changed_in_place_under_a_seeder_is_noticed_when_peers_hang_up() {
    let payload = Payload::single("changed.bin", 3 * PIECE as usize);
    let (mut seeder, address, described, folder) = seeding(&payload);
    let path = folder.path().join("changed.bin");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let mut bytes = payload.bytes().to_vec();
    bytes[100_000] ^= 1;
    let file = File::options().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, &bytes).unwrap();
    file.set_modified(before).unwrap();
    // Its length and its time say nothing.
    let got = fetch_at_once(address, &described, 16_384).unwrap();
    assert_eq!(got[100_000], bytes[100_000]);
    let said = until_event(&mut seeder, "file_failed");
    assert!(said.contains("1 piece of it is"), "{said}");
}

#[test]
fn what_is_changed_in_place_under_a_seeder_is_noticed_by_its_time() {
    let payload = Payload::single("changed.bin", 8 * PIECE as usize);
    let (mut seeder, address, described, folder) = seeding(&payload);
    // Files in use are looked at every ten seconds.
    fetch_at_once(address, &described, 16_384).unwrap();
    let path = folder.path().join("changed.bin");
    let file = File::options().write(true).open(&path).unwrap();
    let mut bytes = payload.bytes().to_vec();
    bytes[..100].fill(1);
    std::io::Write::write_all(&mut &file, &bytes).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(7))
        .unwrap();
    let said = until_event(&mut seeder, "file_failed");
    assert!(said.contains("1 piece of it is"), "{said}");
}
