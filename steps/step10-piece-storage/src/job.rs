//! What the disk is asked, and what it answers.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::sync::Arc;

use blocks::{BlockBuf, BlockDigests, BlockRequest};

use crate::{Changed, DiskError, PieceState, Settled, ToSync};

/// One thing to do.
#[derive(Debug)]
pub enum Job {
    /// Is this the piece that the torrent describes? Then write it.
    Store {
        /// Which piece.
        piece: u32,
        /// All its blocks, in order.
        blocks: Vec<BlockBuf>,
        /// When the SHA-1 of each block is wanted too.
        digests: BlockDigests,
    },
    /// Read bytes of a piece that is in the files.
    Read {
        /// Which bytes; no more than the buffer is long.
        block: BlockRequest,
        /// Where to: its front.
        buf: BlockBuf,
    },
    /// Make durable what was stored: when it is done, a power cut takes nothing of it.
    Sync,
    /// Give out what has to be synced so that these files are durable. See
    /// [`Storage::to_sync`](crate::Storage::to_sync).
    GiveToSync {
        /// The files, by their numbers.
        files: Vec<usize>,
    },
    /// Has somebody else changed files? See [`Storage::look_at`](crate::Storage::look_at).
    Look {
        /// From which file on; [`LOOKS`](crate::LOOKS) of them are looked at.
        from: usize,
    },
    /// How are these files, and has somebody else changed them? For whoever records how they are:
    /// what is recorded is no older than what was noticed.
    LookAt {
        /// The files, by their numbers.
        files: Vec<usize>,
    },
    /// Is this piece on disk, and good?
    Check {
        /// Which piece.
        piece: u32,
    },
    /// Other files are wanted from now on. See [`Storage::choose`](crate::Storage::choose).
    Choose {
        /// All that are, by their numbers.
        wanted: BTreeSet<usize>,
    },
    /// Everything is on disk: see that it is, and cut the files that are longer than the torrent
    /// says. See [`Storage::settle`](crate::Storage::settle).
    Settle,
}

/// One thing done. The buffers come back with it.
#[derive(Debug)]
pub enum Done {
    /// The answer to [`Job::Store`].
    Stored {
        /// Which piece.
        piece: u32,
        /// The blocks of the job.
        blocks: Vec<BlockBuf>,
        /// What became of it.
        result: Stored,
        /// Files that had to be made anew for it: what was in them is gone.
        changed: Vec<Changed>,
    },
    /// The answer to [`Job::Read`].
    Read {
        /// Which bytes.
        block: BlockRequest,
        /// The buffer of the job.
        buf: BlockBuf,
        /// Whether all of them are in the buffer.
        result: Result<(), DiskError>,
        /// The files they lie in, by their numbers, open; none if they are more than two. Who keeps
        /// these reads what is in memory without asking here (see [`read_now`](crate::read_now)).
        files: Vec<(usize, Arc<File>)>,
        /// If they cannot be read: those of their files that somebody has changed; or why a
        /// download cannot go on.
        changed: Result<Vec<Changed>, DiskError>,
    },
    /// The answer to [`Job::Sync`].
    Synced(Result<(), DiskError>),
    /// The answer to [`Job::GiveToSync`].
    GivenToSync(Result<ToSync, DiskError>),
    /// The answer to [`Job::Look`].
    Looked {
        /// The files that somebody has changed.
        result: Result<Vec<Changed>, DiskError>,
        /// From where to look on; `None` after the last file.
        next: Option<usize>,
    },
    /// The answer to [`Job::LookAt`].
    LookedAt {
        /// What the system says of each file; `None` where there is none. It was taken before the
        /// look for changes: who has written to the file until then is noticed by that.
        files: Vec<(usize, Option<Metadata>)>,
        /// The files that somebody has changed.
        changed: Result<Vec<Changed>, DiskError>,
    },
    /// The answer to [`Job::Check`].
    Checked {
        /// Which piece.
        piece: u32,
        /// How it was found.
        result: Result<PieceState, DiskError>,
        /// If it is not good: those of its files that somebody has changed; or why a download
        /// cannot go on.
        changed: Result<Vec<Changed>, DiskError>,
    },
    /// The answer to [`Job::Choose`]. If it failed, no file is wanted that was not before; those that
    /// were not to be are not, and may be somewhere else now, so all that is open has to be closed.
    /// It can be asked again.
    Chosen(Result<Chosen, DiskError>),
    /// The answer to [`Job::Settle`]. If nothing has changed and nothing is lost, everything is where
    /// it belongs.
    Settled(Result<Settled, DiskError>),
}

/// What a choice of files has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Files that somebody else has changed.
    pub changed: Vec<Changed>,
    /// Pieces that are not good any more: what the part file had of them cannot be used.
    pub lost: Vec<u32>,
    /// Files whose bytes are somewhere else now. Who keeps them open has to close them.
    pub moved: Vec<usize>,
}

/// What became of a piece.
#[derive(Clone, Debug)]
pub enum Stored {
    /// It is right, and all of it is in the files.
    Written {
        /// SHA-1 of each block, in order, if wanted.
        digests: Option<Vec<[u8; 20]>>,
    },
    /// It is not what the torrent describes. No file was touched.
    Wrong {
        /// SHA-1 of each block, in order, if wanted.
        digests: Option<Vec<[u8; 20]>>,
    },
    /// It is right, but not all of it is in the files.
    Failed(DiskError),
}
