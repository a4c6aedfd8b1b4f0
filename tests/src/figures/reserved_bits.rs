//! The reserved bits of a handshake, as a map.

use handshake::{Bit, Reserved};

use super::Figure;
use super::svg::{Svg, Width};

const LEFT: f64 = 74.0;
const CELL: (f64, f64) = (50.0, 30.0);

pub(super) fn figure() -> Figure {
    let mut svg = Svg::new(
        "05-reserved",
        "The eight reserved bytes, a row each, with their eight bits. Ten of the 64 have a name. Four are in use today: the \
         extension protocol in byte 5, and in byte 7 hybrid torrents, the fast extension and the DHT.",
        Width::Narrow,
    );
    for column in 0..8 {
        let x = LEFT + CELL.0 * (f64::from(column) + 0.5) - 1.5;
        svg.text(
            "mono small mid",
            x,
            16.0,
            &format!("{:02x}", 0x80 >> column),
        );
    }
    let mut named = Vec::new();
    let mut y = 24.0;
    for byte in 0..8 {
        svg.text("small", 2.0, y + 20.0, &format!("byte {byte}"));
        for column in 0..8 {
            let mut reserved = Reserved::none();
            reserved.0[byte] = 0x80 >> column;
            let bit = reserved.bits().next().expect("a bit that is set");
            let x = LEFT + CELL.0 * f64::from(column);
            let class = bit.name().map_or("box", class);
            svg.rect(class, x, y, CELL.0 - 3.0, CELL.1 - 3.0);
            if bit.name().is_some() {
                named.push(bit);
                let middle = x + (CELL.0 - 3.0) / 2.0;
                svg.text("mid bold", middle, y + 19.5, &named.len().to_string());
            }
        }
        y += CELL.1;
    }
    y += 26.0;
    for (n, bit) in (1..).zip(named) {
        legend(&mut svg, y, n, bit);
        y += 23.0;
    }
    svg.finish(y - 12.0)
}

fn legend(svg: &mut Svg, y: f64, n: u32, bit: Bit) {
    let name = bit.name().unwrap_or_default();
    let accent = match class(name) {
        "c" => "bold c",
        _ => "bold",
    };
    svg.text("bold end", 26.0, y, &n.to_string());
    svg.text(
        "mono small",
        38.0,
        y,
        &format!("{} {:02x}", bit.byte, bit.mask),
    );
    svg.text(accent, 92.0, y, name);
}

/// In use today is what has a BEP.
fn class(name: &str) -> &'static str {
    if name.contains("BEP") { "c" } else { "b" }
}
