//! The part file, which keeps what comes along of files that nobody wants, is libtorrent's: each reads the other's.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::libtorrent;
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{programs, temp};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const PIECE: u64 = 16_384;

/// Files that share pieces, a seeder of them, and a tracker that names nobody else.
struct Scene {
    payload: Payload,
    seeder: Seeder,
    _tracker: Tracker,
    torrent: PathBuf,
    _beside: TempDir,
}

impl Scene {
    fn new() -> Scene {
        let lengths = [20_000, 30_000, 500, 60_000, 0, 40_000];
        let files = lengths.iter().zip(["a", "b", "c/d", "c/e", "empty", "f"]);
        let files = files.map(|(&length, name)| (name.to_owned(), length));
        let payload = Payload::multi("parts", files);
        let torrent = payload.torrent(PIECE, &[]);
        let seeder = Seeder::start(&torrent, payload.bytes(), Manner::default());
        let tracker = Tracker::naming(&[seeder.address()]);
        let beside = temp();
        let path = beside.path().join("parts.torrent");
        payload.torrent(PIECE, &[&[&tracker.url()]]).write(&path);
        Scene {
            payload,
            seeder,
            _tracker: tracker,
            torrent: path,
            _beside: beside,
        }
    }

    /// Our program downloads these files, by their numbers from 1.
    fn ours(&self, files: &str, folder: &Path, peer: SocketAddr) -> Finished {
        let mut command = process::command(programs::step("step15-file-selection"));
        command
            .arg(&self.torrent)
            .args(["--files", files, "--output"]);
        command.arg(folder).args(["--peer", &peer.to_string()]);
        Process::run("step15", &mut command)
    }

    /// These files are whole, by their numbers from 0, and no others are there but the part file.
    fn assert_only(&self, folder: &Path, files: &[usize]) {
        for (number, (path, bytes)) in self.payload.files().into_iter().enumerate() {
            let there = fs::read(folder.join(&path)).ok();
            let expected = files.contains(&number).then(|| bytes.to_vec());
            assert!(there == expected, "{}", path.display());
        }
        let part_file = hex(&self.payload.torrent(PIECE, &[]).info_hash());
        assert!(folder.join(format!(".{part_file}.parts")).exists());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn libtorrent_finds_our_pieces_in_our_part_file() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (scene, folder) = (Scene::new(), temp());
    let ours = scene.ours("2,4", folder.path(), scene.seeder.address());
    ours.expect_code(0);
    scene.assert_only(folder.path(), &[1, 3]);
    let asked = scene.seeder.seen().pieces().len();
    libtorrent::download_only(&python, &scene.torrent, folder.path(), &[1, 3])
        .process
        .finish()
        .expect_code(0);
    assert_eq!(scene.seeder.seen().pieces().len(), asked, "all was there");
}

#[test]
fn we_find_libtorrents_pieces_in_its_part_file() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (scene, folder) = (Scene::new(), temp());
    libtorrent::download_only(&python, &scene.torrent, folder.path(), &[1, 3])
        .process
        .finish()
        .expect_code(0);
    scene.assert_only(folder.path(), &[1, 3]);
    // Nobody is there to give us anything.
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    scene.ours("2,4", folder.path(), nobody).expect_code(0);
    // The file between them is in the part file as a whole.
    scene.ours("2,3,4", folder.path(), nobody).expect_code(0);
    scene.assert_only(folder.path(), &[1, 2, 3]);
}
