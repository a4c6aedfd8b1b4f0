//! Dates and foreign texts for a person.

use jiff::{SignedDuration, civil};
use metainfo::text::is_obeyed;

/// A text from a torrent, on one line and with nothing in it that a terminal would obey.
pub fn one_line(text: &str) -> String {
    let plain = |char: char| if is_obeyed(char) { ' ' } else { char };
    text.chars().map(plain).collect()
}

/// Seconds since 1970 as a date and a time of UTC.
pub fn date(seconds: i64) -> String {
    let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
    // Before 1970 and after the year 9999 it is no date that anyone meant.
    match epoch.checked_add(SignedDuration::from_secs(seconds)) {
        Ok(moment) if seconds >= 0 => moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        _ => format!("{seconds} seconds since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn dates_count_leap_years() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_709_251_199), "2024-02-29 23:59 UTC");
        assert_eq!(date(4_107_542_400), "2100-03-01 00:00 UTC");
        assert_eq!(date(253_402_300_799), "9999-12-31 23:59 UTC");
    }

    #[test]
    fn what_is_no_date_is_left_a_number() {
        assert_eq!(date(-1), "-1 seconds since 1970");
        assert_eq!(date(i64::MAX), "9223372036854775807 seconds since 1970");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\nb\x1b[2J\u{9b}c"), "a b [2J c");
        assert_eq!(one_line("\u{202e}a\u{2066}b\u{200f}\u{61c}é"), " a b  é");
    }
}
