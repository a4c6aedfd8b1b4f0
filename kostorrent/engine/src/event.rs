//! What the engine is told, and what it wants done.

use std::net::{IpAddr, SocketAddr};

use blocks::{BlockDigests, Geometry};
use handshake::Handshake;
use magnet::Lie;
use messages::{Bitfield, BlockRequest, Ended, Message};
use picker::PeerKey;
use serde::{Deserialize, Serialize};
use tracker::{AnnounceError, AnnounceEvent, AnnounceReply, Counts};

use crate::ContentConfig;
use crate::discovery::Source;
use crate::reason::{CloseReason, ConnectFailure, Failure, Stall};

/// The number of a block buffer that the engine's driver holds while the engine decides about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct BufKey(pub u32);

/// How much of a connection is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Encryption {
    /// Nothing.
    #[default]
    None,
    /// How it begins: keys were exchanged, and both went on in plain text.
    Greeting,
    /// All of it.
    All,
}

impl Encryption {
    /// Whether nothing is.
    pub fn is_none(&self) -> bool {
        *self == Encryption::None
    }
}

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
        /// How much of it is encrypted.
        #[serde(default, skip_serializing_if = "Encryption::is_none")]
        encryption: Encryption,
        /// What they said first: who they are, and the extensions they speak.
        handshake: Handshake,
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
        /// What ended it.
        why: Ended,
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
    /// Payload has arrived that is of no use: it was not asked for, or not any more.
    Wasted {
        /// The connection; it may have ended.
        peer: PeerKey,
        /// Which it is; `None` of blocks of which the rest never came.
        block: Option<BlockRequest>,
        /// Payload bytes.
        bytes: u64,
    },
    /// What [`Action::Store`] asked for is done.
    Stored {
        /// The piece.
        piece: u32,
        /// What came of it.
        result: Stored,
    },
    /// The disk failed in something else than storing a piece.
    DiskFailed {
        /// What happened, for a person: file, cause, remedy.
        why: String,
    },
    /// What [`Action::Look`] asked for is done, and the disk had no fault.
    DiskWell,
    /// Nothing can be read or written any more, now or later.
    DiskGone {
        /// What happened, for a person.
        why: String,
    },
    /// A connection can take so many more payload bytes, which is credit in the words of flow control;
    /// told once at its start, then as it sends.
    Room {
        /// The connection.
        peer: PeerKey,
        /// Payload bytes.
        bytes: u64,
    },
    /// A connection could not read a block that it was to send, and has dropped it.
    Unsent {
        /// The connection.
        peer: PeerKey,
        /// The block.
        block: BlockRequest,
    },
    /// Pieces that were on disk are not there any more, or not as they were.
    Lost {
        /// Which.
        pieces: Vec<u32>,
    },
    /// Pieces were found on disk, and are good.
    Found {
        /// Which.
        pieces: Vec<u32>,
    },
    /// What [`Action::Settle`] asked for is done, and nothing was lost.
    Settled,
    /// A tracker has answered [`Action::Announce`], or has not.
    Announced {
        /// The tracker's URL, as in the action.
        tracker: String,
        /// What it was told to have happened, as in the action: more than one may be under way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<AnnounceEvent>,
        /// Its reply, or what went wrong.
        result: Result<AnnounceReply, AnnounceError>,
    },
    /// A tracker has answered [`Action::Scrape`], or has not.
    Scraped {
        /// The tracker's URL, as in the action.
        tracker: String,
        /// What it knows of the torrent, or what went wrong.
        result: Result<Counts, AnnounceError>,
    },
    /// Nothing can go out or come in: the network interface that the user has named is not there.
    InterfaceGone {
        /// The interface, by its name or its address.
        interface: String,
    },
    /// It is there again.
    InterfaceBack {
        /// The interface, likewise.
        interface: String,
    },
    /// Somebody has named peers: the DHT in a search of [`Action::SearchDht`], or peers on the local
    /// network themselves.
    Named {
        /// Who.
        source: Source,
        /// Where the peers can be called.
        peers: Vec<SocketAddr>,
    },
    /// What [`Action::SearchDht`] asked for is over.
    Searched {
        /// How many nodes have answered.
        answered: usize,
        /// Our own addresses, by the word of many nodes (BEP 42).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        seen_at: Vec<IpAddr>,
    },
    /// What came of [`Action::LookUp`].
    LookedUp {
        /// The host's name, as in the action.
        name: String,
        /// The port, as in the action.
        port: u16,
        /// Its addresses, or why there are none.
        result: Result<Vec<SocketAddr>, String>,
    },
    /// What [`Action::Metadata`] describes is private (BEP 27). It may take a while until it is known what of it
    /// is on disk; from now on nobody but its trackers says who has it.
    Private,
    /// What [`Action::Metadata`] describes, and what of it is on disk.
    Known(Known),
    /// What it describes cannot be worked on.
    CannotBegin {
        /// Why, for a person.
        why: String,
    },
    /// Time has passed: some timer is due.
    Timeout,
    /// The user wants something.
    Command(Command),
}

