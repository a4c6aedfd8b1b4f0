//! Which piece length to choose for a new torrent.

// ANCHOR: automatic_piece_length
/// A piece length for files of this many bytes together: a power of two from 16 KiB to 16 MiB that
/// gives about a thousand to two thousand pieces.
///
/// Small pieces make a large torrent file. With large pieces a peer must receive much before it
/// has anything to give, and a piece that fails its hash costs more.
pub fn automatic_piece_length(total: u64) -> u32 {
    // ANCHOR: yours_automatic_piece_length (chapter 2, "Making a torrent")
    const SMALLEST: u32 = 16 * 1024;
    const LARGEST: u32 = 16 * 1024 * 1024;
    const PIECES: u64 = 2048;

    let mut length = SMALLEST;
    while length < LARGEST && total.div_ceil(u64::from(length)) > PIECES {
        length *= 2;
    }
    length
    // ANCHOR_END: yours_automatic_piece_length
}
// ANCHOR_END: automatic_piece_length

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const KIB: u64 = 1024;
    const GIB: u64 = 1024 * 1024 * KIB;

    #[test]
    fn small_torrents_have_the_smallest_pieces() {
        assert_eq!(automatic_piece_length(0), 16 * 1024);
        assert_eq!(automatic_piece_length(1), 16 * 1024);
        assert_eq!(automatic_piece_length(2048 * 16 * KIB), 16 * 1024);
        assert_eq!(automatic_piece_length(2048 * 16 * KIB + 1), 32 * 1024);
    }

    #[test]
    fn pieces_grow_with_the_torrent_up_to_a_bound() {
        assert_eq!(automatic_piece_length(GIB), 512 * 1024);
        assert_eq!(automatic_piece_length(100 * GIB), 16 * 1024 * 1024);
        assert_eq!(automatic_piece_length(u64::MAX), 16 * 1024 * 1024);
    }
}
