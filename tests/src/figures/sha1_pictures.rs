//! SHA-1: the padding of a message, one round, how a flipped bit spreads, and lanes.

// The chapter's own plain form, which can be watched.
#[path = "../../../steps/step08-sha1/examples/common/plain.rs"]
#[allow(missing_docs, dead_code)]
mod plain;

use super::Figure;
use super::bytes::{self, Field};
use super::chart::{self, Axis, Series};
use super::svg::{Svg, Width};

/// "abc" as one block.
pub(super) fn padding() -> Figure {
    let block = plain::pad(b"abc", 0);
    debug_assert_eq!(block.len(), 64);
    bytes::dump(
        "08-padding",
        "The 64 bytes of the only block of the message abc: three bytes of message, the byte 80, 52 zeros, and the \
         length in bits, 24, in the last eight bytes.",
        &[
            Field::new("the message", "a", &block[..3])
                .about("3 bytes")
                .as_text(),
            Field::new("one bit", "b", &block[3..4]).about("and seven zeros: 80"),
            Field::new("zeros", "box", &block[4..56])
                .about("up to 8 bytes before the end of a block"),
            Field::new("the length", "c", &block[56..]).about("of the message in bits: 24"),
        ],
    )
}

/// How the words move in one round.
pub(super) fn round() -> Figure {
    let mut svg = Svg::new(
        "08-round",
        "One round. Five words a, b, c, d, e above, five below. a goes to b, b is rotated by 30 bits and goes to c, c goes to \
         d, d goes to e. The new a is the sum of a rotated by 5, of f of b, c and d, of e, of the round's constant and of the \
         round's word of the message.",
        Width::Narrow,
    );
    let names = ["a", "b", "c", "d", "e"];
    let x = |i: usize| 8.0 + 96.0 * i as f64;
    let (top, bottom) = (4.0, 134.0);
    for (i, name) in names.into_iter().enumerate() {
        let class = if i == 0 { "a" } else { "box" };
        svg.rect("box", x(i), top, 80.0, 36.0);
        svg.text("bold mid", x(i) + 40.0, top + 24.0, name);
        svg.rect(class, x(i), bottom, 80.0, 36.0);
        let new = if i == 0 { "new a" } else { name };
        svg.text("bold mid", x(i) + 40.0, bottom + 24.0, new);
    }
    for i in 0..4 {
        let from = (x(i) + 56.0, top + 38.0);
        let to = (x(i + 1) + 56.0, bottom - 3.0);
        svg.arrow(if i == 1 { "b" } else { "" }, from, to);
    }
    svg.text("small b", x(2) - 18.0, 82.0, "↻ 30");
    // The sum, in the words that it is made of.
    svg.rect("a", 8.0, 198.0, 464.0, 64.0);
    svg.text("bold a", 20.0, 223.0, "new a");
    svg.text("mono small", 84.0, 223.0, "= (a ↻ 5) + f(b, c, d) + e");
    svg.text(
        "mono small",
        84.0,
        249.0,
        "+ constant + word of the message",
    );
    svg.arrow("a", (48.0, 196.0), (48.0, 173.0));
    svg.finish(268.0)
}

/// How many bits of the state differ, round by round, when one bit of the message does.
pub(super) fn avalanche() -> Figure {
    let differ = |one: &[u8], other: &[u8]| -> Vec<(f64, f64)> {
        let (one, other) = (states(one), states(other));
        let bits = one.iter().zip(other).map(|(x, y)| {
            let words = x.iter().zip(y).map(|(x, y)| (x ^ y).count_ones());
            f64::from(words.sum::<u32>())
        });
        (0..).map(f64::from).zip(bits).collect()
    };
    // Byte 40 of a message of 50 bytes is in word 10.
    let long = [b'a'; 50];
    let mut flipped = long;
    flipped[40] ^= 1;
    chart::lines(
        "08-avalanche",
        "How many of the 160 bits of the state differ, round by round. When a bit of the first word of the message is \
         flipped, the difference grows within ten rounds to about 80 and stays there; when it is a bit of the eleventh word \
         it begins with round 10 and does the same.",
        &Axis {
            label: "rounds",
            most: 80.0,
            step: 10.0,
        },
        &Axis {
            label: "bits of the state that differ, of 160",
            most: 120.0,
            step: 20.0,
        },
        &[
            Series {
                label: "\"abc\" and \"abb\"".to_owned(),
                class: "a",
                points: differ(b"abc", b"abb"),
            },
            Series {
                label: "50 bytes, a bit of byte 40 flipped".to_owned(),
                class: "b",
                points: differ(&long, &flipped),
            },
        ],
    )
}

/// The state after each round of a message of one block.
fn states(message: &[u8]) -> Vec<[u32; 5]> {
    let mut states = vec![plain::START];
    let words = plain::schedule(&plain::pad(message, 0));
    plain::rounds(plain::START, &words, |_, state| states.push(state));
    states
}

/// One addition in each of four lanes.
pub(super) fn lanes() -> Figure {
    let mut svg = Svg::new(
        "08-lanes",
        "Above: one message, whose rounds wait for one another, one after the other. Below: four messages side by side; \
         each instruction does the same round of all four.",
        Width::Narrow,
    );
    let accents = ["a", "b", "c", "d"];
    svg.spans(
        4.0,
        20.0,
        &[
            ("bold", "one message"),
            ("small", "each round waits for the one before"),
        ],
    );
    let x = |i: usize| 74.0 + 102.0 * i as f64;
    svg.text("small", 4.0, 56.0, "piece 0");
    for i in 0..4 {
        svg.rect("a", x(i), 34.0, 78.0, 34.0);
        svg.text("small mid", x(i) + 39.0, 56.0, &format!("round {i}"));
        if i > 0 {
            svg.arrow("", (x(i - 1) + 79.0, 51.0), (x(i) - 1.0, 51.0));
        }
    }
    svg.spans(
        4.0,
        110.0,
        &[
            ("bold", "four lanes"),
            ("small", "an instruction does a round of all"),
        ],
    );
    for (lane, accent) in accents.into_iter().enumerate() {
        let y = 130.0 + 42.0 * lane as f64;
        svg.text("small", 4.0, y + 22.0, &format!("piece {lane}"));
        for i in 0..4 {
            svg.rect(accent, x(i), y, 78.0, 34.0);
            svg.text("small mid", x(i) + 39.0, y + 22.0, &format!("round {i}"));
            if i > 0 {
                svg.arrow("", (x(i - 1) + 79.0, y + 17.0), (x(i) - 1.0, y + 17.0));
            }
        }
    }
    for i in 0..4 {
        svg.rect("box dash", x(i) - 7.0, 122.0, 92.0, 178.0);
    }
    svg.finish(306.0)
}