/// What a torrent consists of, of which nothing but the info-hash was known, and what of it is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Known {
    /// Bytes of the torrent.
    pub total_length: u64,
    /// Bytes of a piece.
    pub piece_length: u64,
    /// The pieces that are on disk and verified, as a `bitfield` message has them.
    pub have: Vec<u8>,
    /// The pieces that are to be there in the end, likewise.
    pub wanted: Vec<u8>,
    /// Classes of pieces as in [`ContentConfig::first`], likewise.
    pub first: Vec<Vec<u8>>,
    /// Whether the torrent is private (BEP 27).
    pub is_private: bool,
}

impl Known {
    /// This content.
    pub fn of(content: &ContentConfig, is_private: bool) -> Known {
        Known {
            total_length: content.geometry.total_length(),
            piece_length: content.geometry.piece_length().into(),
            have: content.have.to_bytes(),
            wanted: content.wanted.to_bytes(),
            first: content.first.iter().map(Bitfield::to_bytes).collect(),
            is_private,
        }
    }

    /// The same as an engine begins with it.
    pub(crate) fn content(&self) -> Result<ContentConfig, String> {
        let geometry = Geometry::new(self.total_length, self.piece_length);
        let geometry = geometry.map_err(|error| error.to_string())?;
        let pieces = |bytes: &Vec<u8>| {
            let pieces = Bitfield::from_bytes(geometry.pieces(), bytes);
            pieces.map_err(|error| error.to_string())
        };
        Ok(ContentConfig {
            geometry,
            have: pieces(&self.have)?,
            wanted: pieces(&self.wanted)?,
            first: self.first.iter().map(pieces).collect::<Result<_, _>>()?,
        })
    }
}

/// What came of storing a whole piece.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stored {
    /// It is the torrent's, and on disk.
    Written {
        /// SHA-1 of each block, if that was asked for.
        digests: Option<Vec<[u8; 20]>>,
    },
    /// It is not the torrent's. Nothing was written.
    Wrong {
        /// SHA-1 of each block, if that was asked for.
        digests: Option<Vec<[u8; 20]>>,
    },
    /// It is the torrent's, and could not be written: a sentence with file, cause and remedy. It
    /// may be tried again.
    Failed(String),
    /// It is the torrent's, and is not written: a file of somebody else's would be lost. A sentence
    /// that says so.
    Refused(String),
}

/// What a user can ask of a running torrent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Say goodbye to the trackers and end.
    Stop,
    /// Ask for nothing and give nothing until [`Command::Resume`].
    Pause,
    /// Go on after a pause. If it is the disk that holds up a download, it is tried again now.
    Resume,
    /// Payload bytes a second that may come in and go out from now on; `None` is no limit.
    Limits {
        /// Coming in.
        down: Option<u64>,
        /// Going out.
        up: Option<u64>,
    },
    /// Bytes of memory that open pieces may take from now on; two pieces may be open in any case.
    Memory(u64),
    /// Other pieces are wanted from now on. What is on disk stays there and is offered; what is on its
    /// way of others is given up.
    Want {
        /// The pieces that are to be there in the end, as a `bitfield` message has them.
        wanted: Vec<u8>,
        /// Classes of pieces as in [`ContentConfig::first`](crate::ContentConfig::first), each as a
        /// `bitfield` message has them.
        first: Vec<Vec<u8>>,
    },
}

