//! The client without any tracker: peers that are found in the DHT alone.

use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::clients::{aria2, libtorrent};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::{bencode, kostorrent, ports, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// The lab's nodes.
struct Nodes {
    lab: Process,
    first: SocketAddr,
    _folder: TempDir,
}

impl Nodes {
    fn start(options: &[&str]) -> Nodes {
        let folder = temp();
        let mut command = kostorrent::lab(folder.path());
        command.args(["--port", "0", "--fast"]).args(options);
        let mut lab = Process::start("kostorrent lab", &mut command);
        let first = lab.until_line("the lab's DHT", |line| {
            let addr = line.trim_start().strip_prefix("DHT ")?;
            addr.trim_start().split(',').next()?.parse().ok()
        });
        Nodes {
            lab,
            first,
            _folder: folder,
        }
    }

    fn link(&mut self) -> String {
        self.lab.until_line("the lab's link", |line| {
            let link = line.trim_start().strip_prefix("magnet ")?;
            Some(link.trim_start().to_owned())
        })
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

    /// A folder that has all of it.
    fn full(&self) -> TempDir {
        let full = temp();
        self.payload.write(full.path());
        full
    }
}

fn download(torrent: &Path, folder: &Path, options: &[&str]) -> Command {
    let mut command = kostorrent::command(["download", "--json"]);
    command.arg(torrent).arg("--output").arg(folder);
    command.env("XDG_STATE_HOME", folder.join("state"));
    command.args(options);
    command
}

fn download_from(torrent: &Path, folder: &Path, router: SocketAddr) -> Finished {
    let router = router.to_string();
    let mut command = download(torrent, folder, &["--dht-router", &router]);
    Process::run("kostorrent download", &mut command)
}

/// Our seeder, which is told where to begin.
fn seed(swarm: &Swarm, full: &TempDir, router: SocketAddr) -> (Process, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::free()));
    let mut command = kostorrent::command(["seed", "--json"]);
    command.arg(swarm.torrent()).arg("--data").arg(full.path());
    command.env("XDG_STATE_HOME", full.path().join("state"));
    command.args(["--port", &address.port().to_string()]);
    command.args(["--dht-router", &router.to_string()]);
    command.args(["--log", "kostorrent=debug"]);
    let seeder = Process::start("kostorrent seed", &mut command);
    wait::until_true("the seeder to be announced", || {
        seeder.stderr().contains("searched the DHT")
    });
    (seeder, address)
}

/// Downloads from a seeder that is announced.
fn downloads(swarm: &Swarm, router: SocketAddr) {
    let folder = temp();
    download_from(&swarm.torrent(), folder.path(), router).expect_code(0);
    swarm.payload.assert_in(folder.path());
}

/// Downloads again and again, until whoever has it is known in the DHT.
fn until_downloaded(swarm: &Swarm, router: SocketAddr) {
    wait::until_true("a seeder in the DHT", || {
        let folder = temp();
        let finished = download_from(&swarm.torrent(), folder.path(), router);
        let complete = finished.code() == Some(0);
        if complete {
            swarm.payload.assert_in(folder.path());
        }
        complete
    });
}

#[test]
fn the_labs_seeders_are_found_in_its_dht_alone() {
    let mut nodes = Nodes::start(&["--seeders", "2"]);
    // The link without its tracker is an info-hash.
    let link = nodes.link();
    let bare = link.split('&').next().unwrap().to_owned();
    assert!(
        bare.starts_with("magnet:?xt=urn:btih:") && bare.len() == 60,
        "{bare}"
    );
    let folder = temp();
    let finished = download_from(Path::new(&bare), folder.path(), nodes.first);
    finished.expect_code(0);
    assert!(folder.path().join("kostorrent-sample/README.txt").exists());
}

#[test]
fn nodes_that_lie_close_by_hide_nobody() {
    let mut nodes = Nodes::start(&["--seeders", "1", "--trouble"]);
    let link = nodes.link();
    let bare = link.split('&').next().unwrap().to_owned();
    let folder = temp();
    let finished = download_from(Path::new(&bare), folder.path(), nodes.first);
    finished.expect_code(0);
    assert!(folder.path().join("kostorrent-sample/README.txt").exists());
}

#[test]
fn our_seeder_is_found_by_our_download() {
    let (nodes, swarm) = (Nodes::start(&["--seeders", "0"]), Swarm::new("ours.bin"));
    let full = swarm.full();
    let (_seeder, _) = seed(&swarm, &full, nodes.first);
    downloads(&swarm, nodes.first);
}

#[test]
fn a_seeding_aria2_is_found() {
    let Some(()) = aria2::available() else {
        return;
    };
    let (nodes, swarm) = (Nodes::start(&["--seeders", "0"]), Swarm::new("aria2.bin"));
    let full = swarm.full();
    let _seeder = aria2::seed_by_dht(&swarm.torrent(), full.path(), nodes.first);
    until_downloaded(&swarm, nodes.first);
}

