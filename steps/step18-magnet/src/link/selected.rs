//! The files that a link selects (BEP 53).

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracker::printable;

/// Which files of the torrent are wanted, by their numbers from 0: `0,2,4,6-8`.
///
/// It is kept as it is written, in ranges: of `0-4000000000` no list is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected(Vec<RangeInclusive<u32>>);

impl Selected {
    /// Whether the file of this number is wanted.
    pub fn contains(&self, file: u32) -> bool {
        self.0.iter().any(|range| range.contains(&file))
    }

    /// The ranges, in ascending order; none of them touches the next.
    pub fn ranges(&self) -> &[RangeInclusive<u32>] {
        &self.0
    }

    /// The numbers that are wanted of a torrent's `count` files, in ascending order.
    pub fn files(&self, count: u32) -> impl Iterator<Item = u32> {
        let within = move |range: &RangeInclusive<u32>| {
            *range.start()..count.min(range.end().saturating_add(1))
        };
        self.0.iter().flat_map(within)
    }
}

/// Why a selection cannot be read. What was meant cannot be guessed: too many files would come, or
/// too few.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SelectedError {
    /// Something that is no number and no range.
    #[error("`{0}` is neither the number of a file nor a range such as 6-8")]
    NoNumber(String),
    /// A range that ends before it begins.
    #[error("the range {0} ends before it begins")]
    Backwards(String),
}

impl FromStr for Selected {
    type Err = SelectedError;

    /// A number that has no room in 32 bits is read as the highest one: no torrent has so many files.
    fn from_str(text: &str) -> Result<Selected, SelectedError> {
        let parts = text.split(',').map(range);
        let mut ranges = parts.collect::<Result<Vec<_>, _>>()?;
        ranges.sort_unstable_by_key(|range| *range.start());
        let mut merged: Vec<RangeInclusive<u32>> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => merged.push(range),
            }
        }
        Ok(Selected(merged))
    }
}

/// `6`, or `6-8`.
fn range(text: &str) -> Result<RangeInclusive<u32>, SelectedError> {
    let no_number = || {
        let shown: String = text.chars().take(20).collect();
        SelectedError::NoNumber(printable(shown.as_bytes()))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first = number(first).ok_or_else(no_number)?;
    let last = number(last).ok_or_else(no_number)?;
    if last < first {
        return Err(SelectedError::Backwards(format!("{first}-{last}")));
    }
    Ok(first..=last)
}

fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

impl fmt::Display for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn selected(text: &str) -> Selected {
        text.parse().unwrap()
    }

    #[test]
    fn the_example_of_bep_53_selects_six_files() {
        let files: Vec<u32> = selected("0,2,4,6-8").files(100).collect();
        assert_eq!(files, [0, 2, 4, 6, 7, 8]);
        let files: Vec<u32> = selected("0,2,4,6-8").files(7).collect();
        assert_eq!(files, [0, 2, 4, 6], "no file that the torrent has not");
    }

    #[test]
    fn ranges_are_put_in_order_and_together() {
        assert_eq!(selected("8,1-3,2-5,6,0").to_string(), "0-6,8");
        assert_eq!(selected("7,7").to_string(), "7");
    }

    #[test]
    fn a_range_costs_nothing_however_long() {
        let all = selected("0-99999999999999999999999");
        assert_eq!(all.ranges(), [0..=u32::MAX]);
        assert!(all.contains(u32::MAX));
        assert_eq!(all.files(3).count(), 3);
        assert_eq!(selected("4294967295,5-4294967295").ranges(), [5..=u32::MAX]);
    }

    #[test]
    fn what_is_no_selection_is_told_in_a_sentence() {
        for (text, told) in [
            ("", "`` is neither"),
            ("1,,2", "`` is neither"),
            ("1-", "`1-` is neither"),
            ("1-2-3", "`1-2-3` is neither"),
            ("+1", "`+1` is neither"),
            ("\u{1b}[2J", "`[2J` is neither"),
            ("3-1", "the range 3-1 ends before it begins"),
        ] {
            let error = text.parse::<Selected>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(ranges in prop::collection::vec((0u32..50, 0u32..5), 1..20)) {
            let parts: Vec<String> = ranges.iter().map(|(from, more)| format!("{from}-{}", from + more)).collect();
            let read = selected(&parts.join(","));
            prop_assert_eq!(&selected(&read.to_string()), &read);
            let meant: BTreeSet<u32> = ranges.iter().flat_map(|(from, more)| *from..=from + more).collect();
            prop_assert_eq!(read.files(100).collect::<Vec<u32>>(), meant.into_iter().collect::<Vec<u32>>());
        }

        #[test]
        fn anything_can_be_read(text in "[0-9,\\-a]{0,30}") {
            let _ = text.parse::<Selected>();
        }
    }
}
