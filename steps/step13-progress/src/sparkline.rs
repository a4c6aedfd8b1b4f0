//! How fast it went, second by second, in one line.

use std::collections::VecDeque;
use std::time::Duration;

use crate::text::Letters;

/// The rates of the last seconds, one for each.
#[derive(Clone, Debug)]
pub struct History {
    most: usize,
    /// The second of the last rate.
    second: u64,
    rates: VecDeque<u64>,
}

impl History {
    /// Remembers so many seconds.
    pub fn new(seconds: usize) -> History {
        History {
            most: seconds,
            second: 0,
            rates: VecDeque::new(),
        }
    }

    /// Notes the rate at `now`, in bytes a second. Of several in one second the last one counts; where
    /// seconds went by without any, it is taken to have been the one before.
    pub fn note(&mut self, now: Duration, per_second: u64) {
        let second = now.as_secs();
        let before = self.rates.back().copied();
        let passed = match before {
            Some(_) => second.saturating_sub(self.second),
            None => 1,
        };
        let missed = passed.saturating_sub(1).min(self.most as u64);
        self.rates.extend((0..missed).map(|_| before.unwrap_or(0)));
        if passed == 0 {
            self.rates.pop_back();
        }
        self.rates.push_back(per_second);
        self.second = second.max(self.second);
        while self.rates.len() > self.most {
            self.rates.pop_front();
        }
    }

    /// The rates, the oldest first.
    pub fn rates(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.rates.iter().copied()
    }

    /// The highest of them; 0 without any.
    pub fn peak(&self) -> u64 {
        self.rates().max().unwrap_or(0)
    }
}

/// The steps of a column, from next to nothing to the peak.
const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['.', ':', '-', '=', '+', '*', '%', '#'];

/// The last rates, as many as there are columns, the newest last; the highest of those shown reaches to the
/// top. Nothing at all is a space, and the least that is not nothing can be seen.
pub fn sparkline(history: &History, width: usize, letters: Letters) -> String {
    let shown: Vec<u64> = history.rates().rev().take(width).collect();
    let peak = shown.iter().copied().max().unwrap_or(0);
    let steps = match letters {
        Letters::Unicode => UNICODE,
        Letters::Ascii => ASCII,
    };
    let column = |&rate: &u64| match rate {
        0 => ' ',
        rate => {
            let step = (u128::from(rate) * steps.len() as u128).div_ceil(u128::from(peak));
            steps[(step as usize).saturating_sub(1).min(steps.len() - 1)]
        }
    };
    shown.iter().rev().map(column).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn history(rates: &[u64]) -> History {
        let mut history = History::new(10);
        for (second, &rate) in (0..).zip(rates) {
            history.note(Duration::from_secs(second), rate);
        }
        history
    }

    #[test]
    fn the_highest_reaches_to_the_top_and_nothing_is_a_space() {
        let rates = history(&[0, 1, 20, 30, 40, 80]);
        assert_eq!(sparkline(&rates, 80, Letters::Unicode), " ▁▂▃▄█");
        assert_eq!(sparkline(&rates, 80, Letters::Ascii), " .:-=#");
        assert_eq!(sparkline(&rates, 3, Letters::Unicode), "▃▄█");
        assert_eq!(sparkline(&history(&[0, 0]), 80, Letters::Unicode), "  ");
        assert_eq!(sparkline(&history(&[]), 80, Letters::Unicode), "");
    }

    #[test]
    fn one_rate_for_each_second_and_not_more_than_are_remembered() {
        let mut history = History::new(4);
        let mut note = |millis, rate| {
            history.note(Duration::from_millis(millis), rate);
            history.rates().collect::<Vec<_>>()
        };
        assert_eq!(note(5_900, 1), [1]);
        assert_eq!(note(6_000, 2), [1, 2]);
        assert_eq!(note(6_900, 3), [1, 3], "the last one of a second counts");
        assert_eq!(note(8_000, 4), [1, 3, 3, 4], "as it was before");
        assert_eq!(note(9_000, 5), [3, 3, 4, 5]);
        assert_eq!(note(3_000_000, 6), [5, 5, 5, 6]);
        assert_eq!(note(1_000, 7), [5, 5, 5, 7], "time does not go back");
    }

    proptest! {
        #[test]
        fn a_column_for_each_rate(rates in prop::collection::vec(any::<u64>(), 0..15), width in 0usize..15) {
            let history = history(&rates);
            let line = sparkline(&history, width, Letters::Unicode);
            prop_assert_eq!(line.chars().count(), width.min(rates.len()).min(10));
        }
    }
}
