use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn geometry(total: u64, piece_length: u64) -> Geometry {
    Geometry::new(total, piece_length).unwrap()
}

fn request(piece: u32, offset: u32, len: u32) -> BlockRequest {
    BlockRequest { piece, offset, len }
}

#[test]
fn the_last_piece_and_its_last_block_have_what_is_left() {
    let geometry = geometry(100_000, 40_000);
    assert_eq!(geometry.pieces(), 3);
    assert_eq!(
        [0, 1, 2].map(|piece| geometry.piece_len(piece)),
        [40_000, 40_000, 20_000]
    );
    assert_eq!(
        [0, 1, 2].map(|piece| geometry.piece_offset(piece)),
        [0, 40_000, 80_000]
    );
    let blocks: Vec<BlockRequest> = geometry.blocks(0).collect();
    let expected = [
        request(0, 0, BLOCK),
        request(0, BLOCK, BLOCK),
        request(0, 2 * BLOCK, 7_232),
    ];
    assert_eq!(blocks, expected);
    assert_eq!(geometry.block(2, 1), request(2, BLOCK, 20_000 - BLOCK));
}

#[test]
fn a_torrent_that_divides_evenly_has_no_short_end() {
    let geometry = geometry(4 * 65_536, 65_536);
    assert_eq!(geometry.pieces(), 4);
    assert_eq!(geometry.piece_len(3), 65_536);
    assert_eq!(geometry.blocks_in(3), 4);
    assert_eq!(geometry.block(3, 3).len, BLOCK);
}

#[test]
fn a_piece_may_be_shorter_than_a_block() {
    let geometry = geometry(1_001, 100);
    assert_eq!(geometry.pieces(), 11);
    assert_eq!(geometry.block(0, 0), request(0, 0, 100));
    assert_eq!(geometry.block(10, 0), request(10, 0, 1));
    assert_eq!(geometry.blocks_in(10), 1);
}

#[test]
fn a_torrent_of_one_byte_is_one_piece_of_one_block() {
    let geometry = geometry(1, 1 << 18);
    assert_eq!(geometry.pieces(), 1);
    assert_eq!(geometry.block(0, 0), request(0, 0, 1));
}

#[test]
fn empty_files_alone_have_no_pieces() {
    let geometry = geometry(0, 16_384);
    assert_eq!(geometry.pieces(), 0);
    assert_eq!(geometry.piece_len(0), 0);
    assert_eq!(geometry.blocks(0).count(), 0);
    assert_eq!(geometry.index_of(request(0, 0, 0)), None);
}

#[test]
fn the_longest_piece_and_the_largest_torrent_do_not_overflow() {
    let total = u64::from(MAX_PIECES) * u64::from(u32::MAX);
    let geometry = geometry(total, u32::MAX.into());
    assert_eq!(geometry.pieces(), MAX_PIECES);
    let last = MAX_PIECES - 1;
    assert_eq!(
        geometry.piece_offset(last) + u64::from(geometry.piece_len(last)),
        total
    );
    let blocks = geometry.blocks_in(last);
    assert_eq!(
        geometry.block(last, blocks - 1),
        request(last, u32::MAX - (BLOCK - 1), BLOCK - 1)
    );
    assert_eq!(geometry.piece_len(u32::MAX), 0);
}

#[test]
fn what_makes_no_torrent_is_refused_with_the_reason() {
    let error = |total, piece_length| Geometry::new(total, piece_length).unwrap_err();
    assert_eq!(error(1, 0), GeometryError::NoPieceLength);
    assert_eq!(error(0, 1 << 32), GeometryError::PieceTooLong(1 << 32));
    let (total_length, pieces) = (i64::MAX as u64, 1 << 47);
    let too_many = GeometryError::TooManyPieces {
        total_length,
        piece_length: 65_536,
        pieces,
    };
    assert_eq!(error(total_length, 65_536), too_many);
    assert_eq!(
        too_many.to_string(),
        "9223372036854775807 bytes in pieces of 65536 would be 140737488355328 pieces, \
         and more than 4194304 are not handled"
    );
    assert!(Geometry::new(u64::from(MAX_PIECES) * 2, 2).is_ok());
    assert!(Geometry::new(u64::from(MAX_PIECES) * 2 + 1, 2).is_err());
}

#[test]
fn only_exactly_a_block_has_a_number() {
    let geometry = geometry(100_000, 40_000);
    assert_eq!(geometry.index_of(request(1, BLOCK, BLOCK)), Some(1));
    assert_eq!(geometry.index_of(request(1, 2 * BLOCK, 7_232)), Some(2));
    for odd in [
        request(1, 1, BLOCK),
        request(1, 0, BLOCK - 1),
        request(1, 0, 2 * BLOCK),
        request(1, 2 * BLOCK, BLOCK),
        request(1, 3 * BLOCK, BLOCK),
        request(3, 0, BLOCK),
        request(u32::MAX, u32::MAX, u32::MAX),
    ] {
        assert_eq!(geometry.index_of(odd), None, "{odd:?}");
    }
}

#[test]
fn a_request_is_answered_when_it_lies_inside_a_piece() {
    let geometry = geometry(1 << 20, 1 << 18);
    for good in [
        request(0, 0, 1),
        request(3, 5, 99),
        request(3, 1 << 17, MAX_BLOCK),
    ] {
        assert_eq!(geometry.check(&good), Ok(()), "{good:?}");
    }
    let error = |request| geometry.check(&request).unwrap_err();
    let no_such = RequestError::NoSuchPiece {
        piece: 4,
        pieces: 4,
    };
    assert_eq!(error(request(4, 0, 1)), no_such);
    assert_eq!(error(request(0, 0, 0)), RequestError::BadLength(0));
    assert_eq!(
        error(request(0, 0, MAX_BLOCK + 1)),
        RequestError::BadLength(MAX_BLOCK + 1)
    );
    for past in [
        request(0, (1 << 18) - 1, 2),
        request(0, u32::MAX, MAX_BLOCK),
    ] {
        let piece_len = 1 << 18;
        assert_eq!(
            error(past),
            RequestError::PastTheEnd {
                request: past,
                piece_len
            }
        );
    }
    assert_eq!(
        error(request(0, 262_143, 2)).to_string(),
        "a request for 2 bytes at offset 262143 of piece 0, which is 262144 bytes long"
    );
}

proptest! {
    #[test]
    fn the_blocks_cover_the_torrent_once(total in 0u64..2_000_000, piece_length in 1u64..100_000) {
        prop_assume!(total / piece_length < 2_000);
        let geometry = geometry(total, piece_length);
        let mut at = 0;
        for piece in 0..geometry.pieces() {
            for (index, block) in geometry.blocks(piece).enumerate() {
                prop_assert_eq!(geometry.piece_offset(piece) + u64::from(block.offset), at);
                prop_assert!(block.len > 0 && block.len <= BLOCK);
                prop_assert_eq!(geometry.index_of(block), Some(index as u32));
                prop_assert_eq!(geometry.check(&block), Ok(()));
                at += u64::from(block.len);
            }
        }
        prop_assert_eq!(at, total);
    }

    #[test]
    fn no_request_of_a_peer_is_a_panic(
        total in any::<u64>(), piece_length in any::<u32>(),
        piece in any::<u32>(), offset in any::<u32>(), len in any::<u32>(),
    ) {
        if let Ok(geometry) = Geometry::new(total, piece_length.into()) {
            let request = request(piece, offset, len);
            let inside = geometry.check(&request).is_ok();
            let is_block = geometry.index_of(request).is_some();
            prop_assert!(inside || !is_block);
        }
    }
}
