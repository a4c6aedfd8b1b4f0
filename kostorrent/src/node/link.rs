//! The link: from a bare socket to a connection whose handshakes are done, in both directions
//! (BEP 3), encrypted or not.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::time::Duration;

use connection::Stream;
use encryption::limits::TIMEOUT;
use encryption::{Answer, Failure, Opening, Policy, Setback, Way};
use engine::{ConnectFailure, Encryption};
use handshake::{Handshake, LEN, Refusal};
use metainfo::InfoHash;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use super::doors::Doors;
use super::exchange::{self, Begun, ExchangeError, broke};
use super::joined::Joined;
use super::route::Route;

/// How long a handshake may take. With an exchange of keys before it, both together may take as long
/// as that may.
const GREET: Duration = Duration::from_secs(10);

/// What is read at a time while a handshake is waited for, in bytes. A peer may send its first
/// messages along with it.
const ROOM: usize = 1024;

/// A call that came to nothing.
struct Missed {
    why: ConnectFailure,
    setback: Setback,
}

impl From<ConnectFailure> for Missed {
    fn from(why: ConnectFailure) -> Missed {
        let setback = match why {
            ConnectFailure::NoAnswer(_) | ConnectFailure::Network(_) => Setback::NoConnection,
            ConnectFailure::Silent(_) => Setback::Silent,
            ConnectFailure::HungUp => Setback::HungUp,
            ConnectFailure::Handshake(_) => Setback::OtherWay,
            ConnectFailure::Exchange(_)
            | ConnectFailure::Ourselves
            | ConnectFailure::Refused(_) => Setback::NotForUs,
        };
        Missed { why, setback }
    }
}

impl From<ExchangeError> for Missed {
    fn from(error: ExchangeError) -> Missed {
        let speaks_plain = error == ExchangeError::Failed(Failure::PlainText);
        let mut missed = Missed::from(ConnectFailure::from(error));
        if speaks_plain {
            missed.setback = Setback::OtherWay;
        }
        missed
    }
}

/// Calls an address and shakes hands: first the way that is `known` to work there, or else as the policy
/// begins; and once more the other way, if the peer did not like that and the policy has another.
pub(super) async fn dial(
    addr: SocketAddr,
    ours: Handshake,
    (policy, known): (Policy, Option<Way>),
    route: &Route,
) -> Result<Joined, ConnectFailure> {
    let first = policy.first(known);
    let missed = match call(addr, ours, (policy, first), route).await {
        Ok(joined) => return Ok(joined),
        Err(missed) => missed,
    };
    let Some(second) = policy.second(first, missed.setback) else {
        return Err(missed.why);
    };
    debug!(%addr, why = %missed.why, ?second, "calls again, the other way");
    let joined = call(addr, ours, (policy, second), route).await;
    joined.map_err(|missed| missed.why)
}

async fn call(
    addr: SocketAddr,
    ours: Handshake,
    (policy, way): (Policy, Way),
    route: &Route,
) -> Result<Joined, Missed> {
    route.is_there().await;
    let patience = route.patience();
    let tcp = timeout(patience, route.connect(addr))
        .await
        .map_err(|_| ConnectFailure::NoAnswer(patience))?
        .map_err(|error| ConnectFailure::Network(error.to_string()))?;
    tcp.set_nodelay(true).map_err(broke)?; // small messages are sent at once
    let limit = limit(way);
    let greeting = async {
        let (mut stream, encryption, early) = match way {
            Way::Plain => {
                let mut stream = Stream::Tcp(tcp);
                write(&mut stream, &ours.to_bytes()).await?;
                (stream, Encryption::None, Vec::new())
            }
            Way::Encrypted => {
                let begun = exchange::initiate(tcp, &ours, policy.methods()).await?;
                (begun.stream, begun.encryption, begun.early)
            }
        };
        let theirs = read(&mut stream, early).await?;
        Ok::<_, Missed>((theirs, (stream, encryption)))
    };
    let ((theirs, early), stream) = timeout(limit, greeting)
        .await
        .map_err(|_| ConnectFailure::Silent(limit))??;
    match theirs.accept(&ours) {
        Ok(()) => Ok(Joined::new((addr, false), ours, (theirs, early), stream)),
        Err(Refusal::OurOwnPeerId) => Err(ConnectFailure::Ourselves.into()),
        Err(refusal) => Err(ConnectFailure::from(refusal).into()),
    }
}

/// How long it may take until a connection that begins this way has its handshakes.
fn limit(way: Way) -> Duration {
    match way {
        Way::Plain => GREET,
        Way::Encrypted => TIMEOUT,
    }
}

