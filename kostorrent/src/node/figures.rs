//! What a torrent tells of itself while it is at work: plain data for the faces.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::{Report, Stats, Waste};
use metainfo::Metainfo;
use selection::Selection;
use tracker::Counts;

/// What a torrent is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TorrentState {
    /// Looking at what is on disk already.
    #[default]
    Checking,
    /// Looking for somebody who has the metadata, and fetching them.
    Metadata,
    /// Fetching what is missing.
    Downloading,
    /// Everything is there; serving others.
    Seeding,
    /// Nothing is asked for and nothing given, until the user wants to go on.
    Paused,
    /// The disk has a fault; fetching goes on when it is over.
    Waiting,
    /// Saying goodbye to the trackers.
    Ended,
}

/// A torrent's figures at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// What it is doing.
    pub state: TorrentState,
    /// Blocks of the metadata that are here, and of how many, while they are fetched; none, if nobody has
    /// said how many there are.
    pub metadata: (u32, u32),
    /// Pieces looked at so far, while checking.
    pub checked: u32,
    /// Pieces on disk and verified.
    pub pieces_have: u32,
    /// Pieces of the torrent.
    pub pieces: u32,
    /// Bytes of what is wanted that are still to be had.
    pub left: u64,
    /// Bytes of what is wanted.
    pub total: u64,
    /// Payload bytes received.
    pub downloaded: u64,
    /// Those that were of no use.
    pub waste: Waste,
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Bytes a second coming in.
    pub down_rate: u64,
    /// Bytes a second going out.
    pub up_rate: u64,
    /// Connections.
    pub peers: usize,
    /// Connections to peers that have everything.
    pub seeds: usize,
    /// What the trackers know of the torrent.
    pub counts: Counts,
    /// How long the rest takes at the present rate.
    pub eta: Option<Duration>,
    /// What earlier lives of the torrent have counted.
    pub earlier: Earlier,
}

/// What was counted before the program was started this time, of a torrent in a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Earlier {
    /// Payload bytes sent.
    pub uploaded: u64,
    /// How long it has been seeding.
    pub seeded: Duration,
}

/// Something that a user may like to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// What the engine has to say about the torrent.
    Torrent(Report),
    /// The metadata of a magnet link are here: this is its torrent. It begins when whoever hears of it
    /// says [how](super::Torrent::begin).
    Metadata {
        /// The torrent, with the trackers of the link.
        metainfo: Arc<Metainfo>,
        /// The bytes of its `info` dictionary.
        info: Arc<[u8]>,
    },
    /// A file cannot be read any more, or somebody has changed it; or a recording cannot be written
    /// any more. Told once each time.
    FileFailed {
        /// Where it is, or was.
        path: PathBuf,
        /// A sentence: what failed, and what helps.
        why: String,
    },
    /// Such a file is there again, and good.
    FileBack {
        /// Where it is.
        path: PathBuf,
    },
    /// What is on disk cannot be remembered: the next start reads it again.
    NotRemembered {
        /// A sentence: what failed, and what helps.
        why: String,
    },
    /// What was remembered cannot be used: everything is read.
    NotTrusted {
        /// The resume file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// These files are wanted now, since somebody has chosen others.
    Chosen {
        /// Which.
        selection: Selection,
    },
    /// The file system below this folder cannot give files their space at once.
    NotAllocated {
        /// The folder.
        path: PathBuf,
    },
    /// A disk has less room than what is missing needs. The download goes on: somebody may make
    /// room.
    LowSpace {
        /// A folder on that disk.
        path: PathBuf,
        /// Bytes still to be written that take no space yet.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
}

/// The figures of a torrent that is past its check.
pub(super) fn running(stats: &Stats, earlier: Earlier) -> Snapshot {
    Snapshot {
        state: match stats {
            stats if stats.leaving => TorrentState::Ended,
            stats if stats.paused => TorrentState::Paused,
            stats if stats.disk_fault => TorrentState::Waiting,
            stats if stats.metadata.is_some() => TorrentState::Metadata,
            stats if stats.complete => TorrentState::Seeding,
            _ => TorrentState::Downloading,
        },
        metadata: stats.metadata.unwrap_or_default(),
        checked: stats.pieces,
        pieces_have: stats.pieces_have,
        pieces: stats.pieces,
        left: stats.left,
        total: stats.total,
        downloaded: stats.downloaded,
        waste: stats.waste,
        uploaded: stats.uploaded,
        down_rate: stats.down_rate,
        up_rate: stats.up_rate,
        peers: stats.peers,
        seeds: stats.seeds,
        counts: stats.counts,
        eta: progress::eta(stats.left, stats.down_rate),
        earlier,
    }
}
