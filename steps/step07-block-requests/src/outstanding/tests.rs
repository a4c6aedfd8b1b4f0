use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::{BLOCK, Geometry};

/// Asked for all blocks of one piece.
fn asked(geometry: Geometry, piece: u32) -> Outstanding {
    let mut outstanding = Outstanding::new();
    for block in geometry.blocks(piece) {
        assert_eq!(outstanding.ask(block), None);
    }
    outstanding
}

/// Pieces of three and a half blocks.
fn geometry() -> Geometry {
    Geometry::new(10 * 57_344, 57_344).unwrap()
}

fn header(piece: u32, offset: u32, len: u32) -> BlockHeader {
    BlockHeader { piece, offset, len }
}

fn parts(outstanding: &Outstanding, header: BlockHeader) -> Vec<Part> {
    outstanding.arriving(header).collect()
}

fn part(request: BlockRequest, offset: u32, len: u32) -> Part {
    let target = Some(Target { request, offset });
    Part { len, target }
}

fn unasked(len: u32) -> Part {
    Part { len, target: None }
}

/// Lets a payload land, part by part; the blocks that became whole.
fn land(outstanding: &mut Outstanding, header: BlockHeader) -> Vec<BlockRequest> {
    let mut whole = Vec::new();
    for part in outstanding.arriving(header) {
        if let Some(target) = part.target
            && let Landed::Whole(block) = outstanding.landed(target, part.len)
        {
            whole.push(block);
        }
    }
    whole
}

#[test]
fn blocks_that_come_as_they_were_asked_for_are_whole_at_once() {
    let mut outstanding = asked(geometry(), 2);
    for block in geometry().blocks(2) {
        let header = header(2, block.offset, block.len);
        assert_eq!(parts(&outstanding, header), [part(block, 0, block.len)]);
        assert_eq!(land(&mut outstanding, header), [block]);
    }
    assert!(outstanding.is_empty());
}

#[test]
fn blocks_may_come_in_another_order() {
    let mut outstanding = asked(geometry(), 0);
    let last = geometry().block(0, 3);
    assert_eq!(
        land(&mut outstanding, header(0, last.offset, last.len)),
        [last]
    );
    assert_eq!(outstanding.len(), 3);
    assert!(!outstanding.contains(&last));
}

#[test]
fn thirty_two_kib_are_two_blocks() {
    let mut outstanding = asked(geometry(), 0);
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|index| geometry().block(0, index));
    let both = header(0, 0, 2 * BLOCK);
    assert_eq!(
        parts(&outstanding, both),
        [part(first, 0, BLOCK), part(second, 0, BLOCK)]
    );
    assert_eq!(land(&mut outstanding, both), [first, second]);
    let rest = header(0, 2 * BLOCK, BLOCK + BLOCK / 2);
    assert_eq!(land(&mut outstanding, rest), [third, fourth]);
}

#[test]
fn an_odd_cut_is_divided_where_the_blocks_are() {
    let mut outstanding = asked(geometry(), 0);
    let [first, second] = [0, 1].map(|index| geometry().block(0, index));
    let cut = header(0, 10_000, 10_000);
    assert_eq!(
        parts(&outstanding, cut),
        [part(first, 10_000, 6_384), part(second, 0, 3_616)]
    );
    assert_eq!(land(&mut outstanding, cut), []);
    assert_eq!(land(&mut outstanding, header(0, 0, 10_000)), [first]);
    assert_eq!(land(&mut outstanding, header(0, 20_000, 12_767)), []);
    assert_eq!(land(&mut outstanding, header(0, 32_767, 1)), [second]);
}

#[test]
fn what_nobody_asked_for_is_read_past() {
    let mut outstanding = Outstanding::new();
    let second = geometry().block(0, 1);
    outstanding.ask(second);
    assert_eq!(parts(&outstanding, header(5, 0, BLOCK)), [unasked(BLOCK)]);
    assert_eq!(
        parts(&outstanding, header(0, BLOCK - 5, BLOCK + 10)),
        [unasked(5), part(second, 0, BLOCK), unasked(5)]
    );
    let end = u32::MAX;
    assert_eq!(parts(&outstanding, header(0, end, BLOCK)), [unasked(BLOCK)]);
    assert_eq!(parts(&outstanding, header(0, 0, 0)), []);
}

#[test]
fn bytes_that_come_twice_count_once() {
    let mut outstanding = asked(geometry(), 0);
    let first = geometry().block(0, 0);
    for _ in 0..10 {
        assert_eq!(land(&mut outstanding, header(0, 0, 8_192)), []);
    }
    assert_eq!(land(&mut outstanding, header(0, 4_096, 8_192)), []);
    assert_eq!(land(&mut outstanding, header(0, 12_288, 4_096)), [first]);
}

#[test]
fn a_request_is_answered_once() {
    let mut outstanding = asked(geometry(), 0);
    let first = geometry().block(0, 0);
    let whole = header(0, 0, BLOCK);
    assert_eq!(land(&mut outstanding, whole), [first]);
    assert_eq!(parts(&outstanding, whole), [unasked(BLOCK)]);

    // Asked again after a choke and answered twice: a request each.
    outstanding.ask(first);
    outstanding.ask(first);
    assert_eq!(land(&mut outstanding, whole), [first]);
    assert_eq!(land(&mut outstanding, whole), [first]);
    assert_eq!(land(&mut outstanding, whole), []);
}

