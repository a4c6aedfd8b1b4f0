//! A bitfield from the wire counts right, behaves as a set, and goes back onto the wire unchanged.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use messages::Bitfield;

#[derive(Arbitrary, Debug)]
struct Input {
    len: u16,
    bytes: Vec<u8>,
    changes: Vec<(u16, bool)>,
}

fuzz_target!(|input: Input| {
    let len = u32::from(input.len);
    let Ok(mut field) = Bitfield::from_bytes(len, &input.bytes) else {
        return;
    };
    assert_eq!(field.to_bytes(), input.bytes);
    let mut model: BTreeSet<u32> = (0..len)
        .filter(|piece| input.bytes[*piece as usize / 8] << (piece % 8) & 0x80 != 0)
        .collect();
    for (piece, set) in input.changes {
        let piece = u32::from(piece);
        if piece < len {
            let changed = if set {
                field.set(piece)
            } else {
                field.clear(piece)
            };
            assert_eq!(
                changed,
                if set {
                    model.insert(piece)
                } else {
                    model.remove(&piece)
                }
            );
        }
    }
    assert_eq!(field.count() as usize, model.len());
    assert_eq!(field.is_full(), model.len() == len as usize);
    assert!(field.iter_ones().eq(model.iter().copied()));
    assert_eq!(field.count_missing_from(&Bitfield::new(len)), field.count());
    assert!(!field.has_any_missing_from(&Bitfield::full(len)));
    assert_eq!(Bitfield::from_bytes(len, &field.to_bytes()), Ok(field));
});
