//! What a tracker answers to an announce.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tracker::limits::{MAX_INTERVAL, MAX_PEERS, MIN_INTERVAL};
use tracker::{AnnounceReply, compact_v4, compact_v6};

use super::scraped::count;
use super::{Family, PacketError, at_least, u32_at};

/// A tracker's answer to an announce, as it stands in the datagram (BEP 15). What of it is to be
/// believed is told by [`AnnounceReply::from`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Seconds until the next announce.
    pub interval: u32,
    /// How many the tracker knows of that still lack something.
    pub leechers: u32,
    /// How many it knows of that have everything.
    pub seeders: u32,
    /// The peers that it names, in its order. Those of another [`Family`] than the datagram's are not
    /// sent.
    pub peers: Vec<SocketAddr>,
}

impl Announced {
    /// Writes all that comes behind the head.
    pub(super) fn encode(&self, family: Family, out: &mut Vec<u8>) {
        for number in [self.interval, self.leechers, self.seeders] {
            out.extend(number.to_be_bytes());
        }
        for peer in &self.peers {
            match (peer.ip().to_canonical(), family) {
                (IpAddr::V4(ip), Family::V4) => out.extend(ip.octets()),
                (IpAddr::V6(ip), Family::V6) => out.extend(ip.octets()),
                _ => continue,
            }
            out.extend(peer.port().to_be_bytes());
        }
    }

    /// Reads what comes behind the head. What is left at the end, too short for a peer, is dropped.
    pub(super) fn decode(bytes: &[u8], family: Family) -> Result<Announced, PacketError> {
        let (numbers, peers) = at_least::<20>("the reply to an announce", bytes)?;
        Ok(Announced {
            interval: u32_at(numbers, 8),
            leechers: u32_at(numbers, 12),
            seeders: u32_at(numbers, 16),
            peers: match family {
                Family::V4 => compact_v4(peers).collect(),
                Family::V6 => compact_v6(peers).collect(),
            },
        })
    }
}

impl From<Announced> for AnnounceReply {
    /// The same reply that an HTTP tracker would have given: its interval within the same bounds, its
    /// peers each once and only such as can be called, at most [`MAX_PEERS`].
    fn from(announced: Announced) -> AnnounceReply {
        let interval = Duration::from_secs(announced.interval.into());
        let mut seen = BTreeSet::new();
        let peers = announced.peers.into_iter().filter_map(dialable);
        AnnounceReply {
            interval: interval.clamp(MIN_INTERVAL, MAX_INTERVAL),
            min_interval: None,
            tracker_id: None,
            complete: count(announced.seeders),
            incomplete: count(announced.leechers),
            external_ip: None,
            peers: peers
                .filter(|&peer| seen.insert(peer))
                .take(MAX_PEERS)
                .collect(),
            warning: None,
        }
    }
}

/// The address as one to connect to, by the rule for the replies of HTTP trackers: IPv4 in the clothes
/// of IPv6 as IPv4; none where nobody can be.
fn dialable(peer: SocketAddr) -> Option<SocketAddr> {
    let ip = peer.ip().to_canonical();
    let nowhere = ip.is_unspecified()
        || ip.is_multicast()
        || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
        || peer.port() == 0;
    (!nowhere).then(|| SocketAddr::new(ip, peer.port()))
}