#[test]
fn a_block_asked_for_twice_is_counted_anew_for_each_answer() {
    let mut outstanding = Outstanding::new();
    let first = geometry().block(0, 0);
    outstanding.ask(first);
    outstanding.ask(first);
    for _ in 0..2 {
        assert_eq!(land(&mut outstanding, header(0, 0, 8_192)), []);
        assert_eq!(land(&mut outstanding, header(0, 8_192, 8_192)), [first]);
    }
    assert!(outstanding.is_empty());
}

#[test]
fn a_block_asked_for_twice_is_one_target() {
    let mut outstanding = Outstanding::new();
    let first = geometry().block(0, 0);
    outstanding.ask(first);
    outstanding.ask(first);
    assert_eq!(
        parts(&outstanding, header(0, 1, BLOCK)),
        [part(first, 1, BLOCK - 1), unasked(1)]
    );
}

#[test]
fn a_request_cancelled_while_its_block_comes_is_forgotten() {
    let mut outstanding = asked(geometry(), 0);
    let first = geometry().block(0, 0);
    let part = outstanding.arriving(header(0, 0, BLOCK)).next().unwrap();
    assert!(outstanding.cancel(&first));
    assert!(!outstanding.cancel(&first));
    assert_eq!(
        outstanding.landed(part.target.unwrap(), part.len),
        Landed::Forgotten
    );
}

#[test]
fn a_choke_drops_everything() {
    let mut outstanding = asked(geometry(), 0);
    assert_eq!(outstanding.iter().count(), 4);
    outstanding.clear();
    assert!(outstanding.is_empty());
    assert_eq!(parts(&outstanding, header(0, 0, BLOCK)), [unasked(BLOCK)]);
}

#[test]
fn the_oldest_request_is_forgotten_when_there_are_too_many() {
    let geometry = Geometry::new(1 << 30, 1 << 25).unwrap();
    let mut outstanding = Outstanding::new();
    let mut blocks = geometry.blocks(0);
    for block in blocks.by_ref().take(MAX_OUTSTANDING) {
        assert_eq!(outstanding.ask(block), None);
    }
    let forgotten = outstanding.ask(blocks.next().unwrap());
    assert_eq!(forgotten, Some(geometry.block(0, 0)));
    assert_eq!(outstanding.len(), MAX_OUTSTANDING);
}

#[test]
fn a_block_can_land_as_its_bytes_come() {
    let mut outstanding = asked(geometry(), 0);
    let request = geometry().block(0, 0);
    for offset in (0..BLOCK - 1000).step_by(1000) {
        let target = Target { request, offset };
        assert_eq!(outstanding.landed(target, 1000), Landed::Partial);
    }
    let target = Target {
        request,
        offset: 16_000,
    };
    assert_eq!(outstanding.landed(target, 384), Landed::Whole(request));
}

proptest! {
    #[test]
    fn the_parts_are_the_payload(
        piece in 0u32..3, offset in 0u32..80_000, len in 1u32..=crate::MAX_BLOCK,
        forgotten in prop::collection::vec(0usize..8, 0..4),
    ) {
        let mut outstanding = Outstanding::new();
        for block in geometry().blocks(0).chain(geometry().blocks(1)) {
            outstanding.ask(block);
        }
        for index in forgotten {
            let block = outstanding.iter().nth(index);
            if let Some(block) = block {
                outstanding.cancel(&block);
            }
        }
        let mut at = offset;
        for part in outstanding.arriving(header(piece, offset, len)) {
            prop_assert!(part.len > 0);
            if let Some(Target { request, offset }) = part.target {
                prop_assert!(outstanding.contains(&request));
                prop_assert_eq!(request.piece, piece);
                prop_assert_eq!(request.offset + offset, at);
                prop_assert!(offset + part.len <= request.len);
            } else {
                let touches = |block: BlockRequest| {
                    block.piece == piece
                        && block.offset < at + part.len
                        && block.offset + block.len > at
                };
                prop_assert!(!outstanding.iter().any(touches));
            }
            at += part.len;
        }
        prop_assert_eq!(at, offset + len);
    }

    #[test]
    fn any_cuts_in_any_order_make_each_block_whole_once(
        cuts in prop::collection::btree_set(1u32..57_344, 0..40),
        again in prop::collection::vec((0u32..57_344, 1u32..20_000), 0..10),
        order in any::<prop::sample::Index>(),
    ) {
        let mut outstanding = asked(geometry(), 0);
        let mut borders: Vec<u32> = cuts.into_iter().collect();
        borders.insert(0, 0);
        borders.push(57_344);
        let mut payloads: Vec<(u32, u32)> = borders.windows(2).map(|w| (w[0], w[1] - w[0])).collect();
        payloads.extend(again.into_iter().map(|(from, len)| (from, len.min(57_344 - from))));
        let middle = order.index(payloads.len());
        payloads.rotate_left(middle);
        let mut whole: Vec<BlockRequest> = payloads
            .into_iter()
            .flat_map(|(offset, len)| land(&mut outstanding, header(0, offset, len)))
            .collect();
        whole.sort_unstable();
        prop_assert_eq!(whole, geometry().blocks(0).collect::<Vec<_>>());
        prop_assert!(outstanding.is_empty());
    }
}