/// Why a caller was sent away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SentAway {
    /// Nobody here has that torrent.
    NoSuchTorrent(InfoHash),
    /// It encrypts, or does not, against our will.
    Refused(encryption::Refusal),
    /// Its handshake did not come, is none, or is our own.
    Failed(ConnectFailure),
}

impl From<ConnectFailure> for SentAway {
    fn from(failure: ConnectFailure) -> SentAway {
        SentAway::Failed(failure)
    }
}

impl From<ExchangeError> for SentAway {
    fn from(error: ExchangeError) -> SentAway {
        SentAway::Failed(error.into())
    }
}

impl fmt::Display for SentAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SentAway::NoSuchTorrent(hash) => write!(f, "no torrent here has the info-hash {hash}"),
            SentAway::Refused(refusal) => refusal.fmt(f),
            SentAway::Failed(failure) => failure.fmt(f),
        }
    }
}

/// Answers a caller, if one of these doors is the one it looks for. Until that is open it may take a
/// while, and is given as long as the handshake.
pub(super) async fn answer(
    tcp: TcpStream,
    addr: SocketAddr,
    doors: &Doors,
) -> Result<Joined, SentAway> {
    tcp.set_nodelay(true).map_err(broke)?;
    let began = Instant::now();
    let policy = doors.encryption();
    let (way, bytes) = timeout_at(began + GREET, opening(&tcp, policy))
        .await
        .map_err(|_| ConnectFailure::Silent(GREET))??;
    let limit = limit(way);
    let greeting = async {
        let (mut stream, encryption, skey, early) = match way {
            Way::Plain => (Stream::Tcp(tcp), Encryption::None, None, bytes),
            Way::Encrypted => {
                let find = |hash| doors.find_skey(hash);
                let begun = exchange::respond(tcp, bytes, policy.methods(), find).await?;
                let Begun {
                    stream,
                    encryption,
                    skey,
                    early,
                } = begun;
                (stream, encryption, Some(skey), early)
            }
        };
        let (theirs, early) = read(&mut stream, early).await?;
        // Who has proved to know one torrent is not let in to another.
        let named = skey.unwrap_or(theirs.info_hash);
        let Some(ours) = doors.find(named).await else {
            return Err(SentAway::NoSuchTorrent(named));
        };
        // A caller that reached itself learns it from our peer id, so that one is still sent.
        write(&mut stream, &ours.to_bytes()).await?;
        theirs.accept(&ours).map_err(ConnectFailure::from)?;
        Ok((ours, (theirs, early), (stream, encryption)))
    };
    let (ours, theirs, stream) = timeout_at(began + limit, greeting)
        .await
        .map_err(|_| ConnectFailure::Silent(limit))??;
    Ok(Joined::new((addr, true), ours, theirs, stream))
}

/// Reads until it is known how a caller begins, and whether it may; with what was read.
async fn opening(tcp: &TcpStream, policy: Policy) -> Result<(Way, Vec<u8>), SentAway> {
    let mut bytes = Vec::new();
    loop {
        bytes.extend(exchange::read(tcp).await?);
        match policy.answer(Opening::of(&bytes)) {
            Answer::Wait => {}
            Answer::Plain => return Ok((Way::Plain, bytes)),
            Answer::Encrypted => return Ok((Way::Encrypted, bytes)),
            Answer::Refuse(refusal) => return Err(SentAway::Refused(refusal)),
        }
    }
}

// ANCHOR: read
/// Reads a handshake, in whatever parts it comes, of which `bytes` are here already, and gives up at
/// the first wrong byte. What came after it in the same read is given along.
async fn read(
    stream: &mut Stream,
    mut bytes: Vec<u8>,
) -> Result<(Handshake, Vec<u8>), ConnectFailure> {
    loop {
        match bytes.split_first_chunk::<LEN>() {
            Some((whole, early)) => return Ok((Handshake::parse(whole)?, early.to_vec())),
            None => Handshake::check_start(&bytes)?,
        }
        let mut room = [0; ROOM];
        stream.ready(Interest::READABLE).await.map_err(broke)?;
        match stream.try_read_vectored(&mut [IoSliceMut::new(&mut room)]) {
            Ok(0) => return Err(ConnectFailure::HungUp),
            Ok(count) => bytes.extend_from_slice(&room[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(broke(error)),
        }
    }
}
// ANCHOR_END: read

async fn write(stream: &mut Stream, mut bytes: &[u8]) -> Result<(), ConnectFailure> {
    while !bytes.is_empty() {
        stream.ready(Interest::WRITABLE).await.map_err(broke)?;
        match stream.try_write_vectored(&[IoSlice::new(bytes)]) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(broke(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
