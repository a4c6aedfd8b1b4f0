//! Calling a peer, and the handshakes in both directions (BEP 3).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use handshake::{Handshake, LEN, Refusal};
use tokio::net::TcpStream;
use tokio::time::timeout;

use engine::ConnectFailure;

/// How long an address may take to answer a call.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a handshake may take.
const GREET: Duration = Duration::from_secs(10);

/// A connection with both handshakes done.
pub(super) struct Joined {
    pub addr: SocketAddr,
    pub incoming: bool,
    pub theirs: Handshake,
    pub stream: TcpStream,
}

/// Calls an address and shakes hands.
pub(super) async fn dial(addr: SocketAddr, ours: &Handshake) -> Result<Joined, ConnectFailure> {
    let stream = timeout(CONNECT, TcpStream::connect(addr))
        .await
        .map_err(|_| ConnectFailure::NoAnswer(CONNECT))?
        .map_err(|error| ConnectFailure::Network(error.to_string()))?;
    let greeting = async {
        stream.set_nodelay(true)?; // small messages are sent at once
        write(&stream, &ours.to_bytes()).await?;
        read(&stream).await
    };
    let theirs = timeout(GREET, greeting)
        .await
        .map_err(|_| ConnectFailure::Silent(GREET))?
        .map_err(|error| ConnectFailure::Network(error.to_string()))?;
    match theirs.accept(ours) {
        Ok(()) => Ok(Joined {
            addr,
            incoming: false,
            theirs,
            stream,
        }),
        Err(Refusal::OurOwnPeerId) => Err(ConnectFailure::Ourselves),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Answers a caller's handshake, if it is for our torrent and not our own.
pub(super) async fn answer(stream: &TcpStream, ours: &Handshake) -> io::Result<Handshake> {
    let greeting = async {
        stream.set_nodelay(true)?;
        let theirs = read(stream).await?;
        // A caller that reached itself learns it from our peer id, so that one is still sent.
        let refused = theirs.accept(ours);
        if !matches!(refused, Err(Refusal::WrongInfoHash { .. })) {
            write(stream, &ours.to_bytes()).await?;
        }
        refused.map_err(io::Error::other)?;
        Ok(theirs)
    };
    timeout(GREET, greeting).await?
}

// ANCHOR: read
/// Reads a handshake, in whatever parts it comes, and gives up at the first wrong
/// byte.
async fn read(stream: &TcpStream) -> io::Result<Handshake> {
    let mut bytes = [0; LEN];
    let mut len = 0;
    while len < LEN {
        stream.readable().await?;
        match stream.try_read(&mut bytes[len..]) {
            Ok(0) => return Err(io::Error::other("it hung up during the handshake")),
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        Handshake::check_start(&bytes[..len]).map_err(io::Error::other)?;
    }
    Handshake::parse(&bytes).map_err(io::Error::other)
}
// ANCHOR_END: read

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
