//! Connecting and shaking hands, waiting for each: what the programs of the steps use.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use metainfo::{InfoHash, Metainfo};
use peer_id::PeerId;
use rand::RngExt;
use thiserror::Error;
pub use tracker::PeerAddr;
use tracker::blocking::{LookUpError, NoPeers, find_peers, free_port, look_up};
pub use tracker::blocking::{finish, read_torrent};
use tracker::{AnnounceEvent, AnnounceRequest, Tiers, printable};

use crate::{Handshake, HandshakeError, LEN, Refusal, Reserved};

/// The time for a connection to come about, and again for the peer's handshake (see
/// [`read_handshake`]). Most peers that a tracker names are gone; those that are there answer
/// within a second.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// Why there was no handshake.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// The peer sent something else.
    #[error(transparent)]
    NotAHandshake(#[from] HandshakeError),
    /// The peer closed the connection before its handshake was complete. A peer that does not
    /// have the torrent does so without a word; so does one that thinks we are connected already.
    #[error(
        "the peer hung up after {received} of {LEN} bytes: it may not have this torrent, or take \
         one call at a time from one address"
    )]
    HungUp {
        /// The bytes that came before.
        received: usize,
    },
    /// The peer is slow, or waits for us.
    #[error("the peer sent {received} of {LEN} bytes, and then nothing for too long")]
    TooSlow {
        /// The bytes that came before.
        received: usize,
    },
    /// The connection broke.
    #[error("{0}")]
    Io(io::Error),
}

impl ExchangeError {
    /// What an error of the connection means after this many bytes of the peer's handshake.
    fn from_io(error: io::Error, received: usize) -> ExchangeError {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => ExchangeError::TooSlow { received },
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => ExchangeError::HungUp { received },
            _ => ExchangeError::Io(error),
        }
    }
}

// ANCHOR: connect
/// Connects to a peer. The stream's reads and writes wait at most `limit`, as the
/// connecting does.
///
/// # Errors
///
/// The operating system's: refused, unreachable, timed out.
pub fn connect(addr: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&addr, limit)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}
// ANCHOR_END: connect

// ANCHOR: exchange
/// Sends our handshake and reads the peer's. Whether it suits us is for
/// [`Handshake::accept`] to say.
///
/// # Errors
///
/// When no whole handshake comes within [`TIMEOUT`], as [`read_handshake`] keeps it.
pub fn exchange(
    stream: &mut (impl Read + Write),
    ours: &Handshake,
) -> Result<Handshake, ExchangeError> {
    if let Err(error) = stream.write_all(&ours.to_bytes()) {
        return Err(ExchangeError::from_io(error, 0));
    }
    read_handshake(stream, TIMEOUT)
}
// ANCHOR_END: exchange

// ANCHOR: read_handshake
/// Reads a handshake: 68 bytes, in as many parts as they come, and not one byte
/// more, for what follows are messages.
///
/// # Errors
///
/// As soon as the bytes cannot become a handshake; when the stream ends; or after
/// `limit`. The clock is read after each read, and a read waits as long as the
/// stream lets it: with the same limit for both it may take twice as long in all.
pub fn read_handshake(stream: &mut impl Read, limit: Duration) -> Result<Handshake, ExchangeError> {
    // ANCHOR: yours_read_handshake (chapter 5, "Build it")
    let started = Instant::now();
    let mut bytes = [0; LEN];
    let mut received = 0;
    while received < LEN {
        match stream.read(&mut bytes[received..]) {
            Ok(0) => return Err(ExchangeError::HungUp { received }),
            Ok(count) => received += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ExchangeError::from_io(error, received)),
        }
        Handshake::check_start(&bytes[..received])?;
        if received < LEN && started.elapsed() > limit {
            return Err(ExchangeError::TooSlow { received });
        }
    }
    Ok(Handshake::parse(&bytes)?)
    // ANCHOR_END: yours_read_handshake
}
// ANCHOR_END: read_handshake

/// A peer that has shaken hands with us.
#[derive(Debug)]
pub struct Meeting {
    /// Where it is.
    pub addr: SocketAddr,
    /// The connection, after 68 bytes each way.
    pub stream: TcpStream,
    /// What it said.
    pub theirs: Handshake,
}

