//! A socket for datagrams, of one family or of both.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::super::route::Route;
use socket2::{Domain, Protocol, Type};

/// The families that a socket speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    V4,
    V6,
    /// One of IPv6 that has IPv4 in IPv6's clothes: `::ffff:192.0.2.1`.
    Both,
}

impl Reach {
    /// The families of a socket that is bound to this address.
    pub fn of(addr: SocketAddr) -> Reach {
        match addr.ip() {
            IpAddr::V4(_) => Reach::V4,
            IpAddr::V6(ip) if ip.is_unspecified() => Reach::Both,
            IpAddr::V6(_) => Reach::V6,
        }
    }

    pub fn includes(self, addr: SocketAddr) -> bool {
        match self {
            Reach::Both => true,
            Reach::V4 => addr.ip().to_canonical().is_ipv4(),
            Reach::V6 => addr.ip().to_canonical().is_ipv6(),
        }
    }
}

/// A socket at this address, where a listener is or could be: an unspecified IPv6 address is one
/// for both families, as with [listeners](super::super::listener::bind).
pub(super) fn bind(addr: SocketAddr, route: &Route) -> io::Result<UdpSocket> {
    let domain = Domain::for_address(addr);
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    // No address is used again: another program could read along.
    socket.bind(&route.prepare(&socket, addr)?.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A socket at work.
pub(super) struct Socket {
    socket: tokio::net::UdpSocket,
    is_v6: bool,
}

impl Socket {
    /// It fails where there is no reactor.
    pub fn new(socket: UdpSocket) -> io::Result<Socket> {
        let is_v6 = socket.local_addr()?.is_ipv6();
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        Ok(Socket { socket, is_v6 })
    }

    /// One in the place of this one, whose interface is gone.
    pub fn again(&self, route: &Route) -> io::Result<Socket> {
        let addr = self.socket.local_addr()?;
        // No two sockets share a port: where this one's is not free yet, it is another.
        let socket = bind(addr, route).or_else(|_| bind(SocketAddr::new(addr.ip(), 0), route))?;
        Socket::new(socket)
    }

    pub async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    pub async fn writable(&self) -> io::Result<()> {
        self.socket.writable().await
    }

    /// Sends a datagram, or says that it would have to wait.
    pub fn send(&self, to: SocketAddr, datagram: &[u8]) -> io::Result<()> {
        self.socket
            .try_send_to(datagram, dressed(to, self.is_v6))
            .map(drop)
    }

    /// The next datagram that is here: its length, and from where it came.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (len, from) = self.socket.try_recv_from(buffer)?;
        Ok((len, plain(from)))
    }
}

/// An address as a socket of this family has to be told it.
fn dressed(addr: SocketAddr, for_v6: bool) -> SocketAddr {
    match addr {
        SocketAddr::V4(addr) if for_v6 => (addr.ip().to_ipv6_mapped(), addr.port()).into(),
        addr if for_v6 => addr,
        addr => SocketAddr::new(addr.ip().to_canonical(), addr.port()),
    }
}

/// An IPv4 address on a socket for both families, as itself. IPv6 keeps its scope, without which an
/// address of the local network leads nowhere.
fn plain(addr: SocketAddr) -> SocketAddr {
    match addr.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, addr.port()).into(),
        IpAddr::V6(_) => addr,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_socket_is_told_addresses_of_its_own_family_and_tells_plain_ones() {
        for (plain_one, on_v6) in [
            ("192.0.2.1:5", "[::ffff:192.0.2.1]:5"),
            ("[2001:db8::1]:5", "[2001:db8::1]:5"),
            ("[fe80::1%3]:5", "[fe80::1%3]:5"),
        ] {
            assert_eq!(dressed(addr(plain_one), true), addr(on_v6));
            assert_eq!(plain(addr(on_v6)), addr(plain_one));
        }
        assert_eq!(
            dressed(addr("[::ffff:192.0.2.1]:5"), false),
            addr("192.0.2.1:5")
        );
    }

    #[test]
    fn a_socket_reaches_the_families_of_its_address() {
        let reached = |bound: &str| {
            let reach = Reach::of(addr(bound));
            ["192.0.2.1:5", "[2001:db8::1]:5"].map(|to| reach.includes(addr(to)))
        };
        assert_eq!(reached("[::]:1"), [true, true]);
        assert_eq!(reached("0.0.0.0:1"), [true, false]);
        assert_eq!(reached("[::1]:1"), [false, true]);
    }
}
