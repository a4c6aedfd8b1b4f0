//! A folder that looks like the repository to the commands of a transcript, and where they may write.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::commands::LAB_PORT;
use crate::programs;

/// The torrent of the sample, below the root.
const TORRENT: &str = "kostorrent/sample/kostorrent-sample.torrent";

/// The folder; removed when dropped.
pub(super) struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    /// Links to everything in the repository, but a copy of the sample.
    pub(super) fn new() -> io::Result<Scratch> {
        let folder = crate::temp();
        let scratch = Scratch { folder };
        let repository = programs::root();
        link_all(
            &repository,
            scratch.root(),
            &[".git", "target", "kostorrent"],
        )?;
        let client = scratch.root().join("kostorrent");
        fs::create_dir(&client)?;
        link_all(&repository.join("kostorrent"), &client, &["sample"])?;
        copy(
            &repository.join("kostorrent/sample"),
            &client.join("sample"),
        )?;
        Ok(scratch)
    }

    /// Where the commands run.
    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Puts another torrent in place of the sample's.
    pub(super) fn put_torrent(&self, torrent: &Path) -> io::Result<()> {
        fs::copy(torrent, self.root().join(TORRENT)).map(drop)
    }

    /// Moves the sample's tracker to another port; the torrent keeps its length and its info-hash.
    pub(super) fn move_tracker(&self, port: u16) -> io::Result<()> {
        let path = self.root().join(TORRENT);
        let mut torrent = fs::read(&path)?;
        let (old, new) = (format!(":{LAB_PORT}/"), format!(":{port}/"));
        assert_eq!(old.len(), new.len(), "a port of four digits");
        for at in 0..torrent.len().saturating_sub(old.len()) {
            if torrent[at..].starts_with(old.as_bytes()) {
                torrent[at..at + new.len()].copy_from_slice(new.as_bytes());
            }
        }
        fs::write(path, torrent)
    }

    /// A folder for the `PATH` in which the client has its name.
    pub(super) fn bin(&self, client: &Path) -> io::Result<PathBuf> {
        let bin = self.root().join(".bin");
        if !bin.exists() {
            fs::create_dir(&bin)?;
            symlink(client, bin.join("kostorrent"))?;
        }
        Ok(bin)
    }

    /// The runtime folder of whoever types: running clients are found there, and no others.
    pub(super) fn run(&self) -> io::Result<PathBuf> {
        let run = self.root().join(".run");
        fs::create_dir_all(&run)?;
        Ok(run)
    }
}

fn link_all(from: &Path, to: &Path, but: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if !but.iter().any(|name| entry.file_name() == *name) {
            symlink(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
