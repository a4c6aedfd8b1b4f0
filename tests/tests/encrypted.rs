//! Encrypted transfers between our client and real ones, and between two of ours, with somebody in between who looks at
//! what passes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::{aria2, libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::tap::{Line, Tap};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{kostorrent, ports, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// How a connection looks to who sees it pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Look {
    /// All of it can be read.
    Plain,
    /// It does not begin with a handshake, and then can be read.
    Greeting,
    /// Nothing can be read.
    Encrypted,
}

/// A payload, its torrent and a link to it, and who is between those who share it.
struct Scene {
    payload: Payload,
    torrent: PathBuf,
    link: PathBuf,
    full: TempDir,
    _tracker: Tracker,
}

impl Scene {
    /// The tracker names these.
    fn new(name: &str, peers: &[SocketAddr]) -> Scene {
        let payload = Payload::single(name, 1_000_000);
        let (full, tracker) = (temp(), Tracker::naming(peers));
        payload.write(full.path());
        let torrent = full.path().join("the.torrent");
        let url = tracker.url();
        let described = payload.torrent(32_768, &[&[&url]]);
        described.write(&torrent);
        let hash = hex::encode(described.info_hash());
        Scene {
            payload,
            torrent,
            link: format!("magnet:?xt=urn:btih:{hash}&tr={url}").into(),
            full,
            _tracker: tracker,
        }
    }

    fn folder(&self) -> &Path {
        self.full.path()
    }

    /// Our client downloads from this peer; with the connections that passed.
    fn download_from(&self, peer: SocketAddr, ours: &str) -> Vec<Line> {
        let (tap, folder) = (Tap::to(peer), temp());
        let mut command = kostorrent::download(&self.torrent, folder.path());
        command.args(["--encryption", ours, "--peer", &tap.address.to_string()]);
        Process::run("kostorrent download", &mut command).expect_code(0);
        self.payload.assert_in(folder.path());
        tap.lines()
    }

    fn until_in(&self, folder: &Path) {
        wait::until_true("a whole file", || {
            self.payload.difference(folder, true).is_none()
        });
    }

    /// What the connection was like over which the payload went.
    fn look(&self, lines: &[Line]) -> Look {
        let size = |line: &&Line| line.caller.len() + line.called.len();
        let line = lines.iter().max_by_key(size).expect("a connection");
        assert!(size(&line) > 1_000_000);
        let shows = line.shows(&self.payload.bytes()[500_000..500_032]);
        match (line.begins_plain(), shows) {
            (true, true) => Look::Plain,
            (false, true) => Look::Greeting,
            (false, false) => {
                assert!(!line.shows(b"BitTorrent protocol"));
                Look::Encrypted
            }
            (true, false) => panic!("a handshake, and no payload"),
        }
    }

    /// Our client gets the payload over a connection like this; if it begins in plain text, and the peer does not like
    /// that, over the second.
    fn expect_download(&self, peer: SocketAddr, ours: &str, look: Look) {
        let lines = self.download_from(peer, ours);
        assert_eq!(self.look(&lines), look, "{ours}");
        if ours == "require" {
            assert!(lines.iter().all(|line| !line.begins_plain()));
        }
    }
}

#[test]
fn two_of_ours_do_as_both_want() {
    for (seeder, downloader, look) in [
        ("allow", "allow", Look::Plain),
        ("off", "allow", Look::Plain),
        ("allow", "off", Look::Plain),
        ("allow", "require", Look::Encrypted),
        ("require", "allow", Look::Encrypted),
        ("require", "require", Look::Encrypted),
    ] {
        let scene = Scene::new("ours.bin", &[]);
        let options = ["--encryption", seeder];
        let (_seeder, address) = kostorrent::seed_with(&scene.torrent, scene.folder(), &options);
        scene.expect_download(address, downloader, look);
    }
}

#[test]
fn who_requires_encryption_gets_nothing_from_who_has_it_off() {
    for (seeder, downloader) in [("off", "require"), ("require", "off")] {
        let scene = Scene::new("apart.bin", &[]);
        let options = ["--encryption", seeder];
        let (_seeder, address) = kostorrent::seed_with(&scene.torrent, scene.folder(), &options);
        let (tap, folder) = (Tap::to(address), temp());
        let mut command = kostorrent::download(&scene.torrent, folder.path());
        command.args([
            "--encryption",
            downloader,
            "--peer",
            &tap.address.to_string(),
        ]);
        let download = Process::start("kostorrent download", &mut command);
        wait::until_true("a second try", || tap.lines().len() >= 2);
        drop(download);
        // Not one byte comes back to who calls the wrong way.
        assert!(tap.lines().iter().all(|line| line.called.is_empty()));
    }
}

#[test]
fn libtorrent_that_requires_encryption_seeds_to_us() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let scene = Scene::new("libtorrent.bin", &[]);
    let peer = libtorrent::seed_encrypted(&python, &scene.torrent, scene.folder());
    for ours in ["allow", "require"] {
        scene.expect_download(peer.address, ours, Look::Encrypted);
    }
}

