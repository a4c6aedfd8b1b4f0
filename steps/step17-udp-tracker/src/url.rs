//! Where a tracker is, by its URL.

use std::str::FromStr;

use thiserror::Error;
use url::Url;

use crate::limits::MAX_URL_DATA;

/// The announce URL of a UDP tracker: `udp://tracker.example:6969/announce`.
///
/// ```
/// use udp_tracker::TrackerUrl;
///
/// let url: TrackerUrl = "udp://tracker.example:80/dir?a=b&c=d".parse().unwrap();
/// assert_eq!((url.host.as_str(), url.port), ("tracker.example", 80));
/// assert_eq!(url.url_data.as_deref(), Some("/dir?a=b&c=d"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerUrl {
    /// The host's name, or its address; an IPv6 address without brackets.
    pub host: String,
    /// The UDP port.
    pub port: u16,
    /// Path and query, for the tracker to see (BEP 41); none if there is neither.
    pub url_data: Option<String>,
}

/// Why a URL is not that of a UDP tracker. The host is named and never the rest, which may hold a
/// user's key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// Another way to ask a tracker.
    #[error("the tracker's URL begins with `{scheme}:`, and that of a UDP tracker with `udp:`")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// Nobody to ask.
    #[error("the tracker's URL names no host")]
    NoHost,
    /// No port, and there is no usual one for UDP trackers.
    #[error("the tracker's URL names no port: write `udp://{host}:PORT/`")]
    NoPort {
        /// The host.
        host: String,
    },
    /// A path and query that would not fit into one datagram.
    #[error(
        "what follows the host {host} in the tracker's URL is longer than {MAX_URL_DATA} bytes"
    )]
    TooLong {
        /// The host.
        host: String,
    },
    /// No URL at all.
    #[error("the tracker's URL cannot be read: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
}

impl FromStr for TrackerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<TrackerUrl, UrlError> {
        let url = Url::parse(text.trim()).map_err(|error| UrlError::Invalid {
            reason: error.to_string(),
        })?;
        if url.scheme() != "udp" {
            let scheme = url.scheme().chars().take(20).collect();
            return Err(UrlError::Scheme { scheme });
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(UrlError::NoHost)?.to_owned();
        let Some(port) = url.port().filter(|&port| port != 0) else {
            return Err(UrlError::NoPort { host });
        };
        let mut url_data = url.path().to_owned();
        if let Some(query) = url.query() {
            url_data += &format!("?{query}");
        }
        if url_data.len() > MAX_URL_DATA {
            return Err(UrlError::TooLong { host });
        }
        let bare = host.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
        Ok(TrackerUrl {
            host: bare.unwrap_or(&host).to_owned(),
            port,
            url_data: Some(url_data).filter(|data| !data.is_empty() && data != "/"),
        })
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn parsed(text: &str) -> TrackerUrl {
        text.parse().unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<TrackerUrl>().unwrap_err().to_string()
    }

    #[test]
    fn host_port_path_and_query_are_told_apart() {
        for (text, host, port, url_data) in [
            ("udp://t.example:80", "t.example", 80, None),
            ("udp://t.example:80/", "t.example", 80, None),
            (
                " udp://t.example:80/announce ",
                "t.example",
                80,
                Some("/announce"),
            ),
            (
                "UDP://127.0.0.1:6969/a?b#c",
                "127.0.0.1",
                6969,
                Some("/a?b"),
            ),
            (
                "udp://[2001:db8::1]:1337/?k=1",
                "2001:db8::1",
                1337,
                Some("/?k=1"),
            ),
            ("udp://t.example:80?k=1", "t.example", 80, Some("?k=1")),
        ] {
            let url = parsed(text);
            assert_eq!(
                (&*url.host, url.port, url.url_data.as_deref()),
                (host, port, url_data)
            );
        }
    }

    #[test]
    fn what_is_no_udp_tracker_is_told_in_a_sentence() {
        assert_eq!(
            error("http://t.example/announce"),
            "the tracker's URL begins with `http:`, and that of a UDP tracker with `udp:`"
        );
        assert_eq!(error("udp:///announce"), "the tracker's URL names no host");
        let no_port = "the tracker's URL names no port: write `udp://t.example:PORT/`";
        assert_eq!(error("udp://t.example/secret"), no_port);
        assert_eq!(error("udp://t.example:0/secret"), no_port);
        assert!(error("").starts_with("the tracker's URL cannot be read: "));
        assert!(error("udp://t.example:99999/").starts_with("the tracker's URL cannot be read: "));
    }

    #[test]
    fn a_path_that_fits_into_no_datagram_is_refused() {
        let path = "x".repeat(MAX_URL_DATA - 1);
        assert!(format!("udp://h:1/{path}").parse::<TrackerUrl>().is_ok());
        assert_eq!(
            error(&format!("udp://h:1/{path}x")),
            "what follows the host h in the tracker's URL is longer than 1024 bytes"
        );
    }
}
