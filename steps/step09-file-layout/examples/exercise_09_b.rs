//! Exercise 9b: what has to be fetched for one file, and what comes along with it.

use std::ops::Range;

use layout::Layout;

// ANCHOR: answer
/// The pieces that hold bytes of this file; none for an empty one.
fn pieces_of(layout: &Layout, file: usize) -> Range<u32> {
    let entry = &layout.files()[file];
    if entry.length == 0 {
        return 0..0;
    }
    let piece_length = u64::from(layout.geometry().piece_length());
    let first = entry.offset / piece_length;
    let last = (entry.offset + entry.length - 1) / piece_length;
    first as u32..last as u32 + 1
}

/// The bytes of other files that these pieces bring along.
fn brought_along(layout: &Layout, file: usize) -> u64 {
    pieces_of(layout, file)
        .flat_map(|piece| layout.piece_spans(piece))
        .filter(|span| span.file != file)
        .map(|span| span.len)
        .sum()
}
// ANCHOR_END: answer

fn example() -> Layout {
    let executable = false;
    let files = [5, 0, 16, 1, 5].iter().enumerate().map(|(i, &length)| {
        let path = format!("t/{i}").into();
        (path, length, layout::Kind::Regular { executable })
    });
    Layout::new(files, 8).expect("four pieces")
}

fn main() {
    let layout = example();
    for file in 0..layout.files().len() {
        println!(
            "file {file}: pieces {:?}, and {} bytes of others",
            pieces_of(&layout, file),
            brought_along(&layout, file)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_one_byte_brings_a_piece() {
        let layout = example();
        assert_eq!(pieces_of(&layout, 0), 0..1);
        assert_eq!(pieces_of(&layout, 1), 0..0);
        assert_eq!(pieces_of(&layout, 2), 0..3);
        assert_eq!(pieces_of(&layout, 3), 2..3);
        assert_eq!(pieces_of(&layout, 4), 2..4);
        assert_eq!(brought_along(&layout, 3), 7);
        assert_eq!(brought_along(&layout, 1), 0);
        main();
    }

    #[test]
    fn pieces_and_spans_agree() {
        let layout = example();
        for file in 0..layout.files().len() {
            for piece in 0..layout.geometry().pieces() {
                let in_it = layout.piece_spans(piece).any(|span| span.file == file);
                assert_eq!(pieces_of(&layout, file).contains(&piece), in_it);
            }
        }
    }
}
