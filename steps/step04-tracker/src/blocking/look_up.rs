//! From a peer's name to its addresses.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use thiserror::Error;

use super::within;
use crate::{PeerAddr, TIMEOUT};

/// A name that leads nowhere.
#[derive(Debug, Error)]
#[error("{name} cannot be looked up: {reason}")]
pub struct LookUpError {
    /// The name.
    pub name: String,
    /// What the system says.
    pub reason: String,
}

/// Every address of a peer that somebody named, in the system's order. `localhost`, for one, has
/// two on most machines.
///
/// # Errors
///
/// When the name has none, or the system does not answer within [`TIMEOUT`].
pub fn look_up(peer: &PeerAddr) -> Result<Vec<SocketAddr>, LookUpError> {
    let Some((name, port)) = peer.name() else {
        return Ok(peer.known().into_iter().collect());
    };
    let error = |reason: String| LookUpError {
        name: name.to_owned(),
        reason,
    };
    let asked = name.to_owned();
    let answer = within(TIMEOUT, move || -> io::Result<Vec<SocketAddr>> {
        Ok((asked.as_str(), port).to_socket_addrs()?.collect())
    });
    match answer {
        Some(Ok(addrs)) if addrs.is_empty() => Err(error("it has no address".to_owned())),
        Some(Ok(addrs)) => Ok(addrs),
        Some(Err(why)) => Err(error(why.to_string())),
        None => Err(error(format!("no answer within {} s", TIMEOUT.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_look_up_and_localhost_is_this_machine() {
        let peer: PeerAddr = "192.0.2.1:5".parse().unwrap();
        assert_eq!(look_up(&peer).unwrap(), ["192.0.2.1:5".parse().unwrap()]);
        let addrs = look_up(&"localhost:5".parse().unwrap()).unwrap();
        assert!(!addrs.is_empty());
        assert!(
            addrs
                .iter()
                .all(|addr| addr.ip().is_loopback() && addr.port() == 5)
        );
    }

    #[test]
    fn a_name_that_leads_nowhere_is_named() {
        // RFC 6761: no name ends with `.invalid`.
        let error = look_up(&"nobody.invalid:5".parse().unwrap()).unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with("nobody.invalid cannot be looked up: "),
            "{told}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_interface_may_be_told_by_its_name() {
        let addrs = look_up(&"[fe80::1%lo]:5".parse().unwrap()).unwrap();
        let [SocketAddr::V6(addr)] = &addrs[..] else {
            panic!("{addrs:?}");
        };
        assert!(addr.scope_id() > 0);
        assert!(look_up(&"[fe80::1%none]:5".parse().unwrap()).is_err());
    }
}
