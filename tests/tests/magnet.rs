//! Metadata from real clients and to them: the step's program at one end of the line.

use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::{libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{bencode, programs, temp};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const STEP: &str = "step18-magnet";

/// A torrent whose metadata have several blocks, its files, and a tracker that knows nobody.
struct Swarm {
    folder: TempDir,
    torrent: PathBuf,
    link: String,
    tracker: Tracker,
}

impl Swarm {
    fn new() -> Swarm {
        let files =
            (0..1_000).map(|number| (format!("a file of many/number {number}"), number % 9));
        let payload = Payload::multi("by magnet", files);
        let tracker = Tracker::naming(&[]);
        let described = payload.torrent(16_384, &[&[&tracker.url()]]);
        let folder = temp();
        payload.write(folder.path());
        let torrent = folder.path().join("the.torrent");
        described.write(&torrent);
        assert!(info(&torrent).len() > 3 * 16_384);
        let link = format!("magnet:?xt=urn:btih:{}", hex::encode(described.info_hash()));
        Swarm {
            folder,
            torrent,
            link,
            tracker,
        }
    }

    /// Runs the step's program on the link, with this peer, and compares what comes.
    fn fetch_from(&self, peer: &str) -> Finished {
        let output = self.folder.path().join("fetched.torrent");
        let mut command = process::command(programs::step(STEP));
        command.arg(&self.link).args(["--peer", peer, "-o"]);
        let finished = Process::run(STEP, command.arg(&output));
        finished.expect_code(0);
        assert_eq!(finished.stderr, "");
        assert_eq!(info(&output), info(&self.torrent));
        finished
    }
}

/// The bytes of a torrent's `info`.
fn info(torrent: &Path) -> Vec<u8> {
    let bytes = fs::read(torrent).unwrap();
    let span = bencode::entry(&bytes, "info").expect("an `info`");
    bytes[span].to_vec()
}

#[test]
fn libtorrent_gives_its_metadata() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let swarm = Swarm::new();
    let seeder = libtorrent::seed(&python, &swarm.torrent, swarm.folder.path());
    let finished = swarm.fetch_from(&seeder.address.to_string());
    for part in ["lt_donthave: 7\n", "v: libtorrent/", "metadata_size: "] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
}

#[test]
fn transmission_gives_its_metadata() {
    let Some(()) = transmission::available() else {
        return;
    };
    let swarm = Swarm::new();
    let seeder = transmission::start(&swarm.torrent, swarm.folder.path());
    // A call before it knows the torrent is hung up on, and another one from the same address for a while after that.
    swarm.tracker.until_event("started");
    let finished = swarm.fetch_from(&seeder.address.to_string());
    assert!(
        finished.stdout.contains("v: Transmission "),
        "{}",
        finished.stdout
    );
}

#[test]
fn libtorrent_takes_our_metadata() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let swarm = Swarm::new();
    let mut command = process::command(programs::step(STEP));
    command.arg(&swarm.torrent).args(["--serve", "127.0.0.1:0"]);
    let mut serving = Process::start(STEP, &mut command);
    let link = serving.until_line("the practice peer's link", |line| {
        line.starts_with("magnet:").then(|| line.to_owned())
    });
    let folder = temp();
    let size = info(&swarm.torrent).len();
    let mut leecher = libtorrent::metadata(&python, &link, folder.path());
    let taken = leecher
        .process
        .until_line("libtorrent to have the metadata", |line| {
            line.strip_prefix("METADATA ").map(str::to_owned)
        });
    assert_eq!(taken, size.to_string());
}
