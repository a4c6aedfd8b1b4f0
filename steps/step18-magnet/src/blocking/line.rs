//! The connection to a peer that has been met.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::to_wire;
use crate::Extensions;

/// How long sending may take: one thread sends to all, and a peer that does not read must not keep the
/// others waiting. What we send has some fifty bytes, for which there is room at once wherever somebody
/// reads.
const SENDING: Duration = Duration::from_millis(100);

/// How many requests of one peer are refused; after that it is left. We have nothing to give, and have
/// said so.
pub(super) const MAX_REFUSED: u32 = 64;

/// A peer that has been met.
pub(super) struct Line {
    pub addr: SocketAddr,
    pub extensions: Extensions,
    stream: TcpStream,
    /// How many of its requests have been refused.
    refused: u32,
}

impl Line {
    pub fn new(addr: SocketAddr, extensions: Extensions, stream: TcpStream) -> io::Result<Line> {
        stream.set_write_timeout(Some(SENDING))?;
        Ok(Line {
            addr,
            extensions,
            stream,
            refused: 0,
        })
    }

    /// Sends an `extended` message, whole and at once.
    pub fn send(&mut self, body: &[u8]) -> Result<(), String> {
        let bytes = to_wire(body);
        // One write, for the limit is for each.
        match self.stream.write(&bytes) {
            Ok(count) if count == bytes.len() => Ok(()),
            Ok(_) => Err("the peer does not read what we send".to_owned()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err("the peer does not read what we send".to_owned())
            }
            Err(error) => Err(format!("the connection broke: {error}")),
        }
    }

    /// Whether another of its requests is to be refused, not left unanswered.
    pub fn may_refuse(&mut self) -> bool {
        self.refused += 1;
        self.refused <= MAX_REFUSED
    }

    pub fn hang_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
