//! Where a peer can be called, as a person writes it.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;
use url::Host;

/// A peer that somebody names: `192.0.2.7:6881`, `[2001:db8::7]:6881`, `[fe80::7%eth0]:6881`,
/// `localhost:6881`, `seedbox.example:6881`.
///
/// ```
/// use tracker::PeerAddr;
///
/// let peer: PeerAddr = "[::1]:6881".parse().unwrap();
/// assert_eq!(peer.known(), "[::1]:6881".parse().ok());
/// let peer: PeerAddr = "localhost:6881".parse().unwrap();
/// assert_eq!(peer.name(), Some(("localhost", 6881)), "it has to be looked up");
/// let error = "::1:6881".parse::<PeerAddr>().unwrap_err();
/// assert!(error.to_string().contains("`[::1]:6881`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddr(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Known(SocketAddr),
    /// A host's name, or an IPv6 address with the name of an interface; and the port.
    Named(String, u16),
}

/// Why a text does not say where a peer is. Each says how to write it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeerAddrError {
    /// An address or a name without a port.
    #[error("the port is missing: write `{host}:PORT`")]
    NoPort {
        /// What is there, in brackets if it needs them.
        host: String,
    },
    /// An IPv6 address without brackets: nobody can tell where it ends.
    #[error("an IPv6 address stands in brackets before its port: write `{meant}`")]
    Brackets {
        /// What was probably meant.
        meant: String,
    },
    /// The port is no number from 1 to 65535.
    #[error("`{0}` is no port: a port is a number from 1 to 65535")]
    Port(String),
    /// Between the brackets is no IPv6 address.
    #[error("`{0}` is no IPv6 address: brackets are for those alone")]
    NoIpv6(String),
    /// Neither an address nor a name.
    #[error("`{0}` is neither an address nor the name of a host")]
    Host(String),
}

impl PeerAddr {
    /// The address, if nothing has to be looked up.
    pub fn known(&self) -> Option<SocketAddr> {
        match self.0 {
            Place::Known(addr) => Some(addr),
            Place::Named(..) => None,
        }
    }

    /// The name and the port, if the name has to be looked up first. It may have several addresses.
    pub fn name(&self) -> Option<(&str, u16)> {
        match &self.0 {
            Place::Known(_) => None,
            Place::Named(name, port) => Some((name, *port)),
        }
    }
}

