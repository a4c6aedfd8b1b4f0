//! The values of options: parsed once, into what the commands need.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tracker::PeerAddr;
use url::Url;

use super::clock;
use super::goal::Ratio;

/// One tier of trackers, tried together before the next (BEP 12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tier(pub(crate) Vec<String>);

/// Bytes in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PieceLength(pub(crate) u32);

/// Seconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) i64);

/// Whom a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The connection with this number.
    Key(u32),
    /// Whoever is at this address and port.
    Addr(SocketAddr),
    /// Whoever is at this address.
    Host(IpAddr),
}

/// A node of the DHT to begin from, or the word that there is to be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Router {
    /// `none`.
    None,
    /// One by its name or address, and UDP port.
    At(String, u16),
}

impl Router {
    /// Where it is.
    pub(crate) fn addr(self) -> Option<(String, u16)> {
        match self {
            Router::None => None,
            Router::At(host, port) => Some((host, port)),
        }
    }
}

/// A node of the DHT: `none`, `HOST:PORT` or `[IPv6]:PORT`.
pub(crate) fn router(text: &str) -> Result<Router, String> {
    if text == "none" {
        return Ok(Router::None);
    }
    let addr: PeerAddr = text
        .parse()
        .map_err(|error| format!("{error}, or `none`"))?;
    Ok(match (addr.known(), addr.name()) {
        (Some(addr), _) => Router::At(addr.ip().to_string(), addr.port()),
        (None, Some((name, port))) => Router::At(name.to_owned(), port),
        (None, None) => Router::None,
    })
}

/// A connection's number, or an address with or without a port.
pub(crate) fn whose(text: &str) -> Result<Whose, String> {
    let number = text.strip_prefix('#').unwrap_or(text);
    if let Ok(key) = number.parse() {
        return Ok(Whose::Key(key));
    }
    let addr = text.parse().map(Whose::Addr);
    let host = || text.parse().map(Whose::Host);
    addr.or_else(|_| host())
        .map_err(|_| "must be HOST:PORT, an address, or the number of a connection".to_owned())
}

/// A span of time: `90`, `1.5s`, `200ms`, `3m`, `1h`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "must be a number of seconds, or one with ms, s, m or h behind it";
    let end = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(WANTED.to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| WANTED.to_owned())?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| WANTED.to_owned())
}

/// When what is written is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// So long after it was written.
    After(Duration),
    /// When the system likes.
    Never,
}

/// What nobody should lose more of, in a power cut.
const MOST_SYNC: Duration = Duration::from_secs(60);

/// A time, or `never`.
pub(crate) fn sync(text: &str) -> Result<Sync, String> {
    match text {
        "never" => Ok(Sync::Never),
        _ => match time(text) {
            Ok(span) if span > MOST_SYNC => Err("more than 60s would lose too much: never is for \
                                                 those who want none"
                .into()),
            Ok(span) => Ok(Sync::After(span)),
            Err(error) => Err(format!("{error}, or `never`")),
        },
    }
}

/// Bytes a second: `500K`, `1.5M`.
pub(crate) fn rate(text: &str) -> Result<u64, String> {
    match progress::parse_rate(text) {
        Ok(0) => Err("0 would stop all traffic; leave the option out for no limit".into()),
        Ok(rate) => Ok(rate),
        Err(error) => Err(error.to_string()),
    }
}

/// Bytes sent for each byte: `1`, `1.5`.
pub(crate) fn ratio(text: &str) -> Result<Ratio, String> {
    match decimal(text) {
        Some(ratio) if ratio > 0.0 => Ok(Ratio(ratio)),
        Some(_) => Err("0 would end the seeding before it begins: leave it out".into()),
        None => Err("must be a number such as 1.5".into()),
    }
}

