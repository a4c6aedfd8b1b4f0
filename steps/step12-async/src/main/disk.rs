//! The disk has a thread of its own: a task that waited for it would keep all others waiting.

use std::thread;
use std::time::Duration;

use blocks::BlockBuf;
use storage::blocking::{Store, StoreError};
use tokio::sync::mpsc::{Receiver, Sender};

/// A whole piece, to be verified and written.
pub struct Piece {
    pub piece: u32,
    pub blocks: Vec<BlockBuf>,
}

/// What became of a piece: whether it is right, and on disk now.
pub struct Kept {
    pub piece: u32,
    pub result: Result<bool, StoreError>,
}

// ANCHOR: work
/// Verifies and writes what comes, one piece after the other, until nobody sends any more.
pub fn work(mut store: Store, slow: Duration, mut pieces: Receiver<Piece>, to: &Sender<Kept>) {
    while let Some(Piece { piece, blocks }) = pieces.blocking_recv() {
        thread::sleep(slow);
        let result = store.keep(piece, blocks);
        if to.blocking_send(Kept { piece, result }).is_err() {
            return;
        }
    }
}
// ANCHOR_END: work
