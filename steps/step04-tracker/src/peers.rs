//! The peers in a reply, in the three forms that trackers send them in.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bencode::Value;

use crate::limits::MAX_PEERS;

// ANCHOR: compact
/// The peers of a `peers` string, six bytes each: four of the address, two of the
/// port, the high byte first (BEP 23). What is left at the end is dropped.
pub fn compact_v4(bytes: &[u8]) -> impl Iterator<Item = SocketAddr> + '_ {
    let (peers, _) = bytes.as_chunks::<6>();
    peers.iter().map(|&[a, b, c, d, high, low]| {
        // ANCHOR: yours_compact_v4 (chapter 4, "Build it")
        let ip = Ipv4Addr::new(a, b, c, d);
        SocketAddr::from((ip, u16::from_be_bytes([high, low])))
        // ANCHOR_END: yours_compact_v4
    })
}

/// The peers of a `peers6` string, eighteen bytes each: sixteen of the address, two
/// of the port (BEP 7).
pub fn compact_v6(bytes: &[u8]) -> impl Iterator<Item = SocketAddr> + '_ {
    let (peers, _) = bytes.as_chunks::<18>();
    peers.iter().map(|peer| {
        let ip = Ipv6Addr::from(std::array::from_fn::<u8, 16, _>(|i| peer[i]));
        SocketAddr::from((ip, u16::from_be_bytes([peer[16], peer[17]])))
    })
}
// ANCHOR_END: compact

// ANCHOR: dictionary
/// A dictionary a peer, with `ip` as text and `port` as a number (BEP 3). The text
/// may also be a DNS name: such a peer is dropped, for no tracker may have us look
/// up names.
fn dictionary(peer: Value<'_, '_>) -> Option<SocketAddr> {
    // ANCHOR: yours_dictionary (chapter 4, "Build it")
    let ip: IpAddr = peer.get("ip")?.as_str()?.trim().parse().ok()?;
    let port = u16::try_from(peer.get("port")?.as_int()?).ok()?;
    Some(SocketAddr::new(ip, port))
    // ANCHOR_END: yours_dictionary
}
// ANCHOR_END: dictionary

// ANCHOR: peers
/// The peers of a reply, in its order, each once: `peers` in compact form or as a
/// list of dictionaries, and `peers6`.
pub(crate) fn read_peers(reply: Value<'_, '_>) -> Vec<SocketAddr> {
    let v4 = reply.get("peers").and_then(|peers| peers.as_bytes());
    let v6 = reply.get("peers6").and_then(|peers| peers.as_bytes());
    let list = reply.get("peers").and_then(|peers| peers.list());

    let compact = compact_v4(v4.unwrap_or_default()).chain(compact_v6(v6.unwrap_or_default()));
    let dictionaries = list.into_iter().flatten().filter_map(dictionary);
    let mut seen = BTreeSet::new();
    dictionaries
        .chain(compact)
        .filter_map(dialable)
        .filter(|&peer| seen.insert(peer))
        .take(MAX_PEERS)
        .collect()
}
// ANCHOR_END: peers

/// The address as one to connect to: an IPv4 address that came in IPv6 clothes (`::ffff:1.2.3.4`)
/// as IPv4. None where nobody can be: port 0, "any" addresses, multicast, broadcast.
fn dialable(peer: SocketAddr) -> Option<SocketAddr> {
    let ip = peer.ip().to_canonical();
    let nowhere = ip.is_unspecified()
        || ip.is_multicast()
        || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
        || peer.port() == 0;
    (!nowhere).then(|| SocketAddr::new(ip, peer.port()))
}
