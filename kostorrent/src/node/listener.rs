//! Where peers call us.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::task::JoinHandle;
use tracing::debug;

use super::doors::Doors;
use super::link;
use super::route::Route;

/// Callers that may be in the middle of their handshake at a time. When one more comes, whoever has
/// taken longest is sent away: silent callers cannot close the door to others.
const MOST_GREETING: usize = 50;

/// And from one address. Several honest peers may share one, but they do not all call at once.
const MOST_GREETING_FROM_ONE: usize = 8;

/// Connections that may wait in the system until we take them.
const BACKLOG: i32 = 128;

/// A listening socket. An unspecified IPv4 address stands for both families, where the system has
/// both.
pub(super) fn bind(addr: SocketAddr, route: &Route) -> io::Result<TcpListener> {
    let addr = route.home(addr);
    if addr.ip().is_unspecified() && addr.is_ipv4() {
        let both = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), addr.port());
        if let Ok(listener) = bind_one(both, route) {
            return Ok(listener);
        }
    }
    bind_one(addr, route)
}

// ANCHOR: bind
fn bind_one(addr: SocketAddr, route: &Route) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Else the port stays taken for a minute after we have ended. On Windows the same option
    // would let two programs share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&route.prepare(&socket, addr)?.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
// ANCHOR_END: bind

/// Takes callers for ever, and leads those whose handshake is for one of our torrents to its door.
pub(super) async fn listen(mut listener: tokio::net::TcpListener, doors: Arc<Doors>) {
    let mut greeting = Greeting::default();
    let mut present = doors.route().present();
    let mut another = doors.route().is_another(present.clone());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut another => {
                if let Ok(again) = again(&listener, doors.route()) {
                    listener = again;
                    present = doors.route().present();
                }
                another = doors.route().is_another(present.clone());
                continue;
            }
        };
        let Ok((stream, addr)) = accepted else {
            // Most likely we have too many files open: others may close some.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        greeting.forget(JoinHandle::is_finished);
        if let Some(oldest) = greeting.make_room(addr.ip()) {
            oldest.abort();
        }
        let (addr, doors) = (plain(addr), doors.clone());
        let caller = tokio::task::spawn_local(async move {
            match link::answer(stream, addr, &doors).await {
                Ok(joined) => doors.enter(joined),
                Err(why) => debug!(%addr, %why, "sent a caller away"),
            }
        });
        greeting.add(addr.ip(), caller);
    }
}

/// A listener in the place of one whose interface is gone.
fn again(listener: &tokio::net::TcpListener, route: &Route) -> io::Result<tokio::net::TcpListener> {
    let addr = listener.local_addr()?;
    tokio::net::TcpListener::from_std(bind(addr, route)?)
}

/// An IPv4 caller on a socket for both families, under its own address.
fn plain(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// Callers in the middle of their handshake, the oldest first.
struct Greeting<T>(VecDeque<(IpAddr, T)>);

impl<T> Default for Greeting<T> {
    fn default() -> Greeting<T> {
        Greeting(VecDeque::new())
    }
}

impl<T> Greeting<T> {
    /// Forgets those that are done.
    fn forget(&mut self, is_done: impl Fn(&T) -> bool) {
        self.0.retain(|(_, caller)| !is_done(caller));
    }

    /// Who has to go before another caller from this address can be answered: the oldest from the
    /// same place if these are many, or else the oldest of all.
    fn make_room(&mut self, ip: IpAddr) -> Option<T> {
        let place = place(ip);
        let from_there = |(from, _): &&(IpAddr, T)| *from == place;
        let oldest = if self.0.iter().filter(from_there).count() >= MOST_GREETING_FROM_ONE {
            self.0.iter().position(|(from, _)| *from == place)?
        } else if self.0.len() >= MOST_GREETING {
            0
        } else {
            return None;
        };
        self.0.remove(oldest).map(|(_, caller)| caller)
    }

    fn add(&mut self, ip: IpAddr, caller: T) {
        self.0.push_back((place(ip), caller));
    }
}

/// Where a caller is at home. Whoever has one IPv6 address has all of its /64.
fn place(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_that_calls_a_lot_pushes_out_its_own_calls_alone() {
        let mut greeting = Greeting::default();
        greeting.add(ip("10.0.0.1"), 0);
        let mut gone = Vec::new();
        for call in 1..=200 {
            gone.extend(greeting.make_room(ip("10.0.0.2")));
            greeting.add(ip("10.0.0.2"), call);
        }
        let stayed = MOST_GREETING_FROM_ONE as i32;
        assert_eq!(gone, (1..=200 - stayed).collect::<Vec<_>>());
        assert_eq!(greeting.make_room(ip("10.0.0.1")), None);
    }

    #[test]
    fn when_all_places_are_taken_the_oldest_gives_way() {
        let mut greeting = Greeting::default();
        let host = |number: usize| ip(&format!("10.0.0.{number}"));
        for number in 0..MOST_GREETING {
            assert_eq!(greeting.make_room(host(number)), None);
            greeting.add(host(number), number);
        }
        assert_eq!(greeting.make_room(ip("10.0.1.1")), Some(0));
        greeting.forget(|&number| number == 1);
        assert_eq!(greeting.make_room(ip("10.0.1.2")), None);
    }

    #[test]
    fn all_addresses_of_an_ipv6_host_are_one_place() {
        assert_eq!(place(ip("2001:db8::1")), place(ip("2001:db8::2:1:1:1")));
        assert_ne!(place(ip("2001:db8::1")), place(ip("2001:db8:0:1::1")));
        assert_eq!(place(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
