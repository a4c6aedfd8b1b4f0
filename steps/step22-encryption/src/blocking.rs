//! An exchange over a socket, waiting for each answer: what the step's program uses.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::{Cipher, Failure, Initiator, Secured};

/// What passes while an exchange is made.
#[derive(Clone, Copy, Debug)]
pub enum Passing<'a> {
    /// We have sent this.
    Sent(&'a [u8]),
    /// This has come.
    Came(&'a [u8]),
}

/// Why there was no exchange.
#[derive(Debug, Error)]
pub enum InitiateError {
    /// What came is no answer.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The peer closed the connection.
    #[error(
        "the peer hung up after {received} bytes: it may not encrypt, or not have this torrent, or \
         take one call at a time from one address"
    )]
    HungUp {
        /// The bytes that came before.
        received: usize,
    },
    /// The peer is slow, or waits for us.
    #[error("the peer sent {received} bytes, and then nothing for too long")]
    TooSlow {
        /// The bytes that came before.
        received: usize,
    },
    /// The connection broke.
    #[error(transparent)]
    Io(io::Error),
}

impl InitiateError {
    fn from_io(error: io::Error, received: usize) -> InitiateError {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => InitiateError::TooSlow { received },
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                InitiateError::HungUp { received }
            }
            _ => InitiateError::Io(error),
        }
    }
}

/// Makes an exchange over a stream, as the side that calls. `see` is told what passes.
///
/// # Errors
///
/// When it fails, the stream ends or breaks, or it takes longer than `limit`; the clock is read after
/// each read.
pub fn initiate(
    stream: &mut (impl Read + Write),
    initiator: &mut Initiator,
    limit: Duration,
    see: &mut dyn FnMut(Passing<'_>),
) -> Result<Secured, InitiateError> {
    let started = Instant::now();
    let mut received = 0;
    let mut buffer = [0; 1_024];
    loop {
        while let Some(bytes) = initiator.poll_transmit() {
            stream
                .write_all(&bytes)
                .map_err(|error| InitiateError::from_io(error, received))?;
            see(Passing::Sent(&bytes));
        }
        let count = match stream.read(&mut buffer) {
            Ok(0) => return Err(InitiateError::HungUp { received }),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(InitiateError::from_io(error, received)),
        };
        received += count;
        see(Passing::Came(&buffer[..count]));
        if let Some(secured) = initiator.handle(&buffer[..count])? {
            return Ok(secured);
        }
        if started.elapsed() > limit {
            return Err(InitiateError::TooSlow { received });
        }
    }
}

/// A stream behind the ciphers of an exchange.
#[derive(Debug)]
pub struct SecureStream<S> {
    stream: S,
    read: Cipher,
    write: Cipher,
    /// What came with the exchange and has not been read.
    early: Vec<u8>,
    /// What is sent, encrypted.
    scratch: Vec<u8>,
}

impl<S> SecureStream<S> {
    /// The stream after an exchange over it.
    pub fn new(stream: S, secured: Secured) -> SecureStream<S> {
        SecureStream {
            stream,
            read: secured.read,
            write: secured.write,
            early: secured.early,
            scratch: Vec::new(),
        }
    }
}

impl<S: Read> Read for SecureStream<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.early.is_empty() {
            let count = self.early.len().min(buf.len());
            buf[..count].copy_from_slice(&self.early[..count]);
            self.early.drain(..count);
            return Ok(count);
        }
        let count = self.stream.read(buf)?;
        self.read.apply(&mut buf[..count]);
        Ok(count)
    }
}

impl<S: Write> Write for SecureStream<S> {
    /// Writes all of it: a byte that was encrypted has to be sent.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.scratch.clear();
        self.scratch.extend_from_slice(bytes);
        self.write.apply(&mut self.scratch);
        self.stream.write_all(&self.scratch)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
