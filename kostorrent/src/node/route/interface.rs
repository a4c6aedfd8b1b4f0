//! A network interface, and how sockets are bound to it.
//!
//! On Linux the socket is bound to the interface itself (`SO_BINDTODEVICE`, which since Linux 5.7 anybody
//! may): whatever the routes say, its packets leave there or not at all. On macOS it is the same by
//! `IP_BOUND_IF`. On other systems the socket is bound to an address of the interface: its packets bear
//! that address, and the system may send them elsewhere where its routes are strange.
//!
//! What the system says by itself is out of our hands, on any system: to what comes for a connection that
//! is gone, it answers with a reset, or "port unreachable", by the way that its routes say.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use reqwest::ClientBuilder;
use socket2::Socket;

/// The longest name that an interface has on any system we know, in bytes.
const LONGEST_NAME: usize = 255;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// By its name.
    Name(String),
    /// By an address that it has, which is then the only one that is used.
    Address(IpAddr),
}

/// A text that names no interface.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an interface is named by its name, as tun0, or by an address that it has")]
pub struct ParseInterfaceError;

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interface::Name(name) => f.write_str(name),
            Interface::Address(ip) => ip.fmt(f),
        }
    }
}

impl FromStr for Interface {
    type Err = ParseInterfaceError;

    fn from_str(text: &str) -> Result<Interface, ParseInterfaceError> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            let is_one = !ip.is_unspecified() && !ip.is_multicast();
            return is_one
                .then_some(Interface::Address(ip))
                .ok_or(ParseInterfaceError);
        }
        let is_name = !text.is_empty()
            && text.len() <= LONGEST_NAME
            && !text.chars().any(|c| c.is_control() || c == '/');
        is_name
            .then(|| Interface::Name(text.to_owned()))
            .ok_or(ParseInterfaceError)
    }
}

/// An interface that is there: it is up, and has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::node) struct Found {
    name: String,
    index: Option<u32>,
    addrs: Vec<IpAddr>,
}

impl Found {
    /// Whether sockets that were bound to it when it was the other one are bound to it still.
    pub(in crate::node) fn serves_as(&self, other: &Found) -> bool {
        let by_address = !BINDS_DEVICES && self.addrs != other.addrs;
        (&self.name, self.index) == (&other.name, other.index) && !by_address
    }
}

/// Whether this system binds sockets to interfaces, and not to their addresses alone.
const BINDS_DEVICES: bool = cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple"
));

impl Interface {
    /// The interface as it is now; `None` while it is not there, is down, or has no address.
    pub(in crate::node) fn find(&self) -> Option<Found> {
        let all = if_addrs::get_if_addrs().ok()?;
        let mut up = all.iter().filter(|one| one.is_oper_up());
        let one = up.find(|one| match self {
            Interface::Name(name) => one.name == *name,
            Interface::Address(ip) => one.ip() == *ip,
        })?;
        let of_it = all.iter().filter(|other| other.name == one.name);
        Some(Found {
            name: one.name.clone(),
            index: one.index,
            addrs: of_it.map(if_addrs::Interface::ip).collect(),
        })
    }

    pub(super) fn found(&self) -> io::Result<Found> {
        self.find().ok_or_else(|| {
            let kind = io::ErrorKind::NetworkDown;
            let which = match self {
                Interface::Name(name) => format!("the interface {name} is not there"),
                Interface::Address(ip) => format!("no interface has the address {ip}"),
            };
            io::Error::new(kind, format!("{which}, or it is down or has no address"))
        })
    }

    /// Binds a socket to the interface; and the address to bind it to, in the place of this one.
    pub(in crate::node) fn prepare(
        &self,
        socket: &Socket,
        addr: SocketAddr,
    ) -> io::Result<SocketAddr> {
        let found = self.found()?;
        bind_device(socket, &found, addr.is_ipv6())?;
        let of_family = |ip: &IpAddr| ip.is_ipv6() == addr.is_ipv6();
        let ip = match self {
            Interface::Address(ip) => Some(*ip).filter(of_family),
            Interface::Name(_) if BINDS_DEVICES => Some(addr.ip()),
            Interface::Name(_) => found.addrs.iter().copied().find(of_family),
        };
        let ip = ip.ok_or_else(|| {
            let family = if addr.is_ipv6() { "IPv6" } else { "IPv4" };
            let why =
                format!("the interface is not to be used for {family}, or has no such address");
            io::Error::new(io::ErrorKind::AddrNotAvailable, why)
        })?;
        Ok(SocketAddr::new(ip, addr.port()))
    }

    /// The one address that takes all that comes, where it is one: the others are not used.
    pub(super) fn home(&self) -> Option<IpAddr> {
        match self {
            Interface::Address(ip) => Some(*ip),
            Interface::Name(_) if BINDS_DEVICES => None,
            Interface::Name(_) => self.find()?.addrs.first().copied(),
        }
    }

    /// What has an HTTP client use the interface.
    pub(super) fn http(
        &self,
    ) -> Result<impl FnOnce(ClientBuilder) -> ClientBuilder + use<>, String> {
        let found = self.found().map_err(|error| error.to_string())?;
        let home = self.home();
        Ok(move |settings: ClientBuilder| {
            #[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
            let settings = settings.interface(&found.name);
            match home {
                Some(ip) => settings.local_address(ip),
                None => settings,
            }
        })
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn bind_device(socket: &Socket, found: &Found, _: bool) -> io::Result<()> {
    socket.bind_device(Some(found.name.as_bytes()))
}

#[cfg(target_vendor = "apple")]
fn bind_device(socket: &Socket, found: &Found, is_v6: bool) -> io::Result<()> {
    let index = found.index.and_then(std::num::NonZeroU32::new);
    match is_v6 {
        true => socket.bind_device_by_index_v6(index),
        false => socket.bind_device_by_index_v4(index),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn bind_device(_: &Socket, _: &Found, _: bool) -> io::Result<()> {
    Ok(())
}
