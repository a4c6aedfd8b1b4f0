use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_steady_stream_has_its_rate_from_the_first_second_on() {
    let mut rate = Rate::new();
    for step in 0..200 {
        let now = ms(step * 50);
        rate.add(now, 5_000);
        if step >= 20 {
            let found = rate.per_second(now + ms(50));
            assert!((95_000..=106_000).contains(&found), "{found} at {now:?}");
        }
    }
}

#[test]
fn nothing_is_zero() {
    let rate = Rate::new();
    assert_eq!(rate.per_second(ms(0)), 0);
    assert_eq!(rate.per_second(ms(1_000_000)), 0);
}

#[test]
fn a_stream_that_begins_late_is_not_divided_by_the_time_before() {
    let mut rate = Rate::new();
    for step in 0..20 {
        rate.add(ms(1_000_000 + step * 100), 1_000);
    }
    assert_eq!(rate.per_second(ms(1_002_000)), 10_000);
}

#[test]
fn a_first_burst_is_a_quarter_of_a_second_at_least() {
    let mut rate = Rate::new();
    rate.add(ms(10_001), 1_000);
    assert_eq!(rate.per_second(ms(10_001)), 4_000);
}

#[test]
fn silence_brings_the_rate_down_to_zero_in_five_seconds() {
    let mut rate = Rate::new();
    for step in 0..100 {
        rate.add(ms(step * 100), 10_000);
    }
    let found: Vec<u64> = (10..=15)
        .map(|second| rate.per_second(ms(second * 1000)))
        .collect();
    assert!(found.windows(2).all(|pair| pair[0] > pair[1]), "{found:?}");
    assert_eq!(found[5], 0);
}

#[test]
fn what_came_before_a_long_pause_is_forgotten() {
    let mut rate = Rate::new();
    rate.add(ms(0), 1_000_000_000);
    rate.add(ms(3_600_000), 5_000);
    assert_eq!(rate.per_second(ms(3_600_000)), 1_052);
}

proptest! {
    #[test]
    fn the_rate_is_what_came_within_the_window(
        pauses in prop::collection::vec((0u64..3_000, 0u64..1_000_000), 1..100),
    ) {
        let mut rate = Rate::new();
        let mut now = 0;
        let mut all = Vec::new();
        for (pause, bytes) in pauses {
            now += pause;
            rate.add(ms(now), bytes);
            all.push((now, bytes));
        }
        let since = |span: u64| -> u64 {
            all.iter().filter(|(at, _)| *at + span > now).map(|(_, bytes)| bytes).sum()
        };
        let found = rate.per_second(ms(now));
        prop_assert!(found <= since(5_000) * 4);
        prop_assert!(found >= since(4_750) / 5, "{} {}", found, since(4_750));
    }

    #[test]
    fn no_bytes_and_no_time_are_too_many(adds in prop::collection::vec(any::<(u64, u64)>(), 0..20)) {
        let mut rate = Rate::new();
        for (now, bytes) in adds {
            rate.add(Duration::from_secs(now), bytes);
            rate.per_second(Duration::from_secs(now));
            rate.per_second(Duration::ZERO);
            rate.per_second(Duration::MAX);
        }
    }
}
