//! Which pieces a part of a file lies in.

use std::ops::Range;

use layout::Layout;

/// The pieces that these bytes of a file lie in, wholly or in part; none for no bytes. The other way
/// round is [`Layout::piece_spans`].
pub fn pieces_of(layout: &Layout, file: usize, bytes: Range<u64>) -> Range<u32> {
    layout.pieces_of(file, bytes)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::testing::{Torrent, regular};

    #[test]
    fn a_file_lies_in_the_pieces_that_its_bytes_touch() {
        let files = vec![
            regular("a", 10_000),
            regular("empty", 0),
            regular("b", 90_000),
        ];
        let layout = Torrent::new(files, 40_000).layout;
        let all = |file: usize| pieces_of(&layout, file, 0..layout.files()[file].length);
        assert_eq!((all(0), all(1), all(2)), (0..1, 0..0, 0..3));
        assert_eq!(pieces_of(&layout, 2, 30_000..30_001), 1..2);
        assert_eq!(pieces_of(&layout, 2, 29_999..30_001), 0..2);
    }
}
