//! Exercise 7a: every request of a torrent, without the library.

// ANCHOR: answer
/// Piece, offset and length of every request that downloads a torrent.
fn requests(total: u64, piece_length: u64) -> Vec<(u64, u64, u64)> {
    const BLOCK: u64 = 16_384;
    let mut requests = Vec::new();
    let mut at = 0; // counted from the start of the torrent
    while at < total {
        let piece = at / piece_length;
        let offset = at % piece_length;
        let left_of_piece = piece_length - offset;
        let len = BLOCK.min(left_of_piece).min(total - at);
        requests.push((piece, offset, len));
        at += len;
    }
    requests
}
// ANCHOR_END: answer

fn main() {
    for (piece, offset, len) in requests(100_000, 40_000) {
        println!("piece {piece}, offset {offset:>5}, {len:>5} bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blocks::Geometry;

    #[test]
    fn they_are_those_of_the_library() {
        for (total, piece_length) in [
            (0, 1),
            (1, 1),
            (100_000, 40_000),
            (700_067, 32_768),
            (65_536, 16_384),
            (65_537, 20_000),
        ] {
            let geometry = Geometry::new(total, piece_length).unwrap();
            let theirs: Vec<_> = (0..geometry.pieces())
                .flat_map(|piece| geometry.blocks(piece))
                .map(|block| (block.piece.into(), block.offset.into(), block.len.into()))
                .collect();
            assert_eq!(requests(total, piece_length), theirs);
        }
    }
}
