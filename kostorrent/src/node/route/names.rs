//! Names, looked up over sockets that are bound to an interface. The system's own look-up cannot be
//! bound: it may ask by any way, or another program may ask for it.
//!
//! The servers are those of `/etc/resolv.conf`. Where that names only this machine, as it does with
//! systemd-resolved, they are those that systemd-resolved itself asks.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use hickory_resolver::Resolver;
use hickory_resolver::config::{
    LookupIpStrategy, NameServerConfig, ResolverConfig, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::{
    RuntimeProvider, TokioHandle, TokioTime, iocompat::AsyncIoTokioAsStd,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpStream, UdpSocket};

use super::Interface;

/// Where the servers stand.
const FILES: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/// How long a look-up may take.
const LOOK_UP: Duration = Duration::from_secs(20);

/// How long a server may take to take a call.
const CONNECT: Duration = Duration::from_secs(5);

/// Servers that are asked, at most.
const MOST_SERVERS: usize = 3;

/// All addresses of a host, or why there are none.
pub(super) async fn by_interface(
    interface: &Interface,
    name: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, String> {
    if let Ok(ip) = name.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let servers = servers(|file| std::fs::read_to_string(file).ok());
    if servers.is_empty() {
        return Err(format!(
            "with --interface names are asked of the servers in {}, and none stands there that is \
             another machine; give an address",
            FILES[0]
        ));
    }
    let config = servers.into_iter().map(NameServerConfig::udp_and_tcp);
    let config = ResolverConfig::from_name_servers(config.collect());
    let mut builder = Resolver::builder_with_config(config, Bound::new(interface));
    let options = builder.options_mut();
    options.cache_size = 0; // each resolver looks up one name
    // One after the other: to an answer for a socket that is gone, the system says so by any way.
    options.num_concurrent_reqs = 1;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    let resolver = builder.build().map_err(|error| error.to_string())?;
    let found = tokio::time::timeout(LOOK_UP, resolver.lookup_ip(name)).await;
    let found = found.map_err(|_| format!("no answer within {} s", LOOK_UP.as_secs()))?;
    let found = found.map_err(|error| error.to_string())?;
    Ok(found.iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// The servers to ask: of the first file that names another machine than this one.
fn servers(read: impl Fn(&str) -> Option<String>) -> Vec<IpAddr> {
    let of_file = |file: &str| -> Vec<IpAddr> {
        let text = read(file).unwrap_or_default();
        let named = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let is_server = words.next() == Some("nameserver");
            words.next().filter(|_| is_server)?.parse().ok()
        });
        let elsewhere = named.filter(|ip: &IpAddr| !ip.is_loopback());
        elsewhere.take(MOST_SERVERS).collect()
    };
    let mut files = FILES.into_iter().map(of_file);
    files
        .find(|servers| !servers.is_empty())
        .unwrap_or_default()
}

/// What the library is given in place of the system's sockets.
#[derive(Clone)]
struct Bound {
    interface: Interface,
    tasks: TokioHandle,
}

impl Bound {
    fn new(interface: &Interface) -> Bound {
        Bound {
            interface: interface.clone(),
            tasks: TokioHandle::default(),
        }
    }

    fn udp(&self, local: SocketAddr) -> io::Result<UdpSocket> {
        let domain = Domain::for_address(local);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        let local = self.interface.prepare(&socket, local)?;
        socket.bind(&local.into())?;
        UdpSocket::from_std(socket.into())
    }
}

impl RuntimeProvider for Bound {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = UdpSocket;
    type Tcp = AsyncIoTokioAsStd<TcpStream>;

    fn create_handle(&self) -> TokioHandle {
        self.tasks.clone()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        _: Option<SocketAddr>,
        limit: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        let socket = self.interface.tcp(server);
        Box::pin(async move {
            let calling = socket?.connect(server);
            let called = tokio::time::timeout(limit.unwrap_or(CONNECT), calling).await;
            Ok(AsyncIoTokioAsStd(called??))
        })
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        _: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<UdpSocket>>>> {
        let socket = self.udp(local);
        Box::pin(async move { socket })
    }
}

/// The same for an HTTP client.
pub(super) struct ForHttp(pub Interface);

impl Resolve for ForHttp {
    fn resolve(&self, name: Name) -> Resolving {
        let interface = self.0.clone();
        Box::pin(async move {
            let addrs = by_interface(&interface, name.as_str(), 0).await?;
            Ok(Box::new(addrs.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn servers_on_this_machine_are_passed_over_for_those_that_they_ask() {
        let stub = "# a comment\nnameserver 127.0.0.53\noptions edns0\n";
        let real = "nameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver\nnameserver x\n";
        let read = |file: &str| Some(if file == FILES[0] { stub } else { real }.to_owned());
        let ips = ["192.0.2.1", "2001:db8::1"].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert_eq!(servers(read), ips);
        assert_eq!(servers(|_| None), Vec::<IpAddr>::new());
        assert_eq!(servers(|_| Some(real.to_owned())), ips);
    }
}
