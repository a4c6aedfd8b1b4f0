//! A node over a socket: what the step's program uses.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

pub use tracker::PeerAddr;
pub use tracker::blocking::{LookUpError, finish, look_up, read_torrent};

use crate::limits::MAX_READ;
use crate::{Config, Event, Node};

/// A node and the socket that it speaks through.
#[derive(Debug)]
pub struct Wired {
    /// The node.
    pub node: Node,
    socket: UdpSocket,
    opened: Instant,
}

impl Wired {
    /// A node at this address. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the system has no such address, or somebody else has the port.
    pub fn open(addr: SocketAddr, config: Config) -> io::Result<Wired> {
        let socket = UdpSocket::bind(addr)?;
        let config = Config {
            v4: addr.is_ipv4(),
            v6: addr.is_ipv6(),
            ..config
        };
        Ok(Wired {
            node: Node::new(config, Duration::ZERO, &mut rand::rng()),
            socket,
            opened: Instant::now(),
        })
    }

    /// Where it is.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub fn addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The time since it was opened.
    pub fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Sends what is to be sent, and waits for a datagram or until something is due, but no longer than
    /// so long. What has happened is fetched from [`Wired::event`].
    ///
    /// # Errors
    ///
    /// When the socket is broken. That somebody cannot be reached is no error: he will not answer.
    pub fn step(&mut self, longest: Duration) -> io::Result<()> {
        self.send();
        let due = self.node.poll_timeout().unwrap_or(Duration::MAX);
        let wait = due.saturating_sub(self.now()).min(longest);
        if !wait.is_zero() {
            self.socket.set_nonblocking(false)?;
            self.socket.set_read_timeout(Some(wait))?;
            self.receive()?;
        }
        self.node.handle_timeout(self.now());
        self.send();
        Ok(())
    }

    /// The same, without waiting: whether a datagram has come.
    ///
    /// # Errors
    ///
    /// As [`Wired::step`].
    pub fn poll(&mut self) -> io::Result<bool> {
        self.socket.set_nonblocking(true)?;
        let has_come = self.receive()?;
        self.node.handle_timeout(self.now());
        self.send();
        Ok(has_come)
    }

    /// The next thing that has happened.
    pub fn event(&mut self) -> Option<Event> {
        self.node.poll_event()
    }

    fn receive(&mut self) -> io::Result<bool> {
        // One byte more than is read, so that a longer datagram is known to be one.
        let mut buffer = [0; MAX_READ + 1];
        match self.socket.recv_from(&mut buffer) {
            Ok((n, from)) => {
                self.node.handle(from, &buffer[..n], self.now());
                Ok(true)
            }
            Err(error) if is_nothing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn send(&mut self) {
        while let Some(transmit) = self.node.poll_transmit() {
            // A datagram that the system does not take is one that was lost.
            let _ = self.socket.send_to(&transmit.bytes, transmit.to);
        }
    }
}

/// Whether the time was over, or the system tells of an earlier datagram that nobody was there; or, on
/// Windows, that one was too long.
fn is_nothing(error: &io::Error) -> bool {
    /// `WSAEMSGSIZE`.
    const TOO_LONG: i32 = 10_040;
    let kinds = [
        ErrorKind::WouldBlock,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionRefused,
        ErrorKind::HostUnreachable,
        ErrorKind::NetworkUnreachable,
    ];
    kinds.contains(&error.kind()) || (cfg!(windows) && error.raw_os_error() == Some(TOO_LONG))
}
