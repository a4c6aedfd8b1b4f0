//! Exercise 9c: padding, so that no two files share a piece.

use std::path::PathBuf;

use layout::Kind;

// ANCHOR: answer
/// Puts padding behind every file that does not end where a piece ends, but for the last one that
/// has bytes.
fn padded(files: Vec<(PathBuf, u64)>, piece_length: u64) -> Vec<(PathBuf, u64, Kind)> {
    let last = files.iter().rposition(|(_, length)| *length > 0);
    let mut all = Vec::new();
    for (i, (path, length)) in files.into_iter().enumerate() {
        let executable = false;
        all.push((path, length, Kind::Regular { executable }));
        let missing = (piece_length - length % piece_length) % piece_length;
        if missing > 0 && length > 0 && last.is_some_and(|last| i < last) {
            let name = format!(".pad/{missing}").into();
            all.push((name, missing, Kind::Padding));
        }
    }
    all
}
// ANCHOR_END: answer

fn main() {
    let files = [("a", 5), ("b", 0), ("c", 16), ("d", 1), ("e", 5)];
    let files = files.map(|(path, length)| (path.into(), length));
    for (path, length, _) in padded(files.into(), 8) {
        println!("{length:>3}  {}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use layout::Layout;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_two_files_share_a_piece(
            lengths in prop::collection::vec(0u64..50, 1..12), piece_length in 1u64..20,
        ) {
            let named = |(i, &length): (usize, &u64)| (PathBuf::from(format!("t/{i}")), length);
            let files: Vec<_> = lengths.iter().enumerate().map(named).collect();
            let layout = Layout::new(padded(files, piece_length), piece_length).unwrap();
            let is_file = |file: usize| layout.files()[file].kind != Kind::Padding;
            for piece in 0..layout.geometry().pieces() {
                let files = layout.piece_spans(piece).filter(|span| is_file(span.file)).count();
                prop_assert_eq!(files, 1);
            }
            // The torrent does not end with padding.
            if let Some(entry) = layout.files().iter().rev().find(|file| file.length > 0) {
                prop_assert!(entry.kind != Kind::Padding);
            }
        }
    }

    #[test]
    fn the_example_runs() {
        main();
    }
}
