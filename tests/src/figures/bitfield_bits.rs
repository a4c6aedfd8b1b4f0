//! Bitfields of the sample, bit by bit.

use messages::Bitfield;

use super::svg::{Svg, Width};
use super::{Figure, sample};

const LEFT: f64 = 56.0;
const CELL: (f64, f64) = (52.0, 46.0);

pub(super) fn figure() -> Figure {
    let pieces = sample::torrent().piece_count();
    let mut some = Bitfield::new(pieces);
    for piece in (0..pieces).filter(|piece| piece * piece % 7 < 3) {
        some.set(piece);
    }
    let mut svg = Svg::new(
        "06-bitfield",
        "Two bitfields for a torrent of 22 pieces, three bytes each. The first piece is the highest bit of the first byte; \
         the last two bits of the third byte are spare and always zero.",
        Width::Narrow,
    );
    let mut y = 0.0;
    for (who, has) in [("a seeder", Bitfield::full(pieces)), ("a leecher", some)] {
        y += 20.0;
        let count = format!("has {} of {pieces} pieces", has.count());
        svg.spans(2.0, y, &[("bold", who), ("small", &count)]);
        y += 10.0;
        for (row, byte) in (0..).zip(has.to_bytes()) {
            svg.text("mono bold", 8.0, y + 27.0, &format!("{byte:02x}"));
            for column in 0..8 {
                cell(
                    &mut svg,
                    y,
                    column,
                    8 * row + column,
                    byte & (0x80 >> column) != 0,
                    pieces,
                );
            }
            y += CELL.1;
        }
        y += 14.0;
    }
    svg.finish(y - 10.0)
}

/// One bit, and below it the piece it stands for.
fn cell(svg: &mut Svg, y: f64, column: u32, piece: u32, set: bool, pieces: u32) {
    let x = LEFT + CELL.0 * f64::from(column);
    let class = if set { "c" } else { "box" };
    svg.rect(class, x, y, CELL.0 - 3.0, CELL.1 - 4.0);
    let middle = x + (CELL.0 - 3.0) / 2.0;
    svg.text(
        "mono mid bold",
        middle,
        y + 18.0,
        if set { "1" } else { "0" },
    );
    let about = match piece {
        piece if piece < pieces => piece.to_string(),
        _ => "spare".to_owned(),
    };
    svg.text("small mid", middle, y + 36.0, &about);
}
