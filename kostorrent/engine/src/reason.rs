//! Why something was refused, ended or given up: data, with a sentence for a person as its Display.

use std::time::Duration;

use blocks::RequestError;
use fast::FastError;
use handshake::{HandshakeError, Refusal};
use messages::BitfieldError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why an address gave no connection.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
pub enum ConnectFailure {
    /// It answered with our own peer id: a tracker had told us about ourselves.
    #[error("it is our own address")]
    Ourselves,
    /// Nobody took the call in time.
    #[error("no answer within {} seconds", .0.as_secs())]
    NoAnswer(Duration),
    /// The system cannot make the connection, or it broke; in its words.
    #[error("{0}")]
    Network(String),
    /// The call was taken, and no handshake came in time.
    #[error("it did not answer our handshake within {} seconds", .0.as_secs())]
    Silent(Duration),
    /// The other end hung up before its handshake was whole.
    #[error("it hung up during the handshake")]
    HungUp,
    /// The exchange of keys that an encrypted connection begins with has failed; a sentence.
    #[error("no encrypted connection: {0}")]
    Exchange(String),
    /// What came is no handshake.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The handshake is for something else.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why the engine ends a connection.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
pub enum CloseReason {
    /// The torrent's work is over.
    #[error("we are leaving")]
    Leaving,
    /// The user has paused the torrent.
    #[error("the torrent is paused")]
    Paused,
    /// It is banned, and came back.
    #[error("this peer had sent wrong data")]
    Banned,
    /// It has just been found out.
    #[error("it sent wrong data")]
    Lied,
    /// A second connection with the same peer id.
    #[error("we are connected to this peer already")]
    Twin,
    /// Both ends called at the same moment, and this call is the one to go.
    #[error("its own call is kept instead")]
    Crossed,
    /// No place is free, and nobody is worth less.
    #[error("we have as many connections as we can hold")]
    Full,
    /// Its address has as many connections as one address may have.
    #[error("its address has {0} connections already")]
    Crowd(usize),
    /// Somebody came who may be of more use.
    #[error("its place is needed")]
    PlaceNeeded,
    /// A `have` for a piece that the torrent has not.
    #[error("it says it has piece {piece}, but the last one is {last}")]
    NoSuchPiece {
        /// The piece it named.
        piece: u32,
        /// The torrent's last.
        last: u32,
    },
    /// A bitfield of another torrent.
    #[error(transparent)]
    Bitfield(#[from] BitfieldError),
    /// A request that cannot be right.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A message of the fast extension that cannot be right.
    #[error(transparent)]
    Fast(#[from] FastError),
    /// It says a second time that it has all pieces, or none.
    #[error("it has told which pieces it has, and tells of all or none once more")]
    ToldTwice,
    /// It tells of too many pieces before it is known what pieces there are.
    #[error("it says more of pieces than is remembered before the metadata are known")]
    TooEarly,
    /// The torrent turns out to be private, and this peer was not found by its trackers.
    #[error("the torrent is private, and no tracker of it has named this peer")]
    Private,
    /// It tells of other peers far too often.
    #[error(transparent)]
    Flood(#[from] exchange::Flood),
    /// It refuses one piece after the other, and sends nothing.
    #[error("it says that it has pieces, and rejects every request for them")]
    RefusesAll,
    /// It rejects what it was not asked for.
    #[error("it rejects requests that it never got")]
    RejectsNothing,
    /// Neither has anything for the other.
    #[error("both of us have everything")]
    BothComplete,
    /// We have all that we want, and it has not wanted anything for so long.
    #[error("neither of us has wanted anything of the other for {} seconds", .0.as_secs())]
    NoUse(Duration),
    /// No message for so long, not even a keep-alive (BEP 3).
    #[error("it has said nothing for {} seconds", .0.as_secs())]
    Silent(Duration),
    /// It owes us a block, and does not send it.
    #[error("it answers no request")]
    AnswersNothing,
}

/// Why a torrent's work cannot go on.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
pub enum Failure {
    /// It could not begin, or what drives the engine broke; a sentence.
    #[error("{0}")]
    Shell(String),
    /// Reading or writing failed; a sentence with file, cause and remedy.
    #[error("{0}")]
    Disk(String),
    /// There never was anybody to ask.
    #[error(
        "no tracker and no peer can be reached: there is no tracker that could be asked, and no \
         address answered; give one with --peer ADDRESS"
    )]
    NobodyToAsk,
    /// There is nobody but peers whose names lead nowhere.
    #[error(
        "no peer can be reached: {name} cannot be looked up ({why}), and there is no tracker to ask; \
         is the name right?"
    )]
    NameNotFound {
        /// The last such name.
        name: String,
        /// Why.
        why: String,
    },
    /// No tracker wants to be asked again, and no peer is left.
    #[error(
        "no peer can be reached, and no tracker wants to be asked again ({why}); give an address \
         with --peer ADDRESS"
    )]
    TrackersRefused {
        /// What the last one said.
        why: tracker::AnnounceError,
    },
    /// There is nobody any more.
    #[error(
        "all peers have gone and there is no tracker to ask for others; what is complete stays on \
         disk, so start again later or give an address with --peer"
    )]
    EverybodyGone,
    /// Nobody is left but those that lied, more than once.
    #[error(
        "wrong data came from {}, and nobody else has what is missing; what is complete stays on \
         disk, so start again later or give another address with --peer (if everybody seems to \
         send wrong data, test the memory of this computer)",
        whoever(*.banned)
    )]
    OnlyLiars {
        /// How many peers are banned.
        banned: usize,
    },
}

