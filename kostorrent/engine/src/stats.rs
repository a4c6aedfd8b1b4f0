//! The figures that faces show.

use super::{Engine, Phase, Time};

/// A torrent's figures at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Pieces on disk and verified.
    pub pieces_have: u32,
    /// Pieces of the torrent.
    pub pieces: u32,
    /// Bytes still to be had.
    pub left: u64,
    /// Payload bytes received, the useless ones included.
    pub downloaded: u64,
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Received bytes that were of no use: duplicates and pieces that failed.
    pub wasted: u64,
    /// Bytes a second coming in.
    pub down_rate: u64,
    /// Bytes a second going out.
    pub up_rate: u64,
    /// Connections.
    pub peers: usize,
    /// Connections to peers that have everything.
    pub seeds: usize,
    /// Requests that are out.
    pub requests: usize,
    /// Pieces of which blocks have been asked for and that are not yet on disk.
    pub open_pieces: usize,
    /// Whether everything is there.
    pub complete: bool,
    /// Whether the work is over but for the goodbyes.
    pub leaving: bool,
}

impl Engine {
    /// The figures at `now`.
    pub fn stats(&mut self, now: Time) -> Stats {
        let elapsed = now.since_start();
        Stats {
            pieces_have: self.have().count(),
            pieces: self.geometry.pieces(),
            left: self.left,
            downloaded: self.downloaded,
            uploaded: self.uploaded,
            wasted: self.wasted,
            down_rate: self.down.per_second(elapsed),
            up_rate: self.up.per_second(elapsed),
            peers: self.peers.len(),
            seeds: self.peers.values().filter(|peer| peer.is_seed()).count(),
            requests: self.peers.values().map(|peer| peer.outstanding.len()).sum(),
            open_pieces: self.picker.open().count(),
            complete: self.picker.is_complete(),
            leaving: self.phase != Phase::Running,
        }
    }
}
