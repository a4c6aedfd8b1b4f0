//! aria2.
//!
//! It opens each connection with an encrypted handshake, and comes back in plain text when that is refused. It also
//! dials itself, when a tracker names it to itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use crate::process::{self, Process};
use crate::{ports, skip};

/// Where it is on loopback.
const IP: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// A running aria2.
#[derive(Debug)]
pub struct Aria2 {
    /// Where it listens.
    pub address: SocketAddr,
    /// The program.
    pub process: Process,
}

/// Whether it is there; a skipped test if not.
#[must_use]
pub fn available() -> Option<()> {
    skip::unless_no_program("aria2c").map(|_| ())
}

/// Seeds what is in `folder`, for ever.
#[must_use]
pub fn seed(torrent: &Path, folder: &Path) -> Aria2 {
    start(
        torrent,
        folder,
        &["--check-integrity=true", "--seed-ratio=0.0"],
    )
}

/// The same, encrypted or not at all.
#[must_use]
pub fn seed_encrypted(torrent: &Path, folder: &Path) -> Aria2 {
    let options = [
        "--check-integrity=true",
        "--seed-ratio=0.0",
        "--bt-force-encryption=true",
    ];
    start(torrent, folder, &options)
}

/// Downloads into `folder` and ends.
#[must_use]
pub fn download(torrent: &Path, folder: &Path) -> Aria2 {
    start(torrent, folder, &["--seed-time=0"])
}

/// The same, encrypted or not at all.
#[must_use]
pub fn download_encrypted(torrent: &Path, folder: &Path) -> Aria2 {
    let options = ["--seed-time=0", "--bt-force-encryption=true"];
    start(torrent, folder, &options)
}

/// Seeds what is in `folder`, for ever, and announces itself in the DHT, from this node on.
#[must_use]
pub fn seed_by_dht(torrent: &Path, folder: &Path, node: SocketAddr) -> Aria2 {
    let seed = ["--check-integrity=true", "--seed-ratio=0.0"];
    by_dht(torrent, folder, node, &seed)
}

/// Downloads into `folder` from whom it finds in the DHT, from this node on, and ends.
#[must_use]
pub fn download_by_dht(torrent: &Path, folder: &Path, node: SocketAddr) -> Aria2 {
    by_dht(torrent, folder, node, &["--seed-time=0"])
}

/// Seeds what is in `folder`, for ever, and announces itself to trackers by UDP.
#[must_use]
pub fn seed_by_udp(torrent: &Path, folder: &Path) -> Aria2 {
    let seed = ["--check-integrity=true", "--seed-ratio=0.0"];
    by_udp(torrent, folder, &seed)
}

/// Downloads into `folder`, asks trackers by UDP, too, and ends.
#[must_use]
pub fn download_by_udp(torrent: &Path, folder: &Path) -> Aria2 {
    by_udp(torrent, folder, &["--seed-time=0"])
}

fn by_dht(torrent: &Path, folder: &Path, node: SocketAddr, more: &[&str]) -> Aria2 {
    let more = more.iter().copied();
    let entry = format!("--dht-entry-point={node}");
    let more: Vec<&str> = more.chain([entry.as_str()]).collect();
    by_udp(torrent, folder, &more)
}

/// It has a UDP socket for the DHT alone, and asks trackers through it.
fn by_udp(torrent: &Path, folder: &Path, more: &[&str]) -> Aria2 {
    let more = more.iter().map(ToString::to_string);
    let dht = [
        "--enable-dht=true".to_owned(),
        format!("--dht-listen-port={}", ports::free()),
        "--dht-listen-addr=127.0.0.3".to_owned(),
        format!("--dht-file-path={}", folder.join("dht.dat").display()),
    ];
    start_with(IP, torrent, folder, more.chain(dht))
}

fn start(torrent: &Path, folder: &Path, more: &[&str]) -> Aria2 {
    start_at(IP, torrent, folder, more)
}

/// Starts it at this address, and with these options besides: the last one of each counts.
#[must_use]
pub fn start_at(ip: Ipv4Addr, torrent: &Path, folder: &Path, options: &[&str]) -> Aria2 {
    let more = ["--enable-dht=false"].iter().chain(options);
    start_with(ip, torrent, folder, more.map(ToString::to_string))
}

fn start_with(
    ip: Ipv4Addr,
    torrent: &Path,
    folder: &Path,
    more: impl Iterator<Item = String>,
) -> Aria2 {
    let address = SocketAddr::from((ip, ports::free()));
    let mut command: Command = process::command("aria2c");
    command.args(["--no-conf", "--enable-dht6=false", "--bt-enable-lpd=false"]);
    command.args([
        "--enable-peer-exchange=false",
        "--disable-ipv6=true",
        "--file-allocation=none",
    ]);
    command.args([
        "--summary-interval=0",
        "--show-console-readout=false",
        "--console-log-level=notice",
    ]);
    command
        .arg(format!("--interface={}", address.ip()))
        .arg(format!("--listen-port={}", address.port()));
    command
        .arg(format!("--dir={}", folder.display()))
        .args(more)
        .arg(torrent)
        .env("HOME", folder);
    Aria2 {
        address,
        process: Process::start("aria2c", &mut command),
    }
}
