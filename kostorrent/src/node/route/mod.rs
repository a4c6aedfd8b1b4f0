//! By which way everything goes that a node says to others: any that the system finds, one interface,
//! or a proxy. Where it is one, nothing goes by another, whatever happens to it.
//!
//! All sockets of the node are made here or prepared here. Whoever needs a new kind of socket asks here
//! first.

mod interface;
mod names;
mod presence;
mod proxy;

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use reqwest::ClientBuilder;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

pub use interface::{Interface, ParseInterfaceError};
pub(super) use presence::Presence;
pub use proxy::{ParseProxyError, Proxy};

use interface::Found;

/// How often it is looked whether an interface is there again, or has become another.
const LOOK: Duration = Duration::from_secs(1);

/// How long an address may take to answer a call.
const CONNECT: Duration = Duration::from_secs(5);

/// The same through a proxy, which may have a long way of its own.
const CONNECT_BY_PROXY: Duration = Duration::from_secs(30);

/// By which way everything goes. With both, the proxy is called through the interface.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The interface, if not any will do.
    pub interface: Option<Interface>,
    /// The proxy, if there is one.
    pub proxy: Option<Proxy>,
}

impl Route {
    /// How long an address may take to answer a call.
    pub(super) fn patience(&self) -> Duration {
        match self.proxy {
            Some(_) => CONNECT_BY_PROXY,
            None => CONNECT,
        }
    }

    /// Waits until the interface is there: what is not tried has not failed.
    pub(super) async fn is_there(&self) {
        if let Some(interface) = &self.interface {
            while interface.find().is_none() {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Says what is wrong with the interface, if it is not there.
    pub(super) fn check(&self) -> io::Result<()> {
        self.interface
            .as_ref()
            .map_or(Ok(()), |interface| interface.found().map(drop))
    }

    /// The interface as it is now, by which it can be told later whether it has become another.
    pub(super) fn present(&self) -> Option<Found> {
        self.interface.as_ref().and_then(Interface::find)
    }

    /// Waits until the interface is another than it was: it is made anew, and sockets that were bound
    /// to the old one are of no use any more. It goes on waiting where it is kept from one turn of a loop to
    /// the next.
    pub(super) fn is_another(&self, before: Option<Found>) -> Pin<Box<dyn Future<Output = ()>>> {
        let interface = self.interface.clone();
        Box::pin(async move {
            let (Some(interface), Some(before)) = (interface, before) else {
                return pending().await;
            };
            loop {
                tokio::time::sleep(LOOK).await;
                if interface.find().is_some_and(|now| !now.serves_as(&before)) {
                    return;
                }
            }
        })
    }

    /// Calls an address.
    pub(super) async fn connect(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        match &self.proxy {
            Some(proxy) => proxy.connect(addr, self).await,
            None => self.connect_directly(addr).await,
        }
    }

    /// Calls an address without the proxy: that of the proxy, if there is one.
    async fn connect_directly(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        let Some(interface) = &self.interface else {
            return TcpStream::connect(addr).await;
        };
        interface.tcp(addr)?.connect(addr).await
    }

    /// Has a socket that is to be bound to this address use the interface; and the address to bind it
    /// to, which is the interface's where that matters.
    pub(super) fn prepare(&self, socket: &Socket, addr: SocketAddr) -> io::Result<SocketAddr> {
        match &self.interface {
            Some(interface) => interface.prepare(socket, addr),
            None => Ok(addr),
        }
    }

    /// Where a socket is to be bound that is to take all that comes by the interface.
    pub(super) fn home(&self, addr: SocketAddr) -> SocketAddr {
        let ip = match &self.interface {
            Some(interface) if addr.ip().is_unspecified() => interface.home(),
            _ => None,
        };
        SocketAddr::new(ip.unwrap_or(addr.ip()), addr.port())
    }

    /// All addresses of a host, or why there are none.
    pub(super) async fn look_up(&self, name: String, port: u16) -> Result<Vec<SocketAddr>, String> {
        if self.proxy.is_some() {
            return Err(format!(
                "with --proxy no name of a peer is looked up here, where others could see it; give \
                 the address of {name}"
            ));
        }
        self.look_up_directly(name, port).await
    }

    async fn look_up_directly(&self, name: String, port: u16) -> Result<Vec<SocketAddr>, String> {
        match &self.interface {
            Some(interface) => names::by_interface(interface, &name, port).await,
            None => super::names::look_up(name, port).await,
        }
    }

    /// What has an HTTP client go this way, with its look-ups; or why it cannot.
    pub(super) fn http(
        &self,
    ) -> Result<impl FnOnce(ClientBuilder) -> ClientBuilder + use<>, String> {
        let interface = self.interface.clone();
        let bound = interface.as_ref().map(Interface::http).transpose()?;
        let proxy = self.proxy.as_ref().map(Proxy::http).transpose()?;
        Ok(move |mut settings: ClientBuilder| {
            if let (Some(bind), Some(interface)) = (bound, interface) {
                settings = bind(settings).dns_resolver(names::ForHttp(interface));
            }
            if let Some(proxy) = proxy {
                // And not by what the environment names.
                settings = settings.no_proxy().proxy(proxy);
            }
            settings
        })
    }
}

/// A socket for TCP to this address.
fn tcp_socket(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Any address of the same family.
fn any(like: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match like {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(ip, 0)
}

impl Interface {
    /// A socket of the interface's that is to call an address.
    fn tcp(&self, to: SocketAddr) -> io::Result<TcpSocket> {
        let socket = tcp_socket(to)?;
        let from = self.prepare(&socket, any(to))?;
        socket.bind(&from.into())?;
        Ok(TcpSocket::from_std_stream(socket.into()))
    }
}

#[cfg(test)]
mod tests;
