//! libtorrent (Rasterbar), on which qBittorrent, Deluge and many others are built; by `tests/peers/libtorrent_peer.py`,
//! `libtorrent_dht.py`, `libtorrent_finds.py` and `libtorrent_chokes.py`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::{self, Process};
use crate::{ports, programs, skip};

/// A running libtorrent.
#[derive(Debug)]
pub struct Libtorrent {
    /// Where it listens.
    pub address: SocketAddr,
    /// The program.
    pub process: Process,
}

/// The Python that has libtorrent; a skipped test if there is none.
#[must_use]
pub fn available() -> Option<PathBuf> {
    let venv = programs::shared().join("venv");
    let python = [venv.join("bin/python"), venv.join("Scripts/python.exe")]
        .into_iter()
        .find(|path| path.exists());
    let works = |python: &PathBuf| {
        let import = Command::new(python)
            .args(["-c", "import libtorrent"])
            .stderr(Stdio::null())
            .status();
        import.is_ok_and(|status| status.success())
    };
    skip::unless_missing("libtorrent for Python", python.filter(works))
}

/// Seeds what is in `folder`, for ever. Returns when it has checked the files and told the tracker.
///
/// # Panics
///
/// When it does not get that far.
#[must_use]
pub fn seed(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    let mut peer = start(python, "seed", torrent, folder);
    peer.process
        .until_line("libtorrent to seed", |line| (line == "READY").then_some(()));
    peer
}

/// The same, encrypted or not at all, and in RC4.
///
/// # Panics
///
/// When it does not get that far.
#[must_use]
pub fn seed_encrypted(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    let mut peer = start(python, "seed-encrypted", torrent, folder);
    peer.process
        .until_line("libtorrent to seed", |line| (line == "READY").then_some(()));
    peer
}

/// The same, with an encrypted greeting or not at all, and in plain text after it.
///
/// # Panics
///
/// When it does not get that far.
#[must_use]
pub fn seed_greeting(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    let mut peer = start(python, "seed-greeting", torrent, folder);
    peer.process
        .until_line("libtorrent to seed", |line| (line == "READY").then_some(()));
    peer
}

/// Seeds what is in `folder`, slowly and for ever, and chokes everybody for two seconds once a quarter is given away.
/// Returns when it has checked the files.
///
/// # Panics
///
/// When it does not get that far.
#[must_use]
pub fn seed_choking(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    let script = "libtorrent_chokes.py";
    let mut peer = start_script(python, script, "seed", torrent, folder, &[]);
    peer.process
        .until_line("libtorrent to seed", |line| (line == "READY").then_some(()));
    peer
}

/// Downloads into `folder` and ends.
#[must_use]
pub fn download(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    start(python, "download", torrent, folder)
}

/// The same, encrypted or not at all, and in RC4.
#[must_use]
pub fn download_encrypted(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    start(python, "download-encrypted", torrent, folder)
}

/// Downloads these files into `folder`, by their numbers from 0, and ends.
#[must_use]
pub fn download_only(python: &Path, torrent: &Path, folder: &Path, files: &[usize]) -> Libtorrent {
    let files: Vec<String> = files.iter().map(ToString::to_string).collect();
    start_with(python, "download", torrent, folder, &[files.join(",")])
}

/// Downloads into `folder` and goes on seeding.
#[must_use]
pub fn trade(python: &Path, torrent: &Path, folder: &Path) -> Libtorrent {
    start(python, "trade", torrent, folder)
}

/// Fetches the metadata that a magnet link names, says `METADATA` and how many bytes they have, and ends.
#[must_use]
pub fn metadata(python: &Path, link: &str, folder: &Path) -> Libtorrent {
    start(python, "metadata", Path::new(link), folder)
}

/// Seeds what is in `folder`, for ever, and announces itself in the DHT, from this node on.
#[must_use]
pub fn seed_by_dht(python: &Path, torrent: &Path, folder: &Path, node: SocketAddr) -> Libtorrent {
    by_dht(python, "seed", torrent, folder, node)
}

