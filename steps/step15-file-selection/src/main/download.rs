//! The pieces that are needed, from one peer after another.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use blocks::Window;
use blocks::blocking::{Ahead, FetchError, Peer};
use handshake::Handshake;
use handshake::blocking::{MeetError, Meeting, meet};
use messages::Bitfield;
use selection::Needs;
use storage::DiskError;
use thiserror::Error;

use crate::disk::Folder;

/// How long a peer that has none of the missing pieces may take to get one.
const NEWS: Duration = Duration::from_secs(5);

/// Why the download does not go on.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The peer does not give us the piece.
    #[error("{addr}: {error}")]
    Fetch { addr: SocketAddr, error: FetchError },
    /// The peer has given us what it has.
    #[error("{addr}: the peer has none of the {missing} needed pieces that are missing")]
    HasNone { addr: SocketAddr, missing: usize },
    /// The peer gave us something else.
    #[error(
        "{addr}: piece {piece} is not what the torrent promises: the peer sent wrong data, and \
         nothing of it was kept"
    )]
    WrongHash { addr: SocketAddr, piece: u32 },
    /// No peer could be met.
    #[error(transparent)]
    Meet(#[from] MeetError),
    /// The files cannot be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Nobody reads what we say.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// A download of some of the pieces.
pub struct Download<'a, W> {
    folder: &'a mut Folder,
    /// The pieces that are needed and not there, those that are wanted most first.
    missing: Vec<u32>,
    /// How many are needed.
    needed: usize,
    /// Where it says what happens.
    pub out: &'a mut W,
}

impl<'a, W: Write> Download<'a, W> {
    pub fn new(folder: &'a mut Folder, needs: &Needs, out: &'a mut W) -> Download<'a, W> {
        let mut missing = needs.in_order();
        let needed = missing.len();
        missing.retain(|&piece| !folder.have.get(piece));
        Download {
            folder,
            missing,
            needed,
            out,
        }
    }

    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Says how much of it is there already.
    pub fn say_what_is_there(&mut self) -> io::Result<()> {
        let there = self.needed - self.missing.len();
        match there {
            0 => Ok(()),
            _ => writeln!(
                self.out,
                "{there} of the {} needed pieces are on disk already",
                self.needed
            ),
        }
    }

    /// Fetches what is missing from one peer after the other.
    pub fn fetch_from_any(
        &mut self,
        peers: &[SocketAddr],
        ours: &Handshake,
    ) -> Result<(), Trouble> {
        let (mut trouble, mut errors) = (None, Vec::new());
        for &addr in peers {
            let met = match meet(addr, ours) {
                Ok(meeting) => self.fetch_from(meeting),
                Err(error) => {
                    writeln!(self.out, "{error}")?;
                    errors.push(error);
                    continue;
                }
            };
            match met {
                Ok(()) => return Ok(()),
                Err(error @ (Trouble::Disk(_) | Trouble::Output(_))) => return Err(error),
                Err(error) => {
                    writeln!(self.out, "{error}")?;
                    trouble = Some(error);
                }
            }
        }
        Err(trouble.unwrap_or(MeetError::AllFailed { errors }.into()))
    }

    /// Fetches from one peer what it has of the missing pieces.
    fn fetch_from(&mut self, meeting: Meeting) -> Result<(), Trouble> {
        let Meeting { addr, stream, .. } = meeting;
        // A read that waits for long would keep us from noticing how long it has been.
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        let geometry = self.folder.layout().geometry();
        let mut peer = Peer::new(stream, geometry, Ahead::Window(Window::new()));
        while !self.is_complete() {
            let piece = self.next_of(&mut peer, addr)?;
            let data = peer
                .fetch(piece, &mut |_| {})
                .map_err(|error| Trouble::Fetch { addr, error })?;
            if !self.folder.store(piece, &data)? {
                return Err(Trouble::WrongHash { addr, piece });
            }
            self.missing.retain(|&missing| missing != piece);
            let there = self.needed - self.missing.len();
            writeln!(self.out, "piece {piece}  good  {there} of {}", self.needed)?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// The missing piece that is wanted most among those that the peer has.
    fn next_of(&self, peer: &mut Peer<TcpStream>, addr: SocketAddr) -> Result<u32, Trouble> {
        let mut rest = Bitfield::full(self.folder.have.len());
        for &piece in &self.missing {
            rest.clear(piece);
        }
        let news = peer.first_missing(&rest, NEWS);
        let news = news.map_err(|error| Trouble::Fetch { addr, error })?;
        let first = self
            .missing
            .iter()
            .copied()
            .find(|&piece| peer.has().get(piece));
        let missing = self.missing.len();
        first.or(news).ok_or(Trouble::HasNone { addr, missing })
    }
}
