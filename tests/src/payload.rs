//! Files to share: made from a seed, the same each time, and of bytes that no compression or guess can replace.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::torrent::{Files, Torrent};

/// A file or a folder of files, in memory.
#[derive(Clone, Debug)]
pub struct Payload {
    name: String,
    /// Paths below the name; none for a single file.
    files: Option<Vec<(Vec<String>, u64)>>,
    bytes: Arc<[u8]>,
}

impl Payload {
    /// One file of so many bytes.
    #[must_use]
    pub fn single(name: &str, length: usize) -> Payload {
        Payload {
            name: name.to_owned(),
            files: None,
            bytes: bytes(name, length).into(),
        }
    }

    /// A folder of files, given by path (with `/`) and length, in the order of the torrent.
    ///
    /// # Panics
    ///
    /// When a length does not fit into memory.
    #[must_use]
    pub fn multi(name: &str, files: impl IntoIterator<Item = (String, u64)>) -> Payload {
        let files: Vec<(Vec<String>, u64)> = files
            .into_iter()
            .map(|(path, length)| (path.split('/').map(str::to_owned).collect(), length))
            .collect();
        let total: u64 = files.iter().map(|(_, length)| length).sum();
        let total = usize::try_from(total).expect("a payload that fits into memory");
        Payload {
            name: name.to_owned(),
            files: Some(files),
            bytes: bytes(name, total).into(),
        }
    }

    /// A folder such as real torrents have: files deep down and beside each other, names with spaces and other letters,
    /// empty files (also the first and the last), files smaller than a block, files that end on the edge of a piece.
    #[must_use]
    pub fn odd(name: &str) -> Payload {
        let file = |path: &str, length: u64| (path.to_owned(), length);
        Payload::multi(
            name,
            [
                file("000 empty", 0),
                file("read me.txt", 1_234),
                file("a/b/c/deep.bin", 3_000_000),
                file("a/b/one byte", 1),
                file("a/b/also empty", 0),
                file("книга/глава é.txt", 65_536),
                file("block.bin", 16_384),
                file("block and one.bin", 16_385),
                file("large.bin", 5_000_003),
                file("z/empty at the end", 0),
            ],
        )
    }

    /// The name of the file, or of the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All bytes, in the order of the torrent.
    #[must_use]
    pub fn bytes(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// Each file: its path below the folder that receives the torrent, and its bytes.
    ///
    /// # Panics
    ///
    /// Never: the lengths add up to what there is.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, &[u8])> {
        let Some(files) = &self.files else {
            return vec![(PathBuf::from(&self.name), &self.bytes)];
        };
        let mut rest = &self.bytes[..];
        let cut = |(path, length): &(Vec<String>, u64)| {
            let (file, after) =
                rest.split_at(usize::try_from(*length).expect("a length in memory"));
            rest = after;
            (
                Path::new(&self.name).join(path.iter().collect::<PathBuf>()),
                file,
            )
        };
        files.iter().map(cut).collect()
    }

    /// Writes the files into a folder.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn write(&self, folder: &Path) {
        for (path, bytes) in self.files() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file of the payload");
        }
    }

    /// The torrent of these files.
    #[must_use]
    pub fn torrent(&self, piece_length: u64, trackers: &[&[&str]]) -> Torrent {
        let chunk = usize::try_from(piece_length).unwrap_or(usize::MAX);
        Torrent {
            name: self.name.clone(),
            piece_length,
            pieces: self
                .bytes
                .chunks(chunk)
                .map(|piece| Sha1::digest(piece).into())
                .collect(),
            files: match &self.files {
                None => Files::Single(self.bytes.len() as u64),
                Some(files) => Files::Multi(files.clone()),
            },
            trackers: trackers
                .iter()
                .map(|tier| tier.iter().map(|&url| url.to_owned()).collect())
                .collect(),
            private: false,
        }
    }

    /// What is wrong with the files in a folder, compared by SHA-256: `None` when nothing is. `empty_files` says
    /// whether empty files must be there; Transmission never makes them.
    #[must_use]
    pub fn difference(&self, folder: &Path, empty_files: bool) -> Option<String> {
        self.files().into_iter().find_map(|(path, wanted)| {
            let path = folder.join(path);
            match fs::read(&path) {
                Ok(found) if Sha256::digest(&found) == Sha256::digest(wanted) => None,
                Ok(found) => Some(format!(
                    "{} differs ({} bytes)",
                    path.display(),
                    found.len()
                )),
                Err(_) if wanted.is_empty() && !empty_files => None,
                Err(error) => Some(format!("{}: {error}", path.display())),
            }
        })
    }

    /// Checks that every file is in a folder, and right.
    ///
    /// # Panics
    ///
    /// When one is not.
    #[track_caller]
    pub fn assert_in(&self, folder: &Path) {
        assert_eq!(self.difference(folder, true), None);
    }

    /// Which pieces are right on disk now. Files that are missing or short count as zeros.
    #[must_use]
    pub fn pieces_in(&self, folder: &Path, piece_length: usize) -> Vec<bool> {
        let mut found = Vec::with_capacity(self.bytes.len());
        for (path, wanted) in self.files() {
            let end = found.len() + wanted.len();
            found.extend(fs::read(folder.join(path)).unwrap_or_default());
            found.resize(end, 0);
        }
        found
            .chunks(piece_length)
            .zip(self.bytes.chunks(piece_length))
            .map(|(a, b)| a == b)
            .collect()
    }
}

/// Bytes that look random, from a name.
fn bytes(name: &str, length: usize) -> Vec<u8> {
    // SplitMix64: public domain, three lines, and good enough to be incompressible.
    let mut state = name.bytes().fold(0u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        out.extend((z ^ (z >> 31)).to_le_bytes());
    }
    out.truncate(length);
    out
}
