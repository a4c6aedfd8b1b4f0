//! One peer, in order, piece after piece.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use blocks::Window;
use blocks::blocking::{Ahead, FetchError, Peer};
use handshake::Handshake;
use handshake::blocking::{MeetError, Meeting, meet};
use messages::Bitfield;
use metainfo::Metainfo;
use thiserror::Error;

use crate::disk::{Disk, DiskError};

/// How long a peer that has none of the missing pieces may take to get one.
const NEWS: Duration = Duration::from_secs(5);

/// How many parts of a piece are named, if there are many.
const NAMED: usize = 8;

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
    /// The files that are there are others.
    #[error(
        "nothing of what is on disk is the torrent's: files of somebody else's may have the same \
         names; move them away, or choose another folder"
    )]
    Strangers,
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

/// A download, and what is there of it.
pub struct Download<'a, W> {
    torrent: &'a Metainfo,
    disk: &'a Disk,
    /// Where it says what happens.
    pub out: &'a mut W,
    have: Bitfield,
}

impl<'a, W: Write> Download<'a, W> {
    pub fn new(torrent: &'a Metainfo, disk: &'a Disk, out: &'a mut W) -> Download<'a, W> {
        let have = Bitfield::new(torrent.piece_count());
        Download {
            torrent,
            disk,
            out,
            have,
        }
    }

    pub fn is_complete(&self) -> bool {
        self.have.is_full()
    }

    // ANCHOR: look_at_disk
    /// Keeps the pieces that are on disk already.
    pub fn look_at_disk(&mut self) -> Result<(), Trouble> {
        if self.disk.is_new() {
            return Ok(());
        }
        let mut anything = false;
        for piece in 0..self.have.len() {
            let data = self.disk.read(piece)?;
            anything |= data.iter().any(|&byte| byte != 0);
            if self.is_good(piece, &data) {
                self.have.set(piece);
            }
        }
        let (there, all) = (self.have.count(), self.have.len());
        if anything && there == 0 {
            return Err(Trouble::Strangers);
        }
        writeln!(self.out, "{there} of {all} pieces are on disk already")?;
        Ok(())
    }
    // ANCHOR_END: look_at_disk

    // ANCHOR: fetch_from_any
    /// Fetches all that is missing, from one peer after the other: the next one goes on where the
    /// last one failed us, or had no more.
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
    // ANCHOR_END: fetch_from_any

    // ANCHOR: fetch_from
    /// Fetches from one peer, in order, what it has of the missing pieces. Only a piece with the
    /// right hash is written.
    fn fetch_from(&mut self, meeting: Meeting) -> Result<(), Trouble> {
        let addr = meeting.addr;
        let failed = |error| Trouble::Fetch { addr, error };
        let mut peer = self.greet(meeting)?;
        while !self.is_complete() {
            let found = peer.first_missing(&self.have, NEWS).map_err(failed)?;
            let missing = self.have.len() - self.have.count();
            let piece = found.ok_or(Trouble::HasNone { addr, missing })?;
            let data = peer.fetch(piece, &mut |_| {}).map_err(failed)?;
            if !self.is_good(piece, &data) {
                return Err(Trouble::WrongHash { addr, piece });
            }
            self.disk.write(piece, &data)?;
            self.have.set(piece);
            self.show(piece)?;
        }
        Ok(())
    }

    /// Whether this is the piece that the torrent promises.
    fn is_good(&self, piece: u32, data: &[u8]) -> bool {
        hashing::digest(&[data]) == self.torrent.pieces[piece as usize]
    }
    // ANCHOR_END: fetch_from

    /// A peer that has been met, ready to be asked.
    fn greet(&mut self, meeting: Meeting) -> Result<Peer<TcpStream>, Trouble> {
        let Meeting {
            addr,
            stream,
            theirs,
        } = meeting;
        let client = theirs.peer_id.client();
        let client = client.map_or("an unknown client".to_owned(), |client| client.to_string());
        writeln!(self.out, "{addr}: {client}\n")?;
        // A read that waits for long would keep us from noticing how long it has been.
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        let geometry = self.disk.layout().geometry();
        Ok(Peer::new(stream, geometry, Ahead::Window(Window::new())))
    }

    /// Shows where the bytes of a piece went, a line for each file.
    fn show(&mut self, piece: u32) -> io::Result<()> {
        let layout = self.disk.layout();
        let width = self.torrent.piece_count().to_string().len();
        let digits = self.torrent.total_length.to_string().len();
        let mut lines: Vec<String> = layout
            .piece_spans(piece)
            .map(|span| {
                let names: Vec<_> = layout.files()[span.file].path.iter().collect();
                let path = names.join(OsStr::new("/"));
                let (from, to) = (span.offset, span.offset + span.len);
                format!("{from:>digits$} .. {to:>digits$}  {}", path.display())
            })
            .collect();
        if lines.len() > NAMED + 1 {
            let more = lines.len() - NAMED;
            lines.truncate(NAMED);
            lines.push(format!("and parts of {more} more files"));
        }
        let indent = " ".repeat("piece   good  ".len() + width);
        let lines = lines.join(&format!("\n{indent}"));
        writeln!(self.out, "piece {piece:>width$}  good  {lines}")?;
        self.out.flush()
    }
}
