//! The fast extension (BEP 6) between ours and real clients, seen in the bytes that pass between them: who has everything
//! or nothing says so in a message of one byte, a seeder names pieces that it gives away in spite of a choke, and whoever
//! chokes rejects what it was asked for. Transmission names no such pieces (its code for that is switched off); how it
//! chokes cannot be chosen.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::clients::{libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::tap::{Line, Tap};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{kostorrent, ports, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const CHOKE: u8 = 0;
const UNCHOKE: u8 = 1;
const BITFIELD: u8 = 5;
const HAVE_ALL: u8 = 14;
const HAVE_NONE: u8 = 15;
const REJECT: u8 = 16;
const ALLOWED_FAST: u8 = 17;

/// What one side has said: its messages without those of the other, by their numbers.
struct Said {
    handshake: Vec<u8>,
    messages: Vec<(u8, Vec<u8>)>,
}

impl Said {
    fn read(bytes: &[u8]) -> Said {
        let (handshake, mut rest) = bytes.split_at_checked(68).expect("a handshake");
        let mut messages = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let Some((message, after)) = after.split_at_checked(length) else {
                break; // the connection ended in the middle of it
            };
            if let [id, body @ ..] = message {
                messages.push((*id, body.to_vec()));
            }
            rest = after;
        }
        Said {
            handshake: handshake.to_vec(),
            messages,
        }
    }

    fn speaks_fast(&self) -> bool {
        self.handshake[27] & 0x04 != 0
    }

    /// The first message of all, but for the extension protocol's and the DHT's, which may come at any time.
    fn first(&self) -> u8 {
        let mut ids = self.messages.iter().map(|&(id, _)| id);
        ids.find(|id| ![9, 20].contains(id)).expect("a message")
    }

    fn count(&self, id: u8) -> usize {
        self.messages.iter().filter(|one| one.0 == id).count()
    }
}

/// A payload of a few pieces, its torrent, and a folder with all of it.
struct Scene {
    payload: Payload,
    torrent: PathBuf,
    full: TempDir,
    _tracker: Tracker,
}

impl Scene {
    /// The tracker names these.
    fn new(peers: &[SocketAddr]) -> Scene {
        let (payload, full) = (Payload::single("fast.bin", 2_000_000), temp());
        payload.write(full.path());
        let tracker = Tracker::naming(peers);
        let torrent = full.path().join("the.torrent");
        payload
            .torrent(32_768, &[&[&tracker.url()]])
            .write(&torrent);
        Scene {
            payload,
            torrent,
            full,
            _tracker: tracker,
        }
    }

    /// What passed while we downloaded from this seeder: our words, and its.
    fn download_from(&self, seeder: SocketAddr) -> (Said, Said) {
        let (tap, folder) = (Tap::to(seeder), temp());
        let mut command = kostorrent::download(&self.torrent, folder.path());
        command.args(["--encryption", "off"]);
        command.args(["--peer", &tap.address.to_string()]);
        Process::run("our download", &mut command).expect_code(0);
        self.payload.assert_in(folder.path());
        let line = longest(&tap);
        (Said::read(&line.caller), Said::read(&line.called))
    }

    fn until_in(&self, folder: &Path) {
        wait::until_true("a whole file", || {
            self.payload.difference(folder, true).is_none()
        });
    }
}

/// The connection over which the payload went.
fn longest(tap: &Tap) -> Line {
    let lines = tap.lines().into_iter();
    let line = lines.max_by_key(|line| line.caller.len() + line.called.len());
    line.expect("a connection")
}

/// A seeder and a leecher that both know the extension begin like this.
fn assert_begin(leecher: &Said, seeder: &Said) {
    assert!(leecher.speaks_fast() && seeder.speaks_fast());
    assert_eq!((leecher.first(), seeder.first()), (HAVE_NONE, HAVE_ALL));
    for side in [leecher, seeder] {
        assert_eq!(side.count(BITFIELD), 0);
    }
}

#[test]
fn libtorrent_seeds_to_us_with_it() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let scene = Scene::new(&[]);
    let seeder = libtorrent::seed(&python, &scene.torrent, scene.full.path());
    let (ours, theirs) = scene.download_from(seeder.address);
    assert_begin(&ours, &theirs);
    assert!(theirs.count(ALLOWED_FAST) > 0);
}

#[test]
fn transmission_seeds_to_us_with_it() {
    let Some(()) = transmission::available() else {
        return;
    };
    let scene = Scene::new(&[]);
    let seeder = transmission::start(&scene.torrent, scene.full.path());
    let (ours, theirs) = scene.download_from(seeder.address);
    assert_begin(&ours, &theirs);
}

