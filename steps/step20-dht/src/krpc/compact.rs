//! Addresses as few bytes (BEP 5, "Contact Encoding"; BEP 32).

use std::net::{IpAddr, SocketAddr};

use tracker::{compact_v4, compact_v6};

use super::Contact;
use crate::Id;
use crate::address::canonical;

/// The bytes of an address: four or sixteen, and two of the port, the high byte first.
pub(crate) fn address(addr: SocketAddr) -> Vec<u8> {
    let mut bytes = match addr.ip().to_canonical() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.extend(addr.port().to_be_bytes());
    bytes
}

/// The address that these 6 or 18 bytes are.
pub(crate) fn read_address(bytes: &[u8]) -> Option<SocketAddr> {
    match bytes.len() {
        6 => compact_v4(bytes).next(),
        18 => compact_v6(bytes).next().map(canonical),
        _ => None,
    }
}

/// The bytes of some nodes: each id, and behind it the address.
pub(crate) fn contacts<'a>(contacts: impl Iterator<Item = &'a Contact>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for contact in contacts {
        bytes.extend(contact.id.0);
        bytes.extend(address(contact.addr));
    }
    bytes
}

/// The nodes that these bytes are, each `N` bytes long: 26 or 38. What is left at the end is dropped.
pub(crate) fn read_contacts<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = Contact> {
    let (contacts, _) = bytes.as_chunks::<N>();
    contacts.iter().filter_map(|contact| {
        let (&id, addr) = contact.split_first_chunk::<20>()?;
        let addr = read_address(addr)?;
        Some(Contact { id: Id(id), addr })
    })
}
