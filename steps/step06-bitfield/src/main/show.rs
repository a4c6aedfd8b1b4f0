//! The pieces a peer has, as a map.

use std::io::{self, Write};

use messages::Bitfield;

use crate::conversation::Conversation;

/// Places in a line of the map.
const COLUMNS: u32 = 64;
/// Lines of the map, at most.
const LINES: u32 = 16;

/// How many pieces the peer has, how we know, and which.
pub fn pieces(out: &mut impl Write, heard: &Conversation) -> io::Result<()> {
    let has = &heard.has;
    writeln!(
        out,
        "The peer has {} of {} pieces: {} by its bitfield, {} by have.\n",
        has.count(),
        has.len(),
        heard.from_bitfield,
        heard.from_haves
    )?;
    map(out, has)
}

/// A character for each piece, or for several where there are many.
fn map(out: &mut impl Write, has: &Bitfield) -> io::Result<()> {
    let each = has.len().div_ceil(COLUMNS * LINES).max(1);
    let mut places = (0..has.len()).step_by(each as usize).map(|first| {
        let last = has.len().min(first.saturating_add(each));
        match (first..last).filter(|&piece| has.get(piece)).count() as u32 {
            0 => '.',
            count if count == last - first => '#',
            _ => '+',
        }
    });
    for line in 0.. {
        let row: String = places.by_ref().take(COLUMNS as usize).collect();
        if row.is_empty() {
            break;
        }
        writeln!(out, "  {:>8}  {row}", line * COLUMNS * each)?;
    }
    match each {
        1 => writeln!(out, "\n  # has it   . does not have it"),
        _ => writeln!(
            out,
            "\n  {each} pieces each: # has them   + has some   . has none"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(has: &Bitfield) -> Vec<String> {
        let mut out = Vec::new();
        map(&mut out, has).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_string).collect()
    }

    #[test]
    fn a_small_torrent_has_a_place_for_each_piece() {
        let mut has = Bitfield::new(70);
        for piece in [0, 2, 69] {
            has.set(piece);
        }
        let lines = shown(&has);
        assert_eq!(lines[0], format!("         0  #.#{}", ".".repeat(61)));
        assert_eq!(lines[1], "        64  .....#");
    }

    #[test]
    fn a_large_torrent_fits_on_the_screen() {
        let mut has = Bitfield::new(3_300_000);
        for piece in 0..3300 {
            has.set(piece);
        }
        let lines = shown(&has);
        assert!(lines.len() <= 18, "{}", lines.len());
        assert!(lines[0].starts_with("         0  #+."), "{}", lines[0]);
    }

    #[test]
    fn no_pieces_no_map() {
        assert_eq!(shown(&Bitfield::new(0)).len(), 2);
    }
}
