//! The memory of one block.

use crate::BLOCK;

/// The memory of one block, passed on by ownership: always [`BLOCK`] (16 KiB) long. The last block
/// of a piece uses less of it.
pub type BlockBuf = Box<[u8]>;

/// A new block buffer, all zeros.
pub fn block_buf() -> BlockBuf {
    vec![0; BLOCK as usize].into_boxed_slice()
}
