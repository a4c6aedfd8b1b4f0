//! The torrents that a client is examined with: small, made anew, and byte by byte as a stage wants them.

use std::path::PathBuf;

use metainfo::InfoHash;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::lab::trouble::Content;

/// The pieces of most torrents here: two blocks.
pub const PIECE: u32 = 32 * 1024;

/// A torrent and what is in it.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// Its name: the file's, or that of the folder.
    pub name: Vec<u8>,
    /// The files below the folder, each with its path; `None` for a torrent of a single file.
    paths: Option<Vec<Vec<Vec<u8>>>>,
    /// What is in each.
    contents: Vec<Vec<u8>>,
    piece_length: u32,
    /// What the contents were made from.
    seed: u64,
    /// Further keys of `info`, with their values as bencode.
    pub info_more: Vec<(Vec<u8>, Vec<u8>)>,
    /// Further keys beside `info`, with their values as bencode.
    pub more: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether the keys of `info` stand in the wrong order.
    pub unsorted: bool,
}

impl Torrent {
    /// A single file of so many bytes, pieces of 32 KiB. Another `seed` makes other bytes.
    pub fn single(name: &str, length: usize, seed: u64) -> Torrent {
        Torrent {
            name: name.into(),
            paths: None,
            contents: vec![noise(length, seed)],
            piece_length: PIECE,
            seed,
            info_more: Vec::new(),
            more: Vec::new(),
            unsorted: false,
        }
    }

    /// A folder of files, each with its path and length.
    pub fn multi(name: &str, files: &[(&[&str], usize)], seed: u64) -> Torrent {
        let path = |path: &[&str]| path.iter().map(|name| name.as_bytes().to_vec()).collect();
        let numbered = files.iter().zip(seed..);
        Torrent {
            paths: Some(files.iter().map(|(names, _)| path(names)).collect()),
            contents: numbered
                .map(|((_, length), seed)| noise(*length, seed))
                .collect(),
            ..Torrent::single(name, 0, seed)
        }
    }

    /// The same with other bytes, and so another info-hash: a swarm of its own.
    #[must_use]
    pub fn of(self, run: u64) -> Torrent {
        let contents = self.contents.iter().zip(self.seed ^ run..);
        Torrent {
            contents: contents
                .map(|(bytes, seed)| noise(bytes.len(), seed))
                .collect(),
            ..self
        }
    }

    /// The same with another key in `info`, its value in bencode.
    #[must_use]
    pub fn with_info(mut self, key: &str, value: &[u8]) -> Torrent {
        self.info_more.push((key.into(), value.to_vec()));
        self
    }

    /// The same with so many bytes more in `info`, under a key that means nothing: metadata of several blocks.
    #[must_use]
    pub fn with_filler(self, length: usize) -> Torrent {
        let filler = string(&noise(length, 7));
        self.with_info("x-filler", &filler)
    }

    /// All bytes, as the torrent counts them.
    pub fn bytes(&self) -> Vec<u8> {
        self.contents.concat()
    }

    /// Their number.
    pub fn total(&self) -> u64 {
        self.contents.iter().map(|bytes| bytes.len() as u64).sum()
    }

