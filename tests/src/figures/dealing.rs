//! When each of four peers is done, with equal shares and from one queue.

// The peers of the chapter's own example.
#[path = "../../../steps/step11-concurrent-peers/examples/common/dealing.rs"]
#[allow(missing_docs, dead_code)]
mod peers;

use peers::{PEERS, Sent, end, from_one_queue, in_equal_shares};

use super::Figure;
use super::svg::{Svg, Width};

/// Where a bar begins, and how long a second is.
const LEFT: f64 = 96.0;
const SECOND: f64 = 11.4;
const ROW: f64 = 30.0;
/// How long we look, in seconds.
const SECONDS: u32 = 32;

pub(super) fn figure() -> Figure {
    let mut svg = Svg::new(
        "11-queue",
        "Four peers, a bar for each, as long as it sends. With equal shares of 16 pieces the fast one is done after 1.6 \
         seconds, the usual one after 3.2, the slow one after 6.4 and the very slow one after 32. From one queue all of them \
         are done after four seconds or less, and have sent 35, 18, 9 and 2 pieces.",
        Width::Narrow,
    );
    let mut y = 20.0;
    for (title, sent) in [
        ("equal shares, dealt out before", in_equal_shares()),
        ("one queue: who is free takes the next", from_one_queue()),
    ] {
        svg.text("bold", 2.0, y, title);
        let seconds = end(&sent) as f64 / 1000.0;
        svg.text("end", 478.0, y, &format!("{seconds:.1} s"));
        y += 12.0;
        for (number, peer) in PEERS.iter().enumerate() {
            svg.text("small", 2.0, y + 18.0, peer.name);
            bar(&mut svg, &sent, number, y);
            y += ROW;
        }
        y += 30.0;
    }
    let bottom = y - 26.0;
    for second in (0..=SECONDS).step_by(8) {
        let x = LEFT + SECOND * f64::from(second);
        svg.line("grid", (x, 26.0), (x, bottom));
        svg.text("small mid", x, bottom + 18.0, &second.to_string());
    }
    svg.text("small end", 478.0, bottom + 38.0, "seconds");
    svg.finish(bottom + 46.0)
}

/// From the peer's first piece to its last, and how many these are.
fn bar(svg: &mut Svg, sent: &[Sent], peer: usize, y: f64) {
    let own: Vec<&Sent> = sent.iter().filter(|piece| piece.peer == peer).collect();
    let last = own.iter().map(|piece| piece.to).max().unwrap_or(0);
    let width = SECOND * last as f64 / 1000.0;
    svg.rect("a", LEFT, y + 3.0, width, ROW - 8.0);
    let label = format!("{} pieces", own.len());
    if width < 250.0 {
        svg.text("small", LEFT + width + 8.0, y + 19.0, &label);
    } else {
        svg.text("small mid", LEFT + width / 2.0, y + 19.0, &label);
    }
}
