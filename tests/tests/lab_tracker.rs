//! Our client and real ones, which know of each other by the lab's tracker, asked by UDP.

use std::net::SocketAddr;
use std::path::PathBuf;

use kostorrent_tests::clients::{aria2, libtorrent, transmission};
use kostorrent_tests::process::Process;
use kostorrent_tests::{kostorrent, programs, temp, wait};
use tempfile::TempDir;

/// A lab without seeders: its tracker alone. A torrent that names it by UDP, and a folder with all of it.
struct Lab {
    lab: Process,
    torrent: PathBuf,
    full: TempDir,
    _folder: TempDir,
}

impl Lab {
    fn start() -> Lab {
        Lab::with(&["--seeders", "0"])
    }

    fn with(options: &[&str]) -> Lab {
        let (folder, full) = (temp(), temp());
        let mut command = kostorrent::lab(folder.path());
        command.args(["--port", "0", "--fast"]).args(options);
        let mut lab = Process::start("kostorrent lab", &mut command);
        let ready = lab.until_line("the lab", |line| {
            let (url, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
            Some((url.to_owned(), PathBuf::from(torrent)))
        });
        let (by_http, torrent) = ready;
        let by_udp = lab.until_line("its URL for UDP", |line| {
            let url = line.trim_start().strip_prefix("by UDP")?;
            Some(url.trim_start().to_owned())
        });
        // The same port, and `udp` in place of `http`: a letter less.
        assert_eq!(by_udp, by_http.replacen("http:", "udp:", 1));
        let bytes = std::fs::read(torrent).unwrap();
        let value = |url: &str| format!("{}:{url}", url.len()).into_bytes();
        let (old, new) = (value(&by_http), value(&by_udp));
        let at = bytes.windows(old.len()).position(|part| part == old);
        let at = at.expect("the tracker's URL in the torrent");
        let bytes = [&bytes[..at], &new, &bytes[at + old.len()..]].concat();
        let torrent = full.path().join("by udp.torrent");
        std::fs::write(&torrent, bytes).unwrap();
        copy_sample(&full);
        Lab {
            lab,
            torrent,
            full,
            _folder: folder,
        }
    }

    /// Waits until the tracker has heard this from that address.
    fn until(&mut self, address: SocketAddr, said: &str) {
        let from = address.to_string();
        self.lab.until_line("an announce", |line| {
            (line.contains(&from) && line.contains(said)).then_some(())
        });
    }

    fn download(&self) {
        let folder = temp();
        kostorrent::download_all(&self.torrent, folder.path());
        kostorrent::verify(&self.torrent, folder.path()).expect_code(0);
    }

    fn seed(&mut self) -> Process {
        let (seeder, address) = kostorrent::start_seed(&self.torrent, self.full.path());
        self.until(address, "has everything");
        seeder
    }
}

/// The sample's folder, below this one.
fn copy_sample(to: &TempDir) {
    let from = programs::root().join("kostorrent/sample");
    let mut folders = vec![PathBuf::from("kostorrent-sample")];
    while let Some(folder) = folders.pop() {
        std::fs::create_dir_all(to.path().join(&folder)).unwrap();
        for entry in std::fs::read_dir(from.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(path),
                false => drop(std::fs::copy(entry.path(), to.path().join(path)).unwrap()),
            }
        }
    }
}

#[test]
fn seeders_that_announce_by_http_are_found_by_udp() {
    Lab::with(&["--seeders", "1"]).download();
}

#[test]
fn transmission_is_found_by_udp() {
    let Some(()) = transmission::available() else {
        return;
    };
    let mut lab = Lab::start();
    let seeder = transmission::start(&lab.torrent, lab.full.path());
    lab.until(seeder.address, "started");
    lab.download();
}

#[test]
fn aria2_is_found_by_udp() {
    let Some(()) = aria2::available() else {
        return;
    };
    let mut lab = Lab::start();
    let seeder = aria2::seed_by_udp(&lab.torrent, lab.full.path());
    lab.until(seeder.address, "started");
    lab.download();
}

#[test]
fn libtorrent_is_found_by_udp() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let mut lab = Lab::start();
    let seeder = libtorrent::seed(&python, &lab.torrent, lab.full.path());
    lab.until(seeder.address, "started");
    lab.download();
}

/// It calls no loopback address that a tracker names: our seeder, which comes later, hears of it.
#[test]
fn transmission_and_our_seeder_meet_by_udp() {
    let Some(()) = transmission::available() else {
        return;
    };
    let (mut lab, folder) = (Lab::start(), temp());
    let leecher = transmission::start(&lab.torrent, folder.path());
    lab.until(leecher.address, "lacks");
    let _seeder = lab.seed();
    // It makes no empty files, but all others.
    wait::until_true("all files", || {
        let verified = kostorrent::verify(&lab.torrent, folder.path());
        verified.code() == Some(0) || verified.stdout.contains("empty.txt")
    });
}

#[test]
fn aria2_finds_our_seeder_by_udp() {
    let Some(()) = aria2::available() else {
        return;
    };
    let (mut lab, folder) = (Lab::start(), temp());
    let _seeder = lab.seed();
    let leecher = aria2::download_by_udp(&lab.torrent, folder.path());
    leecher.process.finish().expect_code(0);
    kostorrent::verify(&lab.torrent, folder.path()).expect_code(0);
}

#[test]
fn libtorrent_finds_our_seeder_by_udp() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (mut lab, folder) = (Lab::start(), temp());
    let _seeder = lab.seed();
    let leecher = libtorrent::download(&python, &lab.torrent, folder.path());
    leecher.process.finish().expect_code(0);
    kostorrent::verify(&lab.torrent, folder.path()).expect_code(0);
}
