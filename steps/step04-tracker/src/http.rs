//! What a blocking and an asynchronous announce have in common: how the HTTP client is set up, and
//! what its errors mean. The client is reqwest, with TLS by rustls.
//!
//! An announce, whoever makes it, is: [`client`], one GET of [`announce_url`](crate::announce_url),
//! at most [`MAX_REPLY`](crate::MAX_REPLY) + 1 bytes of its body, [`read_answer`]; errors through
//! [`failure`].

use std::error::Error;
use std::sync::Once;
use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::{
    AnnounceError, AnnounceReply, MAX_REDIRECTS, ReplyError, USER_AGENT, host_of, is_loopback,
    parse_reply, printable,
};

/// Builds an HTTP client for the tracker at `url`: `build` makes it, blocking or not, from the
/// settings that are the same for both. `limit` is the time for everything, from the name's
/// look-up to the last byte of the body. What it cannot end is the look-up itself: whoever drops
/// the client (or its runtime) may have to wait for that.
///
/// # Errors
///
/// When a client for HTTPS cannot be had because this system has no certificates.
pub fn client<C>(
    url: &str,
    limit: Duration,
    build: impl Fn(ClientBuilder) -> reqwest::Result<C>,
) -> Result<C, AnnounceError> {
    install_crypto();
    let settings = || {
        let settings = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(limit)
            .redirect(Policy::limited(MAX_REDIRECTS))
            // Where a tracker sends us is not told the announce URL: it may hold a user's key.
            .referer(false)
            .pool_max_idle_per_host(0);
        match is_loopback(url) {
            // Nobody between us and this machine, whatever HTTP_PROXY says.
            true => settings.no_proxy(),
            false => settings,
        }
    };
    // Some systems have no certificates at all, and then no client can be built. Plain HTTP does
    // without; on this machine it does not even look for them.
    let without_certificates = || build(settings().tls_certs_only([]));
    let is_plain = url.starts_with("http:");
    let client = match is_plain && is_loopback(url) {
        true => without_certificates(),
        false => build(settings()),
    };
    client
        .or_else(|error| match is_plain {
            true => without_certificates(),
            false => Err(error),
        })
        .map_err(|error| AnnounceError::Unreachable {
            host: host_of(url),
            reason: format!(
                "{}; is the package ca-certificates installed?",
                root_cause(&error)
            ),
        })
}

/// Chooses the cryptography for TLS, once for the process: without it the first client panics.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that someone has chosen already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

// ANCHOR: read_answer
/// Reads what the tracker at `url` answered: its HTTP status, and the body as far
/// as it was read.
///
/// # Errors
///
/// When the body is no reply. A tracker that refuses may do so with any status, so
/// its own words come first, then the status, then what is wrong with the body.
pub fn read_answer(url: &str, status: u16, body: &[u8]) -> Result<AnnounceReply, AnnounceError> {
    let host = host_of(url);
    let is_success = (200..300).contains(&status);
    match parse_reply(body) {
        Ok(reply) if is_success => Ok(reply),
        Err(error @ ReplyError::Failure(_)) => Err(AnnounceError::Reply { host, error }),
        Err(error) if is_success => Err(AnnounceError::Reply { host, error }),
        _ => Err(AnnounceError::Status { host, status }),
    }
}
// ANCHOR_END: read_answer

/// What an error of the HTTP client means for an announce to `url` that had `limit` of time.
pub fn failure(url: &str, limit: Duration, error: &reqwest::Error) -> AnnounceError {
    let host = host_of(url);
    if error.is_timeout() {
        return AnnounceError::TimedOut { host, limit };
    }
    if error.is_redirect() {
        return AnnounceError::Redirects { host };
    }
    let reason = root_cause(error);
    match error.is_connect() {
        true => AnnounceError::Unreachable { host, reason },
        false => AnnounceError::Http { host, reason },
    }
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

    use super::*;

    #[test]
    fn the_trackers_words_come_before_the_status() {
        let failure = b"d14:failure reason6:go oute";
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
}
