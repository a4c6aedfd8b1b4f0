//! Where each piece of a torrent stands, in as many columns as there are.

use std::ops::Range;

use crate::text::{Letters, Role, Text};

/// Where a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// It is here, and verified.
    Here,
    /// Something of it was asked for.
    InFlight,
    /// It is missing, and few peers have it.
    Rare,
    /// It is missing.
    Missing,
    /// It is missing, and not wanted.
    Unwanted,
}

/// The dots of a Braille letter: as many parts of a cell can be told apart.
const DOTS: usize = 8;

/// The bits of those dots in the letter's number, in the order in which a cell fills: the left
/// column upwards, then the right one (Unicode, "Braille Patterns": dots 7 3 2 1, then 8 6 5 4).
const BITS: [u32; DOTS] = [0x40, 0x04, 0x02, 0x01, 0x80, 0x20, 0x10, 0x08];

/// The Braille letter without dots.
const BRAILLE: u32 = 0x2800;

/// The pieces in order, in at most `rows` lines of at most `width` columns: a cell for each piece, or
/// for several where there is no room. Lines that would be empty are left out.
///
/// A cell says two things. Its letter says how much of it is here: in Unicode in eight parts, each a
/// dot of a Braille letter; in ASCII `#` is all and `+` some. Where nothing is here it says why:
/// `○` (`o`) is on its way, `!` is rare, `·` (`.`) is missing, a space is not wanted. Its role says what
/// is most urgent in it: in flight, then rare, then missing. What is not wanted counts only where
/// nothing else is.
pub fn map(pieces: &[Piece], width: usize, rows: usize, letters: Letters) -> Vec<Text> {
    let cells = pieces.len().min(width.saturating_mul(rows));
    if cells == 0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for first in (0..cells).step_by(width) {
        let mut line = Text::new();
        for cell in first..cells.min(first + width) {
            let (role, letter) = draw(&pieces[share(pieces.len(), cells, cell)], letters);
            line.push(role, letter.encode_utf8(&mut [0; 4]));
        }
        lines.push(line);
    }
    lines
}

// ANCHOR: share
/// The `n`th of `parts` equal parts of `count` things; it may be empty if there are fewer.
fn share(count: usize, parts: usize, n: usize) -> Range<usize> {
    let border = |n: usize| (n as u128 * count as u128 / parts as u128) as usize;
    border(n)..border(n + 1)
}
// ANCHOR_END: share

/// The role and the letter of a cell; it has a piece at least.
fn draw(pieces: &[Piece], letters: Letters) -> (Role, char) {
    let role = role(pieces);
    let letter = match letters {
        Letters::Unicode => braille(pieces),
        Letters::Ascii => ascii(pieces),
    };
    let ascii = letters == Letters::Ascii;
    let nothing = match role {
        Role::InFlight if ascii => 'o',
        Role::InFlight => '○',
        Role::Rare => '!',
        Role::Unwanted => ' ',
        _ if ascii => '.',
        _ => '·',
    };
    (role, letter.unwrap_or(nothing))
}

/// What is most urgent.
fn role(pieces: &[Piece]) -> Role {
    let any = |piece| pieces.contains(&piece);
    if any(Piece::InFlight) {
        Role::InFlight
    } else if any(Piece::Rare) {
        Role::Rare
    } else if any(Piece::Missing) {
        Role::Missing
    } else if any(Piece::Here) {
        Role::Here
    } else {
        Role::Unwanted
    }
}

/// Whether all of these are here that are wanted.
fn are_here(pieces: &[Piece]) -> bool {
    let settled = |piece: &Piece| matches!(piece, Piece::Here | Piece::Unwanted);
    pieces.contains(&Piece::Here) && pieces.iter().all(settled)
}

// ANCHOR: braille
/// A dot for each eighth that is here; `None` without any.
fn braille(pieces: &[Piece]) -> Option<char> {
    // ANCHOR: yours_braille (chapter 13, "A map of the pieces")
    let mut bits = 0;
    for (dot, bit) in BITS.into_iter().enumerate() {
        // Of fewer pieces than dots each has several dots.
        let mut part = share(pieces.len(), DOTS, dot);
        part.end = part.end.max(part.start + 1);
        if are_here(&pieces[part]) {
            bits |= bit;
        }
    }
    // All dots are for a cell of which all is here.
    if bits == 0xff && !are_here(pieces) {
        bits &= !BITS[DOTS - 1];
    }
    match bits {
        0 => None,
        bits => char::from_u32(BRAILLE + bits),
    }
    // ANCHOR_END: yours_braille
}
// ANCHOR_END: braille

fn ascii(pieces: &[Piece]) -> Option<char> {
    if are_here(pieces) {
        return Some('#');
    }
    pieces.contains(&Piece::Here).then_some('+')
}

#[cfg(test)]
mod tests;
