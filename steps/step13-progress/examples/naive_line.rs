//! The line that everybody writes first: it lies, and it jumps. And what we show instead.
//!
//! `cargo run -p step13-progress --example naive_line [-- ours]`

#[path = "common/uneven.rs"]
#[allow(dead_code)]
mod uneven;

use progress::{duration, rate};
use uneven::{SIZE, download};

/// The seconds that are shown.
const SHOWN: [usize; 11] = [3, 4, 5, 6, 7, 29, 33, 59, 66, 74, 75];

fn main() {
    let ours = std::env::args().nth(1).is_some();
    for (second, now) in (1..).zip(download()) {
        if !SHOWN.contains(&second) {
            continue;
        }
        let percent = 100 * (SIZE - now.left) / SIZE;
        let words = |span: Option<_>| span.map_or("never".to_owned(), duration);
        if ours {
            let (rate, left) = (rate(now.window), words(now.shown));
            println!("second {second:>2}  {percent:>3}%  {rate:>10}  {left:>10} left");
            continue;
        }
        println!(
            "second {second:>2}  {percent:>3}%  this second {:>10} {:>10} left   in the mean {:>10} {:>9} left",
            rate(now.moment),
            words(now.by_moment),
            rate(now.mean),
            words(now.by_mean)
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// How far the figures are from what turned out, in the mean over all seconds from the tenth on; and
    /// the largest jump from one second to the next beyond the clock's own.
    fn quality(shown: impl Fn(&uneven::Second) -> Option<Duration>) -> (f64, f64) {
        let seconds = download();
        let value = |at: usize| shown(&seconds[at]).map_or(3600.0, |left| left.as_secs_f64());
        let range = 10..seconds.len() - 1;
        let truth = |at: usize| (seconds.len() - 1 - at) as f64;
        let off: f64 = range.clone().map(|at| (value(at) - truth(at)).abs()).sum();
        let jump = range
            .clone()
            .map(|at| (value(at + 1) - value(at) + 1.0).abs());
        (off / range.len() as f64, jump.fold(0.0, f64::max))
    }

    #[test]
    fn what_is_shown_jumps_far_less_than_the_momentary_figure() {
        let (naive, ours) = (quality(|s| s.by_moment), quality(|s| s.shown));
        assert!(ours.1 < naive.1 / 20.0, "{ours:?} {naive:?}");
        assert!(ours.0 < naive.0 / 5.0, "{ours:?} {naive:?}");
        main();
    }

    #[test]
    fn the_mean_since_the_beginning_does_not_know_that_nothing_comes() {
        let seconds = download();
        assert!(seconds[70].mean > 400_000);
        assert_eq!(seconds[70].window, 0);
    }
}
