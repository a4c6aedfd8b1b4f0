//! Whose URL it is.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether the URL's host is this very machine: `localhost` or a loopback address.
pub fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        None => false,
    }
}

/// The host and port of a URL, as an error names them: the rest may hold a user's key.
pub fn host_of(url: &str) -> String {
    let Ok(parsed) = Url::parse(url) else {
        return "at an unreadable URL".to_string();
    };
    match (parsed.host_str(), parsed.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_string(),
        (None, _) => "without a host".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for url in [
            "http://127.0.0.1:7878/announce",
            "http://127.9.9.9/",
            "http://localhost/a",
            "http://[::1]:80/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://10.0.0.1/",
            "http://localhost.example/",
            "udp:x",
            "x",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn errors_name_the_host_and_never_the_key() {
        assert_eq!(
            host_of("http://t.example:80/announce?passkey=1"),
            "t.example"
        );
        assert_eq!(host_of("https://[::1]:81/secret/announce"), "[::1]:81");
    }
}
