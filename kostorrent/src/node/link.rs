//! The link: from a bare socket to a connection whose handshakes are done, in both directions
//! (BEP 3).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use connection::Stream;
use engine::ConnectFailure;
use handshake::{Handshake, LEN, Refusal, Reserved};
use metainfo::InfoHash;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an address may take to answer a call.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a handshake may take.
const GREET: Duration = Duration::from_secs(10);

/// What is read at a time while a handshake is waited for, in bytes. A peer may send its first
/// messages along with it.
const ROOM: usize = 1024;

/// A connection with both handshakes done: all that a torrent needs to know of it.
#[derive(Debug)]
pub(super) struct Joined {
    /// The other end.
    pub addr: SocketAddr,
    /// Whether they called us.
    pub incoming: bool,
    /// What we said.
    pub ours: Handshake,
    /// What they said.
    pub theirs: Handshake,
    /// The extensions that both speak.
    pub both: Reserved,
    /// The byte stream after the handshakes.
    pub stream: Stream,
    /// What was read of it already.
    pub early: Vec<u8>,
}

impl Joined {
    fn new(
        (addr, incoming): (SocketAddr, bool),
        ours: Handshake,
        (theirs, early): (Handshake, Vec<u8>),
        stream: TcpStream,
    ) -> Joined {
        Joined {
            addr,
            incoming,
            ours,
            theirs,
            both: ours.reserved.common(theirs.reserved),
            stream: Stream::Tcp(stream),
            early,
        }
    }
}

/// Calls an address and shakes hands.
pub(super) async fn dial(addr: SocketAddr, ours: Handshake) -> Result<Joined, ConnectFailure> {
    let stream = timeout(CONNECT, TcpStream::connect(addr))
        .await
        .map_err(|_| ConnectFailure::NoAnswer(CONNECT))?
        .map_err(network)?;
    let greeting = async {
        stream.set_nodelay(true).map_err(network)?; // small messages are sent at once
        write(&stream, &ours.to_bytes()).await?;
        read(&stream).await
    };
    let (theirs, early) = timeout(GREET, greeting)
        .await
        .map_err(|_| ConnectFailure::Silent(GREET))??;
    match theirs.accept(&ours) {
        Ok(()) => Ok(Joined::new((addr, false), ours, (theirs, early), stream)),
        Err(Refusal::OurOwnPeerId) => Err(ConnectFailure::Ourselves),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Why a caller was sent away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SentAway {
    /// Nobody here has that torrent.
    NoSuchTorrent(InfoHash),
    /// Its handshake did not come, is none, or is our own.
    Failed(ConnectFailure),
}

impl From<ConnectFailure> for SentAway {
    fn from(failure: ConnectFailure) -> SentAway {
        SentAway::Failed(failure)
    }
}

impl fmt::Display for SentAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SentAway::NoSuchTorrent(hash) => write!(f, "no torrent here has the info-hash {hash}"),
            SentAway::Failed(failure) => failure.fmt(f),
        }
    }
}

/// Answers a caller. `find` says what we answer for the torrent that it names, if we have it; that
/// may take a while, and is given as long as the handshake.
pub(super) async fn answer(
    stream: TcpStream,
    addr: SocketAddr,
    find: impl AsyncFnOnce(InfoHash) -> Option<Handshake>,
) -> Result<Joined, SentAway> {
    let greeting = async {
        stream.set_nodelay(true).map_err(network)?;
        let (theirs, early) = read(&stream).await?;
        let Some(ours) = find(theirs.info_hash).await else {
            return Err(SentAway::NoSuchTorrent(theirs.info_hash));
        };
        // A caller that reached itself learns it from our peer id, so that one is still sent.
        write(&stream, &ours.to_bytes()).await?;
        theirs.accept(&ours).map_err(ConnectFailure::from)?;
        Ok((ours, theirs, early))
    };
    let (ours, theirs, early) = timeout(GREET, greeting)
        .await
        .map_err(|_| ConnectFailure::Silent(GREET))??;
    Ok(Joined::new((addr, true), ours, (theirs, early), stream))
}

