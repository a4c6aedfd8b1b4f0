//! Exercise 4b: when a busy web server wants to be asked again (RFC 9110, `Retry-After`).

// ANCHOR: answer
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// The seconds to wait, from `Retry-After` and the time of the answer, in seconds
/// since 1970. A date that is over is no wait.
fn retry_after(said: &str, now: i64) -> Option<i64> {
    let seconds = said.parse::<u32>().map(i64::from).ok();
    seconds.or_else(|| Some((date(said)? - now).max(0)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, in seconds since 1970.
fn date(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once(", ")?;
    let [day, month, year, time, "GMT"] = rest.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let month = MONTHS
        .find(month)
        .filter(|at| at % 3 == 0 && month.len() == 3)?;
    let clock: Option<Vec<i64>> = time.split(':').map(|part| part.parse().ok()).collect();
    let [hours, minutes, seconds] = clock?[..] else {
        return None;
    };
    let days = days(year.parse().ok()?, month as i64 / 3, day.parse().ok()?)?;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

/// Days since 1970. Years are counted from March here, so that a leap day is the
/// last of its year, and 153 days are five months in a row.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = match month {
        0 | 1 => (year - 1, month + 10),
        _ => (year, month - 2),
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}
// ANCHOR_END: answer

fn main() {
    let now = date("Sun, 06 Nov 1994 08:39:37 GMT").unwrap_or_default();
    println!("{:?}", retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Tue, 29 Feb 2000 12:00:00 GMT"), Some(951_825_600));
        assert_eq!(date("Wed, 01 Mar 2000 00:00:00 GMT"), Some(951_868_800));
        assert_eq!(date("Fri, 31 Dec 9999 23:59:59 GMT"), Some(253_402_300_799));
        assert_eq!(retry_after("120", 0), Some(120));
        let date = "Fri, 31 Dec 1999 23:59:59 GMT";
        assert_eq!(retry_after(date, 946_684_199), Some(600));
        assert_eq!(retry_after(date, 946_684_800), Some(0));
    }

    #[test]
    fn nonsense_says_nothing() {
        for said in [
            "",
            "soon",
            "-5",
            "Sun, 06 anF 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994",
        ] {
            assert_eq!(retry_after(said, 0), None, "{said}");
        }
    }
}
