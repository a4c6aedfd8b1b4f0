//! The stream of bytes that a connection is made of.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};

use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;

/// So many bytes are encrypted before the system has taken the first of them.
const ENCRYPTED_AHEAD: usize = 64 * 1024;

/// What is done to the bytes of one direction, in place: it gets them in their order, each once.
pub type Cipher = Box<dyn FnMut(&mut [u8]) + Send>;

/// What carries the bytes. The rest of a connection does not care.
#[derive(Debug)]
pub enum Stream {
    /// TCP, as BEP 3 has it.
    Tcp(TcpStream),
    /// TCP, and a cipher for each direction.
    Encrypted(Box<Encrypted>),
}

impl Stream {
    /// A stream of which everything is read through one cipher and written through another.
    pub fn encrypted(tcp: TcpStream, read: Cipher, write: Cipher) -> Stream {
        Stream::Encrypted(Box::new(Encrypted {
            tcp,
            read,
            write,
            ahead: Vec::new(),
            sent: 0,
        }))
    }

    /// Waits until it can be read from, or written to, whichever `interest` names.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Stream::Tcp(tcp) => tcp.ready(interest).await,
            Stream::Encrypted(encrypted) => encrypted.tcp.ready(interest).await,
        }
    }

    /// Reads what is there, in the order of the slices; says how many bytes that is. 0 is the end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when nothing is there yet, or what the system says.
    pub fn try_read_vectored(&mut self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self {
            Stream::Tcp(tcp) => tcp.try_read_vectored(slices),
            Stream::Encrypted(encrypted) => encrypted.read(slices),
        }
    }

    /// Writes as much as is taken now, in the order of the slices; says how many bytes that is. What was
    /// not taken has to be offered again, before anything else: it may be encrypted already.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when nothing is taken now, or what the system says.
    pub fn try_write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Stream::Tcp(tcp) => tcp.try_write_vectored(slices),
            Stream::Encrypted(encrypted) => encrypted.write(slices),
        }
    }
}

/// TCP, and a cipher for each direction.
pub struct Encrypted {
    tcp: TcpStream,
    read: Cipher,
    write: Cipher,
    /// What was encrypted, of which `sent` bytes are gone. A cipher goes forward only, so what the system
    /// does not take is kept.
    ahead: Vec<u8>,
    sent: usize,
}

impl Encrypted {
    fn read(&mut self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let count = self.tcp.try_read_vectored(slices)?;
        let mut left = count;
        for slice in slices {
            let here = left.min(slice.len());
            (self.read)(&mut slice[..here]);
            left -= here;
        }
        Ok(count)
    }

    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.encrypt(slices);
        let sent = self.tcp.try_write(&self.ahead[self.sent..])?;
        self.sent += sent;
        if self.sent == self.ahead.len() {
            self.ahead.clear();
            self.sent = 0;
        }
        Ok(sent)
    }

    /// Encrypts what is offered, as far as there is room, but for the beginning that was encrypted the
    /// last time and is still here.
    fn encrypt(&mut self, slices: &[IoSlice<'_>]) {
        let mut known = self.ahead.len() - self.sent;
        for slice in slices {
            let (_, new) = slice.split_at(known.min(slice.len()));
            known -= slice.len() - new.len();
            let start = self.ahead.len();
            let room = ENCRYPTED_AHEAD - start;
            self.ahead.extend_from_slice(&new[..new.len().min(room)]);
            (self.write)(&mut self.ahead[start..]);
        }
        debug_assert_eq!(known, 0, "what was not taken is offered again");
    }
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Encrypted");
        shown.field("tcp", &self.tcp).finish_non_exhaustive()
    }
}
