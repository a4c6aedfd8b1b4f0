//! One file of a torrent is wanted: its pieces are fetched, and what is not of the file is thrown
//! away.
//!
//! `cargo run -p step15-file-selection --example naive_throw_away`

use layout::{Kind, Layout, LayoutError};

/// The bytes of the torrent, in pieces of eight.
const STRING: &[u8] = b"HELLOTHEQUICKBROWNFOX.JUMPS";
const FILES: [(&str, u64); 4] = [
    ("hello.txt", 5),
    ("fox.txt", 16),
    ("dot", 1),
    ("end.txt", 5),
];

/// The file that is wanted: fox.txt.
const WANTED: usize = 1;

fn letters() -> Result<Layout, LayoutError> {
    let kind = || Kind::Regular { executable: false };
    let files = FILES.map(|(name, length)| (name.into(), length, kind()));
    Layout::new(files, 8)
}

// ANCHOR: inside
/// The pieces in which there is nothing else than the file.
fn inside(layout: &Layout, file: usize) -> Vec<u32> {
    let is_alone = |piece: &u32| layout.piece_spans(*piece).all(|span| span.file == file);
    layout.all_pieces_of(file).filter(is_alone).collect()
}
// ANCHOR_END: inside

// ANCHOR: keep
/// What is in the file when these pieces are fetched, and nothing of them kept that is not its own.
fn keep(layout: &Layout, file: usize, pieces: &[u32]) -> Vec<u8> {
    let entry = &layout.files()[file];
    let mut kept = vec![b'.'; entry.length as usize];
    for &piece in pieces {
        for span in layout.piece_spans(piece).filter(|span| span.file == file) {
            for byte in span.offset..span.offset + span.len {
                kept[byte as usize] = STRING[(entry.offset + byte) as usize];
            }
        }
    }
    kept
}
// ANCHOR_END: keep

fn main() -> Result<(), LayoutError> {
    let layout = letters()?;
    let touching: Vec<u32> = layout.all_pieces_of(WANTED).collect();
    let inside = inside(&layout, WANTED);
    for (which, pieces) in [("inside it", &inside), ("that touch it", &touching)] {
        let kept = keep(&layout, WANTED, pieces);
        let kept = String::from_utf8_lossy(&kept);
        println!("the pieces {which:<14} {pieces:?}\n  fox.txt  {kept}");
    }
    // At the next start a piece is good if all of it can be read.
    let lost: Vec<&u32> = touching
        .iter()
        .filter(|piece| !inside.contains(piece))
        .collect();
    println!("at the next start         {lost:?} cannot be checked: they are fetched again");
    Ok(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_pieces_inside_are_too_few() {
        let layout = letters().unwrap();
        assert_eq!(inside(&layout, WANTED), [1]);
        assert_eq!(keep(&layout, WANTED, &[1]), b"...QUICKBRO.....");
        assert_eq!(keep(&layout, WANTED, &[0, 1, 2]), b"THEQUICKBROWNFOX");
        main().unwrap();
    }
}
