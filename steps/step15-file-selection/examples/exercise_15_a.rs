//! Exercise 15a: the pieces that a file lies in.

use std::ops::RangeInclusive;

// ANCHOR: answer
/// The pieces of a file of `size` bytes that begins at `offset`; `None` if it is empty.
fn pieces_of(offset: u64, size: u64, length: u64) -> Option<RangeInclusive<u64>> {
    let last = (offset + size).checked_sub(1)?;
    (size > 0).then_some(offset / length..=last / length)
}
// ANCHOR_END: answer

fn main() {
    for (name, offset, size) in [
        ("hello", 0, 5),
        ("none", 5, 0),
        ("fox", 5, 16),
        ("dot", 21, 1),
    ] {
        println!("{name:<5} {:?}", pieces_of(offset, size, 8));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_last_byte_decides_about_the_last_piece() {
        assert_eq!(pieces_of(5, 16, 8), Some(0..=2));
        assert_eq!(pieces_of(0, 8, 8), Some(0..=0));
        assert_eq!(pieces_of(0, 9, 8), Some(0..=1));
        assert_eq!(pieces_of(32_768, 65_536, 32_768), Some(1..=2));
        assert_eq!(pieces_of(7, 1, 8), Some(0..=0));
        assert_eq!([pieces_of(0, 0, 8), pieces_of(8, 0, 8)], [None, None]);
        main();
    }
}
