//! Addresses: which of them somebody can be at, and which belong together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::is_local;

/// An address in its plainest form: IPv4 that came in the clothes of IPv6 (`::ffff:192.0.2.1`) as IPv4,
/// and IPv6 without scope and flow.
pub(crate) fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// Whether a node or peer can be at such an address. Nothing is ever sent to another one: port 0, "any"
/// address, many at once, or what is reserved.
pub(crate) fn is_somewhere(addr: SocketAddr) -> bool {
    let ip_is_good = match addr.ip().to_canonical() {
        IpAddr::V4(ip) => {
            let first = ip.octets()[0];
            first != 0 && first < 240 && !ip.is_multicast()
        }
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
    };
    ip_is_good && addr.port() != 0
}

/// Who is behind an address, as far as can be told: with IPv4 the address, with IPv6 the /64, which is
/// the least that anybody gets. At local addresses several nodes may share one, and each is its own host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Host(IpAddr, u16);

impl Host {
    pub(crate) fn of(addr: SocketAddr) -> Host {
        let ip = addr.ip().to_canonical();
        match ip {
            ip if is_local(ip) => Host(ip, addr.port()),
            IpAddr::V4(_) => Host(ip, 0),
            IpAddr::V6(v6) => Host(first_bits(v6, 64), 0),
        }
    }
}

/// The network of somebody who may have many addresses: a /24 with IPv4, a /56 with IPv6; none at local
/// addresses.
pub(crate) fn network(ip: IpAddr) -> Option<IpAddr> {
    let ip = ip.to_canonical();
    match ip {
        ip if is_local(ip) => None,
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Some(Ipv4Addr::new(a, b, c, 0).into())
        }
        IpAddr::V6(v6) => Some(first_bits(v6, 56)),
    }
}

fn first_bits(ip: Ipv6Addr, bits: u32) -> IpAddr {
    Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits))).into()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn nobody_is_at_port_0_nor_at_many_places_at_once() {
        for nowhere in [
            "192.0.2.1:0",
            "0.0.0.0:1",
            "0.1.2.3:1",
            "224.0.0.1:1",
            "239.1.2.3:1",
            "240.0.0.1:1",
            "255.255.255.255:1",
            "[::]:1",
            "[ff02::1]:1",
            "[::ffff:224.0.0.1]:1",
            "[::ffff:0.0.0.0]:1",
            "[2001:db8::1]:0",
        ] {
            assert!(!is_somewhere(addr(nowhere)), "{nowhere}");
        }
        for somewhere in ["192.0.2.1:1", "127.0.0.1:1", "[2001:db8::1]:65535"] {
            assert!(is_somewhere(addr(somewhere)), "{somewhere}");
        }
    }

    #[test]
    fn a_host_is_an_address_or_a_64_and_at_home_a_port_too() {
        let host = |text| Host::of(addr(text));
        assert_eq!(host("192.0.2.1:1"), host("[::ffff:192.0.2.1]:2"));
        assert_ne!(host("192.0.2.1:1"), host("192.0.2.2:1"));
        assert_eq!(host("[2001:db8::1]:1"), host("[2001:db8::ffff:2]:9"));
        assert_ne!(host("[2001:db8::1]:1"), host("[2001:db8:0:1::1]:1"));
        assert_ne!(host("127.0.0.1:1"), host("127.0.0.1:2"));
    }

    #[test]
    fn a_network_is_a_24_or_a_56() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("192.0.2.1"), network("192.0.2.200"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8::1"), network("2001:db8:0:ff::1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:100::1"));
        assert_eq!(network("10.0.0.1"), None);
    }
}
