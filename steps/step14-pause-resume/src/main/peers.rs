//! One peer after the other, until everything is there or the user wants something else.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use blocks::Window;
use blocks::blocking::{Ahead, FetchError, Peer};
use handshake::Handshake;
use handshake::blocking::{MeetError, Meeting, PeerAddr, candidates, meet};
use metainfo::Metainfo;
use thiserror::Error;

use crate::control::{Control, Stoppable, Wish};
use crate::download::{Download, Fault};

/// How long a peer that has none of the missing pieces may take to get one.
const NEWS: Duration = Duration::from_secs(5);

/// How long a read lasts at most: so soon it is noticed that the user wants something.
const READ: Duration = Duration::from_millis(200);

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything is there.
    Complete,
    /// The user wanted it to end.
    Stopped,
}

/// Why the download does not go on.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The peer does not give us the piece.
    #[error("{addr}: {error}")]
    Fetch { addr: SocketAddr, error: FetchError },
    /// The peer has given us what it has.
    #[error("{addr}: the peer has none of the {missing} pieces that are missing")]
    HasNone { addr: SocketAddr, missing: u32 },
    /// The peer gave us something else.
    #[error(
        "{addr}: piece {piece} is not what the torrent promises: the peer sent wrong data, \
         and nothing of it was kept"
    )]
    WrongHash { addr: SocketAddr, piece: u32 },
    /// Somebody works against us.
    #[error("somebody has changed files of the torrent meanwhile: start again")]
    Changed,
    /// No peer could be met.
    #[error(transparent)]
    Meet(#[from] MeetError),
    /// It is no peer's fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Fetches all that is missing, and ends in order if that is possible.
pub fn fetch_all<W: Write>(
    download: &mut Download<'_, W>,
    torrent: &Metainfo,
    ours: &Handshake,
    peer: Option<&PeerAddr>,
    control: &Control,
) -> Result<Ended, Trouble> {
    let ended = fetch(download, torrent, ours, peer, control);
    match &ended {
        Err(Trouble::Fault(Fault::Disk(_) | Fault::State(_))) => download.end_badly(),
        // What went wrong first is what the user has to know.
        Err(_) => drop(download.end()),
        Ok(_) => download.end()?,
    }
    match ended {
        Ok(Ended::Complete) if !download.is_complete() => Err(Trouble::Changed),
        ended => ended,
    }
}

fn fetch<W: Write>(
    download: &mut Download<'_, W>,
    torrent: &Metainfo,
    ours: &Handshake,
    peer: Option<&PeerAddr>,
    control: &Control,
) -> Result<Ended, Trouble> {
    let mut peers = None;
    while !download.is_complete() {
        match control.wish() {
            Wish::Go => {}
            Wish::Stop => return Ok(Ended::Stopped),
            Wish::Pause => {
                // ANCHOR: pause
                download.rest()?;
                say(download, "paused     p and Enter goes on, Ctrl-C ends")?;
                control.wait();
                continue;
                // ANCHOR_END: pause
            }
        }
        let known: &Vec<SocketAddr> = match &mut peers {
            Some(known) => known,
            none => {
                let mut say = |line| drop(writeln!(download.out, "{line}"));
                none.insert(candidates(torrent, ours, peer, &mut say)?)
            }
        };
        if let Err(trouble) = fetch_from_any(download, known, ours, control)
            && (control.wish() == Wish::Go || matches!(trouble, Trouble::Fault(_)))
        {
            return Err(trouble);
        }
    }
    Ok(Ended::Complete)
}

/// The next peer goes on where the last one failed us, or had no more.
fn fetch_from_any<W: Write>(
    download: &mut Download<'_, W>,
    peers: &[SocketAddr],
    ours: &Handshake,
    control: &Control,
) -> Result<(), Trouble> {
    let (mut trouble, mut errors) = (None, Vec::new());
    for &addr in peers {
        let fetched = match meet(addr, ours) {
            Ok(meeting) => fetch_from(download, meeting, control),
            Err(error) => {
                say(download, &error.to_string())?;
                errors.push(error);
                continue;
            }
        };
        match fetched {
            Ok(()) => return Ok(()),
            Err(error @ Trouble::Fault(_)) => return Err(error),
            Err(error) if control.wish() != Wish::Go => return Err(error),
            Err(error) => {
                say(download, &error.to_string())?;
                trouble = Some(error);
            }
        }
    }
    Err(trouble.unwrap_or(MeetError::AllFailed { errors }.into()))
}

/// Fetches from one peer, in order, what it has of the missing pieces.
fn fetch_from<W: Write>(
    download: &mut Download<'_, W>,
    meeting: Meeting,
    control: &Control,
) -> Result<(), Trouble> {
    let addr = meeting.addr;
    let failed = |error| Trouble::Fetch { addr, error };
    let mut peer = greet(download, meeting, control)?;
    while !download.is_complete() {
        download.tend()?;
        let found = peer.first_missing(&download.have, NEWS).map_err(failed)?;
        let missing = download.have.len() - download.have.count();
        let piece = found.ok_or(Trouble::HasNone { addr, missing })?;
        let data = peer.fetch(piece, &mut |_| {}).map_err(failed)?;
        if !download.keep(piece, &data)? {
            return Err(Trouble::WrongHash { addr, piece });
        }
    }
    Ok(())
}

/// A peer that has been met, ready to be asked.
fn greet<W: Write>(
    download: &mut Download<'_, W>,
    meeting: Meeting,
    control: &Control,
) -> Result<Peer<Stoppable<TcpStream>>, Trouble> {
    let Meeting {
        addr,
        stream,
        theirs,
    } = meeting;
    let client = theirs.peer_id.client();
    let client = client.map_or("an unknown client".to_owned(), |client| client.to_string());
    say(download, &format!("peer       {addr}: {client}"))?;
    stream.set_read_timeout(Some(READ)).map_err(Fault::Output)?;
    let control = control.clone();
    let stream = Stoppable { stream, control };
    let geometry = download.files.layout().geometry();
    Ok(Peer::new(stream, geometry, Ahead::Window(Window::new())))
}

fn say<W: Write>(download: &mut Download<'_, W>, line: &str) -> Result<(), Fault> {
    writeln!(download.out, "{line}")?;
    Ok(download.out.flush()?)
}
