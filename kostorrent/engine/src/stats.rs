//! The figures that faces show.

use tracker::Counts;

use crate::leaving::Stage;
use crate::{Engine, Time};

/// A torrent's figures at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Pieces on disk and verified.
    pub pieces_have: u32,
    /// Pieces of the torrent.
    pub pieces: u32,
    /// Bytes that are wanted and not there; where nothing is wanted, as for a seeder, all that are
    /// not there.
    pub left: u64,
    /// Bytes that are wanted, there or not; where nothing is wanted, those of the torrent.
    pub total: u64,
    /// Payload bytes received, the useless ones included.
    pub downloaded: u64,
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Those of the received bytes that were of no use. All others are on disk, or about to be.
    pub waste: Waste,
    /// Bytes a second coming in.
    pub down_rate: u64,
    /// Bytes a second going out.
    pub up_rate: u64,
    /// Whether a request had to wait for the limit since the figures were last asked for.
    pub limited_down: bool,
    /// The same for blocks that others asked for.
    pub limited_up: bool,
    /// Connections.
    pub peers: usize,
    /// Connections to peers that have everything.
    pub seeds: usize,
    /// What the trackers know of the torrent: of each number, the largest that one has told.
    pub counts: Counts,
    /// Requests that are out.
    pub requests: usize,
    /// Pieces of which blocks have been asked for and that are not yet on disk.
    pub open_pieces: usize,
    /// While the metadata are fetched, how many blocks of them are here, and of how many; there may be
    /// none known yet.
    pub metadata: Option<(u32, u32)>,
    /// Whether everything that is wanted is there.
    pub complete: bool,
    /// Whether the work is over but for the goodbyes.
    pub leaving: bool,
    /// Whether the user has paused it.
    pub paused: bool,
    /// Whether nothing is fetched because the disk has a fault.
    pub disk_fault: bool,
}

/// Payload bytes that came and were of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waste {
    /// What was here already: of the end game, and answers that have crossed a cancel.
    pub duplicate: u64,
    /// What was not asked for, or not any more: blocks, parts of blocks of which the rest never came,
    /// parts of pieces that were given up.
    pub unasked: u64,
    /// Pieces that were not what the torrent says.
    pub failed: u64,
}

impl Waste {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.duplicate + self.unasked + self.failed
    }

    /// Something has come that nobody waits for; whether it is here already.
    pub(crate) fn in_vain(&mut self, is_here: bool, bytes: u64) {
        match is_here {
            true => self.duplicate += bytes,
            false => self.unasked += bytes,
        }
    }
}

impl Engine {
    /// The figures at `now`.
    pub fn stats(&mut self, now: Time) -> Stats {
        let elapsed = now.since_start();
        let content = self.content.as_ref();
        Stats {
            pieces_have: content.map_or(0, |c| c.have().count()),
            pieces: content.map_or(0, |c| c.geometry.pieces()),
            left: content.map_or(0, |c| match c.wants_anything() {
                true => c.left_wanted(),
                false => c.left(),
            }),
            total: content.map_or(0, |c| match c.wants_anything() {
                true => c.total_wanted(),
                false => c.geometry.total_length(),
            }),
            downloaded: self.download.total,
            uploaded: self.upload.total,
            waste: self.download.waste,
            down_rate: self.download.rate.per_second(elapsed),
            up_rate: self.upload.rate.per_second(elapsed),
            limited_down: self.download.take_limited(),
            limited_up: self.upload.take_limited(),
            peers: self.swarm.len(),
            seeds: self.swarm.iter().filter(|peer| peer.is_seed()).count(),
            counts: self.discovery.counts(),
            requests: content.map_or(0, |c| {
                let keys = self.swarm.iter().map(|peer| peer.key);
                keys.map(|key| c.picker.asked_of(key)).sum()
            }),
            open_pieces: content.map_or(0, |c| c.picker.open().count()),
            metadata: self.metadata.progress(),
            complete: self.is_finished(),
            leaving: self.stage != Stage::Running,
            paused: self.paused,
            disk_fault: self.fault.is_some() && !self.is_complete,
        }
    }
}
