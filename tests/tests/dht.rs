//! The nodes of the DHT among those of real clients: each finds what the other has announced.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::{aria2, libtorrent};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::{programs, temp, wait};
use tempfile::TempDir;

/// Some nodes of ours, and where to begin.
struct Nodes {
    _process: Process,
    first: SocketAddr,
}

impl Nodes {
    fn start() -> Nodes {
        let mut command = process::command(programs::step("step20-dht"));
        let mut process = Process::start("step20-dht lab", command.args(["lab", "20"]));
        let first = process.until_line("the nodes to find together", |line| {
            let (_, first) = line.split_once("begin from ")?;
            first.parse().ok()
        });
        Nodes {
            _process: process,
            first,
        }
    }

    fn lookup(&self, info_hash: [u8; 20], more: &[&str]) -> Finished {
        let mut command = process::command(programs::step("step20-dht"));
        command.arg("lookup").arg(hex::encode(info_hash));
        command.args(["--node", &self.first.to_string()]).args(more);
        Process::run("step20-dht lookup", &mut command)
    }

    /// Looks again and again, until this peer is found.
    fn until_found(&self, info_hash: [u8; 20], peer: SocketAddr) {
        let line = format!("peer {peer}\n");
        wait::until_true("the peer to be announced", || {
            self.lookup(info_hash, &[]).stdout.contains(&line)
        });
    }
}

/// A payload, and a folder with its torrent, which names no tracker.
struct Swarm {
    payload: Payload,
    folder: TempDir,
}

impl Swarm {
    fn new(name: &str) -> Swarm {
        let payload = Payload::single(name, 300_000);
        let folder = temp();
        let swarm = Swarm { payload, folder };
        swarm.payload.torrent(32_768, &[]).write(&swarm.torrent());
        swarm
    }

    fn torrent(&self) -> PathBuf {
        self.folder.path().join("the.torrent")
    }

    fn info_hash(&self) -> [u8; 20] {
        self.payload.torrent(32_768, &[]).info_hash()
    }

    /// Has somebody seed it whom our program announces.
    fn seeder(&self, nodes: &Nodes) -> Seeder {
        let torrent = self.payload.torrent(32_768, &[]);
        let seeder = Seeder::start(&torrent, self.payload.bytes(), Manner::default());
        let port = seeder.address().port().to_string();
        let announced = nodes.lookup(self.info_hash(), &["--announce", &port]);
        announced.expect_code(0);
        assert!(
            announced.stdout.contains("at 8 nodes"),
            "{}",
            announced.stdout
        );
        seeder
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[test]
fn what_aria2_announces_our_lookup_finds() {
    if aria2::available().is_none() {
        return;
    }
    let (nodes, swarm) = (Nodes::start(), Swarm::new("aria2 announces.bin"));
    swarm.payload.write(swarm.path());
    let seeder = aria2::seed_by_dht(&swarm.torrent(), swarm.path(), nodes.first);
    nodes.until_found(swarm.info_hash(), seeder.address);
}

#[test]
fn what_our_program_announces_aria2_finds() {
    if aria2::available().is_none() {
        return;
    }
    let (nodes, swarm) = (Nodes::start(), Swarm::new("aria2 finds.bin"));
    let seeder = swarm.seeder(&nodes);
    let leecher = aria2::download_by_dht(&swarm.torrent(), swarm.path(), nodes.first);
    leecher.process.finish().expect_code(0);
    swarm.payload.assert_in(swarm.path());
    assert!(seeder.seen().connections > 0);
}

#[test]
fn what_libtorrent_announces_our_lookup_finds() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (nodes, swarm) = (Nodes::start(), Swarm::new("libtorrent announces.bin"));
    swarm.payload.write(swarm.path());
    let (torrent, folder) = (swarm.torrent(), swarm.path());
    let seeder = libtorrent::seed_by_dht(&python, &torrent, folder, nodes.first);
    nodes.until_found(swarm.info_hash(), seeder.address);
}

#[test]
fn what_our_program_announces_libtorrent_finds() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (nodes, swarm) = (Nodes::start(), Swarm::new("libtorrent finds.bin"));
    let seeder = swarm.seeder(&nodes);
    let (torrent, folder) = (swarm.torrent(), swarm.path());
    let mut leecher = libtorrent::download_by_dht(&python, &torrent, folder, nodes.first);
    leecher
        .process
        .until_line("libtorrent to download", |line| {
            (line == "DONE").then_some(())
        });
    leecher.process.finish().expect_code(0);
    swarm.payload.assert_in(swarm.path());
    assert!(seeder.seen().connections > 0);
}