#[test]
fn what_libtorrent_rejects_when_it_chokes_is_asked_for_again() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let scene = Scene::new(&[]);
    let seeder = libtorrent::seed_choking(&python, &scene.torrent, scene.full.path());
    let (ours, theirs) = scene.download_from(seeder.address);
    assert_begin(&ours, &theirs);
    assert!(theirs.count(CHOKE) > 0 && theirs.count(UNCHOKE) > 1);
    let is = |id: u8| move |message: &&(u8, Vec<u8>)| message.0 == id;
    let rejected: Vec<_> = theirs.messages.iter().filter(is(REJECT)).collect();
    assert!(!rejected.is_empty());
    // Each of them was asked for, and is asked for once more than it was rejected.
    for (_, block) in rejected {
        let count = |said: &Said, id: u8| {
            let mut all = said.messages.iter().filter(is(id));
            let same = all.by_ref().filter(|(_, body)| body == block);
            same.count()
        };
        let (asked, rejected) = (count(&ours, 6), count(&theirs, REJECT));
        assert!(asked > rejected, "{asked} times, rejected {rejected}");
    }
}

/// Our seeder, to which the tracker leads a client; it is paused and goes on while the client downloads. What passed: the
/// client's words, and ours.
fn seeds_to<T>(client: impl FnOnce(&Path, &Path) -> T) -> (Said, Said) {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::free()));
    let tap = Tap::to(address);
    let scene = Scene::new(&[tap.address]);
    let (_seeder, home) = slow_seeder(&scene, address, &[]);
    let folder = temp();
    let _client = client(&scene.torrent, folder.path());
    pause_midway(&tap, home.path());
    scene.until_in(folder.path());
    let line = longest(&tap);
    (Said::read(&line.caller), Said::read(&line.called))
}

/// Our seeder, which gives away so little that there is time to pause it, and where it can be spoken to.
fn slow_seeder(scene: &Scene, address: SocketAddr, peers: &[SocketAddr]) -> (Process, TempDir) {
    let home = temp();
    let mut command = kostorrent::command(["seed", "--no-dht", "--json"]);
    command
        .arg(&scene.torrent)
        .arg("--data")
        .arg(scene.full.path());
    command.args(["--limit-up", "400K", "--encryption", "off"]);
    command.args(["--port", &address.port().to_string()]);
    at_home(&mut command, home.path());
    for peer in peers {
        command.args(["--peer", &peer.to_string()]);
    }
    (Process::start("our seeder", &mut command), home)
}

/// A client of a user of its own, who speaks to no other.
fn at_home(command: &mut Command, home: &Path) {
    command.env("XDG_RUNTIME_DIR", home).env("TMPDIR", home);
}

/// Pauses what is spoken to there when some of the payload has passed, and lets it go on.
fn pause_midway(tap: &Tap, home: &Path) {
    wait::until_true("a part of the payload", || {
        let lines = tap.lines();
        let size = |line: &Line| line.caller.len() + line.called.len();
        lines.iter().any(|line| size(line) > 500_000)
    });
    for word in ["pause", "resume"] {
        let mut command = kostorrent::command([word]);
        at_home(&mut command, home);
        Process::run(word, &mut command).expect_code(0);
    }
}

/// What we reject when we choke was asked for.
fn assert_rejects(leecher: &Said, seeder: &Said) {
    let blocks = |said: &Said, id: u8| -> Vec<Vec<u8>> {
        let all = said.messages.iter().filter(|one| one.0 == id);
        all.map(|(_, body)| body.clone()).collect()
    };
    let (asked, rejected) = (blocks(leecher, 6), blocks(seeder, REJECT));
    assert!(seeder.count(CHOKE) > 0 && !rejected.is_empty());
    assert!(rejected.iter().all(|block| asked.contains(block)));
}

#[test]
fn we_seed_to_libtorrent_with_it_and_reject_what_we_do_not_give() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (theirs, ours) = seeds_to(|torrent, folder| libtorrent::trade(&python, torrent, folder));
    assert_begin(&theirs, &ours);
    assert!(ours.count(ALLOWED_FAST) > 0);
    assert_rejects(&theirs, &ours);
}

#[test]
fn we_seed_to_transmission_with_it_and_reject_what_we_do_not_give() {
    let Some(()) = transmission::available() else {
        return;
    };
    // It calls no loopback address that a tracker names: the seeder calls it.
    let address = transmission::free_address();
    let (tap, scene, folder) = (Tap::to(address), Scene::new(&[]), temp());
    let _client = transmission::start_at(address, &scene.torrent, folder.path());
    let at = SocketAddr::from(([127, 0, 0, 1], ports::free()));
    let (_seeder, home) = slow_seeder(&scene, at, &[tap.address]);
    pause_midway(&tap, home.path());
    scene.until_in(folder.path());
    let line = longest(&tap);
    let (ours, theirs) = (Said::read(&line.caller), Said::read(&line.called));
    assert_begin(&theirs, &ours);
    assert!(ours.count(ALLOWED_FAST) > 0);
    assert_rejects(&theirs, &ours);
}
