//! A peer that somebody tells of.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

// ANCHOR: contact
/// A peer that somebody tells of: where it is to be reached, and what is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    /// Where it listens, not where a connection of its own came from.
    pub addr: SocketAddr,
    /// What is said of it.
    pub flags: Flags,
}
// ANCHOR_END: contact

/// What is said of a peer: a bit each (BEP 11). Unknown bits are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flags(pub u8);

impl Flags {
    /// Nothing is said.
    pub const NONE: Flags = Flags(0);
    /// It prefers encrypted connections.
    pub const PREFERS_ENCRYPTION: Flags = Flags(0x01);
    /// It only uploads: it has all, or all that it wants.
    pub const SEED: Flags = Flags(0x02);
    /// It speaks uTP (BEP 29).
    pub const UTP: Flags = Flags(0x04);
    /// It helps others to reach each other (BEP 55).
    pub const HOLEPUNCH: Flags = Flags(0x08);
    /// It was called, and so can be.
    pub const REACHABLE: Flags = Flags(0x10);

    /// Whether all of these are set.
    pub fn contain(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Both together.
    #[must_use]
    pub fn and(self, flags: Flags) -> Flags {
        Flags(self.0 | flags.0)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Flags::PREFERS_ENCRYPTION, "prefers encryption"),
            (Flags::SEED, "seed"),
            (Flags::UTP, "uTP"),
            (Flags::HOLEPUNCH, "hole punching"),
            (Flags::REACHABLE, "reachable"),
        ];
        let set = names.iter().filter(|(flag, _)| self.contain(*flag));
        let set: Vec<&str> = set.map(|&(_, name)| name).collect();
        f.write_str(&set.join(", "))
    }
}

/// The address as one to connect to: an IPv4 address in the clothes of IPv6 as IPv4; the scope of an
/// IPv6 address stays. None where nobody can be: port 0, "any" addresses, multicast, and of IPv4 all of
/// 0.0.0.0/8, "this network", and 240.0.0.0/4, which is reserved (RFC 6890), with broadcast.
pub(crate) fn dialable(mut addr: SocketAddr) -> Option<SocketAddr> {
    let ip = addr.ip().to_canonical();
    addr.set_ip(ip);
    let nobodys = match ip {
        IpAddr::V4(ip) => matches!(ip.octets()[0], 0 | 240..),
        IpAddr::V6(ip) => ip.is_unspecified(),
    };
    let nowhere = nobodys || ip.is_multicast() || addr.port() == 0;
    (!nowhere).then_some(addr)
}

// ANCHOR: near
/// How near an address is. A peer is believed about others that are as far away as it is, or farther.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Near {
    /// This machine.
    Here,
    /// A private network: ours, or another with the same numbers.
    Local,
    /// The internet.
    Far,
}

impl Near {
    pub fn of(ip: IpAddr) -> Near {
        // ANCHOR: yours_of (chapter 19, "What one peer has told")
        let (here, local) = match ip.to_canonical() {
            IpAddr::V4(ip) => (ip.is_loopback(), ip.is_private() || ip.is_link_local()),
            IpAddr::V6(ip) => (
                ip.is_loopback(),
                ip.is_unique_local() || ip.is_unicast_link_local(),
            ),
        };
        match (here, local) {
            (true, _) => Near::Here,
            (false, true) => Near::Local,
            (false, false) => Near::Far,
        }
        // ANCHOR_END: yours_of
    }
}
// ANCHOR_END: near

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn flags_are_named() {
        assert_eq!(Flags::NONE.to_string(), "");
        let both = Flags::SEED.and(Flags::REACHABLE);
        assert_eq!(both, Flags(0x12));
        assert_eq!(both.to_string(), "seed, reachable");
        assert_eq!(Flags(0xe0).to_string(), "", "bits without a meaning");
    }

    #[test]
    fn where_nobody_can_be_is_known() {
        for nowhere in [
            "1.2.3.4:0",
            "0.0.0.0:80",
            "224.0.0.1:80",
            "255.255.255.255:80",
            "[::]:80",
            "[ff02::1]:80",
            "[::ffff:0.0.0.0]:80",
            "0.1.2.3:80",
            "0.255.255.255:80",
            "240.0.0.1:80",
            "255.255.255.254:80",
            "[::ffff:240.0.0.1]:80",
        ] {
            assert_eq!(dialable(nowhere.parse().unwrap()), None, "{nowhere}");
        }
        for somewhere in ["1.0.0.0:80", "223.255.255.255:80", "[2001:db8::1]:80"] {
            let addr = somewhere.parse().unwrap();
            assert_eq!(
                dialable(addr),
                Some(addr),
                "nobody is turned away by mistake"
            );
        }
        let dressed = "[::ffff:1.2.3.4]:80".parse().unwrap();
        assert_eq!(dialable(dressed), Some("1.2.3.4:80".parse().unwrap()));
        let on_a_link = "[fe80::1%7]:80".parse().unwrap();
        assert_eq!(dialable(on_a_link), Some(on_a_link));
    }

    #[test]
    fn near_and_far() {
        let near = |text: &str| Near::of(text.parse().unwrap());
        assert_eq!(near("127.0.0.2"), Near::Here);
        assert_eq!(near("::1"), Near::Here);
        assert_eq!(near("::ffff:127.0.0.1"), Near::Here);
        for local in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.0.1",
            "fe80::1",
            "fd00::1",
        ] {
            assert_eq!(near(local), Near::Local, "{local}");
        }
        assert_eq!(near("8.8.8.8"), Near::Far);
        assert_eq!(near("2001:db8::1"), Near::Far);
        assert!(Near::Here < Near::Local && Near::Local < Near::Far);
    }
}
