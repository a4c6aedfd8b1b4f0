//! Downloading from real clients and seeding to them, each alone and all together, by a real tracker.

use std::path::{Path, PathBuf};

use kostorrent_tests::clients::{OpenTracker, aria2, libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::{kostorrent, temp, wait};
use tempfile::TempDir;

/// A torrent, its files, and a tracker that knows it.
struct Swarm {
    tracker: OpenTracker,
    payload: Payload,
    info_hash: [u8; 20],
    torrent: PathBuf,
    /// The folder with the files.
    full: TempDir,
}

impl Swarm {
    fn new(payload: Payload, piece_length: u64) -> Option<Swarm> {
        let port = OpenTracker::available()?;
        let full = temp();
        payload.write(full.path());
        let described = payload.torrent(piece_length, &[&[&port.url()]]);
        let torrent = full.path().join("the.torrent");
        described.write(&torrent);
        let info_hash = described.info_hash();
        Some(Swarm {
            tracker: port.start(&[info_hash]),
            payload,
            info_hash,
            torrent,
            full,
        })
    }

    fn single() -> Option<Swarm> {
        Swarm::new(Payload::single("single file é.bin", 20_000_001), 262_144)
    }

    fn multi() -> Option<Swarm> {
        Swarm::new(Payload::odd("многие files"), 65_536)
    }

    /// Downloads with our client and checks every file.
    fn download(&self) {
        let folder = temp();
        kostorrent::download_all(&self.torrent, folder.path());
        self.payload.assert_in(folder.path());
    }

    /// Waits until the tracker knows so many seeders and leechers.
    fn until(&self, seeders: u64, leechers: u64) {
        self.tracker.until_counts(self.info_hash, seeders, leechers);
    }

    fn folder(&self) -> &Path {
        self.full.path()
    }
}

#[test]
fn downloads_a_file_from_transmission() {
    let (Some(()), Some(swarm)) = (transmission::available(), Swarm::single()) else {
        return;
    };
    let _seeder = transmission::start(&swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    swarm.download();
}

#[test]
fn downloads_a_folder_from_transmission() {
    let (Some(()), Some(swarm)) = (transmission::available(), Swarm::multi()) else {
        return;
    };
    let _seeder = transmission::start(&swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    swarm.download();
}

#[test]
fn downloads_a_file_from_aria2() {
    let (Some(()), Some(swarm)) = (aria2::available(), Swarm::single()) else {
        return;
    };
    let _seeder = aria2::seed(&swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    swarm.download();
}

#[test]
fn downloads_a_folder_from_aria2() {
    let (Some(()), Some(swarm)) = (aria2::available(), Swarm::multi()) else {
        return;
    };
    let _seeder = aria2::seed(&swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    swarm.download();
}

#[test]
fn downloads_a_file_from_libtorrent() {
    let (Some(python), Some(swarm)) = (libtorrent::available(), Swarm::single()) else {
        return;
    };
    let _seeder = libtorrent::seed(&python, &swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    swarm.download();
}

#[test]
fn downloads_a_folder_from_libtorrent() {
    let (Some(python), Some(swarm)) = (libtorrent::available(), Swarm::multi()) else {
        return;
    };
    let _seeder = libtorrent::seed(&python, &swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    swarm.download();
}

#[test]
fn downloads_from_all_of_them_together() {
    let (Some(()), Some(()), Some(python)) = (
        transmission::available(),
        aria2::available(),
        libtorrent::available(),
    ) else {
        return;
    };
    let Some(swarm) = Swarm::new(Payload::single("from all.bin", 60_000_000), 524_288) else {
        return;
    };
    let _transmission = transmission::start(&swarm.torrent, swarm.folder());
    let _aria2 = aria2::seed(&swarm.torrent, swarm.folder());
    let _libtorrent = libtorrent::seed(&python, &swarm.torrent, swarm.folder());
    swarm.until(3, 0);
    swarm.download();
}

#[test]
fn seeds_a_file_to_transmission() {
    seeds_to_transmission(Swarm::single());
}

#[test]
fn seeds_a_folder_to_transmission() {
    seeds_to_transmission(Swarm::multi());
}

fn seeds_to_transmission(swarm: Option<Swarm>) {
    let (Some(()), Some(swarm)) = (transmission::available(), swarm) else {
        return;
    };
    let folder = temp();
    let _leecher = transmission::start(&swarm.torrent, folder.path());
    swarm.until(0, 1); // it does not dial loopback addresses: our seeder finds it at the tracker and does
    let _seeder = kostorrent::start_seed(&swarm.torrent, swarm.folder());
    until_complete(&swarm.payload, folder.path());
}

#[test]
fn seeds_a_file_to_aria2() {
    seeds_to_aria2(Swarm::single());
}

#[test]
fn seeds_a_folder_to_aria2() {
    seeds_to_aria2(Swarm::multi());
}

fn seeds_to_aria2(swarm: Option<Swarm>) {
    let (Some(()), Some(swarm)) = (aria2::available(), swarm) else {
        return;
    };
    let _seeder = start_seed(&swarm);
    let folder = temp();
    aria2::download(&swarm.torrent, folder.path())
        .process
        .finish()
        .expect_code(0);
    swarm.payload.assert_in(folder.path());
}

#[test]
fn seeds_a_file_to_libtorrent() {
    seeds_to_libtorrent(Swarm::single());
}

#[test]
fn seeds_a_folder_to_libtorrent() {
    seeds_to_libtorrent(Swarm::multi());
}

fn seeds_to_libtorrent(swarm: Option<Swarm>) {
    let (Some(python), Some(swarm)) = (libtorrent::available(), swarm) else {
        return;
    };
    let _seeder = start_seed(&swarm);
    let folder = temp();
    libtorrent::download(&python, &swarm.torrent, folder.path())
        .process
        .finish()
        .expect_code(0);
    swarm.payload.assert_in(folder.path());
}

#[test]
fn seeds_to_all_of_them_together() {
    let (Some(()), Some(()), Some(python)) = (
        transmission::available(),
        aria2::available(),
        libtorrent::available(),
    ) else {
        return;
    };
    let Some(swarm) = Swarm::new(Payload::single("to all.bin", 60_000_000), 524_288) else {
        return;
    };
    let (one, two, three) = (temp(), temp(), temp());
    let _transmission = transmission::start(&swarm.torrent, one.path());
    swarm.until(0, 1);
    let _seeder = start_seed(&swarm);
    let aria2 = aria2::download(&swarm.torrent, two.path());
    let libtorrent = libtorrent::download(&python, &swarm.torrent, three.path());
    aria2.process.finish().expect_code(0);
    libtorrent.process.finish().expect_code(0);
    swarm.payload.assert_in(two.path());
    swarm.payload.assert_in(three.path());
    until_complete(&swarm.payload, one.path());
}

/// They see a piece or two at a time, and in the end all of it.
#[test]
fn super_seeds_to_all_of_them_together() {
    let (Some(()), Some(()), Some(python)) = (
        transmission::available(),
        aria2::available(),
        libtorrent::available(),
    ) else {
        return;
    };
    let Some(swarm) = Swarm::new(Payload::single("once.bin", 30_000_000), 262_144) else {
        return;
    };
    let (one, two, three) = (temp(), temp(), temp());
    let _transmission = transmission::start(&swarm.torrent, one.path());
    swarm.until(0, 1);
    let (mut seeder, _) = kostorrent::start_super_seed(&swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    let aria2 = aria2::download(&swarm.torrent, two.path());
    let libtorrent = libtorrent::download(&python, &swarm.torrent, three.path());
    aria2.process.finish().expect_code(0);
    libtorrent.process.finish().expect_code(0);
    swarm.payload.assert_in(two.path());
    swarm.payload.assert_in(three.path());
    until_complete(&swarm.payload, one.path());
    seeder.until_line("super_seeded", |line| {
        line.contains("\"super_seeded\"").then_some(())
    });
}

#[test]
fn trades_with_libtorrent_when_each_has_a_half() {
    let (Some(python), Some(swarm)) = (libtorrent::available(), Swarm::single()) else {
        return;
    };
    let (ours, theirs) = (temp(), temp());
    let (path, bytes) = (swarm.payload.name(), swarm.payload.bytes());
    let middle = 10 << 20; // on the edge of a piece
    std::fs::write(ours.path().join(path), &bytes[..middle]).unwrap();
    std::fs::write(
        theirs.path().join(path),
        [&vec![0; middle], &bytes[middle..]].concat(),
    )
    .unwrap();

    let _libtorrent = libtorrent::trade(&python, &swarm.torrent, theirs.path());
    swarm.until(0, 1);
    let mut command = kostorrent::download(&swarm.torrent, ours.path());
    let _ours = Process::start("kostorrent download --seed", command.arg("--seed"));

    until_complete(&swarm.payload, theirs.path());
    until_complete(&swarm.payload, ours.path());
}

/// Starts our seeder, and waits until the tracker knows it.
fn start_seed(swarm: &Swarm) -> Process {
    let (seeder, _) = kostorrent::start_seed(&swarm.torrent, swarm.folder());
    swarm.until(1, 0);
    seeder
}

/// Waits until a client that does not end by itself has written everything. Transmission makes no empty files.
fn until_complete(payload: &Payload, folder: &Path) {
    wait::until_true("all files", || payload.difference(folder, false).is_none());
}
