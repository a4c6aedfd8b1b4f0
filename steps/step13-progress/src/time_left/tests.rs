use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

/// What is shown each second, in seconds, while these rates are measured.
fn shown(total: u64, rates: &[u64]) -> Vec<Option<u64>> {
    let mut time = TimeLeft::new();
    let mut left = total;
    let shown = (0..).zip(rates).map(|(second, &rate)| {
        let shown = time.update(Duration::from_secs(second), left, rate);
        left = left.saturating_sub(rate);
        shown.map(|shown| shown.as_secs())
    });
    shown.collect()
}

#[test]
fn at_an_even_speed_it_counts_down_like_a_clock() {
    let all = shown(1_000, &[10; 101]);
    let clock: Vec<Option<u64>> = (0..=100).rev().map(Some).collect();
    assert_eq!(all, clock);
}

#[test]
fn speeds_that_vary_by_a_third_do_not_move_it() {
    let rates = [[8, 12, 10, 7, 13]; 16].concat();
    let all: Vec<u64> = shown(1_000, &rates).into_iter().flatten().collect();
    assert_eq!(all.len(), 80);
    // The first figure is that of the first second, 125 s: it has to go somewhere.
    let jumps = all[15..].windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(jumps.max() <= Some(2), "{all:?}");
    // What is simply divided jumps by dozens of seconds.
    let divided = |rate: &u64| 900 / rate;
    let jumps = rates
        .windows(2)
        .map(|pair| divided(&pair[0]).abs_diff(divided(&pair[1])));
    assert!(jumps.max() > Some(50));
}

#[test]
fn it_follows_a_change_that_lasts() {
    let rates = [[100; 30], [50; 30]].concat();
    let all = shown(10_000, &rates);
    assert_eq!(all[29], Some(71));
    // After half a minute more 5,550 bytes are left, at 50 a second 111 s. The mean still remembers.
    let last = all[59].unwrap();
    assert!((85..=115).contains(&last), "{last}");
    let steps: Vec<i64> = all
        .windows(2)
        .map(|pair| pair[1].unwrap() as i64 - pair[0].unwrap() as i64)
        .collect();
    assert!(
        steps.iter().all(|step| (-1..=8).contains(step)),
        "{steps:?}"
    );
}

#[test]
fn one_second_of_silence_is_nothing_and_half_a_minute_of_it_is_no_figure() {
    let mut rates = vec![10; 20];
    rates.extend([0; 40]);
    let all = shown(1_000, &rates);
    assert!(all[20].unwrap().abs_diff(all[19].unwrap()) <= 2);
    assert_eq!(all[59], None);
    assert_eq!(shown(1_000, &[0; 5]), [None; 5], "nothing has ever come");
}

#[test]
fn when_nothing_is_left_it_takes_no_time() {
    assert_eq!(shown(0, &[0, 10]), [Some(0), Some(0)]);
}

proptest! {
    #[test]
    fn no_rates_make_it_panic(
        steps in prop::collection::vec((any::<u32>(), any::<u64>(), any::<u64>()), 0..40),
    ) {
        let mut time = TimeLeft::new();
        let mut now = Duration::ZERO;
        for (millis, left, rate) in steps {
            now += Duration::from_millis(millis.into());
            time.update(now, left, rate);
        }
    }
}
