//! What the engine is told, and what it wants done.

use std::net::SocketAddr;

use messages::{BlockRequest, Message};
use picker::PeerKey;
use serde::{Deserialize, Serialize};
use tracker::AnnounceReply;

/// The number of a block buffer that the engine's driver holds while the engine decides about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct BufKey(pub u32);

/// Something has happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A connection stands and both handshakes are exchanged.
    Connected {
        /// The number that the driver gives this connection; never used again.
        peer: PeerKey,
        /// The address of the other end.
        addr: SocketAddr,
        /// Whether they called us.
        incoming: bool,
        /// The id from their handshake.
        peer_id: [u8; 20],
    },
    /// An address that [`Action::Connect`] named gave no connection.
    ConnectFailed {
        /// The address.
        addr: SocketAddr,
        /// What went wrong.
        why: ConnectFailure,
    },
    /// A connection has ended; not told of those that the engine closed itself.
    Closed {
        /// The connection.
        peer: PeerKey,
        /// What ended it, for a person.
        why: String,
    },
    /// A message came; never `piece`, which arrives as [`Event::Block`].
    Message {
        /// The connection.
        peer: PeerKey,
        /// The message.
        message: Message,
    },
    /// A whole block that was asked of this peer has arrived.
    Block {
        /// The connection.
        peer: PeerKey,
        /// Which block.
        block: BlockRequest,
        /// Where the driver holds its bytes until [`Action::Keep`] or [`Action::Drop`].
        buf: BufKey,
    },
    /// The hash that [`Action::Verify`] asked for.
    Verified {
        /// The piece.
        piece: u32,
        /// Whether it is the torrent's.
        ok: bool,
    },
    /// The piece is on disk.
    Written {
        /// The piece.
        piece: u32,
    },
    /// The digests that [`Action::Digest`] asked for, one a block, in order.
    Digests {
        /// The piece.
        piece: u32,
        /// SHA-1 of each block.
        digests: Vec<[u8; 20]>,
    },
    /// Reading or writing failed for good.
    DiskFailed {
        /// What happened, for a person: file, cause, remedy.
        why: String,
    },
    /// A connection can take so many more payload bytes; told once at its start, then as it sends.
    Room {
        /// The connection.
        peer: PeerKey,
        /// Payload bytes.
        bytes: u64,
    },
    /// A tracker has answered [`Action::Announce`], or has not.
    Announced {
        /// The tracker's URL, as in the action.
        tracker: String,
        /// Its reply, or what went wrong, for a person.
        result: Result<AnnounceReply, String>,
    },
    /// Time has passed: some timer is due.
    Timeout,
    /// The user wants something.
    Command(Command),
}

/// Why an address gave no connection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ConnectFailure {
    /// It answered with our own peer id: a tracker had told us about ourselves.
    Ourselves,
    /// It cannot be reached, or speaks something else, or another torrent.
    Failed(String),
}

/// What a user can ask of a running torrent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Say goodbye to the trackers and end.
    Stop,
}

/// Something is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Dial this address and shake hands.
    Connect {
        /// The address.
        addr: SocketAddr,
    },
    /// End this connection. The engine has forgotten it already.
    Close {
        /// The connection.
        peer: PeerKey,
        /// Why, for a person.
        why: String,
    },
    /// Send a message.
    Send {
        /// The connection.
        peer: PeerKey,
        /// The message.
        message: Message,
    },
    /// The block in this buffer belongs to an open piece: keep it.
    Keep {
        /// The buffer.
        buf: BufKey,
        /// The piece.
        piece: u32,
        /// Which block of the piece, from 0.
        block: u32,
    },
    /// Nobody needs what is in this buffer.
    Drop {
        /// The buffer.
        buf: BufKey,
    },
    /// Compare the kept blocks of a whole piece with the torrent's hash.
    Verify {
        /// The piece.
        piece: u32,
    },
    /// Write the kept blocks of a verified piece to its files.
    Write {
        /// The piece.
        piece: u32,
    },
    /// Take the SHA-1 of every kept block of a piece.
    Digest {
        /// The piece.
        piece: u32,
    },
    /// The kept blocks of this piece are needed no longer.
    Forget {
        /// The piece.
        piece: u32,
    },
    /// Read this from disk and send it as a `piece` message.
    Upload {
        /// The connection.
        peer: PeerKey,
        /// What was asked for.
        block: BlockRequest,
    },
    /// Tell a tracker about us.
    Announce {
        /// The tracker's URL.
        tracker: String,
        /// What the tracker is told.
        news: News,
    },
    /// Tell the user.
    Report(Report),
    /// There is nothing left to do: the last action of all.
    Finished(Outcome),
}

/// What an announce says, besides who we are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct News {
    /// What has happened, if something has.
    pub event: Option<tracker::AnnounceEvent>,
    /// Payload bytes sent since the start.
    pub uploaded: u64,
    /// Payload bytes received since the start.
    pub downloaded: u64,
    /// Bytes that are still to be had.
    pub left: u64,
    /// How many peers are wanted.
    pub numwant: u32,
    /// What this tracker gave us to say again (BEP 3, `trackerid`).
    pub tracker_id: Option<Vec<u8>>,
}

/// How a torrent's work ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// Everything is on disk and verified.
    Complete,
    /// The user stopped it.
    Stopped,
    /// It cannot go on; why, for a person.
    Failed(String),
}

/// What a user may like to know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Report {
    /// A piece did not have the torrent's hash; it is fetched again.
    PieceFailed {
        /// The piece.
        piece: u32,
        /// How many peers had sent blocks of it.
        from: usize,
    },
    /// A peer sent wrong bytes and is not talked to any more.
    PeerBanned {
        /// Its address.
        addr: SocketAddr,
        /// The piece that showed it.
        piece: u32,
    },
    /// A tracker gave a warning.
    TrackerWarning {
        /// The tracker's host and port: its URL may hold the user's key.
        tracker: String,
        /// Its own words.
        warning: String,
    },
    /// A tracker could not be asked.
    TrackerFailed {
        /// The tracker's host and port: its URL may hold the user's key.
        tracker: String,
        /// What went wrong.
        why: String,
    },
    /// Nothing has arrived for a minute; why, as far as is known.
    NoWayForward {
        /// A sentence for a person.
        why: String,
    },
    /// The last piece is on disk.
    Complete,
}