/// Why nothing arrives, as far as the engine knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stall {
    /// No peer is connected.
    NoPeer {
        /// What the trackers had to say.
        trackers: TrackerWord,
        /// How many peers are banned because they sent wrong data.
        banned: usize,
    },
    /// Peers are connected, and none has sent the metadata.
    NoMetadata {
        /// How many are connected.
        connected: usize,
    },
    /// Peers are connected, and none has anything that we lack.
    NobodyHas {
        /// How many are connected.
        connected: usize,
    },
    /// Every peer that has something chokes us.
    AllChoke {
        /// How many are connected.
        connected: usize,
        /// How many of them have what we lack.
        offering: usize,
    },
    /// Peers were asked, and no block has come.
    NoBlock {
        /// How many are connected.
        connected: usize,
        /// How many of them were asked.
        asked: usize,
    },
}

/// What came of the last announce.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TrackerWord {
    /// There is no tracker.
    None,
    /// None has answered yet.
    Nothing,
    /// One answered, and named so many addresses.
    Addresses(usize),
    /// One could not be asked.
    Failed(tracker::AnnounceError),
}

impl std::fmt::Display for Stall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stall::NoPeer { trackers, banned } => {
                f.write_str("no peer is connected")?;
                match trackers {
                    TrackerWord::None => {}
                    TrackerWord::Nothing => f.write_str(", and no tracker has answered yet")?,
                    TrackerWord::Addresses(0) => f.write_str("; the tracker knows nobody else")?,
                    TrackerWord::Addresses(1) => f.write_str("; the tracker knows one address")?,
                    TrackerWord::Addresses(n) => {
                        write!(f, "; the tracker knows {n} addresses")?;
                    }
                    TrackerWord::Failed(why) => write!(f, "; {why}")?,
                }
                match banned {
                    0 => Ok(()),
                    1 => f.write_str("; one peer is banned because it sent wrong data"),
                    n => write!(f, "; {n} peers are banned because they sent wrong data"),
                }
            }
            Stall::NoMetadata { connected } => write!(
                f,
                "{} connected, but none has sent the metadata",
                peers(*connected)
            ),
            Stall::NobodyHas { connected } => write!(
                f,
                "{} connected, but none has a piece that is still missing",
                peers(*connected)
            ),
            Stall::AllChoke {
                connected,
                offering,
            } => write!(
                f,
                "{} connected, {offering} with missing pieces, but all of these choke us",
                peers(*connected)
            ),
            Stall::NoBlock { connected, asked } => write!(
                f,
                "{} connected, {} asked, but no block has arrived",
                peers(*connected),
                peers(*asked)
            ),
        }
    }
}

fn peers(count: usize) -> String {
    match count {
        1 => "1 peer".to_owned(),
        n => format!("{n} peers"),
    }
}

/// Those who sent wrong data.
fn whoever(count: usize) -> String {
    match count {
        1 => "the only peer that had something for us".to_owned(),
        n => format!("all {n} peers that had something for us"),
    }
}
