//! Figures as a person reads and writes them.

use std::time::Duration;

use thiserror::Error;

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

// ANCHOR: bytes
/// A number of bytes with three figures or so: `0 B`, `1023 B`, `1.4 MiB`, `320 KiB`. Units are
/// powers of 1024.
pub fn bytes(bytes: u64) -> String {
    // ANCHOR: yours_bytes (chapter 13, "Figures for people")
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // 999.6 KiB would be rounded to "1000 KiB", and 1023.9 is nearer to 1.0 MiB.
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
    // ANCHOR_END: yours_bytes
}
// ANCHOR_END: bytes

/// A number of bytes a second: `3.2 MiB/s`.
pub fn rate(per_second: u64) -> String {
    format!("{}/s", bytes(per_second))
}

/// A part of so many bytes, with the unit once where it is the same: `312 of 684 KiB`,
/// `900 KiB of 4.0 MiB`.
pub fn part(done: u64, total: u64) -> String {
    let (done, total) = (bytes(done), bytes(total));
    match (done.split_once(' '), total.split_once(' ')) {
        (Some((figure, unit)), Some((_, same))) if unit == same => format!("{figure} of {total}"),
        _ => format!("{done} of {total}"),
    }
}

/// How much was given for what was taken, as people in swarms count it: `0.25`, `1.50`, `12.0`,
/// `140`. Who has taken nothing has no ratio: `-`.
pub fn ratio(up: u64, down: u64) -> String {
    if down == 0 {
        return "-".to_owned();
    }
    let ratio = up as f64 / down as f64;
    // Cut off, not rounded: `1.00` is a promise that was kept.
    let cut = |digits: i32| (ratio * 10f64.powi(digits)).floor() / 10f64.powi(digits);
    match ratio {
        0.0..10.0 => format!("{:.2}", cut(2)),
        10.0..100.0 => format!("{:.1}", cut(1)),
        _ => format!("{:.0}", cut(0)),
    }
}

/// A span of time in its two largest units: `5 s`, `2 m 05 s`, `1 h 02 m`, `3 d 04 h`. Parts of a
/// second are dropped, and from 100 days on the hours.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let pair = |large: u64, name: &str, small: u64, of: &str| {
        format!(
            "{} {name} {:02} {of}",
            seconds / large,
            seconds % large / small
        )
    };
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => pair(MINUTE, "m", 1, "s"),
        HOUR..DAY => pair(HOUR, "h", MINUTE, "m"),
        _ if seconds < 100 * DAY => pair(DAY, "d", HOUR, "h"),
        _ => format!("{} d", seconds / DAY),
    }
}

/// How long `left` bytes take at `per_second` bytes a second, rounded up to whole seconds. `None`
/// when nothing moves.
pub fn eta(left: u64, per_second: u64) -> Option<Duration> {
    (per_second > 0).then(|| Duration::from_secs(left.div_ceil(per_second)))
}

/// Why a text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RateError {
    /// Not a number with an optional unit.
    #[error(
        "`{0}` is no rate: write bytes a second, with K, M or G for powers of 1024, as in 500K or 1.5M"
    )]
    NotARate(String),
    /// More than 64 bits.
    #[error("`{0}` is more than any line carries")]
    TooLarge(String),
}

/// Reads a rate as a person writes it: `500K`, `1.5M`, `2G`, `100000`; K, M and G are powers of
/// 1024, in either case. Bytes a second.
///
/// # Errors
///
/// Anything else, and more than 64 bits.
pub fn parse_rate(text: &str) -> Result<u64, RateError> {
    let (number, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return Err(RateError::NotARate(text.to_owned()));
    }
    let too_large = || RateError::TooLarge(text.to_owned());
    let whole: u64 = whole.parse().map_err(|_| too_large())?;
    let part: f64 = format!("0.{part}").parse().map_err(|_| too_large())?;
    let whole = whole.checked_mul(1 << shift).ok_or_else(too_large)?;
    let part = (part * f64::from(1u32 << shift)) as u64;
    whole.checked_add(part).ok_or_else(too_large)
}

#[cfg(test)]
mod tests;
