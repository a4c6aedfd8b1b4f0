//! A broken file: the bytes around the place, and a mark under it.

use std::io::{self, Write};

use super::hex;

/// So many bytes are shown on each side.
const AROUND: usize = 8;

/// Prints the bytes around an offset. At the end of the file the mark stands after the last byte.
pub fn print(input: &[u8], offset: usize, out: &mut impl Write) -> io::Result<()> {
    let from = offset.saturating_sub(AROUND);
    let to = offset.saturating_add(AROUND).min(input.len());
    let shown = input.get(from..to).unwrap_or_default();
    let width = to.to_string().len().max(6);
    let text: String = shown.iter().map(|&byte| printable(byte)).collect();
    let mark = 3 * (offset - from);
    writeln!(
        out,
        "{from:>width$}  {:<column$}  {text}",
        hex(shown),
        column = 6 * AROUND
    )?;
    writeln!(out, "{:width$}  {:mark$}^^ byte {offset}", "", "")
}

fn printable(byte: u8) -> char {
    match byte {
        0x20..=0x7e => char::from(byte),
        _ => '.',
    }
}
