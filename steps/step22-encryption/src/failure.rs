//! Why an exchange does not come about.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Methods;
use crate::limits::{MAX_INITIAL, MAX_PAD};

/// Why an exchange ended without a connection. All that is left is to hang up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Failure {
    /// The other side speaks plain text: it may be tried again without encryption.
    #[error(
        "the peer speaks plain text: it began with `BitTorrent protocol`, not with a public key"
    )]
    PlainText,
    /// Its public key would make a secret that everybody knows.
    #[error(
        "the peer's public key is none that anybody draws: 0, 1, one less than the prime, or more; \
         the secret would be known to everybody"
    )]
    Key,
    /// What the responder looks for does not come.
    #[error(
        "the caller did not show within {MAX_PAD} bytes after its public key that it knows the \
         secret: it does not speak this protocol"
    )]
    NoSyncMark,
    /// The caller asks for a torrent that we do not have. Nobody can say which.
    #[error("the caller asks for a torrent that we do not have")]
    UnknownTorrent,
    /// The caller knows the secret and repeats a torrent's hash, but does not have the key.
    #[error(
        "the caller names a torrent of ours, but does not know its info-hash: its eight zeros are none"
    )]
    WrongKey,
    /// What the initiator looks for does not come.
    #[error(
        "the peer did not show within {MAX_PAD} bytes after its public key that it has the torrent: \
         it may not have it, or does not speak this protocol"
    )]
    NoZeros,
    /// There is no method that suits both.
    #[error("the caller would go on in {offered}, and we take {taken}")]
    NoMethod {
        /// What it offers.
        offered: Methods,
        /// What we take.
        taken: Methods,
    },
    /// The answer is no answer.
    #[error(
        "the peer's choice, {:#x}, is not one of the methods that we offered: {offered}", selected.0
    )]
    NotOffered {
        /// What it selected.
        selected: Methods,
        /// What we had offered.
        offered: Methods,
    },
    /// A pad is longer than any may be.
    #[error("the peer announces a pad of {length} bytes; {MAX_PAD} are allowed")]
    Pad {
        /// Its length in bytes.
        length: u16,
    },
    /// Bytes came after the end.
    #[error("the exchange is over already")]
    Over,
}

/// Why an exchange cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The initial payload does not fit.
    #[error("the first {length} bytes do not fit into an exchange, which carries {MAX_INITIAL}")]
    Initial {
        /// Its length in bytes.
        length: usize,
    },
    /// There is nothing to offer.
    #[error("an encrypted connection cannot go on in {offered}")]
    NoMethod {
        /// What was to be offered.
        offered: Methods,
    },
}
