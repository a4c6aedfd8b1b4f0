//! What a node is told when it begins, and what it is asked for.

use metainfo::InfoHash;
use thiserror::Error;

use crate::Family;
use crate::limits::MAX_LOOKUPS;

/// How a node behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether there is a socket for IPv4.
    pub v4: bool,
    /// Whether there is a socket for IPv6: then this is two nodes, in two networks (BEP 32).
    pub v6: bool,
    /// Whether local addresses take part: of this machine, and of networks of somebody's own. Each of
    /// them may then be several nodes, on different ports, and have any id: so a whole network has room
    /// on 127.0.0.1. Without it, nothing from there is looked at and nothing goes there. In either case
    /// nobody outside can have us call a local address.
    pub local: bool,
    /// When it keeps out of other nodes' tables (BEP 43).
    pub read_only: ReadOnly,
}

impl Config {
    /// For the network of all, over IPv4.
    pub const PUBLIC: Config = Config {
        v4: true,
        v6: false,
        local: false,
        read_only: ReadOnly::Unreachable,
    };

    /// For practice on one machine or in one house: local addresses take part, and nothing has to be
    /// found out.
    pub const LOCAL: Config = Config {
        v4: true,
        v6: true,
        local: true,
        read_only: ReadOnly::Never,
    };
}

/// When a node is read-only: it asks, and says with each question that it takes none (BEP 43).
///
/// Nobody can try whether a node can be reached that says so: it is in no table. So one that is to find
/// out begins as a full node, on trial: others note it down, and if it can be reached some of them call
/// within a quarter of an hour. If nobody does, whom it has not called first, it is read-only for three
/// quarters, and then tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// It never is.
    Never,
    /// As long as nobody reaches it, but for the trial.
    Unreachable,
    /// It always is: for lines on which each byte costs, and for who looks up one thing and goes.
    Always,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// The torrent whose peers are wanted.
    pub info_hash: InfoHash,
    /// In which of the two networks.
    pub family: Family,
    /// Whether we have it too, and where we can be called.
    pub announce: Option<Announcing>,
    /// Whether we want to know how many peers there are (BEP 33).
    pub scrape: bool,
    /// Whether seeds are no use to us (BEP 33).
    pub noseed: bool,
}

impl Search {
    /// For peers alone.
    pub fn of(info_hash: InfoHash, family: Family) -> Search {
        Search {
            info_hash,
            family,
            announce: None,
            scrape: false,
            noseed: false,
        }
    }
}

/// Where we take calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcing {
    /// The TCP port.
    pub port: u16,
    /// Whether it is rather the one that our datagrams come from, as others see it: for who is behind a
    /// NAT and takes calls by uTP on the same port (BEP 5, `implied_port`).
    pub implied_port: bool,
    /// Whether we have all of the torrent (BEP 33).
    pub seed: bool,
}

/// Why nothing can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SearchError {
    /// There are enough.
    #[error("{MAX_LOOKUPS} lookups in the DHT are under way already")]
    TooMany,
    /// There is no socket for it.
    #[error("this node is not in the network of that family of addresses")]
    NoFamily,
    /// There is nobody to begin with.
    #[error("no node of the DHT is known: name one to begin from")]
    NobodyKnown,
    /// Nobody can be called there.
    #[error("port 0 cannot be announced: nobody can call it")]
    Port,
}
