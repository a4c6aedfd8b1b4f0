//! One peer, piece after piece; each goes to disk as soon as it is whole.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use blocks::blocking::{Ahead, FetchError, Peer};
use blocks::{Window, block_bufs};
use handshake::Handshake;
use handshake::blocking::{MeetError, Meeting, meet};
use messages::Bitfield;
use storage::blocking::{Store, StoreError};
use thiserror::Error;

use crate::ticker::{Figures, Ticker};

/// How long a peer that has none of the missing pieces may take to get one.
const NEWS: Duration = Duration::from_secs(5);

/// How long a read waits at most. One that waited for long would keep us from noticing how long it
/// has been.
const WAIT: Duration = Duration::from_secs(1);

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
    /// No peer could be met.
    #[error(transparent)]
    Meet(#[from] MeetError),
    /// Somebody has laid hands on the files.
    #[error(
        "{0} pieces that were written are gone: files were deleted or cut meanwhile; start again, \
         and they are fetched"
    )]
    Lost(usize),
    /// The files cannot be written.
    #[error(transparent)]
    Files(#[from] StoreError),
    /// Nobody reads what we say.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// A download, and what is there of it.
pub struct Download<'a> {
    store: Store,
    have: Bitfield,
    figures: &'a Figures,
}

impl<'a> Download<'a> {
    pub fn new(store: Store, have: Bitfield, figures: &'a Figures) -> Download<'a> {
        figures.pieces.store(have.len(), Ordering::Relaxed);
        figures.have.store(have.count(), Ordering::Relaxed);
        Download {
            store,
            have,
            figures,
        }
    }

    pub fn is_complete(&self) -> bool {
        self.have.is_full()
    }

    /// Fetches all that is missing, from one peer after the other: the next one goes on where the
    /// last one failed us, or had no more.
    pub fn fetch_from_any(
        &mut self,
        peers: &[SocketAddr],
        ours: &Handshake,
        ticker: &Ticker,
    ) -> Result<(), Trouble> {
        let (mut trouble, mut errors) = (None, Vec::new());
        for &addr in peers {
            let met = match meet(addr, ours) {
                Ok(meeting) => self.fetch_from(meeting, ticker),
                Err(error) => {
                    writeln!(io::stdout(), "{error}")?;
                    errors.push(error);
                    continue;
                }
            };
            match met {
                Ok(()) => return Ok(()),
                Err(error @ (Trouble::Files(_) | Trouble::Output(_))) => return Err(error),
                Err(error) => {
                    writeln!(io::stdout(), "{error}")?;
                    trouble = Some(error);
                }
            }
        }
        Err(trouble.unwrap_or(MeetError::AllFailed { errors }.into()))
    }

    // ANCHOR: fetch_from
    /// Fetches from one peer, in order, what it has of the missing pieces.
    fn fetch_from(&mut self, meeting: Meeting, ticker: &Ticker) -> Result<(), Trouble> {
        let addr = meeting.addr;
        let failed = |error| Trouble::Fetch { addr, error };
        let mut peer = self.greet(meeting)?;
        // When nobody reads our lines any more, nobody waits for the files.
        while !self.is_complete() && !ticker.is_over() {
            let found = peer.first_missing(&self.have, NEWS).map_err(failed)?;
            let missing = self.have.len() - self.have.count();
            let piece = found.ok_or(Trouble::HasNone { addr, missing })?;
            let bytes = self.store.layout().geometry().piece_len(piece);
            self.figures.buffers.store(bytes.into(), Ordering::Relaxed);
            let data = peer.fetch(piece, &mut |_| {}).map_err(failed)?;
            if !self.store.keep(piece, block_bufs(&data))? {
                return Err(Trouble::WrongHash { addr, piece });
            }
            // The memory of the piece is free from here on.
            drop(data);
            self.figures.buffers.store(0, Ordering::Relaxed);
            self.have.set(piece);
            self.figures
                .have
                .store(self.have.count(), Ordering::Relaxed);
        }
        Ok(())
    }
    // ANCHOR_END: fetch_from

    /// A peer that has been met, ready to be asked.
    fn greet(&self, meeting: Meeting) -> io::Result<Peer<TcpStream>> {
        meeting.stream.set_read_timeout(Some(WAIT))?;
        let geometry = self.store.layout().geometry();
        let ahead = Ahead::Window(Window::new());
        Ok(Peer::new(meeting.stream, geometry, ahead))
    }

    /// All was written: sees that it is still there, and makes it durable.
    pub fn finish(&mut self) -> Result<(), Trouble> {
        match self.store.lost()? {
            0 => Ok(self.store.sync()?),
            lost => Err(Trouble::Lost(lost)),
        }
    }
}
