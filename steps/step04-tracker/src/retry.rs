//! When a tracker that refuses wants to be asked again.

use std::fmt;
use std::time::Duration;

use bencode::Value;
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_RETRY, MIN_INTERVAL};

// ANCHOR: retry
/// What a refusal says about asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    /// Not before this time is over: what the tracker asks for, within
    /// [`MIN_INTERVAL`](crate::limits::MIN_INTERVAL) and
    /// [`MAX_RETRY`](crate::limits::MAX_RETRY).
    After(Duration),
    /// This server is not a tracker, or not for us, and will not become one.
    Never,
}

/// The wish of a reply that refuses: `retry in` (BEP 31), which is in minutes, as a
/// number or as text, or the word `never`; or else `min interval` or `interval`,
/// the longer of both, which some trackers send beside a failure.
pub(crate) fn of_reply(reply: Value<'_, '_>) -> Option<Retry> {
    retry_in(reply).or_else(|| {
        let seconds = |key: &str| u64::try_from(reply.get(key)?.as_int()?).ok();
        let seconds = seconds("min interval").max(seconds("interval"));
        seconds.map(Retry::after)
    })
}

fn retry_in(reply: Value<'_, '_>) -> Option<Retry> {
    let value = reply.get("retry in")?;
    let minutes = match value.as_int() {
        Some(number) => u64::try_from(number).ok()?,
        None => match value.as_str()?.trim() {
            never if never.eq_ignore_ascii_case("never") => return Some(Retry::Never),
            text => whole_number(text)?,
        },
    };
    Some(Retry::after(minutes.saturating_mul(60)))
}
// ANCHOR_END: retry

/// A number of any length; one that is too large is the largest.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

impl Retry {
    /// Not before so many seconds are over, within the bounds.
    pub(crate) fn after(seconds: u64) -> Retry {
        Retry::After(Duration::from_secs(seconds).clamp(MIN_INTERVAL, MAX_RETRY))
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retry::Never => f.write_str("it does not want to be asked again"),
            Retry::After(time) => {
                let seconds = time.as_secs();
                match (seconds / 60, seconds % 60) {
                    (minutes, 0) => write!(f, "it wants to be asked again in {minutes} min"),
                    _ => write!(f, "it wants to be asked again in {seconds} s"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{ReplyError, parse_reply};

    /// The wish of a refusal with these further entries.
    fn wish(more: &str) -> Option<Retry> {
        let body = format!("d14:failure reason10:Overloaded{more}e");
        match parse_reply(body.as_bytes()) {
            Err(ReplyError::Failure { reason, retry }) => {
                assert_eq!(reason, "Overloaded");
                retry
            }
            other => panic!("{other:?}"),
        }
    }

    fn seconds(seconds: u64) -> Option<Retry> {
        Some(Retry::After(Duration::from_secs(seconds)))
    }

    #[test]
    fn the_examples_of_bep_31_are_read_and_numbers_too() {
        assert_eq!(wish("8:retry in1:5"), seconds(300));
        assert_eq!(wish("8:retry ini5e"), seconds(300));
        assert_eq!(wish("8:retry in5:never"), Some(Retry::Never));
        assert_eq!(wish("8:retry in5:Never"), Some(Retry::Never));
    }

    #[test]
    fn intervals_beside_a_failure_count_when_there_is_no_retry_in() {
        assert_eq!(wish("8:intervali900e"), seconds(900));
        assert_eq!(wish("12:min intervali600e"), seconds(600));
        assert_eq!(wish("8:intervali900e12:min intervali600e"), seconds(900));
        assert_eq!(wish("8:intervali900e8:retry in1:5"), seconds(300));
        assert_eq!(wish("8:intervali900e8:retry in4:soon"), seconds(900));
    }

    #[test]
    fn a_wish_has_bounds() {
        assert_eq!(wish("8:retry in1:0"), seconds(30));
        assert_eq!(wish("8:intervali1e"), seconds(30));
        assert_eq!(wish("8:retry ini1000000e"), seconds(86_400));
        assert_eq!(wish("8:retry in19:9223372036854775807"), seconds(86_400));
        assert_eq!(wish("8:retry in20:99999999999999999999"), seconds(86_400));
    }

    #[test]
    fn nonsense_says_nothing() {
        for more in [
            "",
            "8:retry in4:soon",
            "8:retry ini-5e",
            "8:retry inle",
            "8:intervali-1e",
            "8:interval3:900",
        ] {
            assert_eq!(wish(more), None, "{more}");
        }
    }

    #[test]
    fn a_wish_is_told() {
        let refused = parse_reply(b"d14:failure reason4:Busy8:retry in1:5e").unwrap_err();
        let told = "the tracker refused: Busy; it wants to be asked again in 5 min";
        assert_eq!(refused.to_string(), told);
        let told = "it wants to be asked again in 90 s";
        assert_eq!(Retry::after(90).to_string(), told);
    }
}