    /// How many pieces there are.
    pub fn pieces(&self) -> u32 {
        let count = self.total().div_ceil(self.piece_length.into());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How long a piece is.
    pub fn piece_len(&self, piece: u32) -> u64 {
        let start = u64::from(piece) * u64::from(self.piece_length);
        u64::from(self.piece_length).min(self.total().saturating_sub(start))
    }

    /// The value of `info`, as it stands in the file.
    pub fn info(&self) -> Vec<u8> {
        let hashes: Vec<u8> = self
            .bytes()
            .chunks(self.piece_length as usize)
            .flat_map(|piece| hashing::digest(&[piece]))
            .collect();
        let mut keys = self.info_more.clone();
        match &self.paths {
            None => keys.push((b"length".into(), number(self.contents[0].len()))),
            Some(paths) => {
                let files = paths.iter().zip(&self.contents).map(|(path, bytes)| {
                    let names: Vec<u8> = path.iter().flat_map(|name| string(name)).collect();
                    dict(
                        vec![
                            (b"length".to_vec(), number(bytes.len())),
                            (b"path".to_vec(), [b"l", &names[..], b"e"].concat()),
                        ],
                        false,
                    )
                });
                let files: Vec<u8> = files.flatten().collect();
                keys.push((b"files".into(), [b"l", &files[..], b"e"].concat()));
            }
        }
        keys.push((b"name".into(), string(&self.name)));
        keys.push((b"piece length".into(), number(self.piece_length as usize)));
        keys.push((b"pieces".into(), string(&hashes)));
        dict(keys, self.unsorted)
    }

    /// The torrent's name in the protocol.
    pub fn info_hash(&self) -> InfoHash {
        InfoHash(hashing::digest(&[&self.info()]))
    }

    /// The torrent file; no tracker at all where the address is empty.
    pub fn file(&self, announce: &str) -> Vec<u8> {
        let mut keys = self.more.clone();
        if !announce.is_empty() {
            keys.push((b"announce".into(), string(announce.as_bytes())));
        }
        keys.push((b"info".into(), self.info()));
        dict(keys, false)
    }

    /// What scripted peers have of it. `None` of an empty torrent.
    pub fn content(&self) -> Option<Content> {
        Content::of(self.info_hash(), self.piece_length, self.bytes())
    }

    /// Where each file belongs, and what is in it. Only for torrents whose names are harmless.
    pub fn on_disk(&self) -> Vec<(PathBuf, &[u8])> {
        let text = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned();
        let folder = PathBuf::from(text(&self.name));
        let place = |index: usize| match &self.paths {
            None => folder.clone(),
            Some(paths) => folder.join(paths[index].iter().map(text).collect::<PathBuf>()),
        };
        let contents = self.contents.iter().enumerate();
        contents
            .map(|(index, bytes)| (place(index), &bytes[..]))
            .collect()
    }
}

/// Bytes without a pattern, the same for the same seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// A number in bencode.
pub fn number(number: usize) -> Vec<u8> {
    format!("i{number}e").into_bytes()
}

/// A string in bencode.
pub fn string(bytes: &[u8]) -> Vec<u8> {
    [format!("{}:", bytes.len()).as_bytes(), bytes].concat()
}

/// A dictionary in bencode: sorted, or the last key first.
fn dict(mut pairs: Vec<(Vec<u8>, Vec<u8>)>, unsorted: bool) -> Vec<u8> {
    pairs.sort();
    if unsorted {
        pairs.reverse();
    }
    let inside = pairs
        .iter()
        .flat_map(|(key, value)| [string(key), value.clone()].concat());
    [b"d", &inside.collect::<Vec<u8>>()[..], b"e"].concat()
}

#[cfg(test)]
mod tests {
    use metainfo::Metainfo;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_torrent_is_what_it_says() {
        let torrent = Torrent::single("a.bin", 100_000, 1).with_info("x-key", b"i1e");
        let parsed = Metainfo::parse(&torrent.file("http://127.0.0.1:1/announce")).unwrap();
        assert_eq!(parsed.info_hash_v1, Some(torrent.info_hash()));
        assert_eq!(parsed.total_length, torrent.total());
        assert_eq!(parsed.pieces.len() as u32, torrent.pieces());
        assert_eq!(torrent.piece_len(3), 100_000 - 3 * u64::from(PIECE));
        assert_eq!(torrent.on_disk(), [("a.bin".into(), &torrent.bytes()[..])]);
    }

    #[test]
    fn each_run_has_a_torrent_of_its_own() {
        let torrent = Torrent::multi("d", &[(&["a"], 5), (&["b"], 70)], 2);
        let [one, other] = [1, 2].map(|run| torrent.clone().of(run));
        assert_ne!(one.info_hash(), other.info_hash());
        assert_eq!(one.info_hash(), torrent.clone().of(1).info_hash());
        assert_eq!(one.total(), torrent.total());
    }

    #[test]
    fn a_folder_has_its_files_in_order() {
        let files: &[(&[&str], usize)] = &[(&["a"], 5), (&["b", "c"], 7)];
        let torrent = Torrent::multi("d", files, 2);
        let parsed = Metainfo::parse(&torrent.file("")).unwrap();
        let paths: Vec<String> = parsed
            .files
            .iter()
            .map(|file| file.path.join("/"))
            .collect();
        assert_eq!(paths, ["d/a", "d/b/c"]);
        let on_disk = torrent.on_disk();
        assert_eq!(on_disk[1].0, PathBuf::from("d/b/c"));
        assert_eq!((on_disk[0].1.len(), on_disk[1].1.len()), (5, 7));
    }

    #[test]
    fn keys_can_stand_in_the_wrong_order() {
        let mut torrent = Torrent::single("a", 10, 3);
        let sorted = torrent.info_hash();
        torrent.unsorted = true;
        assert!(torrent.info().starts_with(b"d6:pieces"));
        assert_ne!(torrent.info_hash(), sorted);
    }
}
