//! The client under test, started as a user would start it.

use std::env;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Finished, Process};
use crate::{ports, programs};

/// The client with these arguments.
#[must_use]
pub fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = process::command(programs::kostorrent());
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", state())
        .env("KOSTORRENT_LSD", "off")
        // Nothing leaves this machine.
        .env("KOSTORRENT_DHT_ROUTERS", "none")
        .env_remove("KOSTORRENT_LOG");
    command
}

/// Where the clients of all tests remember what is on disk: not among the user's own things.
#[must_use]
pub fn state() -> PathBuf {
    env::temp_dir().join("kostorrent-tests-state")
}

/// Runs the client to its end.
///
/// # Panics
///
/// When it does not end in time.
#[must_use]
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Finished {
    Process::run("kostorrent", &mut command(arguments))
}

/// A lab that puts its torrent into a folder, not started yet. What it leaves behind when it is killed goes with the
/// folder, too.
#[must_use]
pub fn lab(folder: &Path) -> Command {
    let mut command = command(["lab", "--dir"]);
    command.arg(folder);
    for name in ["TMPDIR", "TMP", "TEMP"] {
        command.env(name, folder);
    }
    command
}

/// A download into a folder, not started yet.
#[must_use]
pub fn download(torrent: &Path, folder: &Path) -> Command {
    let mut command = command(["download"]);
    command
        .arg(torrent)
        .arg("--output")
        .arg(folder)
        .args(["--no-dht", "--json"]);
    command
}

/// Starts a download.
#[must_use]
pub fn start_download(torrent: &Path, folder: &Path) -> Process {
    Process::start("kostorrent download", &mut download(torrent, folder))
}

/// Downloads to the end, which must be a good one.
///
/// # Panics
///
/// When it is not.
#[track_caller]
pub fn download_all(torrent: &Path, folder: &Path) -> Finished {
    let finished = start_download(torrent, folder).finish();
    finished.expect_code(0);
    finished
}

/// Starts to seed what is in a folder. Returns where it listens, too.
#[must_use]
pub fn start_seed(torrent: &Path, folder: &Path) -> (Process, SocketAddr) {
    seed_with(torrent, folder, &[])
}

/// The same, for one that super-seeds.
#[must_use]
pub fn start_super_seed(torrent: &Path, folder: &Path) -> (Process, SocketAddr) {
    seed_with(torrent, folder, &["--super-seed"])
}

/// The same, with more options.
#[must_use]
pub fn seed_with(torrent: &Path, folder: &Path, options: &[&str]) -> (Process, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::free()));
    let mut command = command(["seed"]);
    command
        .arg(torrent)
        .arg("--data")
        .arg(folder)
        .args(options)
        .args(["--no-dht", "--json", "--port"])
        .arg(address.port().to_string());
    (Process::start("kostorrent seed", &mut command), address)
}

/// Verifies the files in a folder.
#[must_use]
pub fn verify(torrent: &Path, folder: &Path) -> Finished {
    let mut command = command(["verify"]);
    command.arg(torrent).arg("--data").arg(folder);
    Process::run("kostorrent verify", &mut command)
}

/// What `show --json` prints, and how it ends.
#[must_use]
pub fn show(torrent: &Path) -> Finished {
    let mut command = command(["show", "--json"]);
    command.arg(torrent);
    Process::run("kostorrent show", &mut command)
}
