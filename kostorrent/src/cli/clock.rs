//! Dates, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::{self, Date, DateTime};

/// Seconds since 1970 by the system's clock.
pub(crate) fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}

/// `2026-11-22 21:45:03 UTC`, or the bare number where no calendar reaches.
pub(crate) fn date_and_time(seconds: i64) -> String {
    match moment(seconds) {
        Some(moment) => format!("{} {} UTC", moment.date(), moment.time()),
        None => format!("{seconds} s since 1970"),
    }
}

/// `2026-11-22T21:45:03Z`, for lines in a log.
pub(crate) fn stamp(seconds: i64) -> String {
    format!("{}Z", moment(seconds).unwrap_or(EPOCH))
}

/// The first second of a day, or `None` when there is no such day.
pub(crate) fn midnight(year: u16, month: u16, day: u16) -> Option<i64> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let day = Date::new(i16::try_from(year).ok()?, month, day).ok()?;
    Some(day.duration_since(EPOCH.date()).as_secs())
}

const EPOCH: DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// A moment in the years 1 to 9999.
fn moment(seconds: i64) -> Option<DateTime> {
    let moment = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    (moment.year() > 0).then_some(moment)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn known_moments_are_written_as_dates() {
        assert_eq!(date_and_time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date_and_time(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(date_and_time(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(date_and_time(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(stamp(1_795_383_903), "2026-11-22T21:45:03Z");
    }

    #[test]
    fn seconds_beyond_any_calendar_stay_a_number() {
        for odd in [i64::MIN, i64::MAX, 253_402_300_800] {
            assert!(date_and_time(odd).contains(&odd.to_string()));
            stamp(odd);
        }
        assert_eq!(date_and_time(253_402_300_799), "9999-12-31 23:59:59 UTC");
    }

    #[test]
    fn days_of_four_centuries_go_there_and_back() {
        for day in (0..146_097).step_by(13) {
            let seconds = day * 86_400;
            let text = date_and_time(seconds);
            let (date, rest) = text.split_once(' ').unwrap();
            assert_eq!(rest, "00:00:00 UTC");
            let numbers: Vec<u16> = date.split('-').map(|n| n.parse().unwrap()).collect();
            assert_eq!(midnight(numbers[0], numbers[1], numbers[2]), Some(seconds));
        }
    }

    #[test]
    fn a_day_that_is_in_no_calendar_has_no_midnight() {
        assert_eq!(midnight(2000, 2, 29), Some(951_782_400));
        for (year, month, day) in [(2100, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 1, 300)] {
            assert_eq!(midnight(year, month, day), None);
        }
        assert_eq!(midnight(40_000, 1, 1), None);
    }
}
