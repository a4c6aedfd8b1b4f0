//! Made-up addresses and names in the place of real ones: the same for the same.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use engine::{Action, ConnectFailure, Event, Stored};
use messages::{Ended, Message};
use metainfo::InfoHash;
use peer_id::PeerId;
use tracker::{AnnounceError, ReplyError};

use super::Header;

/// The number of the message by which a peer allows us a piece (BEP 6).
const ALLOWED_FAST: u8 = 17;

/// The number of the message by which a peer tells of its node of the DHT (BEP 5).
const PORT: u8 = 9;

/// What stands for what, each by the order in which it came up.
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// IPv4 addresses, and /64 networks of IPv6: what the engine takes for one host.
    hosts: BTreeMap<IpAddr, u32>,
    /// Whole IPv6 addresses.
    v6: BTreeMap<Ipv6Addr, u64>,
    ports: BTreeMap<SocketAddr, u16>,
    ids: BTreeMap<[u8; 20], u32>,
    trackers: BTreeMap<String, u32>,
    names: BTreeMap<String, u32>,
}

/// The number of a thing: that of its first coming up, from 1.
fn number<K: Ord>(known: &mut BTreeMap<K, u32>, key: K) -> u32 {
    let next = known.len() as u32 + 1;
    *known.entry(key).or_insert(next)
}

impl Mask {
    pub fn header(&mut self, header: &mut Header) {
        for tracker in header.tiers.iter_mut().flatten() {
            *tracker = self.tracker(tracker);
        }
        for peer in &mut header.peers {
            *peer = self.addr(*peer);
        }
        for (name, _) in &mut header.names {
            *name = self.name(name);
        }
        if let Ok(Ok(id)) = hex::decode(&header.peer_id).map(<[u8; 20]>::try_from) {
            header.peer_id = hex::encode(self.id(id));
        }
        // Nobody hears them: an anonymous recording does without the extension protocol.
        header.client.clear();
        header.port = 0;
        header.dht_port = 0;
    }

    /// The event with nothing in it that tells who or where somebody is.
    pub fn event(&mut self, event: &Event) -> Event {
        let mut event = event.clone();
        match &mut event {
            Event::Connected {
                addr, handshake, ..
            } => {
                *addr = self.addr(*addr);
                handshake.info_hash = InfoHash([0; 20]);
                handshake.peer_id = PeerId(self.id(handshake.peer_id.0));
            }
            // The pieces that we are allowed are made from our address, and nobody asks for them here; a
            // port is a part of an address.
            Event::Message {
                message:
                    message @ Message::Later {
                        id: ALLOWED_FAST | PORT,
                        ..
                    },
                ..
            } => *message = Message::Skipped(message.id().unwrap_or_default()),
            Event::ConnectFailed { addr, why } => {
                *addr = self.addr(*addr);
                match why {
                    ConnectFailure::Network(words) => *words = "no connection".to_owned(),
                    ConnectFailure::Handshake(_) | ConnectFailure::Refused(_) => {
                        *why = ConnectFailure::HungUp;
                    }
                    _ => {}
                }
            }
            Event::Closed {
                why: Ended::Network(words),
                ..
            } => *words = "an error of the network".to_owned(),
            Event::Stored {
                result: Stored::Failed(words) | Stored::Refused(words),
                ..
            }
            | Event::DiskFailed { why: words } => *words = "the disk has a fault".to_owned(),
            Event::Announced {
                tracker, result, ..
            } => {
                *tracker = self.tracker(tracker);
                match result {
                    Ok(reply) => {
                        for peer in &mut reply.peers {
                            *peer = self.addr(*peer);
                        }
                        reply.warning = reply.warning.take().map(|_| "a warning".to_owned());
                        reply.tracker_id = reply.tracker_id.take().map(|_| b"id".to_vec());
                        reply.external_ip = None;
                    }
                    Err(error) => *error = masked(error, tracker::host_of(tracker)),
                }
            }
            Event::Scraped {
                tracker, result, ..
            } => {
                *tracker = self.tracker(tracker);
                if let Err(error) = result {
                    *error = masked(error, tracker::host_of(tracker));
                }
            }
            Event::InterfaceGone { interface } | Event::InterfaceBack { interface } => {
                *interface = "an interface".to_owned();
            }
            Event::Searched { seen_at, .. } => seen_at.clear(),
            Event::Named { peers, .. } => {
                for peer in peers {
                    *peer = self.addr(*peer);
                }
            }
            Event::LookedUp { name, result, .. } => {
                *name = self.name(name);
                match result {
                    Ok(addrs) => {
                        for addr in addrs {
                            *addr = self.addr(*addr);
                        }
                    }
                    Err(words) => *words = "no such name".to_owned(),
                }
            }
            _ => {}
        }
        event
    }

