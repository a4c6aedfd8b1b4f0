//! Peers that are found by peer exchange (BEP 11) alone, with real clients: each of them tells ours of a seeder, and hears
//! of one from ours.
//!
//! Whoever tells has next to nothing to give: it takes 20 KB a second, so that within the time of a test nothing is
//! complete without the seeder. No tracker names the seeder to whoever is to hear of it; there is no DHT
//! and no local discovery. All are in a network of their own and at addresses that are not on loopback: Transmission
//! calls nobody there. It says its first word after a minute and a half, aria2 after a minute, libtorrent at once.
#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::libtorrent::{Task, Way};
use kostorrent_tests::clients::{aria2, libtorrent, transmission};
use kostorrent_tests::namespace::{address, alone};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{kostorrent, ports, temp, wait};
use serde_json::Value;
use tempfile::TempDir;

/// How many bytes of payload there are: five minutes' for whoever takes 20 KB a second.
const LENGTH: usize = 6_000_000;

/// A payload, its torrent without a tracker, and a seeder of it.
struct Swarm {
    payload: Payload,
    torrent: PathBuf,
    full: TempDir,
    seeder: SocketAddr,
    _seeder: Process,
}

impl Swarm {
    fn new() -> Swarm {
        let (payload, full) = (Payload::single("by gossip.bin", LENGTH), temp());
        payload.write(full.path());
        let torrent = full.path().join("the.torrent");
        payload.torrent(65_536, &[]).write(&torrent);
        // It says nothing of others itself, and is known at an address where nobody else is.
        let (seeder, at) = kostorrent::seed_with(&torrent, full.path(), &["--no-pex"]);
        Swarm {
            payload,
            torrent,
            full,
            seeder: (address(9), at.port()).into(),
            _seeder: seeder,
        }
    }

    /// The same torrent, with a tracker.
    fn torrent_with(&self, tracker: &Tracker) -> PathBuf {
        let path = self.full.path().join("with a tracker.torrent");
        let url = tracker.url();
        self.payload.torrent(65_536, &[&[&url]]).write(&path);
        path
    }

    /// Our download, which knows this one alone, is complete in the end.
    fn hears_of_the_seeder(&self, from: SocketAddr) {
        let folder = temp();
        self.ours(folder.path(), &[from], &[])
            .finish()
            .expect_code(0);
        self.payload.assert_in(folder.path());
    }

    /// Our download, which knows these.
    fn ours(&self, folder: &Path, peers: &[SocketAddr], options: &[&str]) -> Process {
        let mut command = kostorrent::download(&self.torrent, folder);
        for peer in peers {
            command.args(["--peer", &peer.to_string()]);
        }
        Process::start("our download", command.args(options))
    }

    /// Our download, which knows the seeder and these, and has next to nothing to give.
    fn tells_of_the_seeder(&self, folder: &Path, others: &[SocketAddr], port: u16) -> Process {
        let peers = [&[self.seeder], others].concat();
        let port = port.to_string();
        let slow = ["--limit-down", "20K"];
        self.ours(folder, &peers, &[&slow[..], &["--port", &port]].concat())
    }
}

/// Where a client is.
fn free(last: u8) -> SocketAddr {
    (address(last), ports::free()).into()
}

/// Transmission's words for a client that exchanges peers.
fn exchanges() -> (&'static str, Value) {
    ("pex-enabled", true.into())
}

#[test]
fn libtorrent_tells_us_of_a_seeder() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    alone(|| {
        let (swarm, folder) = (Swarm::new(), temp());
        let task = (Way::Pex, Task::Trickle);
        let known = [swarm.seeder];
        let (torrent, at) = (&swarm.torrent, address(4));
        let between = libtorrent::find(&python, task, at, torrent, folder.path(), &known);
        swarm.hears_of_the_seeder(between.address);
    });
}

#[test]
fn libtorrent_hears_of_a_seeder_from_us() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    alone(|| {
        let (swarm, port) = (Swarm::new(), ports::free());
        let [ours, theirs] = [(); 2].map(|()| temp());
        let _between = swarm.tells_of_the_seeder(ours.path(), &[], port);
        let task = (Way::Pex, Task::Download);
        let known = [(address(1), port).into()];
        let (torrent, at) = (&swarm.torrent, address(4));
        let last = libtorrent::find(&python, task, at, torrent, theirs.path(), &known);
        last.process.finish().expect_code(0);
        swarm.payload.assert_in(theirs.path());
    });
}

#[test]
fn transmission_tells_us_of_a_seeder() {
    let Some(()) = transmission::available() else {
        return;
    };
    alone(|| {
        let (swarm, folder) = (Swarm::new(), temp());
        let tracker = Tracker::naming(&[swarm.seeder]);
        let slow = [
            exchanges(),
            ("speed-limit-down-enabled", true.into()),
            ("speed-limit-down", 20.into()),
        ];
        let (torrent, at) = (swarm.torrent_with(&tracker), free(2));
        let _between = transmission::start_set(at, &torrent, folder.path(), &slow);
        swarm.hears_of_the_seeder(at);
    });
}

#[test]
fn transmission_hears_of_a_seeder_from_us() {
    let Some(()) = transmission::available() else {
        return;
    };
    alone(|| {
        let (swarm, at) = (Swarm::new(), free(2));
        let [ours, theirs] = [(); 2].map(|()| temp());
        let settings = [exchanges()];
        let _last = transmission::start_set(at, &swarm.torrent, theirs.path(), &settings);
        // It can be told of nobody: we call it.
        let _between = swarm.tells_of_the_seeder(ours.path(), &[at], ports::free());
        wait::until_true("all files", || {
            swarm.payload.difference(theirs.path(), true).is_none()
        });
    });
}

#[test]
fn aria2_tells_us_of_a_seeder() {
    let Some(()) = aria2::available() else {
        return;
    };
    alone(|| {
        let (swarm, folder) = (Swarm::new(), temp());
        // A minute after it was called it tells of those whom it has called since: first of all we call it.
        let tracker = Tracker::start(Answer::Peers(Vec::new(), 5));
        let torrent = swarm.torrent_with(&tracker);
        let options = [
            "--enable-peer-exchange=true",
            "--bt-tracker-interval=5",
            "--max-overall-download-limit=20K",
        ];
        let between = aria2::start_at(address(3), &torrent, folder.path(), &options);
        tracker.until_event("started");
        let last = temp();
        let mut ours = swarm.ours(last.path(), &[between.address], &[]);
        ours.until_line("a connection", |line| {
            line.contains("\"peers\":1").then_some(())
        });
        tracker.answer(Answer::Peers(vec![swarm.seeder], 5));
        ours.finish().expect_code(0);
        swarm.payload.assert_in(last.path());
    });
}

#[test]
fn aria2_hears_of_a_seeder_from_us() {
    let Some(()) = aria2::available() else {
        return;
    };
    alone(|| {
        let swarm = Swarm::new();
        let [ours, theirs] = [(); 2].map(|()| temp());
        let options = ["--enable-peer-exchange=true", "--seed-time=0"];
        let last = aria2::start_at(address(3), &swarm.torrent, theirs.path(), &options);
        let _between = swarm.tells_of_the_seeder(ours.path(), &[last.address], ports::free());
        last.process.finish().expect_code(0);
        swarm.payload.assert_in(theirs.path());
    });
}
