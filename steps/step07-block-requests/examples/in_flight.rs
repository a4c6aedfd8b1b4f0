//! How many requests have to be on their way, measured over two lines in virtual time.
//!
//! `cargo run -p step07-block-requests --example in_flight`

#[path = "common/line.rs"]
mod line;

use std::time::Duration;

use blocks::{BLOCK, Window};

use line::{Ahead, Line, fetch};

/// A line from far away: 5 MB a second, 200 ms there and back.
fn far() -> Line {
    Line::new(Duration::from_millis(200), 5_000_000)
}

/// A slow one from nearby: 50 kB a second, 30 ms.
fn slow() -> Line {
    Line::new(Duration::from_millis(30), 50_000)
}

/// The share of the line that is used while `blocks` blocks are fetched, in percent, and how many
/// requests are on their way in the end.
fn measure(mut line: Line, mut ahead: Ahead, blocks: usize) -> (f64, usize) {
    let here = fetch(&mut line, &mut ahead, blocks);
    let took = here[blocks - 1];
    let bytes = blocks as f64 * f64::from(BLOCK);
    let rate = bytes / took.as_secs_f64();
    (100.0 * rate / line.rate as f64, ahead.size())
}

fn main() {
    for (name, line, mib) in [
        ("5 MB a second, 200 ms there and back", far(), 100),
        ("50 kB a second, 30 ms there and back", slow(), 2),
    ] {
        let blocks = (mib << 20) / BLOCK as usize;
        println!("{mib} MiB over a line of {name}");
        println!();
        println!("  requests on their way    of the line    waiting in the end");
        for size in [1, 5, 20, 60, 250] {
            row(
                &size.to_string(),
                measure(line.clone(), Ahead::Fixed(size), blocks),
                &line,
            );
        }
        let window = Ahead::Window(Window::new());
        row("the window", measure(line.clone(), window, blocks), &line);
        println!();
    }
}

/// One row: the last column is how long the peer would go on sending if we asked for nothing more.
fn row(name: &str, (used, out): (f64, usize), line: &Line) {
    let waiting = out as f64 * f64::from(BLOCK) / line.rate as f64;
    println!("  {name:>21}  {used:>11.1} %  {out:>8} = {waiting:>6.2} s");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fills_a_far_line_as_many_requests_do() {
        let used = |ahead| measure(far(), ahead, 6400).0;
        let one = used(Ahead::Fixed(1));
        assert!(one < 2.0, "{one}");
        assert!((used(Ahead::Fixed(5)) - 5.0 * one).abs() < 0.1);
        assert!(used(Ahead::Fixed(250)) > 98.0);
        assert!(used(Ahead::Window(Window::new())) > 95.0);
    }

    #[test]
    fn the_window_asks_no_more_of_a_slow_line_than_it_sends_in_seconds() {
        let (used, out) = measure(slow(), Ahead::Window(Window::new()), 128);
        assert!(used > 99.0, "{used}");
        assert!((6..=10).contains(&out), "{out}");
    }

    #[test]
    fn the_tables_are_printed() {
        main();
    }
}