#[test]
fn libtorrent_that_greets_encrypted_and_goes_on_in_plain_text_seeds_to_us() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let scene = Scene::new("greeting.bin", &[]);
    let peer = libtorrent::seed_greeting(&python, &scene.torrent, scene.folder());
    scene.expect_download(peer.address, "allow", Look::Greeting);
}

#[test]
fn libtorrent_that_does_not_encrypt_seeds_to_us() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let scene = Scene::new("plain.bin", &[]);
    let peer = libtorrent::seed(&python, &scene.torrent, scene.folder());
    for ours in ["allow", "off"] {
        scene.expect_download(peer.address, ours, Look::Plain);
    }
}

#[test]
fn transmission_seeds_to_us_as_it_and_we_want() {
    let Some(()) = transmission::available() else {
        return;
    };
    let scene = Scene::new("transmission.bin", &[]);
    let peer = transmission::start_encrypted(&scene.torrent, scene.folder());
    for ours in ["allow", "require"] {
        scene.expect_download(peer.address, ours, Look::Encrypted);
    }
    drop(peer);
    let peer = transmission::start(&scene.torrent, scene.folder());
    scene.expect_download(peer.address, "require", Look::Encrypted);
    scene.expect_download(peer.address, "off", Look::Plain);
}

#[test]
fn aria2_seeds_to_us_as_it_and_we_want() {
    let Some(()) = aria2::available() else { return };
    let scene = Scene::new("aria2.bin", &[]);
    let peer = aria2::seed_encrypted(&scene.torrent, scene.folder());
    for ours in ["allow", "require"] {
        scene.expect_download(peer.address, ours, Look::Encrypted);
    }
    drop(peer);
    let peer = aria2::seed(&scene.torrent, scene.folder());
    scene.expect_download(peer.address, "require", Look::Encrypted);
    scene.expect_download(peer.address, "off", Look::Plain);
}

/// A seeder of ours, and a client that the tracker leads to it: with the torrent file, and with the link alone.
fn seeds_to<T>(name: &str, ours: &str, look: Look, download: impl Fn(&Path, &Path) -> T) {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::free()));
    let tap = Tap::to(address);
    let scene = Scene::new(name, &[tap.address]);
    let mut command = kostorrent::command(["seed"]);
    command
        .arg(&scene.torrent)
        .arg("--data")
        .arg(scene.folder())
        .args(["--no-dht", "--json", "--encryption", ours, "--port"])
        .arg(address.port().to_string());
    let _seeder = Process::start("kostorrent seed", &mut command);
    for what in [&scene.torrent, &scene.link] {
        let (folder, before) = (temp(), tap.lines().len());
        let _client = download(what, folder.path());
        scene.until_in(folder.path());
        let lines = &tap.lines()[before..];
        assert_eq!(scene.look(lines), look, "{ours}: {}", what.display());
    }
}

#[test]
fn aria2_downloads_from_us_as_it_and_we_want() {
    let Some(()) = aria2::available() else { return };
    for ours in ["allow", "require"] {
        seeds_to(
            "to aria2.bin",
            ours,
            Look::Encrypted,
            aria2::download_encrypted,
        );
    }
    // It calls encrypted first, and is as content with plain text after that.
    seeds_to("to aria2.bin", "allow", Look::Greeting, aria2::download);
    // Turned away, it comes back in plain text.
    seeds_to("to aria2.bin", "off", Look::Plain, aria2::download);
    seeds_to("to aria2.bin", "require", Look::Encrypted, aria2::download);
}

#[test]
fn libtorrent_downloads_from_us_as_it_and_we_want() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    for ours in ["allow", "require"] {
        seeds_to("to lt.bin", ours, Look::Encrypted, |torrent, folder| {
            libtorrent::download_encrypted(&python, torrent, folder)
        });
    }
    for ours in ["allow", "off"] {
        seeds_to("to lt.bin", ours, Look::Plain, |torrent, folder| {
            libtorrent::download(&python, torrent, folder)
        });
    }
}

/// The same for Transmission, with one or the other. It calls no loopback address that a tracker names: the seeder calls
/// it.
fn calls<T>(
    by_link: bool,
    ours: &str,
    look: Look,
    download: impl FnOnce(SocketAddr, &Path, &Path) -> T,
) {
    let address = transmission::free_address();
    let tap = Tap::to(address);
    let scene = Scene::new("to transmission.bin", &[]);
    let folder = temp();
    let what = if by_link { &scene.link } else { &scene.torrent };
    let _peer = download(address, what, folder.path());
    let options = ["--encryption", ours, "--peer", &tap.address.to_string()];
    let _seeder = kostorrent::seed_with(&scene.torrent, scene.folder(), &options);
    scene.until_in(folder.path());
    assert_eq!(scene.look(&tap.lines()), look, "{ours}");
}

#[test]
fn transmission_downloads_from_us_encrypted() {
    let Some(()) = transmission::available() else {
        return;
    };
    let download = transmission::start_encrypted_at;
    calls(false, "allow", Look::Encrypted, download);
    calls(true, "require", Look::Encrypted, download);
}

#[test]
fn transmission_downloads_from_us_in_plain_text() {
    let Some(()) = transmission::available() else {
        return;
    };
    calls(true, "off", Look::Plain, transmission::start_at);
}
