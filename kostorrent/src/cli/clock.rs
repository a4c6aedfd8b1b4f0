//! Dates, in UTC, without a calendar library: days are counted from 1 March, so that a leap day ends its year.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// Seconds since 1970 by the system's clock.
pub(crate) fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}

/// `2026-11-22 21:45:03 UTC`, or the bare number where no calendar reaches.
pub(crate) fn date_and_time(seconds: i64) -> String {
    let Some((year, month, day)) = civil(seconds.div_euclid(DAY)) else {
        return format!("{seconds} s since 1970");
    };
    let (hour, minute, second) = time_of_day(seconds);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `2026-11-22T21:45:03Z`, for lines in a log.
pub(crate) fn stamp(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(DAY)).unwrap_or((1970, 1, 1));
    let (hour, minute, second) = time_of_day(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The first second of a day, or `None` when there is no such day.
pub(crate) fn midnight(year: u16, month: u16, day: u16) -> Option<i64> {
    let (y, m, d) = (i64::from(year), i64::from(month), i64::from(day));
    let shifted = if m <= 2 { y - 1 } else { y };
    let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    let days = 365 * shifted + shifted.div_euclid(4) - shifted.div_euclid(100)
        + shifted.div_euclid(400)
        + day_of_year
        - 719_468;
    // Converted back, an impossible day comes out as another one.
    (civil(days) == Some((y, m, d))).then_some(days * DAY)
}

fn time_of_day(seconds: i64) -> (i64, i64, i64) {
    let second = seconds.rem_euclid(DAY);
    (second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from 1970-01-01, for the years 1 to 9999.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    if !(-719_162..=2_932_896).contains(&days) {
        return None;
    }
    let shifted = days + 719_468; // from 0000-03-01
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((year, month, day))
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
    fn every_day_of_four_centuries_goes_there_and_back() {
        for days in 0..146_097 {
            let (year, month, day) = civil(days).unwrap();
            let narrow = |n: i64| u16::try_from(n).unwrap();
            assert_eq!(
                midnight(narrow(year), narrow(month), narrow(day)),
                Some(days * DAY)
            );
        }
    }
}
