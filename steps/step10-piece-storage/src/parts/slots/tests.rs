//! What a header says is believed as far as it can be true.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

/// A header of so many pieces of 16 bytes, with these slots.
fn header(pieces: u32, slots: &[u32]) -> Vec<u8> {
    let words = [&[pieces, 16], slots].concat();
    let mut header: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    header.resize(header.len().next_multiple_of(1024), 0);
    header
}

fn parsed(pieces: u32, header: &[u8]) -> Slots {
    Slots::new(pieces, 16).parse(header)
}

#[test]
fn the_header_is_libtorrents() {
    let mut slots = Slots::new(3, 0x4000);
    slots.give(2);
    let header = slots.header();
    assert_eq!(header.len(), 1024);
    let words = [3, 0x4000, u32::MAX, u32::MAX, 0, 0].map(u32::to_be_bytes);
    assert_eq!(header[..24], words.concat());
    assert_eq!(slots.offset(2), Some(1024));
    // 254 pieces and the two numbers fill the first KiB.
    let lens = [0, 254, 255].map(|pieces| Slots::new(pieces, 1).header_len());
    assert_eq!(lens, [1024, 1024, 2048]);
}

/// What libtorrent 2.0.8 wrote for two wanted files of a torrent of 46 pieces.
#[test]
fn a_header_of_libtorrents_is_read() {
    let mut words = vec![46, 0x8000];
    words.extend([u32::MAX; 46]);
    for (piece, slot) in [(2, 2), (6, 3), (33, 0), (34, 1)] {
        words[2 + piece] = slot;
    }
    let mut header: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    header.resize(1024, 0);
    let slots = Slots::new(46, 0x8000).parse(&header);
    let offsets = [2, 6, 33, 34, 35].map(|piece| slots.offset(piece));
    let expected = [66_560, 99_328, 1024, 33_792].map(Some);
    assert_eq!((slots.whose, &offsets[..4]), (Whose::Ours, &expected[..]));
    assert_eq!(offsets[4], None);
    assert_eq!(slots.header(), header);
}

#[test]
fn a_slot_that_is_free_is_used_again_first() {
    let mut slots = Slots::new(9, 16);
    for piece in [4, 7, 1] {
        slots.give(piece);
    }
    slots.give(4);
    slots.free(7);
    slots.free(8);
    assert_eq!(slots.offset(7), None);
    slots.give(0);
    slots.give(2);
    let place = |piece| slots.offset(piece).map(|at| (at - 1024) / 16);
    assert_eq!(
        [4, 0, 1, 2].map(place),
        [Some(0), Some(1), Some(2), Some(3)]
    );
    slots.give(9);
    assert!(!slots.has(9), "there is no such piece");
}

#[test]
fn what_cannot_be_true_is_not_believed() {
    let good = parsed(4, &header(4, &[u32::MAX, 0, u32::MAX, 2]));
    assert_eq!(
        (good.whose, good.pieces().collect()),
        (Whose::Ours, vec![1, 3])
    );
    // The hole between them is used first.
    assert_eq!(good.free, BTreeSet::from([1]));
    let twice = parsed(4, &header(4, &[3, 0, 3, u32::MAX]));
    assert_eq!(
        (twice.whose, twice.pieces().collect()),
        (Whose::Torn, vec![1])
    );
    let outside = parsed(4, &header(4, &[4, 0, 1 << 30, u32::MAX]));
    assert_eq!(
        (outside.whose, outside.pieces().collect()),
        (Whose::Torn, vec![1])
    );
    let cut = parsed(4, &header(4, &[1, 0, 2, 3])[..18]);
    assert_eq!(
        (cut.whose, cut.pieces().collect()),
        (Whose::Torn, vec![0, 1])
    );
}

#[test]
fn another_torrents_is_not_ours_and_an_empty_one_may_be() {
    assert_eq!(parsed(4, &header(5, &[0])).whose, Whose::Another);
    assert_eq!(parsed(4, b"a diary, and it is long").whose, Whose::Another);
    for empty in [&[][..], &[0; 3], &[0; 8], &[0; 1024]] {
        assert_eq!(parsed(4, empty).whose, Whose::Empty);
    }
}

proptest! {
    #[test]
    fn whatever_a_header_says_no_slot_has_two_pieces(
        pieces in 0..40_u32,
        words in proptest::collection::vec(prop_oneof![0..45_u32, any::<u32>()], 0..60),
        cut in any::<prop::sample::Index>(),
        then in proptest::collection::vec((any::<bool>(), 0..45_u32), 0..60),
    ) {
        let whole = header(pieces, &words);
        let mut slots = parsed(pieces, &whole[..cut.index(whole.len())]);
        for (give, piece) in then {
            match give {
                true => slots.give(piece),
                false => slots.free(piece),
            }
        }
        let places: BTreeSet<u32> = slots.slots.values().copied().collect();
        prop_assert_eq!(places.len(), slots.slots.len());
        prop_assert!(places.iter().chain(&slots.free).all(|&slot| slot < slots.end && slot < pieces));
        prop_assert!(places.is_disjoint(&slots.free));
        // And it reads back as it is written.
        let again = parsed(pieces, &slots.header());
        prop_assert_eq!(again.slots, slots.slots);
        prop_assert_eq!(again.whose, Whose::Ours);
    }
}
