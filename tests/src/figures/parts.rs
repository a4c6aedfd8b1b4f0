//! How an answer divides into the blocks that were asked for.

use blocks::{BLOCK, BlockHeader, Geometry, Outstanding};

use super::Figure;
use super::svg::{Svg, Width};

/// Three blocks and a half.
const PIECE: u32 = 57_344;

pub(super) fn figure() -> Figure {
    let geometry = Geometry::new(PIECE.into(), PIECE.into()).expect("one piece");
    let mut outstanding = Outstanding::new();
    let accents = ["a", "b", "box", "d"];
    for (block, accent) in geometry.blocks(0).zip(accents) {
        if accent != "box" {
            outstanding.ask(block);
        }
    }
    let mut svg = Svg::new(
        "07-parts",
        "Blocks 0, 1 and 3 of a piece were asked for. An answer of 16 KiB is block 0; one of 32 KiB is blocks 0 and 1; one \
         of 14,000 bytes from 10,000 on is the end of block 0 and the beginning of block 1; one of 32 KiB from 24,576 on \
         is the end of block 1, 16 KiB that nobody asked for, and block 3.",
        Width::Narrow,
    );
    let scale = 472.0 / f64::from(PIECE);
    svg.spans(
        4.0,
        20.0,
        &[
            ("bold", "asked for"),
            ("small", "blocks 0, 1 and 3 of a piece of 57,344 bytes"),
        ],
    );
    for (block, accent) in geometry.blocks(0).zip(accents) {
        let x = 4.0 + f64::from(block.offset) * scale;
        let width = f64::from(block.len) * scale;
        let (class, text) = match accent {
            "box" => ("box dash", "not asked for".to_owned()),
            accent => (accent, format!("{}", block.offset / BLOCK)),
        };
        svg.rect(class, x, 30.0, width - 3.0, 34.0);
        let text_class = if accent == "box" {
            "small mid"
        } else {
            "bold mid"
        };
        svg.text(text_class, x + width / 2.0, 53.0, &text);
    }
    let mut y = 84.0;
    for (offset, len) in [
        (0, BLOCK),
        (0, 2 * BLOCK),
        (10_000, 14_000),
        (24_576, 2 * BLOCK),
    ] {
        let name = format!("{len} bytes from {offset} on");
        svg.spans(4.0, y + 20.0, &[("bold", "an answer"), ("small", &name)]);
        let mut at = offset;
        for part in outstanding.arriving(BlockHeader {
            piece: 0,
            offset,
            len,
        }) {
            let x = 4.0 + f64::from(at) * scale;
            let width = f64::from(part.len) * scale;
            let class = match part.target {
                Some(target) => accents[(target.request.offset / BLOCK) as usize],
                None => "box dash",
            };
            svg.rect(class, x, y + 30.0, width - 3.0, 34.0);
            let text = match part.target {
                None => "read past".to_owned(),
                Some(_) => part.len.to_string(),
            };
            svg.text("mono small mid", x + width / 2.0 - 1.5, y + 52.0, &text);
            at += part.len;
        }
        y += 78.0;
    }
    svg.finish(y - 4.0)
}
