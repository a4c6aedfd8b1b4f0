//! The last blocks of a download, with an end game and without.

// The peers of the chapter's own example, and the real picker.
#[path = "../../../steps/step11-concurrent-peers/examples/common/last_blocks.rs"]
#[allow(missing_docs, dead_code)]
mod last_blocks;

use last_blocks::{Came, Ending, PEERS, download};

use super::Figure;
use super::svg::{Svg, Width};

const LEFT: f64 = 78.0;
const SECOND: f64 = 32.0;
const ROW: f64 = 28.0;
/// How long we look, in seconds.
const SECONDS: u32 = 12;

pub(super) fn figure() -> Figure {
    let mut svg = Svg::new(
        "11-end-game",
        "Blocks from three fast peers and a slow one, from left to right as time goes. Above we wait: the fast ones have nothing \
         to do after less than four seconds, and the slow one goes on until ten with what it was asked for. Below, the fast ones \
         are asked for these blocks as well, and all is over after four seconds; one block comes in vain.",
        Width::Narrow,
    );
    let mut y = 20.0;
    for (title, ending) in [("we wait", Ending::Wait), ("the end game", Ending::Again)] {
        let came = download(PEERS, ending);
        svg.text("bold", 2.0, y, title);
        y += 10.0;
        for peer in 0..PEERS.len() {
            svg.text("small", 2.0, y + 17.0, &format!("peer {}", peer + 1));
            for block in came.iter().filter(|came| came.peer == peer) {
                draw(&mut svg, block, y);
            }
            y += ROW;
        }
        y += 32.0;
    }
    let bottom = y - 28.0;
    for second in (0..=SECONDS).step_by(2) {
        let x = LEFT + SECOND * f64::from(second);
        svg.line("grid", (x, 26.0), (x, bottom));
        svg.text("small mid", x, bottom + 18.0, &second.to_string());
    }
    svg.text("small end", 478.0, bottom + 38.0, "seconds");
    svg.spans(LEFT, bottom + 38.0, &[("a", "of use"), ("b", "in vain")]);
    svg.finish(bottom + 46.0)
}

fn draw(svg: &mut Svg, came: &Came, y: f64) {
    let x = |millis: u64| LEFT + SECOND * millis as f64 / 1000.0;
    let class = if came.in_vain { "b solid" } else { "a" };
    svg.rect(
        class,
        x(came.from),
        y + 4.0,
        x(came.to) - x(came.from),
        ROW - 10.0,
    );
}
