//! Peers that are found by local discovery (BEP 14) alone, with real clients: ours finds each of them, and each finds ours.
//!
//! They are on two machines with a wire between them, each a network namespace of its own. On one and the same machine
//! Transmission could not be heard: it asks the system not to bring its multicasts back (`IP_MULTICAST_LOOP`). Whoever is
//! to be found says so when the other one listens already, and the other one has nothing more to say by then; so it is
//! known who has found whom. There is no tracker, no DHT and no peer exchange.
#![cfg(target_os = "linux")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kostorrent_tests::clients::libtorrent::{Task, Way};
use kostorrent_tests::clients::{aria2, libtorrent, transmission};
use kostorrent_tests::namespace::{Machine, alone};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::{kostorrent, ports, temp, wait};
use serde_json::Value;
use tempfile::TempDir;

/// Who listens to the group on our machine, beside whoever else does.
struct Ear(UdpSocket);

impl Ear {
    fn new() -> Ear {
        let group = Ipv4Addr::new(239, 192, 152, 143);
        let (udp, v4) = (socket2::Type::DGRAM, socket2::Domain::IPV4);
        let socket = socket2::Socket::new(v4, udp, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddrV4::new(group, 6771).into()).unwrap();
        socket.join_multicast_v4(&group, &Machine::OURS).unwrap();
        let socket: UdpSocket = socket.into();
        let patience = Duration::from_millis(50);
        socket.set_read_timeout(Some(patience)).unwrap();
        Ear(socket)
    }

    /// Waits until somebody there has announced something.
    fn until_heard(&self, whom: Ipv4Addr) {
        let mut buffer = [0; 1_500];
        wait::until_true(&format!("an announce of {whom}"), || {
            let heard = self.0.recv_from(&mut buffer);
            heard.is_ok_and(|(_, from)| from.ip() == IpAddr::V4(whom))
        });
    }
}

/// Two machines, a payload, and its torrent without a tracker.
struct Scene {
    there: Machine,
    ear: Ear,
    payload: Payload,
    torrent: PathBuf,
    full: TempDir,
}

impl Scene {
    fn new() -> Scene {
        let (payload, full) = (Payload::single("next door.bin", 1_000_000), temp());
        payload.write(full.path());
        let torrent = full.path().join("the.torrent");
        payload.torrent(65_536, &[]).write(&torrent);
        let there = Machine::new();
        Scene {
            there,
            ear: Ear::new(),
            payload,
            torrent,
            full,
        }
    }

    /// Our download listens and has announced itself; then this seeder of the other machine begins.
    fn we_find<T>(&self, seed: impl FnOnce(&Path, &Path) -> T) {
        let folder = temp();
        let mut command = kostorrent::download(&self.torrent, folder.path());
        command.arg("--no-pex");
        let download = Process::start("our download", &mut usual(command));
        self.ear.until_heard(Machine::OURS);
        let _seeder = self.there.there(|| seed(&self.torrent, self.full.path()));
        download.finish().expect_code(0);
        self.payload.assert_in(folder.path());
    }

    /// This download of the other machine listens, and has said all that it has to say; then our seeder begins.
    fn finds_us<T>(&self, announces: bool, download: impl FnOnce(&Path, &Path) -> T) {
        let folder = temp();
        let _client = self.there.there(|| download(&self.torrent, folder.path()));
        if announces {
            self.ear.until_heard(Machine::ITS);
        }
        let mut command = kostorrent::command(["seed", "--no-dht", "--no-pex", "--json"]);
        command
            .arg(&self.torrent)
            .arg("--data")
            .arg(self.full.path());
        command.args(["--port", &ports::free().to_string()]);
        let _seeder = Process::start("our seeder", &mut usual(command));
        wait::until_true("all files", || {
            self.payload.difference(folder.path(), true).is_none()
        });
    }
}

/// The client in the network that it would take by itself.
fn usual(mut command: Command) -> Command {
    command.env_remove("KOSTORRENT_LSD");
    command
}

fn run_transmission(torrent: &Path, folder: &Path) -> transmission::Transmission {
    let at = SocketAddr::from((Machine::ITS, ports::free()));
    let settings: [(&str, Value); 1] = [("lpd-enabled", true.into())];
    transmission::start_set(at, torrent, folder, &settings)
}

fn run_aria2(torrent: &Path, folder: &Path, options: [&str; 2]) -> aria2::Aria2 {
    let interface = format!("--bt-lpd-interface={}", Machine::ITS);
    let local = ["--bt-enable-lpd=true", &interface];
    let options = [local, options].concat();
    aria2::start_at(Machine::ITS, torrent, folder, &options)
}

#[test]
fn libtorrent_and_ours_find_each_other() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    alone(|| {
        let scene = Scene::new();
        let run = |task: Task, torrent: &Path, folder: &Path| {
            let task = (Way::Lsd, task);
            libtorrent::find(&python, task, Machine::ITS, torrent, folder, &[])
        };
        scene.we_find(|torrent, folder| run(Task::Seed, torrent, folder));
        // One that downloads announces nothing.
        scene.finds_us(false, |torrent, folder| {
            run(Task::Download, torrent, folder)
        });
    });
}

#[test]
fn transmission_and_ours_find_each_other() {
    let Some(()) = transmission::available() else {
        return;
    };
    alone(|| {
        let scene = Scene::new();
        scene.we_find(run_transmission);
        // What it hears before its own first announce, five seconds after its start, it forgets.
        scene.finds_us(true, run_transmission);
    });
}

#[test]
fn aria2_and_ours_find_each_other() {
    let Some(()) = aria2::available() else {
        return;
    };
    alone(|| {
        let scene = Scene::new();
        scene.we_find(|torrent, folder| {
            let seeds = ["--check-integrity=true", "--seed-ratio=0.0"];
            run_aria2(torrent, folder, seeds)
        });
        scene.finds_us(true, |torrent, folder| {
            run_aria2(torrent, folder, ["--seed-time=0", "--bt-tracker-timeout=1"])
        });
    });
}
