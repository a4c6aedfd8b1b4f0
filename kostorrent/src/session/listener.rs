//! Where peers call us.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use handshake::Handshake;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::task::JoinHandle;

use super::dialer::{self, Joined};

/// Callers that may be in the middle of their handshake at a time. When one more comes, whoever has
/// taken longest is sent away: silent callers cannot close the door to others.
const MOST_GREETING: usize = 50;

/// Connections that may wait in the system until we take them.
const BACKLOG: i32 = 128;

/// A listening socket. An unspecified IPv4 address stands for both families, where the system has
/// both.
pub(super) fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    if addr.ip().is_unspecified() && addr.is_ipv4() {
        let both = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), addr.port());
        if let Ok(listener) = bind_one(both) {
            return Ok(listener);
        }
    }
    bind_one(addr)
}

fn bind_one(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Else the port stays taken for a minute after we have ended. On Windows the same option
    // would let two programs share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Takes callers for ever; `joined` gets those whose handshake is for us.
pub(super) async fn listen(
    listener: tokio::net::TcpListener,
    ours: Handshake,
    joined: impl Fn(Joined) + Clone + 'static,
) {
    let mut greeting: VecDeque<JoinHandle<()>> = VecDeque::new();
    loop {
        let Ok((stream, addr)) = listener.accept().await else {
            // Most likely we have too many files open: others may close some.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        greeting.retain(|caller| !caller.is_finished());
        if greeting.len() >= MOST_GREETING
            && let Some(oldest) = greeting.pop_front()
        {
            oldest.abort();
        }
        let joined = joined.clone();
        greeting.push_back(tokio::task::spawn_local(async move {
            if let Ok(theirs) = dialer::answer(&stream, &ours).await {
                joined(Joined {
                    addr: plain(addr),
                    incoming: true,
                    theirs,
                    stream,
                });
            }
        }));
    }
}

/// An IPv4 caller on a socket for both families, under its own address.
fn plain(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}