    /// The action, of those that stand in an anonymous recording, likewise.
    pub fn action(&mut self, action: &Action) -> Action {
        let mut action = action.clone();
        match &mut action {
            Action::Announce {
                tracker,
                announcement,
            } => {
                *tracker = self.tracker(tracker);
                announcement.tracker_id = announcement.tracker_id.take().map(|_| b"id".to_vec());
            }
            Action::Scrape { tracker } => *tracker = self.tracker(tracker),
            _ => {}
        }
        action
    }

    fn addr(&mut self, addr: SocketAddr) -> SocketAddr {
        let (ip, port) = (addr.ip(), addr.port());
        if ip.is_unspecified() || ip.is_multicast() {
            return addr; // nobody's
        }
        let port = match port {
            0 => 0,
            _ => {
                let next = 1024 + (self.ports.len() % 64_000) as u16;
                *self.ports.entry(addr).or_insert(next)
            }
        };
        let ip = match ip {
            IpAddr::V4(_) => {
                let host = number(&mut self.hosts, ip);
                let first = u32::from(Ipv4Addr::new(10, 0, 0, 0));
                IpAddr::V4(Ipv4Addr::from(first | (host & 0x00ff_ffff)))
            }
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                let network = IpAddr::V6(Ipv6Addr::from(network));
                let network = number(&mut self.hosts, network);
                let next = self.v6.len() as u64 + 1;
                let host = *self.v6.entry(v6).or_insert(next);
                let bits = 0xfd00 << 112 | u128::from(network) << 64 | u128::from(host);
                IpAddr::V6(Ipv6Addr::from(bits))
            }
        };
        SocketAddr::new(ip, port)
    }

    /// The client stays: faults often belong to one.
    fn id(&mut self, id: [u8; 20]) -> [u8; 20] {
        let number = number(&mut self.ids, id);
        let mut made_up = *b"-??0000-000000000000";
        if id[0] == b'-' && id[7] == b'-' && id[1..7].iter().all(u8::is_ascii_alphanumeric) {
            made_up[..8].copy_from_slice(&id[..8]);
        }
        made_up[8..].copy_from_slice(format!("{number:012}").as_bytes());
        made_up
    }

    fn tracker(&mut self, url: &str) -> String {
        let number = number(&mut self.trackers, url.to_owned());
        format!("http://tracker-{number}.example/announce")
    }

    fn name(&mut self, name: &str) -> String {
        let number = number(&mut self.names, name.to_owned());
        format!("peer-{number}.example")
    }
}

/// The failure with nothing in it but its kind, and when to ask again.
fn masked(error: &AnnounceError, host: String) -> AnnounceError {
    let words = || "left out".to_owned();
    match error {
        AnnounceError::Url(_) | AnnounceError::Unreachable { .. } => AnnounceError::Unreachable {
            host,
            reason: words(),
        },
        AnnounceError::Reply { error, .. } => AnnounceError::Reply {
            host,
            error: match error {
                ReplyError::Failure { retry, .. } => ReplyError::Failure {
                    reason: words(),
                    retry: *retry,
                },
                ReplyError::NotBencode { .. } => ReplyError::NotBencode { reason: words() },
                other => other.clone(),
            },
        },
        AnnounceError::Certificate { .. } => AnnounceError::Certificate {
            host,
            reason: words(),
        },
        AnnounceError::TimedOut { limit, .. } => AnnounceError::TimedOut {
            host,
            limit: *limit,
        },
        AnnounceError::Redirects { .. } => AnnounceError::Redirects { host },
        AnnounceError::Status { status, retry, .. } => AnnounceError::Status {
            host,
            status: *status,
            retry: *retry,
        },
        AnnounceError::Http { .. } => AnnounceError::Http {
            host,
            reason: words(),
        },
    }
}
