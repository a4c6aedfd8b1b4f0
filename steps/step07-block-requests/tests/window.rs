//! The request window, over lines in virtual time.

#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../examples/common/line.rs"]
mod line;

use std::time::Duration;

use blocks::{BLOCK, Window};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use line::{Ahead, Line, fetch};

const MS: Duration = Duration::from_millis(1);

/// Fetches blocks: how much of the line was used for the second half, in percent, and the window.
fn run(mut line: Line, blocks: usize) -> (f64, Window) {
    let mut ahead = Ahead::Window(Window::new());
    let here = fetch(&mut line, &mut ahead, blocks);
    let took = here[blocks - 1] - here[blocks / 2];
    let bytes = (blocks - 1 - blocks / 2) as f64 * f64::from(BLOCK);
    let Ahead::Window(window) = ahead else {
        unreachable!("it is a window");
    };
    (
        100.0 * bytes / took.as_secs_f64() / line.rate as f64,
        window,
    )
}

/// A window after `seconds` of blocks at `rate` bytes a second, from `start` on.
fn steady(window: &mut Window, start: Duration, seconds: u64, rate: u64) -> Duration {
    let pause = Duration::from_secs(1) * BLOCK / rate as u32;
    let mut now = start;
    while now < start + Duration::from_secs(seconds) {
        now += pause;
        window.received(now, BLOCK);
    }
    now
}

#[test]
fn loopback_is_at_the_most_after_a_few_hundred_blocks() {
    let mut line = Line::new(MS / 20, 1_000_000_000);
    let mut ahead = Ahead::Window(Window::new());
    let took = fetch(&mut line, &mut ahead, 500)[499];
    assert_eq!(ahead.size(), Window::MOST);
    assert!(took < 12 * MS, "{took:?}");
}

#[test]
fn every_line_is_filled_whose_round_trip_fits_into_the_most() {
    for rate in [20_000, 50_000, 1_000_000, 10_000_000, 100_000_000] {
        for round_trip in [MS, 30 * MS, 100 * MS, 300 * MS, 1000 * MS, 2000 * MS] {
            let in_flight = round_trip.as_secs_f64() * rate as f64 / f64::from(BLOCK);
            if in_flight > 450.0 {
                continue;
            }
            let seconds = 60 * rate as usize / BLOCK as usize;
            let (used, window) = run(Line::new(round_trip, rate), seconds);
            assert!(
                used > 99.0,
                "{rate} bytes a second, {round_trip:?}: {used} %, {window:?}"
            );
        }
    }
}

#[test]
fn a_slow_line_is_asked_for_three_seconds_and_no_more() {
    let (used, window) = run(Line::new(300 * MS, 50_000), 60);
    assert!(used > 99.0, "{used}");
    assert_eq!(window.size(), 10);
    assert!(
        (48_000..=50_000).contains(&window.rate()),
        "{}",
        window.rate()
    );
}

#[test]
fn the_window_doubles_every_round_trip_at_first() {
    let mut window = Window::new();
    assert_eq!(window.size(), Window::START);
    let mut now = Duration::ZERO;
    for trip in 1..6 {
        for _ in 0..window.size() {
            window.received(now, BLOCK);
        }
        now += 100 * MS;
        assert_eq!(window.size(), Window::START << trip);
    }
}

#[test]
fn the_window_follows_a_line_that_gets_slower_and_faster() {
    let mut window = Window::new();
    let now = steady(&mut window, Duration::ZERO, 10, 1_000_000);
    assert_eq!(window.size(), 184);
    let now = steady(&mut window, now, 10, 100_000);
    assert_eq!(window.size(), 19);
    steady(&mut window, now, 10, 1_000_000);
    assert_eq!(window.size(), 184);
}

#[test]
fn a_round_trip_that_is_known_shortens_what_is_asked_ahead() {
    for (millis, size) in [
        (1_u32, 62),
        (500, 62),
        (900, 110),
        (1_500, 184),
        (60_000, 184),
    ] {
        let mut window = Window::new();
        window.answered(MS * millis);
        steady(&mut window, Duration::ZERO, 10, 1_000_000);
        assert_eq!(window.size(), size, "{millis} ms");
    }
}

#[test]
fn slow_start_is_faster_than_that_of_tcp_if_the_round_trip_is_known() {
    let mut window = Window::new();
    window.answered(100 * MS);
    let mut now = Duration::ZERO;
    for size in [24, 72, 216] {
        for _ in 0..window.size() {
            window.received(now, BLOCK);
        }
        now += 100 * MS;
        assert_eq!(window.size(), size);
    }
}

#[test]
fn slow_start_asks_a_slow_peer_for_no_more_than_lasts_if_the_round_trip_is_known() {
    // 13 blocks arrive in the second: without that there would be 34.
    let mut window = Window::new();
    window.answered(100 * MS);
    steady(&mut window, Duration::ZERO, 1, 200_000);
    assert_eq!(window.size(), 19);
}

#[test]
fn slow_start_goes_by_what_comes_now_where_blocks_come_in_bursts() {
    // Each round trip of 200 ms brings a burst twice as large as the one before. A rate that is measured
    // to the end of the last whole moment knows of half of that, or of less.
    let mut window = Window::new();
    window.answered(200 * MS);
    let mut now = Duration::ZERO;
    for burst in [2, 4, 8, 16, 32, 64] {
        for _ in 0..burst {
            window.received(now, BLOCK);
        }
        now += 200 * MS;
        // The next burst can be as large if so many are out.
        assert!(window.size() >= 2 * burst, "{burst}: {}", window.size());
    }
}

#[test]
fn a_trickle_keeps_two_requests_out() {
    let mut window = Window::new();
    steady(&mut window, Duration::ZERO, 60, 1_000);
    assert_eq!(window.size(), Window::LEAST);
}

#[test]
fn parts_of_blocks_count_as_blocks_when_they_add_up() {
    let mut window = Window::new();
    for _ in 0..16 {
        window.received(Duration::ZERO, BLOCK / 4);
    }
    assert_eq!(window.size(), Window::START + 4);
    window.received(Duration::ZERO, 2 * BLOCK);
    assert_eq!(window.size(), Window::START + 6);
}

#[test]
fn a_snubbed_peer_gets_one_request_and_can_come_back() {
    let mut window = Window::new();
    let now = steady(&mut window, Duration::ZERO, 10, 1_000_000);
    window.snub();
    assert_eq!(window.size(), 1);
    let now = now + Duration::from_secs(60);
    window.received(now, BLOCK);
    assert_eq!(window.size(), 2);
    steady(&mut window, now, 10, 1_000_000);
    assert_eq!(window.size(), 184);
}

#[test]
fn the_silence_of_a_choke_is_not_taken_for_slowness() {
    let mut window = Window::new();
    let now = steady(&mut window, Duration::ZERO, 10, 1_000_000);
    let size = window.size();
    window.choked();
    steady(&mut window, now + Duration::from_secs(100), 3, 1_000_000);
    assert_eq!(window.size(), size);
}

proptest! {
    #[test]
    fn the_window_stays_in_its_bounds(
        arrivals in prop::collection::vec((0u64..5_000_000_000, any::<u32>()), 0..200),
    ) {
        let mut window = Window::default();
        let mut now = Duration::ZERO;
        for (pause, bytes) in arrivals {
            now += Duration::from_nanos(pause);
            window.received(now, bytes);
            prop_assert!((Window::LEAST..=Window::MOST).contains(&window.size()));
        }
        // Even a clock that goes back.
        window.received(Duration::ZERO, BLOCK);
        prop_assert!((Window::LEAST..=Window::MOST).contains(&window.size()));
    }
}
