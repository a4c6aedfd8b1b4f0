//! What a blocking and an asynchronous announce have in common: how the HTTP client is set up, and
//! what its errors mean. The client is reqwest, with TLS by rustls.
//!
//! An announce, whoever makes it, is: [`client`], one GET of [`announce_url`](crate::announce_url),
//! another if the answer leads [`over_to_tls`], at most [`MAX_REPLY`](crate::MAX_REPLY) + 1 bytes of
//! the body, [`read_answer`]; errors through [`failure`].

mod certificate;
mod proxy;

use std::error::Error;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{ClientBuilder, StatusCode, Url};

use crate::retry::whole_number;
use crate::{
    AnnounceError, AnnounceReply, MAX_REDIRECTS, ReplyError, Retry, USER_AGENT, host_of,
    parse_reply, printable,
};

/// Builds an HTTP client for the tracker at `url`: `build` makes it, blocking or not, from the
/// settings that are the same for both. `limit` is the time for everything, from the name's
/// look-up to the last byte of the body. What it cannot end is the look-up itself: whoever drops
/// the client (or its runtime) may have to wait for that.
///
/// A client for plain HTTP knows no certificates: to read those of the system, hundreds of files,
/// takes longer than the announce. Where a tracker sends it over to HTTPS, [`over_to_tls`] says.
///
/// # Errors
///
/// When the environment names a proxy that is none, or when a client for HTTPS cannot be had
/// because there are no certificates.
pub fn client<C>(
    url: &str,
    limit: Duration,
    build: impl FnOnce(ClientBuilder) -> reqwest::Result<C>,
) -> Result<C, AnnounceError> {
    install_crypto();
    let unreachable = |reason: String| AnnounceError::Unreachable {
        host: host_of(url),
        reason,
    };
    let mut settings = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .timeout(limit)
        // Where a tracker sends us is not told the announce URL: it may hold a user's key.
        .referer(false)
        .pool_max_idle_per_host(0)
        // The client would read the environment too, and pass over what it cannot use.
        .no_proxy();
    let mut speaks_tls = !url.starts_with("http:");
    settings = match speaks_tls {
        true => settings.redirect(Policy::limited(MAX_REDIRECTS)),
        false => settings.redirect(Policy::custom(until_tls)),
    };
    if let Some(named) = proxy::named(url, proxy::environment) {
        settings = settings.proxy(named.proxy().map_err(unreachable)?);
        speaks_tls |= named.speaks_tls();
    }
    if !speaks_tls {
        settings = settings.tls_certs_only([]);
    }
    build(settings).map_err(|error| {
        let why = root_cause(&error);
        let nothing = why.contains("No CA certificates");
        unreachable(match nothing {
            true => certificate::none_found(proxy::environment),
            false => why,
        })
    })
}

/// Follows a redirect as long as it needs no TLS.
fn until_tls(attempt: Attempt<'_>) -> Action {
    let few = attempt.previous().len() <= MAX_REDIRECTS;
    match few && attempt.url().scheme() == "https" {
        true => attempt.stop(),
        false => Policy::limited(MAX_REDIRECTS).redirect(attempt),
    }
}

/// The `https` URL to which an answer from `url` redirects, if it is one that a client for plain
/// HTTP has left at that: the [`client`] for the new URL is to ask there, and follows whatever comes
/// next by itself. So at most twice [`MAX_REDIRECTS`] are followed.
pub fn over_to_tls(url: &Url, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    if url.scheme() != "http" || !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = str::from_utf8(headers.get(LOCATION)?.as_bytes()).ok()?;
    let there = url.join(location).ok()?;
    (there.scheme() == "https").then(|| there.into())
}

/// Chooses the cryptography for TLS, once for the process: without it the first client panics.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that someone has chosen already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Reads what the tracker at `url` answered: its HTTP status, when it wants to be
/// asked again by its headers ([`retry_after`]), and the body as far as it was read.
///
/// # Errors
///
/// When the body is no reply. A tracker that refuses may do so with any status, so
/// its own words come first, then the status, then what is wrong with the body. A
/// proxy on the way that wants a password has a status of its own.
pub fn read_answer(
    url: &str,
    status: u16,
    retry_after: Option<Retry>,
    body: &[u8],
) -> Result<AnnounceReply, AnnounceError> {
    read_as(url, status, retry_after, parse_reply(body))
}

/// The same of an answer that was read already, as what it is to be.
///
/// # Errors
///
/// As [`read_answer`].
pub fn read_as<T>(
    url: &str,
    status: u16,
    retry_after: Option<Retry>,
    read: Result<T, ReplyError>,
) -> Result<T, AnnounceError> {
    let host = host_of(url);
    let is_success = (200..300).contains(&status);
    match read {
        Ok(reply) if is_success => Ok(reply),
        Err(ReplyError::Failure { reason, retry }) => {
            let retry = retry.or(retry_after);
            let error = ReplyError::Failure { reason, retry };
            Err(AnnounceError::Reply { host, error })
        }
        Err(error) if is_success => Err(AnnounceError::Reply { host, error }),
        _ => Err(match proxy::refusal(url, status, proxy::environment) {
            Some(reason) => AnnounceError::Unreachable { host, reason },
            None => AnnounceError::Status {
                host,
                status,
                retry: retry_after,
            },
        }),
    }
}