/// A time: `90s`, `30m`, `1.5h`, `7d`. A plain number is minutes, as aria2 and qBittorrent take it.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1.0),
        Some(b'm') => (&text[..text.len() - 1], 60.0),
        Some(b'h') => (&text[..text.len() - 1], 3600.0),
        Some(b'd') => (&text[..text.len() - 1], 86_400.0),
        _ => (text, 60.0),
    };
    let span = decimal(number).map(|number| Duration::try_from_secs_f64(number * unit));
    match span {
        Some(Ok(span)) if !span.is_zero() => Ok(span),
        Some(Ok(_)) => Err("0 would end the seeding before it begins: leave it out".into()),
        Some(Err(_)) => Err("that is longer than anybody can wait".into()),
        None => Err("must be a number with s, m, h or d, such as 90s or 12h".into()),
    }
}

/// Digits, with a point in them at most: no sign, no exponent, no `inf`.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = plain.then(|| text.parse::<f64>().ok()).flatten();
    number.filter(|number| number.is_finite())
}

/// A power of two from 16 KiB to 256 MiB.
pub(crate) fn piece_length(text: &str) -> Result<PieceLength, String> {
    const RANGE: &str = "must be a power of two from 16K to 256M";
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1_u64),
    };
    let length = digits
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(unit))
        .ok_or(RANGE)?;
    if !length.is_power_of_two() || !(16 << 10..=256 << 20).contains(&length) {
        return Err(RANGE.into());
    }
    Ok(PieceLength(u32::try_from(length).map_err(|_| RANGE)?))
}

/// Tracker addresses of one tier. A comma separates them where what follows begins with a scheme.
pub(crate) fn tier(text: &str) -> Result<Tier, String> {
    let mut tier = Vec::new();
    let mut rest = text;
    while let Some(at) = next_url(rest) {
        tier.push(announce_url(&rest[..at])?);
        rest = &rest[at + 1..];
    }
    tier.push(announce_url(rest)?);
    Ok(Tier(tier))
}

/// The comma before the next URL. Spaces after it are no part of a URL, and are told as such.
fn next_url(text: &str) -> Option<usize> {
    let mut commas = text.match_indices(',');
    let begins = |(at, _): &(usize, &str)| {
        let next = text[at + 1..].trim_start();
        let scheme = next.split_once("://").map_or("", |(scheme, _)| scheme);
        let sign = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(sign)
    };
    commas.find(begins).map(|(at, _)| at)
}

fn announce_url(text: &str) -> Result<String, String> {
    url(text, &["http", "https", "udp", "ws", "wss"])
}

/// The address of a web seed.
pub(crate) fn web_url(text: &str) -> Result<String, String> {
    url(text, &["http", "https"])
}

/// The text is kept as it was typed: what stands in a torrent is the author's spelling.
fn url(text: &str, schemes: &[&str]) -> Result<String, String> {
    // The parser would pass over spaces around it and line breaks within; who reads the torrent
    // may not.
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!(
            "`{text}` has a space in it or around it: leave it out, or write %20 for one within"
        ));
    }
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
    if !schemes.contains(&url.scheme()) {
        return Err(format!(
            "`{text}`: the scheme must be one of {}",
            schemes.join(", ")
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("`{text}` names no host"));
    }
    if url.host_str().is_some_and(|host| host.contains(',')) || text.ends_with(',') {
        return Err(format!(
            "`{text}`: what follows a comma must be another URL, with its scheme, as http:// is one; \
             write %2C for a comma of the URL's own"
        ));
    }
    Ok(text.to_owned())
}