// ANCHOR: read
/// Reads a handshake, in whatever parts it comes, and gives up at the first wrong
/// byte. What came after it in the same read is given along.
async fn read(stream: &TcpStream) -> Result<(Handshake, Vec<u8>), ConnectFailure> {
    let mut bytes = [0; ROOM];
    let mut len = 0;
    loop {
        stream.readable().await.map_err(network)?;
        match stream.try_read(&mut bytes[len..]) {
            Ok(0) => return Err(ConnectFailure::HungUp),
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(network(error)),
        }
        match bytes[..len].split_first_chunk::<LEN>() {
            Some((whole, early)) => return Ok((Handshake::parse(whole)?, early.to_vec())),
            None => Handshake::check_start(&bytes[..len])?,
        }
    }
}
// ANCHOR_END: read

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> Result<(), ConnectFailure> {
    while !bytes.is_empty() {
        stream.writable().await.map_err(network)?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(network(error)),
        }
    }
    Ok(())
}

fn network(error: io::Error) -> ConnectFailure {
    ConnectFailure::Network(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use peer_id::PeerId;
    use pretty_assertions::assert_eq;
    use tokio::net::TcpListener;

    use super::*;

    fn handshake(reserved: Reserved, peer_id: u8) -> Handshake {
        Handshake {
            reserved,
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId([peer_id; 20]),
        }
    }

    /// Two sockets on loopback, one of them a blocking one in the hands of `play`.
    async fn against<T: Send + 'static>(
        play: impl FnOnce(std::net::TcpStream) -> T + Send + 'static,
    ) -> (TcpStream, SocketAddr, tokio::task::JoinHandle<T>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let player =
            tokio::task::spawn_blocking(move || play(std::net::TcpStream::connect(addr).unwrap()));
        let (stream, from) = listener.accept().await.unwrap();
        (stream, from, player)
    }

    #[tokio::test]
    async fn what_comes_with_the_handshake_is_kept() {
        let theirs = handshake(Reserved::none().with_fast().with_dht(), 2);
        let ours = handshake(Reserved::none().with_fast().with_extension_protocol(), 3);
        let (stream, addr, caller) = against(move |mut socket| {
            let said = [&theirs.to_bytes()[..], b"\0\0\0\x01\x02"].concat();
            socket.write_all(&said[..40]).unwrap();
            socket.write_all(&said[40..]).unwrap();
            let mut heard = [0; LEN];
            socket.read_exact(&mut heard).unwrap();
            Handshake::parse(&heard).unwrap()
        })
        .await;
        let joined = answer(stream, addr, async |_| Some(ours)).await.unwrap();
        assert_eq!((joined.ours, joined.theirs), (ours, theirs));
        assert_eq!(joined.both, Reserved::none().with_fast());
        assert_eq!(caller.await.unwrap(), ours);
        // It may come in a read of its own, and is then still in the stream.
        let mut all = joined.early;
        let Stream::Tcp(stream) = joined.stream;
        while all.len() < 5 {
            stream.readable().await.unwrap();
            let mut more = [0; 5];
            if let Ok(read) = stream.try_read(&mut more) {
                all.extend_from_slice(&more[..read]);
            }
        }
        assert_eq!(all, b"\0\0\0\x01\x02");
    }

    #[tokio::test]
    async fn a_caller_for_another_torrent_hears_nothing() {
        let (stream, addr, caller) = against(|mut socket| {
            let theirs = handshake(Reserved::none(), 2);
            socket.write_all(&theirs.to_bytes()).unwrap();
            socket.read(&mut [0; LEN]).unwrap()
        })
        .await;
        let sent_away = answer(stream, addr, async |_| None).await.unwrap_err();
        assert_eq!(sent_away, SentAway::NoSuchTorrent(InfoHash([1; 20])));
        assert_eq!(caller.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_caller_that_is_ourselves_is_told_so_by_our_peer_id() {
        let ours = handshake(Reserved::none(), 3);
        let (stream, addr, caller) = against(move |mut socket| {
            socket.write_all(&ours.to_bytes()).unwrap();
            let mut heard = [0; LEN];
            socket.read_exact(&mut heard).unwrap();
            Handshake::parse(&heard).unwrap().peer_id
        })
        .await;
        let sent_away = answer(stream, addr, async |_| Some(ours)).await;
        let refused = ConnectFailure::Refused(Refusal::OurOwnPeerId);
        assert_eq!(sent_away.unwrap_err(), SentAway::Failed(refused));
        assert_eq!(caller.await.unwrap(), ours.peer_id);
    }
}