/// Downloads into `folder` from whom it finds in the DHT, from this node on, and ends.
#[must_use]
pub fn download_by_dht(
    python: &Path,
    torrent: &Path,
    folder: &Path,
    node: SocketAddr,
) -> Libtorrent {
    by_dht(python, "download", torrent, folder, node)
}

fn by_dht(
    python: &Path,
    what: &str,
    torrent: &Path,
    folder: &Path,
    node: SocketAddr,
) -> Libtorrent {
    let script = "libtorrent_dht.py";
    start_script(python, script, what, torrent, folder, &[node.to_string()])
}

/// How libtorrent finds peers by [`find`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By peer exchange (BEP 11), from those whom it is told of.
    Pex,
    /// By local discovery (BEP 14).
    Lsd,
}

/// What it does by [`find`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// It gives away what is in the folder, for ever.
    Seed,
    /// It downloads, and ends.
    Download,
    /// It downloads 20 KB a second, and never ends.
    Trickle,
}

/// Starts it at this address, where it finds peers in this way alone, and is told of these. Returns when it has looked
/// at the files.
///
/// # Panics
///
/// When it does not get that far.
#[must_use]
pub fn find(
    python: &Path,
    (way, task): (Way, Task),
    ip: Ipv4Addr,
    torrent: &Path,
    folder: &Path,
    peers: &[SocketAddr],
) -> Libtorrent {
    let way = match way {
        Way::Pex => "pex",
        Way::Lsd => "lsd",
    };
    let task = match task {
        Task::Seed => "seed",
        Task::Download => "download",
        Task::Trickle => "trickle",
    };
    let script = "libtorrent_finds.py";
    let what = format!("{way}-{task}");
    let peers: Vec<String> = peers.iter().map(ToString::to_string).collect();
    let mut peer = start_script_at(python, script, ip, &what, torrent, folder, &peers);
    peer.process.until_line("libtorrent to be ready", |line| {
        (line == "READY").then_some(())
    });
    peer
}

/// Makes a torrent of `folder`, of `version` `v1`, `v2` or `hybrid`.
///
/// # Panics
///
/// When it does not.
pub fn make(python: &Path, version: &str, folder: &Path, torrent: &Path, piece_length: u64) {
    let made = process::command(python)
        .arg(programs::root().join("tests/peers/libtorrent_make.py"))
        .arg(version)
        .args([folder, torrent])
        .arg(piece_length.to_string())
        .status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "libtorrent made no torrent"
    );
}

fn start(python: &Path, what: &str, torrent: &Path, folder: &Path) -> Libtorrent {
    start_with(python, what, torrent, folder, &[])
}

fn start_with(
    python: &Path,
    what: &str,
    torrent: &Path,
    folder: &Path,
    more: &[String],
) -> Libtorrent {
    start_script(python, "libtorrent_peer.py", what, torrent, folder, more)
}

fn start_script(
    python: &Path,
    script: &str,
    what: &str,
    torrent: &Path,
    folder: &Path,
    more: &[String],
) -> Libtorrent {
    let ip = Ipv4Addr::new(127, 0, 0, 4);
    start_script_at(python, script, ip, what, torrent, folder, more)
}

fn start_script_at(
    python: &Path,
    script: &str,
    ip: Ipv4Addr,
    what: &str,
    torrent: &Path,
    folder: &Path,
    more: &[String],
) -> Libtorrent {
    let address = SocketAddr::from((ip, ports::free()));
    let mut command = process::command(python);
    command
        .arg(programs::root().join("tests/peers").join(script))
        .arg(what)
        .arg(torrent)
        .arg(folder);
    command
        .arg(address.ip().to_string())
        .arg(address.port().to_string())
        .args(more);
    Libtorrent {
        address,
        process: Process::start("libtorrent", &mut command),
    }
}
