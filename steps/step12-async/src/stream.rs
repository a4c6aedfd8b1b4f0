//! The stream of bytes that a connection is made of.

use std::io::{self, IoSlice, IoSliceMut};

use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;

/// What carries the bytes. The rest of a connection does not care.
#[derive(Debug)]
pub enum Stream {
    /// TCP, as BEP 3 has it.
    Tcp(TcpStream),
}

impl Stream {
    /// Waits until it can be read from, or written to, whichever `interest` names.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Stream::Tcp(stream) => stream.ready(interest).await,
        }
    }

    /// Reads what is there, in the order of the slices; says how many bytes that is. 0 is the end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when nothing is there yet, or what the system says.
    pub fn try_read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.try_read_vectored(slices),
        }
    }

    /// Writes as much as is taken now, in the order of the slices; says how many bytes that is.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when nothing is taken now, or what the system says.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.try_write_vectored(slices),
        }
    }
}
