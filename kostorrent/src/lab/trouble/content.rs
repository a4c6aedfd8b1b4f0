//! The torrent's bytes, in memory: what the lab serves is small.

use std::sync::Arc;

use blocks::Geometry;
use messages::BlockRequest;
use metainfo::{InfoHash, Metainfo};

/// A torrent and all its bytes.
#[derive(Clone, Debug)]
pub struct Content {
    info_hash: InfoHash,
    geometry: Geometry,
    bytes: Vec<u8>,
    /// The `info` dictionary; empty where nobody has said.
    info: Arc<[u8]>,
}

impl Content {
    /// `None` when the bytes are not as many as the torrent says, or it is one of version 2.
    pub fn new(torrent: &Metainfo, bytes: Vec<u8>) -> Option<Content> {
        let geometry = Geometry::new(torrent.total_length, torrent.piece_length).ok()?;
        let whole = bytes.len() as u64 == torrent.total_length;
        whole.then_some(Content {
            info_hash: torrent.info_hash_v1?,
            geometry,
            bytes,
            info: Arc::default(),
        })
    }

    /// The same of a torrent whose file is none that everybody can read: its info-hash, and how long
    /// its pieces are. `None` when it has none, or they are of no possible length.
    pub fn of(info_hash: InfoHash, piece_length: u32, bytes: Vec<u8>) -> Option<Content> {
        let geometry = Geometry::new(bytes.len() as u64, piece_length.into()).ok()?;
        Some(Content {
            info_hash,
            geometry,
            bytes,
            info: Arc::default(),
        })
    }

    /// The same, with its metadata: the bytes of the `info` dictionary.
    #[must_use]
    pub fn with_info(self, info: impl Into<Arc<[u8]>>) -> Content {
        let info = info.into();
        Content { info, ..self }
    }

    /// The metadata, if they are known.
    pub fn info(&self) -> Arc<[u8]> {
        self.info.clone()
    }

    /// The torrent's name in the protocol.
    pub fn info_hash(&self) -> InfoHash {
        self.info_hash
    }

    /// Pieces and blocks.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The bytes of a block, or `None` when it lies outside the torrent.
    pub fn block(&self, block: BlockRequest) -> Option<&[u8]> {
        self.geometry.check(&block).ok()?;
        let start = self.geometry.piece_offset(block.piece) + u64::from(block.offset);
        let start = usize::try_from(start).ok()?;
        self.bytes
            .get(start..start.checked_add(block.len as usize)?)
    }
}
