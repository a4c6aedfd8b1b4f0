//! To whom an address belongs.

use std::net::{IpAddr, Ipv6Addr};

/// What one subscriber has: an IPv4 address, or the /64 network of an IPv6 address.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
