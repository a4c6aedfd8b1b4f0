//! A small torrent, cut into pieces and blocks, with the odd ones at the ends.

use blocks::{BLOCK, Geometry};

use super::Figure;
use super::svg::{Svg, Width};

pub(super) fn figure() -> Figure {
    let geometry = Geometry::new(100_000, 40_000).expect("three pieces");
    let mut svg = Svg::new(
        "07-blocks",
        "A torrent of 100,000 bytes in pieces of 40,000. Pieces 0 and 1 have two blocks of 16,384 bytes and one of 7,232; \
         piece 2 has the last 20,000 bytes: a block of 16,384 and one of 3,616.",
        Width::Narrow,
    );
    let scale = 470.0 / 40_000.0;
    let mut y = 0.0;
    for piece in 0..geometry.pieces() {
        let name = format!("piece {piece}");
        let about = format!(
            "{} bytes, from byte {} of the torrent on",
            geometry.piece_len(piece),
            geometry.piece_offset(piece)
        );
        svg.spans(4.0, y + 20.0, &[("bold", &name), ("small", &about)]);
        for block in geometry.blocks(piece) {
            let x = 4.0 + f64::from(block.offset) * scale;
            let width = f64::from(block.len) * scale;
            let class = if block.len == BLOCK { "a" } else { "b" };
            svg.rect(class, x, y + 30.0, width - 3.0, 40.0);
            let middle = x + width / 2.0 - 1.5;
            svg.text("mono mid", middle, y + 56.0, &block.len.to_string());
            svg.text("mono small", x, y + 88.0, &block.offset.to_string());
        }
        y += 106.0;
    }
    svg.spans(
        4.0,
        y + 8.0,
        &[
            ("a", "a full block"),
            ("b", "a short one"),
            ("small", "below each: its offset in the piece"),
        ],
    );
    svg.finish(y + 18.0)
}
