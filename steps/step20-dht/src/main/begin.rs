//! Where to begin.

use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use dht::blocking::{PeerAddr, Wired, look_up};
use dht::{Config, ReadOnly, is_local};

/// The addresses of some nodes, of one family: that of the first.
pub fn addresses(nodes: &[PeerAddr]) -> Result<Vec<SocketAddr>, Box<dyn Error>> {
    let mut addrs = Vec::new();
    for node in nodes {
        addrs.extend(look_up(node)?);
    }
    // Most names have both; IPv4's network is the larger one by far.
    let is_v4 = addrs.iter().any(SocketAddr::is_ipv4);
    addrs.retain(|addr| addr.is_ipv4() == is_v4);
    Ok(addrs)
}

/// A node that can speak with those at these addresses, and comes and goes.
pub fn visitor(addrs: &[SocketAddr]) -> Result<Wired, Box<dyn Error>> {
    let any: SocketAddr = match addrs.first() {
        Some(SocketAddr::V6(_)) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        _ => (Ipv4Addr::UNSPECIFIED, 0).into(),
    };
    // Among strangers it is good manners to say that one will soon be gone (BEP 43).
    let config = match has_local(addrs) {
        true => Config::LOCAL,
        false => Config {
            read_only: ReadOnly::Always,
            ..Config::PUBLIC
        },
    };
    let wired = Wired::open(any, config);
    wired.map_err(|error| format!("cannot open a UDP socket: {error}").into())
}

/// Whether somebody is on this machine or in this house.
pub fn has_local(addrs: &[SocketAddr]) -> bool {
    addrs.iter().any(|addr| is_local(addr.ip()))
}
