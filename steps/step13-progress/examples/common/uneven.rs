//! A download that is as uneven as they are, and what three ways of counting make of it.

use std::time::Duration;

use progress::{Rate, TimeLeft, eta};

const KIB: u64 = 1024;

/// Bytes of the torrent.
pub const SIZE: u64 = 40_000 * KIB;

/// How it stands after a second.
pub struct Second {
    /// Bytes that came in it.
    pub came: u64,
    pub left: u64,
    /// Bytes a second: what came in this second; the mean since the beginning; over the window.
    pub moment: u64,
    pub mean: u64,
    pub window: u64,
    /// How long it will take by the first of these; and what we show.
    pub by_moment: Option<Duration>,
    pub by_mean: Option<Duration>,
    pub shown: Option<Duration>,
}

/// What comes in each second, in KiB: blocks come in bursts, a good peer leaves after 30 seconds, and
/// from 60 to 72 nothing comes.
fn comes(second: u64) -> u64 {
    let level = match second {
        0..2 => 0,
        2..30 => 900,
        30..60 => 300,
        60..72 => 0,
        _ => 600,
    };
    let burst = [180, 40, 110, 0, 150, 120];
    level * burst[second as usize % burst.len()] / 100
}

/// The download, second by second, until all is here.
pub fn download() -> Vec<Second> {
    let (mut rate, mut time_left) = (Rate::new(), TimeLeft::new());
    let (mut done, mut seconds) = (0, Vec::new());
    while done < SIZE {
        let second = seconds.len() as u64;
        let came = (comes(second) * KIB).min(SIZE - done);
        // It comes in ten parts.
        for part in 0..10 {
            let at = Duration::from_millis(second * 1000 + part * 100);
            rate.add(at, came / 10 + if part == 0 { came % 10 } else { 0 });
        }
        done += came;
        let now = Duration::from_secs(second + 1);
        let (left, mean) = (SIZE - done, done / (second + 1));
        let window = rate.per_second(now);
        seconds.push(Second {
            came,
            left,
            moment: came,
            mean,
            window,
            by_moment: eta(left, came),
            by_mean: eta(left, mean),
            shown: time_left.update(now, left, window),
        });
    }
    seconds
}
