//! Peers that are found without a tracker and without being named: on the local network, and by other peers.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::{kostorrent, temp};

/// The client, which looks for others on this machine.
fn locally(mut command: Command) -> Command {
    command.env("KOSTORRENT_LSD", "loopback");
    command
}

fn seed(torrent: &Path, folder: &Path) -> Command {
    let mut command = kostorrent::command(["seed"]);
    command.arg(torrent).arg("--data").arg(folder);
    command.args(["--no-dht", "--json"]);
    locally(command)
}

fn started(name: &str, mut command: Command) -> Process {
    let mut process = Process::start(name, &mut command);
    let has_begun = |line: &str| line.contains("\"seeding\"").then_some(());
    process.until_line(name, has_begun);
    process
}

#[test]
fn two_on_the_local_network_find_each_other_by_that_alone() {
    let payload = Payload::single("found by its neighbours.bin", 3_000_000);
    let [full, empty] = [(); 2].map(|()| temp());
    payload.write(full.path());
    let torrent = full.path().join("the.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let _seeder = started("seed", seed(&torrent, full.path()));
    let mut command = locally(kostorrent::download(&torrent, empty.path()));
    let finished = Process::run("download", &mut command);
    finished.expect_code(0);
    payload.assert_in(empty.path());
}

#[test]
fn a_private_torrent_and_one_without_lsd_are_not_told_of() {
    let group: UdpSocket = heard_on_loopback().into();
    group
        .set_read_timeout(Some(Duration::from_secs(3)))
        .unwrap();
    let hashes: Vec<String> = [true, false]
        .map(|private| {
            let payload = Payload::single(&format!("told of nowhere {private}.bin"), 100_000);
            let full = temp();
            payload.write(full.path());
            let path = full.path().join("the.torrent");
            let mut create = kostorrent::command(["create", "--output"]);
            create.arg(&path).arg(full.path().join(payload.name()));
            if private {
                create.arg("--private");
            }
            Process::run("create", &mut create).expect_code(0);
            let shown = kostorrent::show(&path).stdout;
            let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(shown["private"], private);
            let mut command = seed(&path, full.path());
            if !private {
                command.arg("--no-lsd");
            }
            let seeder = started("seed", command);
            std::thread::sleep(Duration::from_millis(500));
            seeder.interrupt();
            seeder.finish().expect_code(0);
            shown["info_hash_v1"].as_str().unwrap().to_owned()
        })
        .into();
    let mut buffer = [0; 1_500];
    // Others on this machine may be heard, other tests among them.
    while let Ok(length) = group.recv(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..length]).to_lowercase();
        for hash in &hashes {
            assert!(!said.contains(hash), "{said}");
        }
    }
}

/// A socket in the group of BEP 14 on loopback.
fn heard_on_loopback() -> socket2::Socket {
    use std::net::{Ipv4Addr, SocketAddrV4};
    let group = Ipv4Addr::new(239, 192, 152, 143);
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddrV4::new(group, 6771).into()).unwrap();
    socket
        .join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)
        .unwrap();
    socket
}

#[test]
fn whom_a_peer_tells_of_is_found_by_that_alone() {
    let payload = Payload::single("found by gossip.bin", 6_000_000);
    let [full, first, second] = [(); 3].map(|()| temp());
    payload.write(full.path());
    let torrent = full.path().join("the.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let (_seeder, seeder) = kostorrent::start_seed(&torrent, full.path());
    // It knows the seeder, has nothing else to do than to wait for it, and gives away nothing.
    let mut between = kostorrent::download(&torrent, first.path());
    let port = kostorrent_tests::ports::free().to_string();
    between.args(["--peer", &seeder.to_string(), "--port", &port]);
    between.args(["--limit-down", "20K", "--limit-up", "1K"]);
    let _between = Process::start("between", &mut between);
    // And the last one knows only that one, and gets all from the seeder.
    let known = format!("127.0.0.1:{port}");
    let mut last = kostorrent::download(&torrent, second.path());
    let finished = Process::run("last", last.args(["--peer", &known]));
    finished.expect_code(0);
    payload.assert_in(second.path());
}
