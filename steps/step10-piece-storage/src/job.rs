//! What the disk is asked, and what it answers.

use crate::DiskError;

/// The memory of one block, passed on by ownership: always [`blocks::BLOCK`] (16 KiB) long. The
/// last block of a piece may use less of it.
pub type BlockBuf = Box<[u8]>;

/// A new block buffer, all zeros.
pub fn block_buf() -> BlockBuf {
    vec![0; blocks::BLOCK as usize].into_boxed_slice()
}

// ANCHOR: job
/// One thing to do. `blocks` are all the blocks of the piece, in order.
#[derive(Debug)]
pub enum Job {
    /// Is this the piece that the torrent describes?
    Verify {
        /// Which piece.
        piece: u32,
        /// All its blocks, in order.
        blocks: Vec<BlockBuf>,
    },
    /// Write a piece that is known to be good.
    Write {
        /// Which piece.
        piece: u32,
        /// All its blocks, in order.
        blocks: Vec<BlockBuf>,
    },
    /// SHA-1 of each block, to find out later who sent a bad one.
    Digest {
        /// Which piece.
        piece: u32,
        /// All its blocks, in order.
        blocks: Vec<BlockBuf>,
    },
    /// Cut the files that are longer than the torrent says, when all of it is on disk.
    Trim,
}

/// One thing done. The buffers come back with it.
#[derive(Debug)]
pub enum Done {
    /// The answer to [`Job::Verify`].
    Verified {
        /// Which piece.
        piece: u32,
        /// Whether its SHA-1 is the torrent's.
        ok: bool,
        /// The blocks of the job.
        blocks: Vec<BlockBuf>,
    },
    /// The answer to [`Job::Write`].
    Written {
        /// Which piece.
        piece: u32,
        /// The blocks of the job.
        blocks: Vec<BlockBuf>,
        /// Whether all of it is in the files.
        result: Result<(), DiskError>,
    },
    /// The answer to [`Job::Digest`].
    Digests {
        /// Which piece.
        piece: u32,
        /// SHA-1 of each block, in order.
        digests: Vec<[u8; 20]>,
        /// The blocks of the job.
        blocks: Vec<BlockBuf>,
    },
    /// The answer to [`Job::Trim`].
    Trimmed(Result<(), DiskError>),
}

/// A disk: the real one is [`Storage`](crate::Storage), a simulation has its own.
pub trait Serve {
    /// Does all `jobs` and adds one answer for each to `done`. The order of the answers may differ:
    /// jobs of one kind are done together where that is faster.
    fn serve(&mut self, jobs: Vec<Job>, done: &mut Vec<Done>);
}
// ANCHOR_END: job
