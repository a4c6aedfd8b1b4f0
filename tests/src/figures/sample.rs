//! The sample that the whole book talks about.

use std::fs;

use metainfo::{InfoHash, Metainfo};

use crate::programs;

/// The sample's torrent.
pub(super) fn torrent() -> Metainfo {
    let path = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    let bytes = fs::read(path).expect("the sample's torrent");
    Metainfo::parse(&bytes).expect("the sample's torrent is one")
}

/// Its info-hash.
pub(super) fn info_hash() -> InfoHash {
    torrent().info_hash_v1.expect("an info-hash of version 1")
}
