//! The memory of one block.

use crate::BLOCK;

/// The memory of one block, passed on by ownership: always [`BLOCK`] (16 KiB) long. The last block
/// of a piece uses less of it.
pub type BlockBuf = Box<[u8]>;

/// A new block buffer, all zeros.
pub fn block_buf() -> BlockBuf {
    vec![0; BLOCK as usize].into_boxed_slice()
}

/// The bytes of a piece, in buffers of a block each; what the last one has too many are zeros.
pub fn block_bufs(piece: &[u8]) -> Vec<BlockBuf> {
    let buffer = |bytes: &[u8]| {
        let mut buffer = block_buf();
        buffer[..bytes.len()].copy_from_slice(bytes);
        buffer
    };
    piece.chunks(BLOCK as usize).map(buffer).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_piece_is_cut_into_blocks_and_the_last_is_filled_up() {
        let piece: Vec<u8> = (0..2 * BLOCK + 5).map(|at| at as u8 | 1).collect();
        let blocks = block_bufs(&piece);
        assert!(blocks.iter().all(|block| block.len() == BLOCK as usize));
        let (bytes, rest) = (blocks.concat(), vec![0; BLOCK as usize - 5]);
        assert_eq!(blocks.len(), 3);
        assert!(bytes == [piece, rest].concat());
        assert!(block_bufs(&[]).is_empty());
    }
}