/// Why a peer could not be met.
#[derive(Debug, Error)]
pub enum MeetError {
    /// No connection.
    #[error("{addr}: {}", cause(.error))]
    Connect {
        /// The peer.
        addr: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// A connection, but no handshake.
    #[error("{addr}: {error}")]
    Exchange {
        /// The peer.
        addr: SocketAddr,
        /// Why not.
        error: ExchangeError,
    },
    /// A handshake, but not one for us.
    #[error("{addr}: {refusal}")]
    Refused {
        /// The peer.
        addr: SocketAddr,
        /// Why not.
        refusal: Refusal,
    },
    /// The torrent has no info-hash of 20 bytes.
    #[error("this torrent is for BitTorrent v2 only, which is not built yet")]
    OnlyV2,
    /// The name of the peer leads nowhere.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// There is nobody to try.
    #[error(transparent)]
    NoPeers(#[from] NoPeers),
    /// Every peer was tried.
    #[error("{}", summary(.errors))]
    AllFailed {
        /// What went wrong, peer by peer.
        errors: Vec<MeetError>,
    },
}

/// Many failures in one line.
fn summary(errors: &[MeetError]) -> String {
    let is_silent_here = |error: &MeetError| match error {
        MeetError::Connect { addr, .. } => addr.ip().is_loopback(),
        _ => false,
    };
    let hint = match errors.iter().all(is_silent_here) {
        true => ": is `kostorrent lab` running?",
        false => "",
    };
    match errors {
        [] => "there is no peer to try".to_string(),
        [only] => format!("{only}{hint}"),
        [.., last] => {
            let count = errors.len();
            format!("none of {count} peers could be met; the last: {last}{hint}")
        }
    }
}

/// The operating system's words, where they are clearer than ours.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "nobody listens there".to_string(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer".to_string(),
        _ => error.to_string(),
    }
}

// ANCHOR: meet
/// Connects to a peer, shakes hands, and looks whether it is a peer for us.
///
/// # Errors
///
/// When any of the three fails.
pub fn meet(addr: SocketAddr, ours: &Handshake) -> Result<Meeting, MeetError> {
    let mut stream = connect(addr, TIMEOUT).map_err(|error| MeetError::Connect { addr, error })?;
    let theirs =
        exchange(&mut stream, ours).map_err(|error| MeetError::Exchange { addr, error })?;
    theirs
        .accept(ours)
        .map_err(|refusal| MeetError::Refused { addr, refusal })?;
    Ok(Meeting {
        addr,
        stream,
        theirs,
    })
}
// ANCHOR_END: meet

/// The handshake with which the programs of the steps introduce themselves: no extensions, and a
/// new peer id.
///
/// # Errors
///
/// [`MeetError::OnlyV2`], when the torrent has no info-hash of 20 bytes.
pub fn introduce(torrent: &Metainfo) -> Result<Handshake, MeetError> {
    Ok(Handshake {
        reserved: Reserved::none(),
        info_hash: torrent.info_hash_v1.ok_or(MeetError::OnlyV2)?,
        peer_id: PeerId::generate(&mut rand::rng()),
    })
}

/// Where to look for a peer of a torrent: at `peer`, if one is given (a name may have several
/// addresses), else where the torrent's trackers say. `say` hears, line by line, what is being done.
///
/// # Errors
///
/// When the trackers name nobody, or the name of the peer leads nowhere.
pub fn candidates(
    torrent: &Metainfo,
    ours: &Handshake,
    peer: Option<&PeerAddr>,
    say: &mut dyn FnMut(String),
) -> Result<Vec<SocketAddr>, MeetError> {
    if let Some(peer) = peer {
        return Ok(look_up(peer)?);
    }
    let mut tiers = Tiers::new(&torrent.announce, &mut rand::rng());
    let request = first_announce(ours.info_hash, ours.peer_id, torrent.total_length);
    let (url, peers) = find_peers(&mut tiers, &request)?;
    let url = printable(url.as_bytes());
    say(match peers.len() {
        1 => format!("{url} names one peer"),
        count => format!("{url} names {count} peers"),
    });
    Ok(peers)
}

/// Where to look for several peers of a torrent at once: at all of `peers`, else where the torrent's
/// trackers say; each address once, in order. See [`candidates`].
///
/// # Errors
///
/// When the trackers name nobody, or a name leads nowhere.
pub fn all_candidates(
    torrent: &Metainfo,
    ours: &Handshake,
    peers: &[PeerAddr],
    say: &mut dyn FnMut(String),
) -> Result<Vec<SocketAddr>, MeetError> {
    let mut addrs = match peers {
        [] => candidates(torrent, ours, None, say)?,
        _ => Vec::new(),
    };
    for peer in peers {
        addrs.extend(look_up(peer)?);
    }
    addrs.sort_unstable();
    addrs.dedup();
    Ok(addrs)
}

/// The announce of someone who has nothing yet, and takes no calls.
fn first_announce(info_hash: InfoHash, peer_id: PeerId, left: u64) -> AnnounceRequest {
    AnnounceRequest {
        info_hash,
        peer_id,
        port: free_port(),
        uploaded: 0,
        downloaded: 0,
        left,
        event: Some(AnnounceEvent::Started),
        numwant: None,
        key: rand::rng().random(),
        tracker_id: None,
    }
}

/// Meets the first peer of a torrent that can be met; see [`candidates`].
///
/// # Errors
///
/// When there is no such peer.
pub fn meet_someone(
    torrent: &Metainfo,
    ours: &Handshake,
    peer: Option<&PeerAddr>,
    say: &mut dyn FnMut(String),
) -> Result<Meeting, MeetError> {
    let mut errors = Vec::new();
    for addr in candidates(torrent, ours, peer, say)? {
        match meet(addr, ours) {
            Ok(meeting) => return Ok(meeting),
            Err(error) => {
                say(error.to_string());
                errors.push(error);
            }
        }
    }
    Err(MeetError::AllFailed { errors })
}

#[cfg(test)]
mod tests;
