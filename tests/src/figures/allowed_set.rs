//! Which pieces are allowed to whom.

use std::net::Ipv4Addr;

use fast::{ALLOWED, allowed_fast};
use metainfo::InfoHash;

use super::Figure;
use super::svg::{Svg, Width};

/// Pieces of the torrent.
const PIECES: u32 = 40;

const WHO: [(&str, Ipv4Addr); 4] = [
    ("Ada", Ipv4Addr::new(80, 4, 4, 200)),
    ("her neighbour", Ipv4Addr::new(80, 4, 4, 17)),
    ("Ben", Ipv4Addr::new(80, 4, 5, 200)),
    ("Carl", Ipv4Addr::new(192, 0, 2, 7)),
];

pub(super) fn figure() -> Figure {
    let set = |address| allowed_fast(address, InfoHash([0xaa; 20]), PIECES, ALLOWED);
    let (ada, neighbour) = (set(WHO[0].1), set(WHO[1].1));
    assert_eq!(ada, neighbour);
    let mut svg = Svg::new(
        "21-set",
        "Forty pieces in a row for each of four peers; ten of them are allowed fast. Ada and her neighbour, whose addresses \
         begin with the same three numbers, have the same ten. Ben, whose third number is another, and Carl have others.",
        Width::Narrow,
    );
    let cell = 474.0 / f64::from(PIECES);
    let mut y = 0.0;
    for (name, address) in WHO {
        y += 20.0;
        svg.spans(
            2.0,
            y,
            &[("bold", name), ("mono small", &address.to_string())],
        );
        y += 8.0;
        let set = set(address);
        for piece in 0..PIECES {
            let class = match set.contains(&piece) {
                true => "c solid",
                false => "box",
            };
            svg.rect(class, 2.0 + cell * f64::from(piece), y, cell - 2.0, 22.0);
        }
        y += 34.0;
    }
    svg.finish(y - 4.0)
}