/// Seconds since 1970, or a day.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(Date(seconds));
    }
    let mut parts = text.splitn(3, '-').map(str::parse::<u16>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err("must be seconds since 1970 or a day as YYYY-MM-DD".into());
    };
    clock::midnight(year, month, day)
        .map(Date)
        .ok_or_else(|| format!("there is no day {text}"))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn piece_lengths_take_suffixes_and_must_be_powers_of_two() {
        assert_eq!(piece_length("16K"), Ok(PieceLength(16 << 10)));
        assert_eq!(piece_length("262144"), Ok(PieceLength(256 << 10)));
        assert_eq!(piece_length("256m"), Ok(PieceLength(256 << 20)));
        for bad in [
            "",
            "K",
            "15K",
            "48K",
            "8K",
            "512M",
            "-16K",
            "16G",
            "18446744073709551615M",
            "é",
        ] {
            assert!(piece_length(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_have_units_and_peers_are_numbers_or_addresses() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(time("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(time("3m"), Ok(Duration::from_secs(180)));
        assert_eq!(time("1h"), Ok(Duration::from_secs(3_600)));
        for bad in ["", "s", "-1", "1d", "1e99h", "inf", "nan"] {
            assert!(time(bad).is_err(), "{bad}");
        }
        assert_eq!(whose("12"), Ok(Whose::Key(12)));
        assert_eq!(whose("#12"), Ok(Whose::Key(12)));
        assert_eq!(whose("10.0.0.1"), Ok(Whose::Host([10, 0, 0, 1].into())));
        assert_eq!(
            whose("10.0.0.1:5"),
            Ok(Whose::Addr(([10, 0, 0, 1], 5).into()))
        );
        assert!(whose("nobody").is_err());
    }

    #[test]
    fn something_is_synced_after_a_time_or_never() {
        assert_eq!(sync("never"), Ok(Sync::Never));
        assert_eq!(sync("50ms"), Ok(Sync::After(Duration::from_millis(50))));
        for bad in ["61s", "always", ""] {
            assert!(sync(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_have_units_and_a_plain_number_is_minutes() {
        for (text, seconds) in [("90s", 90.0), ("30m", 1800.0), ("1.5h", 5400.0)] {
            assert_eq!(span(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        assert_eq!(span("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(span("90"), Ok(Duration::from_secs(90 * 60)));
        let huge = "9".repeat(40);
        for bad in [
            "", "s", "0", "0d", "-1", "1w", "1e3", "inf", "1.2.3", "é", &huge,
        ] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ratios_are_plain_numbers_above_zero() {
        assert_eq!(ratio("1.5"), Ok(Ratio(1.5)));
        assert_eq!(ratio("2"), Ok(Ratio(2.0)));
        for bad in ["", ".", "0", "0.0", "-1", "nan", "inf", "1,5", "1e9"] {
            assert!(ratio(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tier_is_split_at_commas_and_keeps_the_spelling() {
        assert_eq!(
            tier("http://A.example/announce,udp://b.example:80"),
            Ok(Tier(vec![
                "http://A.example/announce".into(),
                "udp://b.example:80".into()
            ]))
        );
        for bad in [
            "",
            "a.example",
            "ftp://a.example/",
            "http://a.example/announce,",
            "file:///etc/passwd",
            "http://a.example,b.example/announce",
        ] {
            assert!(tier(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_comma_may_belong_to_a_url() {
        let tier = |text: &str| tier(text).unwrap().0;
        let one = "http://a.example/announce?keys=1,2,three";
        assert_eq!(tier(one), [one]);
        let (one, two) = ("http://a.example/x,y", "udp://b.example:80/,");
        assert_eq!(
            tier(&format!("{one},{two}z")),
            [one.into(), format!("{two}z")]
        );
        let escaped = "http://a.example/?to=x%2Chttp://b.example/";
        assert_eq!(tier(escaped), [escaped]);
    }

    #[test]
    fn the_url_with_spaces_is_named() {
        for (text, named) in [
            (" http://a.example/", "` http://a.example/` has a space"),
            (
                "http://a.example/, http://b.example/",
                "` http://b.example/` has a space",
            ),
            (
                "http://a.example/ ,http://b.example/",
                "`http://a.example/ ` has a space",
            ),
            ("http://a.example/\tx", "has a space"),
        ] {
            let error = tier(text).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
        assert!(web_url("http://a.example/ ").is_err());
    }

    #[test]
    fn dates_are_seconds_or_days_that_exist() {
        assert_eq!(date("1700000000"), Ok(Date(1_700_000_000)));
        assert_eq!(date("2026-11-22"), Ok(Date(1_795_305_600)));
        for bad in [
            "",
            "2026-02-30",
            "2026-13-01",
            "2026-00-01",
            "yesterday",
            "2026-11",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
