use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use proptest::collection::btree_set;
use proptest::prelude::*;

use super::*;

fn of(len: u32, pieces: impl IntoIterator<Item = u32>) -> Bitfield {
    let mut bitfield = Bitfield::new(len);
    for piece in pieces {
        bitfield.set(piece);
    }
    bitfield
}

#[test]
fn the_first_piece_is_the_highest_bit_of_the_first_byte() {
    assert_eq!(of(16, [0]).to_bytes(), [0b1000_0000, 0]);
    assert_eq!(of(16, [7]).to_bytes(), [0b0000_0001, 0]);
    assert_eq!(of(16, [8]).to_bytes(), [0, 0b1000_0000]);
    assert_eq!(of(10, 0..10).to_bytes(), [0xff, 0b1100_0000]);
}

#[test]
fn a_full_bitfield_leaves_the_spare_bits_zero() {
    for len in [0, 1, 7, 8, 9, 63, 64, 65, 128, 1000] {
        let full = Bitfield::full(len);
        assert_eq!(full, of(len, 0..len), "{len} pieces");
        assert!(full.is_full());
        assert_eq!(full.count(), len);
        assert_eq!(Bitfield::from_bytes(len, &full.to_bytes()), Ok(full));
    }
}

#[test]
fn spare_bits_are_refused() {
    let error = Bitfield::from_bytes(10, &[0xff, 0b1110_0000]).unwrap_err();
    assert_eq!(error, BitfieldError::SpareBits { pieces: 10 });
    assert_eq!(
        error.to_string(),
        "the bitfield claims pieces after the last: the torrent has 10"
    );
    // Each of the spare bits, at the end of a word and elsewhere.
    for len in [1u32, 10, 57, 63, 65] {
        for piece in len..len.next_multiple_of(8) {
            let mut bytes = vec![0; Bitfield::byte_len(len)];
            bytes[(piece / 8) as usize] = 0x80 >> (piece % 8);
            assert_eq!(
                Bitfield::from_bytes(len, &bytes),
                Err(BitfieldError::SpareBits { pieces: len })
            );
        }
    }
}

#[test]
fn a_wrong_size_is_refused() {
    for found in [0, 1, 3, 100] {
        assert_eq!(
            Bitfield::from_bytes(10, &vec![0; found]),
            Err(BitfieldError::WrongSize {
                pieces: 10,
                expected: 2,
                found
            })
        );
    }
}

#[test]
fn a_piece_beyond_the_end_is_never_there() {
    let mut bitfield = Bitfield::new(10);
    for piece in [10, 15, 63, 64, u32::MAX] {
        assert!(!bitfield.set(piece));
        assert!(!bitfield.get(piece));
        assert!(!bitfield.clear(piece));
    }
    assert_eq!(bitfield, Bitfield::new(10));
    assert!(!Bitfield::full(10).get(10));
}

#[test]
fn set_and_clear_say_whether_they_changed_anything() {
    let mut bitfield = Bitfield::new(3);
    assert!(bitfield.set(1));
    assert!(!bitfield.set(1));
    assert_eq!(bitfield.count(), 1);
    assert!(bitfield.clear(1));
    assert!(!bitfield.clear(1));
    assert_eq!(bitfield.count(), 0);
}

#[test]
fn a_peer_is_interesting_when_it_has_what_we_lack() {
    let ours = of(130, [0, 1, 64]);
    assert!(!of(130, []).has_any_missing_from(&ours));
    assert!(!of(130, [0, 64]).has_any_missing_from(&ours));
    assert!(of(130, [0, 129]).has_any_missing_from(&ours));
    assert!(!Bitfield::full(130).has_any_missing_from(&Bitfield::full(130)));
}

#[test]
fn the_largest_torrents_have_millions_of_pieces() {
    let len = 3_300_000;
    let full = Bitfield::full(len);
    assert_eq!(full.to_bytes().len(), 412_500);
    assert_eq!(full.iter_ones().last(), Some(len - 1));
    let mut all_but_one = full.clone();
    all_but_one.clear(len - 1);
    let missing: Vec<_> = full.missing_from(&all_but_one).collect();
    assert_eq!(missing, [len - 1]);
}

#[test]
fn debug_counts_and_does_not_list() {
    assert_eq!(
        format!("{:?}", of(1000, [3, 4])),
        "Bitfield(2 of 1000)".to_string()
    );
}

/// A number of pieces and two sets of them.
fn two_sets() -> impl Strategy<Value = (u32, BTreeSet<u32>, BTreeSet<u32>)> {
    (1u32..300).prop_flat_map(|len| {
        let set = || btree_set(0..len, 0..len as usize);
        (Just(len), set(), set())
    })
}

proptest! {
    #[test]
    fn it_behaves_like_a_set((len, a, b) in two_sets()) {
        let (mut x, y) = (of(len, a.clone()), of(len, b.clone()));
        prop_assert_eq!(x.count() as usize, a.len());
        prop_assert_eq!(x.iter_ones().collect::<BTreeSet<_>>(), a.clone());
        let zeros: BTreeSet<_> = (0..len).filter(|piece| !a.contains(piece)).collect();
        prop_assert_eq!(x.iter_zeros().collect::<BTreeSet<_>>(), zeros);

        let missing: Vec<_> = a.difference(&b).copied().collect();
        prop_assert_eq!(x.has_any_missing_from(&y), !missing.is_empty());
        prop_assert_eq!(x.count_missing_from(&y) as usize, missing.len());
        prop_assert_eq!(x.missing_from(&y).collect::<Vec<_>>(), missing);

        for piece in &b {
            x.clear(*piece);
        }
        prop_assert_eq!(x, of(len, a.difference(&b).copied()));
    }

    #[test]
    fn bytes_come_back_as_they_were((len, set, _) in two_sets()) {
        let bitfield = of(len, set);
        prop_assert_eq!(Bitfield::from_bytes(len, &bitfield.to_bytes()), Ok(bitfield));
    }

    #[test]
    fn any_bytes_are_read_or_refused(len in 0u32..200, bytes in any::<Vec<u8>>()) {
        if let Ok(bitfield) = Bitfield::from_bytes(len, &bytes) {
            prop_assert_eq!(bitfield.to_bytes(), bytes);
            prop_assert_eq!(bitfield.count() as usize, bitfield.iter_ones().count());
        }
    }
}
