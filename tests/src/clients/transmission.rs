//! Transmission, by its one-torrent program `transmission-cli`.
//!
//! It ignores loopback addresses that a tracker names, so it is always the other side that dials. It never makes empty
//! files, and does not end by itself.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{self, Process};
use crate::{ports, skip};

/// A running Transmission.
#[derive(Debug)]
pub struct Transmission {
    /// Where it listens.
    pub address: SocketAddr,
    /// The program.
    pub process: Process,
    _settings: TempDir,
}

/// Whether it is there; a skipped test if not.
#[must_use]
pub fn available() -> Option<()> {
    skip::unless_no_program("transmission-cli").map(|_| ())
}

/// Seeds what is in `folder`, or downloads what is missing there.
///
/// # Panics
///
/// When it cannot be started.
#[must_use]
pub fn start(torrent: &Path, folder: &Path) -> Transmission {
    start_at(free_address(), torrent, folder)
}

/// The same, encrypted or not at all.
///
/// # Panics
///
/// When it cannot be started.
#[must_use]
pub fn start_encrypted(torrent: &Path, folder: &Path) -> Transmission {
    start_with(free_address(), torrent, folder, Encryption::Required, &[])
}

/// The same, listening where somebody may know already.
///
/// # Panics
///
/// When it cannot be started.
#[must_use]
pub fn start_encrypted_at(address: SocketAddr, torrent: &Path, folder: &Path) -> Transmission {
    start_with(address, torrent, folder, Encryption::Required, &[])
}

/// Where it may be told to listen.
#[must_use]
pub fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 2], ports::free()))
}

/// The same, listening where somebody may know already.
///
/// # Panics
///
/// When it cannot be started.
#[must_use]
pub fn start_at(address: SocketAddr, torrent: &Path, folder: &Path) -> Transmission {
    start_set(address, torrent, folder, &[])
}

/// The same, with these settings in the place of others.
///
/// # Panics
///
/// When it cannot be started.
#[must_use]
pub fn start_set(
    address: SocketAddr,
    torrent: &Path,
    folder: &Path,
    settings: &[(&str, Value)],
) -> Transmission {
    start_with(address, torrent, folder, Encryption::Tolerated, settings)
}

/// What it makes of encryption, with the numbers of its settings.
#[derive(Clone, Copy)]
enum Encryption {
    Tolerated = 0,
    Required = 2,
}

fn start_with(
    address: SocketAddr,
    torrent: &Path,
    folder: &Path,
    encryption: Encryption,
    others: &[(&str, Value)],
) -> Transmission {
    let settings = crate::temp();
    let mut json = serde_json::json!({
        "bind-address-ipv4": address.ip().to_string(),
        "bind-address-ipv6": "::1",
        "peer-port": address.port(),
        "dht-enabled": false,
        "lpd-enabled": false,
        "pex-enabled": false,
        "utp-enabled": false,
        "encryption": encryption as u8,
        "cache-size-mb": 0, // what it has got is on disk
        "port-forwarding-enabled": false,
        "rpc-enabled": false,
    });
    for (name, value) in others {
        json[name] = value.clone();
    }
    fs::write(settings.path().join("settings.json"), json.to_string())
        .expect("Transmission's settings");
    let option = match encryption {
        Encryption::Tolerated => "-et",
        Encryption::Required => "-er",
    };
    let mut command = process::command("transmission-cli");
    command.arg("-g").arg(settings.path()).args([
        "-M",
        option,
        "-p",
        &address.port().to_string(),
        "-w",
    ]);
    command
        .arg(folder)
        .arg(torrent)
        .env("HOME", settings.path());
    Transmission {
        address,
        process: Process::start("transmission-cli", &mut command),
        _settings: settings,
    }
}