/// When an overloaded server wants to be asked again: its `Retry-After`, in seconds or as a date
/// (RFC 9110, section 10.2.3), if its status is 429 or 503. `now` is the time of the answer.
pub fn retry_after(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Retry> {
    if !matches!(status.as_u16(), 429 | 503) {
        return None;
    }
    let said = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match whole_number(said) {
        Some(seconds) => seconds,
        None => {
            let date = httpdate::parse_http_date(said).ok()?;
            let ahead = date.duration_since(now);
            ahead.map_or(0, |ahead| ahead.as_secs())
        }
    };
    Some(Retry::after(seconds))
}

/// What an error of the HTTP client means for an announce to `url` that had `limit` of time.
pub fn failure(url: &str, limit: Duration, error: &reqwest::Error) -> AnnounceError {
    let host = host_of(url);
    if error.is_timeout() {
        return AnnounceError::TimedOut { host, limit };
    }
    if error.is_redirect() {
        return AnnounceError::Redirects { host };
    }
    if !error.is_connect() {
        let reason = root_cause(error);
        return AnnounceError::Http { host, reason };
    }
    if let Some(words) = certificate::refusal(error, proxy::environment) {
        let reason = printable(words.as_bytes());
        return AnnounceError::Certificate { host, reason };
    }
    let mut reason = root_cause(error);
    // What a proxy answers that is to let TLS through, the HTTP client tells in these words alone.
    if reason.ends_with("proxy authorization required")
        && let Some(reason) = proxy::refusal(url, 407, proxy::environment)
    {
        return AnnounceError::Unreachable { host, reason };
    }
    if let Some(named) = proxy::named(url, proxy::environment) {
        reason += &format!(" (by the proxy that {} names", named.variable);
        reason += match named.looks_names_up() {
            true => ")",
            false => "; with socks5h:// it looks names up itself)",
        };
    }
    AnnounceError::Unreachable { host, reason }
}

/// The innermost of an error's causes: "Connection refused", not "error sending request for url".
/// The outer ones would show the whole URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    printable(cause.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn the_trackers_words_come_before_the_status() {
        let failure = b"d14:failure reason6:go oute";
        let read_answer = |url, status, body| read_answer(url, status, None, body);
        let error = read_answer("http://t/", 403, failure).unwrap_err();
        assert_eq!(error.to_string(), "t: the tracker refused: go out");
        let error = read_answer("http://t/", 404, b"<html>").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the tracker t answered with HTTP status 404"
        );
        let error = read_answer("http://t/", 200, b"<html>").unwrap_err();
        assert!(error.to_string().contains("web page"));
        assert!(read_answer("http://t/", 200, b"de").is_ok());
        assert!(read_answer("http://t/", 500, b"de").is_err());
    }

    /// What an answer with this status and `Retry-After`, and this body, says about asking again,
    /// in seconds; at 08:49:37 of the day in the examples of RFC 9110.
    fn wish(status: u16, said: &'static str, body: &[u8]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, said.parse().unwrap());
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let retry = retry_after(StatusCode::from_u16(status).unwrap(), &headers, now);
        let error = read_answer("http://t/", status, retry, body).unwrap_err();
        match error.retry()? {
            Retry::After(time) => Some(time.as_secs()),
            Retry::Never => Some(u64::MAX),
        }
    }

    #[test]
    fn an_overloaded_server_says_when_to_come_back() {
        assert_eq!(wish(503, "120", b"<html>"), Some(120));
        assert_eq!(wish(429, " 3600 ", b""), Some(3600));
        assert_eq!(wish(429, "18446744073709551616", b""), Some(86_400));
        for date in [
            "Sun, 06 Nov 1994 08:59:37 GMT",
            "Sunday, 06-Nov-94 08:59:37 GMT",
            "Sun Nov  6 08:59:37 1994",
        ] {
            assert_eq!(wish(503, date, b""), Some(600), "{date}");
        }
        assert_eq!(wish(503, "Sun, 06 Nov 1994 08:00:00 GMT", b""), Some(30));
        assert_eq!(wish(503, "0", b""), Some(30));
        assert_eq!(wish(503, "18446744073709551615", b""), Some(86_400));
        assert_eq!(wish(503, "soon", b""), None);
        assert_eq!(wish(503, "-1", b""), None);
        assert_eq!(wish(404, "120", b""), None, "no other status has it");
    }

    /// Where an answer from a plain URL leads that has this `Location`.
    fn over(status: u16, location: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static(location));
        let asked = Url::parse("http://t.example/announce?passkey=secret").unwrap();
        over_to_tls(&asked, StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn a_redirect_to_tls_leads_where_it_says() {
        let there = "https://other.example/a?b";
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(over(status, there).as_deref(), Some(there));
        }
        for status in [200, 300, 304, 404] {
            assert_eq!(over(status, there), None, "{status}");
        }
        let bare = over(302, "HTTPS://t.example");
        assert_eq!(
            bare.as_deref(),
            Some("https://t.example/"),
            "no key of ours"
        );
        for location in [
            "/a",
            "a",
            "",
            "?https://t.example/",
            "//t.example/a",
            "http://t.example/a",
            "https://",
            "https://a b/",
            "https://t.example:99999/",
            "udp://t.example/",
        ] {
            assert_eq!(over(302, location), None, "{location}");
        }
        let headers = HeaderMap::new();
        let asked = Url::parse("http://t.example/").unwrap();
        assert_eq!(over_to_tls(&asked, StatusCode::FOUND, &headers), None);
    }

    #[test]
    fn the_trackers_own_wish_comes_before_the_headers() {
        let failure = b"d14:failure reason4:Busye";
        assert_eq!(wish(503, "120", failure), Some(120));
        let failure = b"d14:failure reason4:Busy8:retry in1:5e";
        assert_eq!(wish(503, "120", failure), Some(300));
        let failure = b"d14:failure reason4:Gone8:retry in5:nevere";
        assert_eq!(wish(503, "120", failure), Some(u64::MAX));
    }
}
