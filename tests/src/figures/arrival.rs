//! A download from three seeders: which block came when, and from whom. The choices are the picker's and the window's;
//! the seeders are as fast as those of the lab, and time is a number.

use std::collections::VecDeque;
use std::time::Duration;

use blocks::{Geometry, Window};
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker, Receipt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Figure;
use super::sample;
use super::svg::{Svg, Width};

/// How long the lab's seeders together take to send everything.
const LASTS: f64 = 12.0;
/// What each may send at once after a rest, in bytes.
const BURST: f64 = 32.0 * 1024.0;
const SEEDERS: [(&str, &str); 3] = [("a", "one seeder"), ("b", "another"), ("c", "a third")];

const LEFT: f64 = 40.0;
const SECOND: f64 = 39.0;
const TOP: f64 = 34.0;
const ROW: f64 = 18.0;

pub(super) fn figure() -> Figure {
    let torrent = sample::torrent();
    let geometry =
        Geometry::new(torrent.total_length, torrent.piece_length).expect("the sample's pieces");
    let blocks = download(geometry);
    let mut svg = Svg::new(
        "00-arrival",
        "Time goes from left to right, a row is a piece of two blocks. Three pieces are there at once. Then three seeders \
         send side by side until some ten seconds are over, each a piece after the other; the pieces come in no order.",
        Width::Narrow,
    );
    let bottom = TOP + ROW * f64::from(geometry.pieces());
    for second in [0, 2, 4, 6, 8, 10] {
        let x = LEFT + SECOND * f64::from(second);
        svg.line("grid", (x, TOP - 6.0), (x, bottom));
        svg.text("small mid", x, TOP - 12.0, &format!("{second} s"));
    }
    for piece in (0..geometry.pieces()).step_by(3) {
        let y = TOP + ROW * f64::from(piece) + 14.0;
        svg.text("small end", LEFT - 10.0, y, &piece.to_string());
    }
    for Arrived {
        block,
        seeder,
        from,
        to,
    } in blocks
    {
        let (x, width) = (LEFT + SECOND * from, (SECOND * (to - from)).max(2.0));
        let y = TOP + ROW * f64::from(block.piece) + 3.0;
        svg.rect(SEEDERS[seeder].0, x, y, width, ROW - 6.0);
    }
    svg.spans(LEFT, bottom + 28.0, &SEEDERS);
    svg.finish(bottom + 40.0)
}

/// A block that came: when its first byte left the seeder, and its last.
struct Arrived {
    block: BlockRequest,
    seeder: usize,
    from: f64,
    to: f64,
}

struct Seeder {
    window: Window,
    asked: VecDeque<BlockRequest>,
    /// When it began with the block at the front.
    began: f64,
    /// What it may send at once.
    credit: f64,
}

impl Seeder {
    /// When the block at the front has been sent, at so many bytes a second.
    fn done(&self, rate: f64) -> Option<f64> {
        let bytes = f64::from(self.asked.front()?.len);
        Some(self.began + (bytes - self.credit).max(0.0) / rate)
    }

    /// The block at the front is sent, or is not wanted any more: on to the next.
    fn next(&mut self, now: f64) -> Option<BlockRequest> {
        let block = self.asked.pop_front()?;
        self.credit = (self.credit - f64::from(block.len)).max(0.0);
        self.began = now;
        Some(block)
    }
}

fn download(geometry: Geometry) -> Vec<Arrived> {
    let everything = Bitfield::full(geometry.pieces());
    let rate = geometry.total_length() as f64 / LASTS / SEEDERS.len() as f64;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut picker = Picker::new(geometry, geometry.pieces());
    let mut seeders: Vec<Seeder> = SEEDERS
        .iter()
        .map(|_| {
            picker.peer_joined(&everything);
            Seeder {
                window: Window::new(),
                asked: VecDeque::new(),
                began: 0.0,
                credit: BURST,
            }
        })
        .collect();
    let (mut now, mut arrived, mut picks) = (0.0, Vec::new(), Vec::new());
    while !picker.is_complete() {
        for (key, seeder) in (0..).map(PeerKey).zip(&mut seeders) {
            let free = seeder.window.size().saturating_sub(seeder.asked.len());
            if seeder.asked.is_empty() {
                seeder.began = now;
            }
            picker.pick(key, &everything, free, &mut rng, &mut picks);
            seeder.asked.extend(picks.drain(..));
        }
        let (to, sender) = seeders
            .iter()
            .enumerate()
            .filter_map(|(i, seeder)| Some((seeder.done(rate)?, i)))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .expect("somebody sends");
        let seeder = &mut seeders[sender];
        let from = seeder.began;
        let block = seeder.next(to).expect("a block is on its way");
        seeder
            .window
            .received(Duration::from_secs_f64(to), block.len);
        now = to;
        if let Receipt::Kept { whole, also_asked } = picker.received(PeerKey(sender as u32), block)
        {
            for PeerKey(other) in also_asked {
                let other = &mut seeders[other as usize];
                if other.asked.front() == Some(&block) {
                    other.next(now);
                }
                other.asked.retain(|asked| *asked != block);
            }
            if whole {
                picker.close(block.piece);
            }
            arrived.push(Arrived {
                block,
                seeder: sender,
                from,
                to,
            });
        }
    }
    arrived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_comes_once_from_all_three_in_some_ten_seconds() {
        let geometry = Geometry::new(700_067, 32_768).unwrap();
        let arrived = download(geometry);
        let mut blocks: Vec<BlockRequest> = arrived.iter().map(|one| one.block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        assert_eq!(blocks.len(), 43);
        assert_eq!(arrived.len(), 43);
        assert!((0..3).all(|seeder| arrived.iter().any(|one| one.seeder == seeder)));
        let last = arrived.iter().map(|one| one.to).fold(0.0, f64::max);
        assert!((9.0..12.0).contains(&last), "{last}");
        assert_eq!(arrived[0].from, 0.0);
        assert!(arrived.iter().all(|one| one.from <= one.to));
    }
}
