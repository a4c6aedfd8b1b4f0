//! Local discovery (BEP 14): the local network hears now and then which torrents we have, and we hear
//! what others there have.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use exchange::Lsd;
use exchange::limits::MAX_DATAGRAM;
use exchange::lsd::{GROUP_V4, GROUP_V6, Group};
use metainfo::InfoHash;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

/// The number that Linux gives the loopback interface, always.
const LOOPBACK: u32 = 1;

/// Datagrams that are read before others have their turn.
const AT_A_TURN: usize = 8;

/// Which network is the local one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalNetwork {
    /// The one that the system would take for a multicast.
    Usual,
    /// This machine alone.
    Loopback,
    /// None is.
    None,
}

/// Something is wanted of local discovery.
enum Order {
    Tell(InfoHash, mpsc::UnboundedSender<SocketAddr>),
    Stop(InfoHash),
}

/// Local discovery of an endpoint. It ends when all of these are gone.
#[derive(Clone, Debug)]
pub(super) struct Local(Option<mpsc::UnboundedSender<Order>>);

/// What its task begins with.
pub(super) struct Work {
    orders: mpsc::UnboundedReceiver<Order>,
    port: u16,
    network: LocalNetwork,
}

impl Local {
    /// For who takes calls at this port. No socket is opened before there is something to tell.
    pub fn new(port: u16, network: LocalNetwork) -> (Local, Option<Work>) {
        if network == LocalNetwork::None {
            return (Local(None), None);
        }
        let (to_orders, orders) = mpsc::unbounded_channel();
        let work = Work {
            orders,
            port,
            network,
        };
        (Local(Some(to_orders)), Some(work))
    }

    /// Whether there is a local network to be told anything.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Has the local network told of a torrent, which is not a private one. Who else has it comes by
    /// the channel.
    pub fn tell(&self, info_hash: InfoHash) -> mpsc::UnboundedReceiver<SocketAddr> {
        let (found, neighbours) = mpsc::unbounded_channel();
        self.order(Order::Tell(info_hash, found));
        neighbours
    }

    /// Tells of it no more.
    pub fn stop(&self, info_hash: InfoHash) {
        self.order(Order::Stop(info_hash));
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.0 {
            let _ = orders.send(order);
        }
    }
}

/// Local discovery at work: a socket and a state machine for each family.
struct Discovery {
    sides: Vec<Side>,
    started: Instant,
    found: BTreeMap<InfoHash, mpsc::UnboundedSender<SocketAddr>>,
}

struct Side {
    group: Group,
    socket: UdpSocket,
    lsd: Lsd,
}

impl Work {
    pub async fn run(mut self) {
        // Until then there is nothing to do, and no socket to be had.
        let Some(first) = self.orders.recv().await else {
            return;
        };
        let mut discovery = Discovery::open(self.port, self.network);
        discovery.obey(first);
        loop {
            let due = discovery.due();
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => discovery.obey(order),
                    None => return,
                },
                () = discovery.readable() => discovery.hear(),
                () = sleep_until(due) => {}
            }
            discovery.speak();
        }
    }
}

