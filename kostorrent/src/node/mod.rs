//! The shell around the engine: sockets, disk, trackers, timers.
//!
//! A [`Session`] runs one torrent. It has a thread of its own with a tokio runtime of one thread,
//! on which the torrent's task, its connections, its listener and its announces are tasks; a
//! second thread hashes and writes. Faces talk to it by channels: they read [`Snapshot`]s and
//! [`Notice`]s, and may ask it to stop.

mod announcer;
mod buffers;
mod check;
mod dialer;
mod disk;
mod listener;
mod shared;
mod torrent;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use layout::Layout;
use metainfo::Metainfo;
use peer_id::PeerId;
use tokio::sync::{mpsc, watch};

pub use engine::{Failure, Outcome, Report, Stall};

/// Something that a user may like to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// What the engine has to say about the torrent.
    Torrent(Report),
    /// A file that others want cannot be read; told once for each file. They are sent away.
    FileFailed {
        /// Where it is, or was.
        path: PathBuf,
        /// A sentence: what failed, and what helps.
        why: String,
    },
}

/// What a session is to do with its torrent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Fetch what is missing; then go on seeding, or end.
    Download {
        /// Whether to go on seeding when everything is there.
        keep_seeding: bool,
    },
    /// Serve what is there, all of it, and write nothing.
    Seed,
}

/// What a session is to work on, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The torrent.
    pub metainfo: Arc<Metainfo>,
    /// The folder that receives, or holds, the torrent's file or folder.
    pub root: PathBuf,
    /// What to do.
    pub mode: Mode,
    /// Where peers may call us; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Addresses to call without asking a tracker.
    pub peers: Vec<SocketAddr>,
    /// Payload bytes a second that may come in.
    pub limit_down: Option<u64>,
    /// Payload bytes a second that may go out.
    pub limit_up: Option<u64>,
    /// The seed of every chance decision; `None` takes one from the system.
    pub seed: Option<u64>,
}

// ANCHOR: error
/// Why a session cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The torrent is one that cannot be worked on.
    #[error("{0}")]
    Torrent(String),
    /// The listening socket cannot be had.
    #[error("cannot listen on {addr}: {cause}; choose another port with --port")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The system gives no thread or no runtime.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}
// ANCHOR_END: error

/// What a session is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Phase {
    /// Looking at what is on disk already.
    #[default]
    Checking,
    /// Fetching what is missing.
    Downloading,
    /// Everything is there; serving others.
    Seeding,
    /// Saying goodbye to the trackers.
    Ended,
}

/// A session's figures at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// What it is doing.
    pub phase: Phase,
    /// Pieces looked at so far, while checking.
    pub checked: u32,
    /// Pieces on disk and verified.
    pub pieces_have: u32,
    /// Pieces of the torrent.
    pub pieces: u32,
    /// Bytes still to be had.
    pub left: u64,
    /// Bytes of the torrent.
    pub total: u64,
    /// Payload bytes received.
    pub downloaded: u64,
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Bytes a second coming in.
    pub down_rate: u64,
    /// Bytes a second going out.
    pub up_rate: u64,
    /// Connections.
    pub peers: usize,
    /// Connections to peers that have everything.
    pub seeds: usize,
    /// How long the rest takes at the present rate.
    pub eta: Option<Duration>,
}

/// One torrent at work.
pub struct Session {
    addr: SocketAddr,
    stop: mpsc::UnboundedSender<()>,
    snapshots: watch::Receiver<Snapshot>,
    notices: Option<mpsc::UnboundedReceiver<Notice>>,
    ended: watch::Receiver<Option<Outcome>>,
    thread: JoinHandle<()>,
}

/// The largest piece that is downloaded, in bytes: two of them are held in memory.
pub const MAX_PIECE: u64 = 256 * 1024 * 1024;

impl Session {
    /// Starts to work on a torrent. The listening socket stands when this returns.
    ///
    /// # Errors
    ///
    /// [`SessionError`] if the torrent cannot be worked on, or the socket or a thread cannot be
    /// had. What goes wrong later is the [`Outcome`].
    pub fn start(options: Options) -> Result<Session, SessionError> {
        let layout = check_torrent(&options.metainfo)?;
        let listener = listener::bind(options.listen).map_err(|cause| SessionError::Listen {
            addr: options.listen,
            cause,
        })?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = mpsc::unbounded_channel();
        let (publish, snapshots) = watch::channel(Snapshot::default());
        let (notify, notices) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(None);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("torrent".to_owned())
            .spawn(move || {
                let work = torrent::Work {
                    options,
                    layout: Arc::new(layout),
                    listener,
                    peer_id: PeerId::generate(&mut rand::rng()),
                    stopped,
                    publish,
                    notify,
                };
                let tasks = tokio::task::LocalSet::new();
                let outcome = tasks.block_on(&runtime, work.run());
                drop(tasks);
                // Else a name that is being looked up would be waited for.
                runtime.shutdown_background();
                let _ = end.send(Some(outcome));
            })?;
        Ok(Session {
            addr,
            stop,
            snapshots,
            notices: Some(notices),
            ended,
            thread,
        })
    }

    /// Where peers may call.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// The figures, several times a second.
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// What a user may like to know, as it happens; to be taken once.
    pub fn notices(&mut self) -> mpsc::UnboundedReceiver<Notice> {
        self.notices
            .take()
            .unwrap_or_else(|| mpsc::unbounded_channel().1)
    }

    /// Asks the session to end: written pieces stay, and the trackers are told, which takes a
    /// second at most.
    pub fn stop(&self) {
        let _ = self.stop.send(());
    }

    /// Waits for the end.
    pub async fn wait(mut self) -> Outcome {
        let outcome = match self.ended.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        let ended = self.thread.join().is_ok();
        match outcome {
            Some(outcome) if ended => outcome,
            _ => Outcome::Failed(Failure::Shell(
                "the torrent's thread has ended unexpectedly".to_owned(),
            )),
        }
    }
}

/// Refuses what cannot be downloaded yet, and lays the files out.
fn check_torrent(metainfo: &Metainfo) -> Result<Layout, SessionError> {
    if metainfo.info_hash_v1.is_none() {
        return Err(SessionError::Torrent(
            "this is a BitTorrent v2 torrent (BEP 52) without a v1 half: kostorrent can show it, \
             but not download it yet"
                .to_owned(),
        ));
    }
    if metainfo.piece_length > MAX_PIECE {
        return Err(SessionError::Torrent(format!(
            "its pieces are {} MiB long; kostorrent holds two pieces in memory and takes no more \
             than {} MiB",
            metainfo.piece_length / (1024 * 1024),
            MAX_PIECE / (1024 * 1024)
        )));
    }
    Layout::from_metainfo(metainfo).map_err(|error| SessionError::Torrent(error.to_string()))
}

#[cfg(test)]
mod tests;
