//! A choke that is over before it has arrived, with the fast extension and without.

// The conversation of the chapter's own example.
#[path = "../../../steps/step21-fast/examples/common/crossing.rs"]
#[allow(missing_docs, dead_code)]
mod conversation;

use conversation::{Manner, Sent, Word, play};

use super::Figure;
use super::svg::{Svg, Width};

/// How far a line goes down in the way of a message, and what one millisecond is wide.
const DOWN: f64 = 120.0;
const MS: f64 = 0.62;
const LEFT: f64 = 8.0;

pub(super) fn figure() -> Figure {
    let mut svg = Svg::new(
        "21-choke",
        "Two conversations over time, from left to right: above the line of the giver, below ours. In both the giver chokes \
         after 170 milliseconds and unchokes after 190, and requests that were sent before we heard of it come in after the \
         unchoke. Without the fast extension we ask for all four blocks again that were not here, and two of them come \
         twice. With it two rejects follow the choke, we ask for those two again, and each block comes once.",
        Width::Narrow,
    );
    let mut y = 0.0;
    for (manner, name) in [
        (Manner::AsksAgain, "without the fast extension"),
        (Manner::Fast, "with it"),
    ] {
        y += 20.0;
        svg.text("bold", 2.0, y, name);
        y += 24.0;
        svg.text("small", 2.0, y, "the giver");
        y += 8.0;
        panel(&mut svg, y, &play(manner));
        y += DOWN + 20.0;
        svg.text("small", 2.0, y, "we");
        y += 26.0;
    }
    for (class, x, words) in [
        ("mute", 2.0, "request"),
        ("c", 100.0, "block"),
        ("d", 180.0, "choke, reject, in vain"),
        ("a", 366.0, "unchoke"),
    ] {
        svg.line(class, (x, y - 5.0), (x + 26.0, y - 5.0));
        svg.text("small", x + 32.0, y, words);
    }
    svg.finish(y + 10.0)
}

fn panel(svg: &mut Svg, top: f64, sent: &[Sent]) {
    let x = |at: u64| LEFT + MS * at as f64;
    let bottom = top + DOWN;
    svg.line("", (2.0, top), (478.0, top));
    svg.line("", (2.0, bottom), (478.0, bottom));
    for one in sent {
        let (from, to) = (x(one.at), x(one.arrives));
        match one.word {
            Word::Request(_) => svg.line("mute", (from, bottom), (to, top)),
            Word::Block(_) if one.in_vain => svg.arrow("d", (from, top), (to, bottom)),
            Word::Block(_) => svg.arrow("c", (from, top), (to, bottom)),
            Word::Choke | Word::Reject(_) => svg.arrow("d dash", (from, top), (to, bottom)),
            Word::Unchoke => svg.arrow("a", (from, top), (to, bottom)),
        }
        if let Word::Block(block) = one.word {
            svg.text("small mid", to, bottom + 18.0, &block.to_string());
        }
    }
}