impl Discovery {
    fn open(port: u16, network: LocalNetwork) -> Discovery {
        let mut sides = Vec::new();
        for group in [Group::V4, Group::V6] {
            match join(group, network) {
                Ok(socket) => sides.push(Side {
                    group,
                    socket,
                    lsd: Lsd::new(port, &mut rand::rng()),
                }),
                Err(error) => debug!(?group, %error, "no local discovery"),
            }
        }
        Discovery {
            sides,
            started: Instant::now(),
            found: BTreeMap::new(),
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Tell(info_hash, found) => {
                self.found.insert(info_hash, found);
                for side in &mut self.sides {
                    side.lsd.insert(info_hash);
                }
            }
            Order::Stop(info_hash) => {
                self.found.remove(&info_hash);
                for side in &mut self.sides {
                    side.lsd.remove(info_hash);
                }
            }
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When there is something to say.
    fn due(&self) -> Option<Instant> {
        let due = self.sides.iter().filter_map(|side| side.lsd.poll_timeout());
        due.min().map(|due| self.started + due)
    }

    /// Says what is due. What the network does not take now is said again in five minutes.
    fn speak(&mut self) {
        let now = self.now();
        for side in &mut self.sides {
            while let Some(search) = side.lsd.poll_transmit(now) {
                let datagram = search.encode(side.group);
                let sent = side.socket.try_send_to(&datagram, side.group.addr());
                debug!(group = ?side.group, torrents = search.torrents.len(), ?sent, "told the local network");
            }
        }
    }

    /// Waits until somebody speaks; for ever, if there is no socket.
    async fn readable(&self) {
        match &*self.sides {
            [] => std::future::pending().await,
            [one] => drop(one.socket.readable().await),
            [one, other, ..] => tokio::select! {
                _ = one.socket.readable() => {}
                _ = other.socket.readable() => {}
            },
        }
    }

    /// Hears what was said.
    fn hear(&mut self) {
        let now = self.now();
        let mut buffer = [0; MAX_DATAGRAM + 1];
        for side in &mut self.sides {
            for _ in 0..AT_A_TURN {
                let Ok((length, from)) = side.socket.try_recv_from(&mut buffer) else {
                    break;
                };
                if !is_near(from.ip()) {
                    continue;
                }
                let Ok(neighbour) = side.lsd.handle(from, &buffer[..length], now) else {
                    continue;
                };
                debug!(addr = %neighbour.addr, "a neighbour has a torrent of ours");
                for info_hash in neighbour.torrents {
                    if let Some(found) = self.found.get(&info_hash) {
                        let _ = found.send(neighbour.addr);
                    }
                }
            }
        }
    }
}

/// Whether an address can be one of the local network: else anybody could have us call anybody, where
/// the socket takes what was not sent to the group.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unique_local() || ip.is_loopback(),
    }
}

/// A socket that hears a group, beside others of this machine that do the same.
fn join(group: Group, network: LocalNetwork) -> io::Result<UdpSocket> {
    let domain = match group {
        Group::V4 => Domain::IPV4,
        Group::V6 => Domain::IPV6,
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    match group {
        Group::V4 => {
            let interface = match network {
                LocalNetwork::Loopback => Ipv4Addr::LOCALHOST,
                LocalNetwork::Usual | LocalNetwork::None => Ipv4Addr::UNSPECIFIED,
            };
            // Where a socket may have the group's own address, it hears what is sent to the group and
            // nothing else.
            let addr = match cfg!(unix) {
                true => GROUP_V4,
                false => SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, GROUP_V4.port()),
            };
            socket.bind(&addr.into())?;
            socket.join_multicast_v4(GROUP_V4.ip(), &interface)?;
            socket.set_multicast_if_v4(&interface)?;
            socket.set_multicast_loop_v4(true)?;
        }
        Group::V6 => {
            let interface = match network {
                LocalNetwork::Loopback => LOOPBACK,
                LocalNetwork::Usual | LocalNetwork::None => 0,
            };
            socket.set_only_v6(true)?;
            let addr = match cfg!(unix) {
                true => GROUP_V6,
                false => SocketAddrV6::new(std::net::Ipv6Addr::UNSPECIFIED, GROUP_V6.port(), 0, 0),
            };
            socket.bind(&addr.into())?;
            socket.join_multicast_v6(GROUP_V6.ip(), interface)?;
            socket.set_multicast_if_v6(interface)?;
            socket.set_multicast_loop_v6(true)?;
        }
    }
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;
    use tokio::task::LocalSet;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn who_is_far_away_is_no_neighbour() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.9",
            "169.254.1.1",
            "fe80::1",
            "fd00::1",
        ] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["8.8.8.8", "2001:db8::1", "::ffff:8.8.8.8", "100.64.0.1"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }

    #[tokio::test]
    async fn two_on_one_machine_find_each_other_and_nobody_itself() {
        let torrent = InfoHash(std::array::from_fn(|_| rand::random()));
        let tasks = LocalSet::new();
        let work = async {
            let mut all = Vec::new();
            for port in [4_001, 4_002] {
                let (local, work) = Local::new(port, LocalNetwork::Loopback);
                tokio::task::spawn_local(work.unwrap().run());
                let neighbours = local.tell(torrent);
                all.push((local, neighbours));
            }
            // The second has told of itself when the first listens already.
            let found = timeout(Duration::from_secs(20), all[0].1.recv()).await;
            assert_eq!(found.unwrap().map(|addr| addr.port()), Some(4_002));
            // Whom it stops telling of hears of nobody any more.
            all[0].0.stop(torrent);
            while let Some(addr) = all[0].1.recv().await {
                assert_eq!(addr.port(), 4_002);
            }
        };
        tasks.run_until(work).await;
    }
}
