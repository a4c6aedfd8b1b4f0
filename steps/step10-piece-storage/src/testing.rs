//! Small torrents for the tests of this crate.

use std::path::PathBuf;
use std::sync::Arc;

use blocks::{BlockBuf, block_buf};
use layout::{Kind, Layout};

use crate::Hashes;

/// A torrent with its data, which is different at every place.
pub struct Torrent {
    pub layout: Arc<Layout>,
    pub hashes: Hashes,
    pub data: Vec<u8>,
}

pub fn regular(path: &str, length: u64) -> (PathBuf, u64, Kind) {
    (path.into(), length, Kind::Regular { executable: false })
}

pub fn padding(length: u64) -> (PathBuf, u64, Kind) {
    (format!(".pad/{length}").into(), length, Kind::Padding)
}

impl Torrent {
    pub fn new(files: Vec<(PathBuf, u64, Kind)>, piece_length: u64) -> Torrent {
        let mut data = Vec::new();
        for (_, length, kind) in &files {
            let from = data.len();
            let byte = |i: usize| {
                if *kind == Kind::Padding {
                    0
                } else {
                    (i * 13 + i / 256 + 1) as u8
                }
            };
            data.extend((from..from + *length as usize).map(byte));
        }
        Torrent::with_data(files, piece_length, data)
    }

    pub fn with_data(
        files: Vec<(PathBuf, u64, Kind)>,
        piece_length: u64,
        data: Vec<u8>,
    ) -> Torrent {
        let layout = Layout::new(files, piece_length).unwrap();
        let pieces = data
            .chunks(piece_length as usize)
            .map(|piece| hashing::digest(&[piece]))
            .collect();
        Torrent {
            layout: Arc::new(layout),
            hashes: Hashes::V1(pieces),
            data,
        }
    }

    pub fn piece(&self, piece: u32) -> &[u8] {
        let geometry = self.layout.geometry();
        let start = geometry.piece_offset(piece) as usize;
        &self.data[start..start + geometry.piece_len(piece) as usize]
    }

    /// A piece in blocks, as a download has it. What the last block does not use is full of
    /// rubbish.
    pub fn blocks(&self, piece: u32) -> Vec<BlockBuf> {
        let fill = |bytes: &[u8]| {
            let mut block = block_buf();
            block.fill(0xee);
            block[..bytes.len()].copy_from_slice(bytes);
            block
        };
        self.piece(piece)
            .chunks(blocks::BLOCK as usize)
            .map(fill)
            .collect()
    }

    /// What must be in file `index` when all is there.
    pub fn file(&self, index: usize) -> &[u8] {
        let file = &self.layout.files()[index];
        &self.data[file.offset as usize..file.end() as usize]
    }
}
