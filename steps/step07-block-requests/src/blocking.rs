//! Fetching pieces from one peer, and waiting for each: what the programs of the steps use.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use messages::{Bitfield, BitfieldError, WireError};
use thiserror::Error;

use crate::Geometry;

mod talk;

use self::talk::Talk;
pub use self::talk::{Ahead, Moment, Seen};

/// How long a peer may take for the next block, or to let us ask for one.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Why a piece did not come.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The peer closed the connection.
    #[error("the peer hung up{}", before_the_end(*.missing))]
    HungUp {
        /// How many blocks of the piece are not here.
        missing: usize,
    },
    /// The peer has nothing, or not what is wanted.
    #[error("the peer does not say that it has {}", what(*.piece))]
    HasNot {
        /// The piece that is wanted; `None` if any was.
        piece: Option<u32>,
    },
    /// The peer does not answer requests.
    #[error("the peer keeps us choked: it has others to serve")]
    Choked,
    /// The peer does, but does not answer ours.
    #[error("the peer has stopped answering, {missing} blocks before the end of the piece")]
    Silent {
        /// How many blocks of the piece are not here.
        missing: usize,
    },
    /// The peer sends what is no message.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The peer means another torrent.
    #[error(transparent)]
    Bitfield(#[from] BitfieldError),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
}

/// Nothing, if no piece had been begun.
fn before_the_end(missing: usize) -> String {
    match missing {
        0 => String::new(),
        _ => format!(", {missing} blocks before the end of the piece"),
    }
}

fn what(piece: Option<u32>) -> String {
    match piece {
        Some(piece) => format!("piece {piece}"),
        None => "any piece".to_owned(),
    }
}

/// A connection after the handshake.
///
/// Reads of the stream must end after some seconds with [`ErrorKind::WouldBlock`] or
/// [`ErrorKind::TimedOut`], as those of a `TcpStream` with a read timeout do.
#[derive(Debug)]
pub struct Peer<S> {
    stream: S,
    talk: Talk,
    met: Instant,
    /// How long the peer may take for each step: [`PATIENCE`], if nothing else is said.
    pub patience: Duration,
}

impl<S: Read + Write> Peer<S> {
    /// A peer with which handshakes have been exchanged, and nothing else yet.
    pub fn new(stream: S, geometry: Geometry, ahead: Ahead) -> Peer<S> {
        Peer {
            stream,
            talk: Talk::new(geometry, ahead),
            met: Instant::now(),
            patience: PATIENCE,
        }
    }

    /// The pieces it has said it has.
    pub fn has(&self) -> &Bitfield {
        self.talk.has()
    }

    /// Waits until the peer says that it has this piece, or with `None` any; returns which. `watch`
    /// hears what happens.
    ///
    /// # Errors
    ///
    /// When it does not say so in time, or the connection ends.
    pub fn wait_for(
        &mut self,
        piece: Option<u32>,
        watch: &mut dyn FnMut(Moment<'_>),
    ) -> Result<u32, FetchError> {
        let found = |has: &Bitfield| match piece {
            Some(piece) => has.get(piece).then_some(piece),
            None => has.iter_ones().next(),
        };
        self.wait(self.patience, found, watch)?
            .ok_or(FetchError::HasNot { piece })
    }

    // ANCHOR: first_missing
    /// The first piece that the peer has and we have not. While there is none, waits for
    /// `patience` that the peer gets one; then the answer is `None`.
    ///
    /// # Errors
    ///
    /// When the connection ends.
    pub fn first_missing(
        &mut self,
        have: &Bitfield,
        patience: Duration,
    ) -> Result<Option<u32>, FetchError> {
        self.wait(patience, |has| has.missing_from(have).next(), &mut |_| {})
    }

    /// Listens until a piece is found among those that the peer has.
    fn wait(
        &mut self,
        patience: Duration,
        found: impl Fn(&Bitfield) -> Option<u32>,
        watch: &mut dyn FnMut(Moment<'_>),
    ) -> Result<Option<u32>, FetchError> {
        let started = Instant::now();
        let mut late = false;
        loop {
            let piece = found(self.has());
            if piece.is_some() || late {
                return Ok(piece);
            }
            self.listen(watch)?;
            late = started.elapsed() >= patience;
        }
    }
    // ANCHOR_END: first_missing

    // ANCHOR: fetch
    /// Fetches one piece. Its hash is not looked at. `watch` hears what happens.
    ///
    /// # Errors
    ///
    /// When the peer does not have the piece, keeps us choked, stops answering, or goes.
    pub fn fetch(
        &mut self,
        piece: u32,
        watch: &mut dyn FnMut(Moment<'_>),
    ) -> Result<Vec<u8>, FetchError> {
        self.wait_for(Some(piece), watch)?;
        self.talk.begin(piece);
        let mut waiting = Instant::now();
        let mut missing = self.talk.missing();
        loop {
            if let Some(data) = self.talk.finish() {
                return Ok(data);
            }
            self.speak(watch)?;
            self.listen(watch)?;
            if self.talk.missing() < missing {
                missing = self.talk.missing();
                waiting = Instant::now();
            }
            if waiting.elapsed() >= self.patience {
                return Err(match self.talk.is_choked() {
                    true => FetchError::Choked,
                    false => FetchError::Silent { missing },
                });
            }
        }
    }
    // ANCHOR_END: fetch

    /// Says what there is to say.
    fn speak(&mut self, watch: &mut dyn FnMut(Moment<'_>)) -> Result<(), FetchError> {
        let mut bytes = Vec::new();
        self.talk.speak(self.met.elapsed(), &mut bytes, watch);
        self.stream.write_all(&bytes)?;
        Ok(())
    }

    /// Waits for some bytes, and takes them in. Returns without any after a while.
    fn listen(&mut self, watch: &mut dyn FnMut(Moment<'_>)) -> Result<(), FetchError> {
        let mut buffer = [0; 64 * 1024];
        let count = match self.stream.read(&mut buffer) {
            Ok(0) => {
                let missing = self.talk.missing();
                return Err(FetchError::HungUp { missing });
            }
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => 0,
                _ => return Err(error.into()),
            },
        };
        self.talk
            .hear(self.met.elapsed(), &buffer[..count], watch)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