#[test]
fn a_seeding_libtorrent_is_found() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (nodes, swarm) = (
        Nodes::start(&["--seeders", "0"]),
        Swarm::new("libtorrent.bin"),
    );
    let full = swarm.full();
    let (torrent, first) = (swarm.torrent(), nodes.first);
    let _seeder = libtorrent::seed_by_dht(&python, &torrent, full.path(), first);
    until_downloaded(&swarm, nodes.first);
}

#[test]
fn aria2_finds_our_seeder() {
    let Some(()) = aria2::available() else {
        return;
    };
    let (nodes, swarm) = (
        Nodes::start(&["--seeders", "0"]),
        Swarm::new("to aria2.bin"),
    );
    let (full, folder) = (swarm.full(), temp());
    let (_seeder, _) = seed(&swarm, &full, nodes.first);
    let leecher = aria2::download_by_dht(&swarm.torrent(), folder.path(), nodes.first);
    leecher.process.finish().expect_code(0);
    swarm.payload.assert_in(folder.path());
}

#[test]
fn libtorrent_finds_our_seeder() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (nodes, swarm) = (
        Nodes::start(&["--seeders", "0"]),
        Swarm::new("to libtorrent.bin"),
    );
    let (full, folder) = (swarm.full(), temp());
    let (_seeder, _) = seed(&swarm, &full, nodes.first);
    let (torrent, first) = (swarm.torrent(), nodes.first);
    let leecher = libtorrent::download_by_dht(&python, &torrent, folder.path(), first);
    leecher.process.finish().expect_code(0);
    swarm.payload.assert_in(folder.path());
}

#[test]
fn the_next_start_begins_from_whom_the_last_one_knew() {
    let (nodes, swarm) = (Nodes::start(&["--seeders", "0"]), Swarm::new("again.bin"));
    let (full, state) = (swarm.full(), temp());
    let (_seeder, _) = seed(&swarm, &full, nodes.first);
    let state_text = state.path().to_string_lossy().into_owned();
    // A router where nobody is: local nodes take part, and it helps nobody.
    let nobody = format!("127.0.0.1:{}", ports::free());
    for router in [nodes.first.to_string(), nobody] {
        let folder = temp();
        let options = ["--dht-router", &router, "--state", &state_text];
        let mut command = download(&swarm.torrent(), folder.path(), &options);
        Process::run("kostorrent download", &mut command).expect_code(0);
        swarm.payload.assert_in(folder.path());
        assert!(state.path().join("dht.dat").exists());
    }
}

#[test]
fn a_torrent_file_may_name_the_nodes_to_begin_from() {
    let (nodes, swarm) = (Nodes::start(&["--seeders", "0"]), Swarm::new("named.bin"));
    let full = swarm.full();
    let (_seeder, _) = seed(&swarm, &full, nodes.first);
    let node = bencode::Value::List(vec![
        nodes.first.ip().to_string().as_str().into(),
        u64::from(nodes.first.port()).into(),
    ]);
    let value = bencode::Value::List(vec![node]).encode();
    // Behind `info`, in the order of the keys.
    let mut bytes = std::fs::read(swarm.torrent()).unwrap();
    assert_eq!(bytes.pop(), Some(b'e'));
    let bytes = [&bytes[..], b"5:nodes", &value, b"e"].concat();
    let folder = temp();
    let torrent = folder.path().join("with nodes.torrent");
    std::fs::write(&torrent, bytes).unwrap();
    let nobody: SocketAddr = ([127, 0, 0, 1], ports::free()).into();
    let finished = download_from(&torrent, folder.path(), nobody);
    finished.expect_code(0);
    swarm.payload.assert_in(folder.path());
}

/// A socket in the place of a router, and what has come to it.
struct Watcher(UdpSocket);

impl Watcher {
    fn new() -> Watcher {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        Watcher(socket)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// How many datagrams there are.
    fn heard(&self) -> usize {
        let mut buffer = [0; 2_048];
        std::iter::from_fn(|| self.0.recv_from(&mut buffer).ok()).count()
    }
}

#[test]
fn with_no_dht_and_of_a_private_torrent_no_datagram_is_sent() {
    let swarm = Swarm::new("quiet.bin");
    let full = swarm.full();
    let private = full.path().join("private.torrent");
    let mut create = kostorrent::command(["create", "--private", "--announce"]);
    create.arg("http://127.0.0.1:9/announce").arg("--output");
    create.arg(&private).arg(full.path().join("quiet.bin"));
    Process::run("kostorrent create", &mut create).expect_code(0);
    let ask = |torrent: &Path, more: &[&str]| {
        let (_seeder, address) = kostorrent::start_seed(torrent, full.path());
        let (watcher, folder) = (Watcher::new(), temp());
        let (router, peer) = (watcher.address().to_string(), address.to_string());
        let options = ["--dht-router", &router, "--peer", &peer];
        let mut command = download(torrent, folder.path(), &options);
        let finished = Process::run("kostorrent download", command.args(more));
        finished.expect_code(0);
        swarm.payload.assert_in(folder.path());
        watcher.heard()
    };
    assert!(ask(&swarm.torrent(), &[]) > 0, "it is searched");
    assert_eq!(ask(&swarm.torrent(), &["--no-dht"]), 0);
    assert_eq!(ask(&private, &[]), 0);
}
