//! How a peer closes that has nothing to hide.

use std::io;
use std::net::{Shutdown, TcpStream};

/// Closes, and hears the other side out: if its requests were left unread, the system would break the
/// connection off instead (RFC 2525, section 2.17), and what we had sent might be lost with it.
pub fn hang_up(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(None);
    let _ = io::copy(stream, &mut io::sink());
}
