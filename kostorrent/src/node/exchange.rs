//! The exchange that an encrypted connection begins with, over a socket, and the ways to begin that
//! peers have liked.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use connection::Stream;
use encryption::{Cipher, Failure, Initiator, Method, Methods, Responder, Secured, SkeyHash, Way};
use engine::{ConnectFailure, Encryption};
use handshake::Handshake;
use metainfo::InfoHash;
use tokio::net::TcpStream;

/// What is read at a time while a connection begins, in bytes. A peer may send its first messages
/// along with its handshake.
const ROOM: usize = 1024;

/// Peers of a torrent of which it is remembered that they want encrypted calls.
const MOST_KNOWN: usize = 500;

/// Why there was no exchange.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    /// What came cannot become one.
    #[error("no encrypted connection: {0}")]
    Failed(#[from] Failure),
    /// The connection is gone.
    #[error(transparent)]
    Connection(#[from] ConnectFailure),
}

impl From<ExchangeError> for ConnectFailure {
    fn from(error: ExchangeError) -> ConnectFailure {
        match error {
            ExchangeError::Failed(why) => ConnectFailure::Exchange(why.to_string()),
            ExchangeError::Connection(why) => why,
        }
    }
}

/// A connection after the exchange.
pub(super) struct Begun {
    pub stream: Stream,
    pub encryption: Encryption,
    /// The torrent that both know.
    pub skey: InfoHash,
    /// What the other end has sent already: its handshake, or a part of it, and perhaps more.
    pub early: Vec<u8>,
}

impl Begun {
    fn new(tcp: TcpStream, secured: Secured) -> Begun {
        let apply = |mut cipher: Cipher| -> connection::Cipher {
            Box::new(move |bytes| cipher.apply(bytes))
        };
        let (stream, encryption) = match secured.method {
            Method::Plain => (Stream::Tcp(tcp), Encryption::Greeting),
            Method::Rc4 => {
                let (read, write) = (apply(secured.read), apply(secured.write));
                (Stream::encrypted(tcp, read, write), Encryption::All)
            }
        };
        Begun {
            stream,
            encryption,
            skey: secured.skey,
            early: secured.early,
        }
    }
}

/// Makes an exchange as the side that calls. Our handshake travels with it.
pub(super) async fn initiate(
    tcp: TcpStream,
    ours: &Handshake,
    offered: Methods,
) -> Result<Begun, ExchangeError> {
    let initial = ours.to_bytes().to_vec();
    let mut initiator = Initiator::new(ours.info_hash, offered, initial, &mut rand::rng())
        .map_err(|error| ConnectFailure::Exchange(error.to_string()))?;
    loop {
        while let Some(bytes) = initiator.poll_transmit() {
            write(&tcp, &bytes).await?;
        }
        if let Some(secured) = initiator.handle(&read(&tcp).await?)? {
            return Ok(Begun::new(tcp, secured));
        }
    }
}

/// Makes an exchange as the side that is called, of which the caller has sent `bytes` so far. `torrent`
/// is the one with this hash.
pub(super) async fn respond(
    tcp: TcpStream,
    mut bytes: Vec<u8>,
    taken: Methods,
    torrent: impl Fn(SkeyHash) -> Option<InfoHash>,
) -> Result<Begun, ExchangeError> {
    let mut responder = Responder::new(taken, &mut rand::rng());
    loop {
        let secured = responder.handle(&bytes, &torrent)?;
        while let Some(bytes) = responder.poll_transmit() {
            write(&tcp, &bytes).await?;
        }
        match secured {
            Some(secured) => return Ok(Begun::new(tcp, secured)),
            None => bytes = read(&tcp).await?,
        }
    }
}

/// What comes next.
pub(super) async fn read(tcp: &TcpStream) -> Result<Vec<u8>, ConnectFailure> {
    let mut bytes = [0; ROOM];
    loop {
        tcp.readable().await.map_err(broke)?;
        match tcp.try_read(&mut bytes) {
            Ok(0) => return Err(ConnectFailure::HungUp),
            Ok(count) => return Ok(bytes[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(broke(error)),
        }
    }
}

async fn write(tcp: &TcpStream, mut bytes: &[u8]) -> Result<(), ConnectFailure> {
    while !bytes.is_empty() {
        tcp.writable().await.map_err(broke)?;
        match tcp.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(broke(error)),
        }
    }
    Ok(())
}

/// A connection that stood, and does no more. Who hangs up before it has read everything resets it.
pub(super) fn broke(error: io::Error) -> ConnectFailure {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => ConnectFailure::HungUp,
        _ => ConnectFailure::Network(error.to_string()),
    }
}

/// The peers that took an encrypted call the last time: the next one begins so.
#[derive(Debug, Default)]
pub(super) struct Ways(BTreeSet<SocketAddr>);

impl Ways {
    /// The way that is known to work.
    pub fn of(&self, addr: SocketAddr) -> Option<Way> {
        self.0.contains(&addr).then_some(Way::Encrypted)
    }

    /// A call has led to a connection. Of more than [`MOST_KNOWN`] peers one is forgotten.
    pub fn worked(&mut self, addr: SocketAddr, encryption: Encryption) {
        match encryption {
            Encryption::None => self.0.remove(&addr),
            Encryption::Greeting | Encryption::All => self.0.insert(addr),
        };
        if self.0.len() > MOST_KNOWN {
            self.0.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn addr(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_peer_is_called_as_it_last_took_a_call() {
        let mut ways = Ways::default();
        ways.worked(addr(1), Encryption::Greeting);
        ways.worked(addr(2), Encryption::All);
        assert_eq!(ways.of(addr(1)), Some(Way::Encrypted));
        assert_eq!(ways.of(addr(2)), Some(Way::Encrypted));
        assert_eq!(ways.of(addr(3)), None);
        ways.worked(addr(2), Encryption::None);
        assert_eq!(ways.of(addr(2)), None);
    }

    #[test]
    fn no_number_of_peers_makes_the_memory_grow() {
        let mut ways = Ways::default();
        for port in 0..2_000 {
            ways.worked(addr(port), Encryption::All);
        }
        assert_eq!(ways.0.len(), MOST_KNOWN);
    }
}
