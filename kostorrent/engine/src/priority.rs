//! Canonical peer priority (BEP 40): by which connections both of their ends agree which are to be kept.
//!
//! It is a lot that nobody draws: a checksum of the two addresses. Whoever wants to sit next to somebody
//! has to have the right address, and whoever has many has no more than their share; so all swarms become
//! much the same, whoever comes first, and a newcomer finds a place in a full one.

use std::net::{IpAddr, SocketAddr};

/// Bytes of an address that tell networks apart, in full even between strangers: of IPv4 and of IPv6.
const WHOLE_V4: usize = 2;
const WHOLE_V6: usize = 6;

/// The bits that are looked at of the bytes after them.
const SOME: u8 = 0x55;

/// The priority of a connection between these two, the same from both ends; the higher, the rather it is
/// to stand. 0 for two that cannot be compared, since they are of different families.
pub(crate) fn priority(one: SocketAddr, other: SocketAddr) -> u32 {
    match (one.ip().to_canonical(), other.ip().to_canonical()) {
        (one_ip, other_ip) if one_ip == other_ip => {
            sum([one, other].map(|addr| addr.port().to_be_bytes()))
        }
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            of_ips([one, other].map(|ip| ip.octets()), WHOLE_V4)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            of_ips([one, other].map(|ip| ip.octets()), WHOLE_V6)
        }
        _ => 0,
    }
}

/// Neighbours, which have more than the first bytes in common, are told apart by one byte more than that.
fn of_ips<const N: usize>(ips: [[u8; N]; 2], whole: usize) -> u32 {
    let common = ips[0].iter().zip(&ips[1]).take_while(|(a, b)| a == b);
    let whole = whole.max(common.count() + 1);
    sum(ips.map(|mut ip| {
        ip.iter_mut().skip(whole).for_each(|byte| *byte &= SOME);
        ip
    }))
}

/// The checksum of both, the smaller first.
fn sum<const N: usize>(mut both: [[u8; N]; 2]) -> u32 {
    both.sort_unstable();
    ::dht::crc32c(both.as_flattened())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn of(one: &str, other: &str) -> u32 {
        let addr = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let priority = priority(addr(one), addr(other));
        assert_eq!(
            priority,
            super::priority(addr(other), addr(one)),
            "from both ends"
        );
        priority
    }

    #[test]
    fn the_examples_of_bep_40() {
        assert_eq!(of("123.213.32.10:1", "98.76.54.32:2"), 0xec2d_7224);
        assert_eq!(of("123.213.32.10:1", "123.213.32.234:2"), 0x9956_8189);
    }

    #[test]
    fn strangers_are_told_apart_by_their_networks_and_neighbours_by_more() {
        // Bits of `AA` do not count between strangers.
        let far = of("123.213.32.10:1", "98.76.54.32:1");
        assert_eq!(of("123.213.32.10:9", "98.76.54.34:9"), far);
        assert_ne!(of("123.213.32.10:1", "98.76.55.32:1"), far);
        // In one /16 the third byte counts, and in one /24 the fourth.
        let near = of("10.1.2.3:1", "10.1.4.0:1");
        assert_ne!(of("10.1.2.3:1", "10.1.6.0:1"), near);
        assert_eq!(of("10.1.2.3:1", "10.1.4.2:1"), near);
        assert_ne!(
            of("10.1.2.3:1", "10.1.2.4:1"),
            of("10.1.2.3:1", "10.1.2.6:1")
        );
        // On one host the ports do.
        assert_eq!(
            of("10.1.2.3:258", "10.1.2.3:1"),
            ::dht::crc32c(&[0, 1, 1, 2])
        );
        assert_eq!(
            of("[::ffff:10.1.2.3]:258", "10.1.2.3:1"),
            ::dht::crc32c(&[0, 1, 1, 2])
        );
    }

    #[test]
    fn of_ipv6_it_is_the_48_then_the_56_and_so_on() {
        let other = |text: &str| of("[2001:db8:1:203::1]:1", text);
        let sum = |one: &str, other: &str| {
            let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
            ::dht::crc32c([octets(one), octets(other)].as_flattened())
        };
        // FFFF:FFFF:FFFF:5555:5555:5555:5555:5555 on both, the smaller first.
        assert_eq!(
            other("[2001:db8:2:ffff::ffff]:1"),
            sum("2001:db8:1:1::1", "2001:db8:2:5555::5555")
        );
        // One /48: FFFF:FFFF:FFFF:FF55:…; one /56: FFFF:FFFF:FFFF:FFFF:5555:…
        assert_eq!(
            other("[2001:db8:1:ffff::ffff]:1"),
            sum("2001:db8:1:201::1", "2001:db8:1:ff55::5555")
        );
        assert_eq!(
            other("[2001:db8:1:2ff::ffff]:1"),
            sum("2001:db8:1:203::1", "2001:db8:1:2ff::5555")
        );
        assert_eq!(
            other("[2001:db8:1:203:ff00::]:1"),
            sum("2001:db8:1:203::1", "2001:db8:1:203:ff00::")
        );
        assert_eq!(of("[2001:db8::1]:1", "10.0.0.1:1"), 0);
    }
}
