//! Torrent files, made for the tests.

use std::fs;
use std::path::Path;

use sha1::{Digest as _, Sha1};

use crate::bencode::Value;

/// What goes into a torrent file.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// The name of the file, or of the folder that holds the files.
    pub name: String,
    /// The bytes of a piece.
    pub piece_length: u64,
    /// The SHA-1 of each piece.
    pub pieces: Vec<[u8; 20]>,
    /// One file: its length. Several: their paths below the name, and lengths.
    pub files: Files,
    /// The trackers, tier by tier.
    pub trackers: Vec<Vec<String>>,
    /// Whether it is private (BEP 27).
    pub private: bool,
}

/// The forms of a torrent.
#[derive(Clone, Debug)]
pub enum Files {
    /// A torrent of one file.
    Single(u64),
    /// A torrent of a folder.
    Multi(Vec<(Vec<String>, u64)>),
    /// A torrent of a folder with symbolic links behind the files (BEP 47): their paths and targets.
    Linked(Vec<(Vec<String>, u64)>, Vec<(Vec<String>, Vec<String>)>),
}

impl Torrent {
    /// The bytes of the torrent file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut root = Value::dict([
            ("created by", "kostorrent-tests".into()),
            ("info", self.info()),
        ]);
        if let Some(first) = self.trackers.first().and_then(|tier| tier.first()) {
            root.set("announce", first.as_str());
        }
        if self.trackers.iter().map(Vec::len).sum::<usize>() > 1 {
            let tier = |urls: &Vec<String>| {
                Value::List(urls.iter().map(|url| url.as_str().into()).collect())
            };
            root.set(
                "announce-list",
                Value::List(self.trackers.iter().map(tier).collect()),
            );
        }
        root.encode()
    }

    /// The info-hash.
    #[must_use]
    pub fn info_hash(&self) -> [u8; 20] {
        Sha1::digest(self.info().encode()).into()
    }

    /// Writes the torrent file.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn write(&self, path: &Path) {
        fs::write(path, self.encode()).expect("a torrent file");
    }

    /// The bytes that all files have together.
    #[must_use]
    pub fn total(&self) -> u64 {
        match &self.files {
            Files::Single(length) => *length,
            Files::Multi(files) | Files::Linked(files, _) => {
                files.iter().map(|(_, length)| length).sum()
            }
        }
    }

    fn info(&self) -> Value {
        let mut info = Value::dict([
            ("name", self.name.as_str().into()),
            ("piece length", self.piece_length.into()),
            ("pieces", Value::Bytes(self.pieces.concat())),
        ]);
        match &self.files {
            Files::Single(length) => info.set("length", *length),
            Files::Multi(files) => info.set("files", Value::List(list(files, &[]))),
            Files::Linked(files, links) => info.set("files", Value::List(list(files, links))),
        }
        if self.private {
            info.set("private", 1u64);
        }
        info
    }
}

/// The entries of `files`.
fn list(files: &[(Vec<String>, u64)], links: &[(Vec<String>, Vec<String>)]) -> Vec<Value> {
    let path =
        |path: &[String]| Value::List(path.iter().map(|part| part.as_str().into()).collect());
    let files = files
        .iter()
        .map(|(at, length)| Value::dict([("length", (*length).into()), ("path", path(at))]));
    let links = links.iter().map(|(at, target)| {
        Value::dict([
            ("attr", "l".into()),
            ("length", 0u64.into()),
            ("path", path(at)),
            ("symlink path", path(target)),
        ])
    });
    files.chain(links).collect()
}
