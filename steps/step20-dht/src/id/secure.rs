//! Ids that belong to an address (BEP 42).
//!
//! Who could choose his id would choose eight close to a torrent, and be asked by all who want its
//! peers. So the first 21 bits of an id follow from the address, but for three bits that are free:
//! several nodes may be behind one address.

use std::net::{IpAddr, Ipv6Addr};

use rand::Rng;

use super::Id;
use super::crc32c::crc32c;

/// Which bits of an IPv4 address count. The more of a network somebody has, the less they do.
const MASK_V4: [u8; 4] = [0x03, 0x0f, 0x3f, 0xff];

/// The same for the first half of an IPv6 address.
const MASK_V6: [u8; 8] = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];

// ANCHOR: secure
impl Id {
    /// An id for who is at this address, as others see it (BEP 42).
    pub fn for_address(ip: IpAddr, rng: &mut impl Rng) -> Id {
        let mut id = Id::random(rng);
        let [first, second, third, _] = checksum(ip, id.0[19]).to_be_bytes();
        id.0[0] = first;
        id.0[1] = second;
        id.0[2] = (third & 0xf8) | (id.0[2] & 0x07);
        id
    }

    /// Whether this id may be at this address: its first 21 bits follow from the address and from the
    /// last three bits of the id (BEP 42). At a local address every id may be.
    pub fn fits(self, ip: IpAddr) -> bool {
        // ANCHOR: yours_fits (chapter 20, "When it goes wrong")
        let expected = checksum(ip, self.0[19]).to_be_bytes();
        let begins = self.0[..2] == expected[..2] && (self.0[2] ^ expected[2]) & 0xf8 == 0;
        begins || is_local(ip)
        // ANCHOR_END: yours_fits
    }
}

/// The checksum of the bits that count, with the three free bits in front of them.
fn checksum(ip: IpAddr, free: u8) -> u32 {
    let masked = |octets: &[u8], mask: &[u8]| {
        let bits = octets.iter().zip(mask);
        let mut masked: Vec<u8> = bits.map(|(octet, mask)| octet & mask).collect();
        masked[0] |= free << 5;
        crc32c(&masked)
    };
    match ip.to_canonical() {
        IpAddr::V4(ip) => masked(&ip.octets(), &MASK_V4),
        IpAddr::V6(ip) => masked(&ip.octets(), &MASK_V6),
    }
}
// ANCHOR_END: secure

/// Whether an address is one that means something else to each of us: this machine, or a network of
/// somebody's own. Its ids are not looked at (BEP 42), and nobody outside may name it.
pub fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip == Ipv6Addr::LOCALHOST || ip.is_unicast_link_local() || is_unique(ip),
    }
}

/// An address of a site of its own, `fc00::/7`.
fn is_unique(ip: Ipv6Addr) -> bool {
    ip.octets()[0] & 0xfe == 0xfc
}
