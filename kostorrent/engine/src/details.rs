//! Everything about a torrent that a person may want to look at: made when somebody looks.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use choker::Reason;
use progress::{Piece, duration};
use tracker::Counts;

use crate::content::Content;
use crate::peer::Peer;
use crate::{Bound, Encryption, Engine, Time, TrackerWord};

/// A missing piece that so few peers have is rare, if there are more peers than that.
const RARE: u32 = 1;

/// A torrent at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Details {
    /// What limits the speed.
    pub bound: Bound,
    /// Where each piece stands.
    pub pieces: Vec<Piece>,
    /// The pieces on their way, by number.
    pub open: Vec<OpenPiece>,
    /// The peers, in the order in which they came.
    pub peers: Vec<PeerDetails>,
    /// The trackers, in the order in which they are asked.
    pub trackers: Vec<TrackerDetails>,
}

/// A piece that is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenPiece {
    /// Which.
    pub piece: u32,
    /// Blocks that have come.
    pub here: usize,
    /// All its blocks.
    pub blocks: u32,
}

/// One connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerDetails {
    /// Its address.
    pub addr: SocketAddr,
    /// Its peer id, as it gave it.
    pub id: [u8; 20],
    /// Whether it called us.
    pub incoming: bool,
    /// How much of the connection is encrypted.
    pub encryption: Encryption,
    /// How many pieces it has.
    pub has: u32,
    /// Of how many.
    pub of: u32,
    /// Bytes a second that it sends.
    pub down_rate: u64,
    /// Bytes a second that it gets.
    pub up_rate: u64,
    /// Payload bytes that it sent.
    pub downloaded: u64,
    /// Payload bytes that it got.
    pub uploaded: u64,
    /// We want something of it.
    pub am_interested: bool,
    /// It does not answer us.
    pub peer_choking: bool,
    /// It wants something of us.
    pub peer_interested: bool,
    /// We do not answer it.
    pub am_choking: bool,
    /// Requests that are out at it.
    pub requests: usize,
    /// What it is doing for us.
    pub doing: Doing,
    /// Why it is choked, or not, as the choker decided last; `None` before it did.
    pub reason: Option<Reason>,
}

/// What a peer is doing. Its Display is prose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// It sends us this piece.
    Sends {
        /// The piece of which a block comes next.
        piece: u32,
    },
    /// It was asked for this piece, and is to send it.
    Asked {
        /// The piece.
        piece: u32,
    },
    /// It was asked and keeps us waiting.
    Owes {
        /// For how long.
        since: Duration,
    },
    /// It waits for our limit.
    Limited,
    /// It serves us, and there is nothing to ask it for at the moment.
    Idle,
    /// It has something, and does not give it.
    Chokes,
    /// It has nothing that we lack.
    NothingForUs,
    /// It takes this piece.
    Takes {
        /// The piece of which it got a block last.
        piece: u32,
    },
    /// Neither side wants anything.
    Nothing,
}

/// A tracker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackerDetails {
    /// Its host and port: its URL may hold the user's key.
    pub host: String,
    /// Whether its answer is waited for.
    pub asked: bool,
    /// What came of the last announce to it, if there was any.
    pub word: Option<TrackerWord>,
    /// When it is asked again, if it is its turn.
    pub next: Option<Duration>,
    /// How many have the torrent, by its last word on that.
    pub counts: Counts,
}

impl Engine {
    /// Everything at `now`. It costs a look at each piece and each peer.
    pub fn details(&self, now: Time) -> Details {
        let content = self.content.as_ref();
        let peers = self.swarm.iter();
        Details {
            bound: self.bound(now),
            pieces: content.map_or_else(Vec::new, |content| self.pieces(content)),
            open: content.map_or_else(Vec::new, open),
            peers: peers.map(|peer| self.peer(peer, now)).collect(),
            trackers: self.discovery.trackers(now),
        }
    }

    fn pieces(&self, content: &Content) -> Vec<Piece> {
        let have = content.have();
        let several = self.swarm.len() > RARE as usize;
        let state = |piece| {
            if have.get(piece) {
                Piece::Here
            } else if content.picker.is_open(piece) {
                Piece::InFlight
            } else if !content.misses(piece) {
                Piece::Unwanted
            } else if several && content.picker.copies(piece) <= RARE {
                Piece::Rare
            } else {
                Piece::Missing
            }
        };
        (0..content.geometry.pieces()).map(state).collect()
    }

    fn peer(&self, peer: &Peer, now: Time) -> PeerDetails {
        let picker = self.content.as_ref().map(|content| &content.picker);
        let requests = picker.map_or(0, |picker| picker.asked_of(peer.key));
        let next = picker.and_then(|picker| picker.asked(peer.key).next());
        let since_start = now.since_start();
        PeerDetails {
            addr: peer.addr,
            id: peer.id,
            incoming: peer.incoming,
            encryption: peer.encryption,
            has: peer.has.count(),
            of: peer.has.len(),
            down_rate: peer.down.rate.per_second(since_start),
            up_rate: peer.up.rate.per_second(since_start),
            downloaded: peer.down.total,
            uploaded: peer.up.total,
            am_interested: peer.down.am_interested,
            peer_choking: peer.down.peer_choking,
            peer_interested: peer.up.peer_interested,
            am_choking: peer.up.am_choking,
            requests,
            doing: doing(peer, next.map(|block| block.piece), now),
            reason: peer.up.reason,
        }
    }
}

fn open(content: &Content) -> Vec<OpenPiece> {
    let piece = |piece| OpenPiece {
        piece,
        here: content.picker.contributors(piece).len(),
        blocks: content.geometry.blocks_in(piece),
    };
    content.picker.open().map(piece).collect()
}

/// `next` is the piece of the block that it owes us first.
fn doing(peer: &Peer, next: Option<u32>, now: Time) -> Doing {
    let (down, up) = (&peer.down, &peer.up);
    let takes = up.given.last().copied();
    match (next, takes) {
        (Some(_), _) if down.is_snubbed() => Doing::Owes {
            since: now.since(down.owes_since),
        },
        (Some(piece), _) if down.has_delivered => Doing::Sends { piece },
        (Some(piece), _) => Doing::Asked { piece },
        (None, Some(piece)) if up.rate.per_second(now.since_start()) > 0 => Doing::Takes { piece },
        _ if down.limited => Doing::Limited,
        _ if peer.serves() => Doing::Idle,
        _ if down.am_interested => Doing::Chokes,
        _ if up.peer_interested => Doing::NothingForUs,
        _ => Doing::Nothing,
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doing::Sends { piece } => write!(f, "sends piece {piece}"),
            Doing::Asked { piece } => write!(f, "asked for piece {piece}"),
            Doing::Owes { since } => write!(f, "owes us blocks, {} by now", duration(*since)),
            Doing::Limited => f.write_str("waits for your limit"),
            Doing::Idle => f.write_str("nothing to ask for"),
            Doing::Chokes => f.write_str("chokes us"),
            Doing::NothingForUs => f.write_str("has nothing for us"),
            Doing::Takes { piece } => write!(f, "takes piece {piece}"),
            Doing::Nothing => f.write_str("nothing to do"),
        }
    }
}
