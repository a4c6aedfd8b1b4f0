//! A torrent at work, seen from outside its node's thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::{Command, Details, Failure, Outcome, Sources};
use metainfo::{InfoHash, Metainfo};
use selection::Selection;
use storage::Allocate;
use tokio::sync::{mpsc, oneshot, watch};

use super::details::Showcase;
use super::figures::{Notice, Snapshot};

/// What is to be done with a torrent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Fetch what is missing; then go on seeding, or end.
    Download {
        /// Whether to go on seeding when everything is there.
        keep_seeding: bool,
    },
    /// Serve what is there, and write nothing. All of it has to be, unless a part will do.
    Seed,
}

/// A torrent to work on, and how.
#[derive(Clone, Debug)]
pub struct TorrentOptions {
    /// The torrent.
    pub metainfo: Arc<Metainfo>,
    /// The folder that receives, or holds, the torrent's file or folder.
    pub root: PathBuf,
    /// What to do.
    pub mode: Mode,
    /// Whether a seed gives what is there, though not all of it is.
    pub partial: bool,
    /// Whether a seed shows each peer a piece or two at a time, until everything has come out once (BEP 16).
    pub super_seed: bool,
    /// Whether a download may write over files that are somebody else's.
    pub overwrite: bool,
    /// The files that are wanted; `None` is all.
    pub selection: Option<Selection>,
    /// How files get their space.
    pub allocate: Allocate,
    /// Whether and where it is remembered what is on disk.
    pub remember: Option<Remember>,
    /// How often files in use are looked at: somebody may have changed them.
    pub look: Duration,
    /// The bytes of the torrent's `info` dictionary, for those who ask for it; `None` gives none.
    pub info: Option<Arc<[u8]>>,
    /// Who else is asked for peers, and told of us. Nobody is of a private torrent, whatever this says.
    pub sources: Sources,
    /// Nodes of the DHT that the torrent names to begin from, by name or address and UDP port.
    pub nodes: Vec<(String, u16)>,
    /// Addresses to call without asking a tracker.
    pub peers: Vec<std::net::SocketAddr>,
    /// Hosts to look up and call, by name and port.
    pub names: Vec<(String, u16)>,
    /// Payload bytes a second that may come in for this torrent, within the node's limit.
    pub limit_down: Option<u64>,
    /// Payload bytes a second that may go out for this torrent, within the node's limit.
    pub limit_up: Option<u64>,
    /// Where to record what happens, if anywhere.
    pub record: Option<recording::Target>,
    /// The seed of every chance decision; `None` takes one from the system.
    pub seed: Option<u64>,
}

/// How it is remembered what is on disk, so that the next start need not read it. See step 14.
#[derive(Clone, Debug)]
pub struct Remember {
    /// The folder that keeps resume files.
    pub folder: PathBuf,
    /// Whether everything is read all the same.
    pub check: bool,
    /// How long after it was written something is made durable, behind; `None`: never, and it is not
    /// vouched for.
    pub sync: Option<Duration>,
}

/// How often files in use are looked at, unless told otherwise.
const LOOK: Duration = Duration::from_secs(10);

impl TorrentOptions {
    /// A torrent without limits of its own, and nobody to call but whom its trackers name.
    pub fn new(metainfo: Arc<Metainfo>, root: impl Into<PathBuf>, mode: Mode) -> TorrentOptions {
        TorrentOptions {
            metainfo,
            root: root.into(),
            mode,
            partial: false,
            super_seed: false,
            overwrite: false,
            selection: None,
            allocate: Allocate::Sparse,
            remember: None,
            look: LOOK,
            info: None,
            sources: Sources::none(),
            nodes: Vec::new(),
            peers: Vec::new(),
            names: Vec::new(),
            limit_down: None,
            limit_up: None,
            record: None,
            seed: None,
        }
    }
}

/// A torrent at work. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Torrent {
    pub(super) info_hash: InfoHash,
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) choices: watch::Sender<Option<Selection>>,
    pub(super) snapshots: watch::Receiver<Snapshot>,
    pub(super) details: Showcase,
    pub(super) notices: Option<mpsc::UnboundedReceiver<Notice>>,
    pub(super) ended: watch::Receiver<Option<Outcome>>,
    /// Of a magnet link whose torrent was not begun yet.
    pub(super) begin: Option<oneshot::Sender<TorrentOptions>>,
}

/// The torrent's side of its handle.
pub(super) struct Reins {
    pub commands: mpsc::UnboundedReceiver<Command>,
    /// The last choice of files that was made, if any.
    pub choices: watch::Receiver<Option<Selection>>,
    pub publish: watch::Sender<Snapshot>,
    pub details: Showcase,
    pub notify: mpsc::UnboundedSender<Notice>,
    pub ended: watch::Sender<Option<Outcome>>,
}

impl Torrent {
    /// A handle, and the side of it that is the torrent's.
    pub(super) fn new(info_hash: InfoHash) -> (Torrent, Reins) {
        let (to_commands, commands) = mpsc::unbounded_channel();
        let (to_choices, choices) = watch::channel(None);
        let (publish, snapshots) = watch::channel(Snapshot::default());
        let details = Showcase::new();
        let (notify, notices) = mpsc::unbounded_channel();
        let (ended, is_ended) = watch::channel(None);
        let torrent = Torrent {
            info_hash,
            commands: to_commands,
            choices: to_choices,
            snapshots,
            details: details.clone(),
            notices: Some(notices),
            ended: is_ended,
            begin: None,
        };
        let reins = Reins {
            commands,
            choices,
            publish,
            details,
            notify,
            ended,
        };
        (torrent, reins)
    }

    /// Begins with the torrent of a magnet link, whose metadata were [told](Notice::Metadata). Whom to
    /// call, limits and recording are as they were said with the link.
    pub fn begin(&mut self, options: TorrentOptions) {
        if let Some(begin) = self.begin.take() {
            // One that has ended does not begin any more.
            let _ = begin.send(options);
        }
    }

    /// The torrent's info-hash.
    pub fn info_hash(&self) -> InfoHash {
        self.info_hash
    }

    /// The figures: new ones when something has changed, five times a second at most.
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// Pieces, peers, trackers, and what limits the speed: new ones with the figures. They are made as
    /// long as somebody has this, and not before the check of what is there is over.
    pub fn details(&self) -> watch::Receiver<Arc<Details>> {
        self.details.look()
    }

    /// What a user may like to know, as it happens; to be taken once.
    pub fn notices(&mut self) -> mpsc::UnboundedReceiver<Notice> {
        self.notices
            .take()
            .unwrap_or_else(|| mpsc::unbounded_channel().1)
    }

    /// Asks something of the torrent. One that has ended does nothing any more.
    pub fn command(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Wants these files from now on, and no others. What is there of others stays. Where it could not
    /// be done for all of them, [`Notice::Chosen`] says what is wanted. It changes nothing for a torrent
    /// that is only seeded.
    pub fn choose(&self, selection: Selection) {
        self.choices.send_replace(Some(selection));
    }

    /// Asks the torrent to end: what has come whole is still written, and the trackers are told.
    pub fn stop(&self) {
        self.command(Command::Stop);
    }

    /// Waits for the end. Everything is written and closed then.
    pub async fn wait(mut self) -> Outcome {
        let outcome = match self.ended.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        outcome.unwrap_or_else(|| {
            let why = "the torrent's task has ended unexpectedly";
            Outcome::Failed(Failure::Shell(why.to_owned()))
        })
    }
}