/// Something is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Dial this address and shake hands.
    Connect {
        /// The address.
        addr: SocketAddr,
    },
    /// This peer has said that it will not send this block, which was asked of it (BEP 6): it is not
    /// waited for.
    Rejected {
        /// The connection.
        peer: PeerKey,
        /// The block.
        block: BlockRequest,
    },
    /// End this connection. The engine has forgotten it already.
    Close {
        /// The connection.
        peer: PeerKey,
        /// Why.
        why: CloseReason,
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
    /// Compare the kept blocks of a whole piece with the torrent's hash, and write them to their
    /// files if it is right. They stay kept until [`Action::Forget`].
    Store {
        /// The piece.
        piece: u32,
        /// Whether the digests of its blocks are wanted.
        digests: BlockDigests,
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
    /// Look whether this piece is still good on disk: [`Event::Lost`] if not.
    Check {
        /// The piece.
        piece: u32,
    },
    /// Everything that is wanted is on disk. Look at all files, and cut those that are too long:
    /// then [`Event::Settled`], or [`Event::Lost`] with what is gone.
    Settle,
    /// The disk had a fault. Look at all files: then [`Event::DiskWell`], or [`Event::DiskFailed`].
    Look,
    /// Find the addresses of a host.
    LookUp {
        /// Its name.
        name: String,
        /// The port at which a peer is to be called there.
        port: u16,
    },
    /// Here are the metadata: the `info` dictionary, whose SHA-1 is the info-hash. Look what is on disk of
    /// what they describe: then [`Event::Known`], or [`Event::CannotBegin`]. If that is private, say so at once:
    /// [`Event::Private`].
    Metadata {
        /// Its bytes.
        info: Vec<u8>,
    },
    /// Search the DHT for peers, and announce us to the nodes that keep them: [`Event::Named`] as often as
    /// some are found, then [`Event::Searched`] (BEP 5).
    SearchDht,
    /// A peer says that it has a node of the DHT there: the search can go on from it.
    DhtNode {
        /// Its address.
        addr: SocketAddr,
    },
    /// Tell the local network now and then that we have this torrent, or do so no more (BEP 14): who
    /// else has it is [`Event::Named`].
    TellLocal {
        /// Whether it is to be told.
        tells: bool,
    },
    /// Tell a tracker about us.
    Announce {
        /// The tracker's URL.
        tracker: String,
        /// What the tracker is told.
        announcement: Announcement,
    },
    /// Ask a tracker how many have the torrent: [`Event::Scraped`] (BEP 48).
    Scrape {
        /// The tracker's URL.
        tracker: String,
    },
    /// Tell the user.
    Report(Report),
    /// There is nothing left to do: the last action of all, but that whoever still calls is sent away.
    Finished(Outcome),
}

/// What an announce says, besides who we are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Announcement {
    /// What has happened, if something has.
    pub event: Option<AnnounceEvent>,
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
    /// It cannot go on.
    Failed(Failure),
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
    /// A peer lied about the metadata, and is not talked to any more.
    MetadataLiar {
        /// Its address.
        addr: SocketAddr,
        /// What it did.
        why: Lie,
    },
    /// A peer sent wrong bytes, and is asked for more all the same: it had sent good pieces, and
    /// nobody else has what is missing.
    PeerDoubted {
        /// Its address.
        addr: SocketAddr,
        /// The piece that showed it.
        piece: u32,
    },
    /// Nobody is left who has what is missing, so that peers that were banned may come again.
    BansLifted {
        /// How many bans have ended.
        peers: usize,
    },
    /// Super-seeding is over: everything has come out, or somebody else has everything, or there is too
    /// much to show it piece by piece, or something was lost.
    SuperSeeded,
    /// A peer that was named cannot be called: its host's name leads nowhere.
    NameFailed {
        /// The name.
        name: String,
        /// Why.
        why: String,
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
        why: AnnounceError,
    },
    /// Nothing has arrived for a minute.
    NoWayForward {
        /// Why, as far as is known.
        why: Stall,
    },
    /// The disk has a fault, and nothing is fetched until it is over. It is tried again by itself.
    DiskFault {
        /// File, cause and remedy.
        why: String,
    },
    /// The fault of the disk is over, and the download goes on.
    DiskWell,
    /// The network interface that the user has named is not there: everything waits for it.
    InterfaceGone {
        /// Which.
        interface: String,
    },
    /// It is there again, and everything goes on.
    InterfaceBack {
        /// Which.
        interface: String,
    },
    /// It is paused, as the user wanted.
    Paused,
    /// It goes on after a pause.
    Resumed,
    /// The last piece is on disk.
    Complete,
}