impl From<SocketAddr> for PeerAddr {
    fn from(addr: SocketAddr) -> PeerAddr {
        PeerAddr(Place::Known(addr))
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Known(addr) => write!(f, "{addr}"),
            Place::Named(name, port) if name.contains(':') => write!(f, "[{name}]:{port}"),
            Place::Named(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

impl FromStr for PeerAddr {
    type Err = PeerAddrError;

    fn from_str(text: &str) -> Result<PeerAddr, PeerAddrError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('[') {
            return in_brackets(text, rest);
        }
        match text.split_once(':') {
            None => Err(PeerAddrError::NoPort {
                host: host(text)?.to_string(),
            }),
            Some((_, rest)) if rest.contains(':') => Err(without_brackets(text)),
            Some((name, rest)) => match (host(name)?, port(rest)?) {
                (Host::Ipv4(ip), port) => Ok(SocketAddr::from((ip, port)).into()),
                (Host::Ipv6(ip), port) => Ok(SocketAddr::from((ip, port)).into()),
                (Host::Domain(name), port) => Ok(PeerAddr(Place::Named(name, port))),
            },
        }
    }
}

/// `[IPv6]:PORT`, or `[IPv6%INTERFACE]:PORT`.
fn in_brackets(text: &str, rest: &str) -> Result<PeerAddr, PeerAddrError> {
    let (inner, after) = rest
        .split_once(']')
        .ok_or_else(|| PeerAddrError::NoIpv6(text.to_owned()))?;
    let (ip, interface) = match inner.split_once('%') {
        Some((ip, interface)) => (ip, Some(interface)),
        None => (inner, None),
    };
    let is_ip = ip.parse::<Ipv6Addr>().is_ok();
    if !is_ip || interface.is_some_and(|name| !is_interface(name)) {
        return Err(PeerAddrError::NoIpv6(inner.to_owned()));
    }
    let Some(after) = after.strip_prefix(':') else {
        return Err(PeerAddrError::NoPort {
            host: format!("[{inner}]"),
        });
    };
    let port = port(after)?;
    Ok(match format!("[{inner}]:{port}").parse::<SocketAddr>() {
        Ok(addr) => addr.into(),
        // The interface has a name, not a number: the system knows its number.
        Err(_) => PeerAddr(Place::Named(inner.to_owned(), port)),
    })
}

/// Several colons and no brackets: what was meant.
fn without_brackets(text: &str) -> PeerAddrError {
    let is_ip = |text: &str| {
        let ip = text.split_once('%').map_or(text, |(ip, _)| ip);
        ip.parse::<Ipv6Addr>().is_ok()
    };
    match text.rsplit_once(':') {
        Some((ip, last)) if is_ip(ip) && port(last).is_ok() => PeerAddrError::Brackets {
            meant: format!("[{ip}]:{last}"),
        },
        _ if is_ip(text) => PeerAddrError::Brackets {
            meant: format!("[{text}]:PORT"),
        },
        _ => PeerAddrError::Host(text.to_owned()),
    }
}

fn is_interface(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_graphic() && !"/%[]".contains(c);
    !name.is_empty() && name.len() <= 32 && name.chars().all(allowed)
}

/// A name in the form in which it is looked up: letters beyond ASCII have one of their own.
fn host(text: &str) -> Result<Host, PeerAddrError> {
    Host::parse(text).map_err(|_| PeerAddrError::Host(text.to_owned()))
}

fn port(text: &str) -> Result<u16, PeerAddrError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(PeerAddrError::Port(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn addresses_are_known_at_once() {
        for text in [
            "127.0.0.1:1",
            "[::1]:65535",
            "[2001:db8::7]:6881",
            "[fe80::1%3]:1234",
        ] {
            let peer: PeerAddr = text.parse().unwrap();
            assert_eq!(peer.known(), text.parse().ok(), "{text}");
            assert!(peer.known().is_some());
            assert_eq!(peer.to_string(), text);
        }
    }

    #[test]
    fn names_are_to_be_looked_up() {
        for (text, name, port) in [
            ("localhost:1234", "localhost", 1234),
            ("Seedbox.example:6881", "seedbox.example", 6881),
            (" a-b.example:1 ", "a-b.example", 1),
            ("bücher.example:80", "xn--bcher-kva.example", 80),
            ("[fe80::1%lo]:1234", "fe80::1%lo", 1234),
        ] {
            let peer: PeerAddr = text.parse().unwrap();
            assert_eq!(peer.name(), Some((name, port)), "{text}");
            assert_eq!(peer.known(), None);
            assert_eq!(peer.to_string().parse(), Ok(peer));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_meant() {
        for (text, told) in [
            ("::1:1234", "write `[::1]:1234`"),
            ("2001:db8::7:6881", "write `[2001:db8::7]:6881`"),
            ("1:2:3:4:5:6:7:8:6881", "write `[1:2:3:4:5:6:7:8]:6881`"),
            ("fe80::1%lo:1234", "write `[fe80::1%lo]:1234`"),
            ("::1", "write `[::1]:PORT`"),
            ("2001:db8::abcd", "write `[2001:db8::abcd]:PORT`"),
            ("1.2.3.4", "write `1.2.3.4:PORT`"),
            ("localhost", "write `localhost:PORT`"),
            ("[::1]", "write `[::1]:PORT`"),
            ("1.2.3.4:0", "from 1 to 65535"),
            ("1.2.3.4:65536", "from 1 to 65535"),
            ("localhost:", "from 1 to 65535"),
            ("localhost:+1", "from 1 to 65535"),
            ("[::1]:http", "from 1 to 65535"),
            ("[1.2.3.4]:1", "`1.2.3.4` is no IPv6 address"),
            ("[::1%]:1", "`::1%` is no IPv6 address"),
            ("[::1", "`[::1` is no IPv6 address"),
            ("", "`` is neither"),
            (":1234", "`` is neither"),
            ("a b:1", "`a b` is neither"),
            ("256.1.1.1:1", "`256.1.1.1` is neither"),
            ("http://a:1", "`http://a:1` is neither"),
            ("a:b:1", "`a:b:1` is neither"),
        ] {
            let error = text.parse::<PeerAddr>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
