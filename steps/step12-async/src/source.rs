//! Where uploads come from.

use blocks::BlockBuf;
use messages::BlockRequest;
use tokio::sync::oneshot;

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSpan {
    /// The file's number; `None` stands for padding, which is zeros on no disk (BEP 47).
    pub file: Option<usize>,
    /// Where they begin.
    pub offset: u64,
    /// How many.
    pub len: u64,
}

// ANCHOR: source
/// The files that uploads come from, the same for all connections of a torrent. It never waits for
/// a disk: one thread serves all peers, and a disk that sleeps must not make them wait.
///
/// What is in memory comes at once. For the rest there is somebody else who may wait, and who opens
/// what is not open.
pub trait Source {
    /// Fills `buf` with the bytes of a file from `offset` on, if that file is open and those bytes
    /// are in memory; whether they were.
    fn read_now(&self, file: usize, offset: u64, buf: &mut [u8]) -> bool;

    /// Has these bytes read, at most [`BLOCK`](blocks::BLOCK) of them. They come at the front of a
    /// buffer; if they cannot be read, nothing comes, and the other end is dropped.
    fn read(&self, block: BlockRequest) -> oneshot::Receiver<BlockBuf>;
}
// ANCHOR_END: source
