//! Whoever has started us as a service is told when we are ready, and when we are about to end.

/// Sends a state, such as `READY=1`, to the socket that systemd names in `NOTIFY_SOCKET` (see
/// sd_notify(3)). Without one, or where nobody reads it, nothing happens.
#[cfg(target_os = "linux")]
pub(crate) fn tell(state: &str) {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let addr = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    };
    if let (Ok(addr), Ok(socket)) = (addr, UnixDatagram::unbound()) {
        let _ = socket.set_nonblocking(true);
        let _ = socket.send_to_addr(state.as_bytes(), &addr);
    }
}

/// Only Linux has such a socket.
#[cfg(not(target_os = "linux"))]
pub(crate) fn tell(_: &str) {}
