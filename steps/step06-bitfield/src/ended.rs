//! Why a conversation ended that nobody here wanted to end.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::WireError;

/// What ended a connection from outside: the peer, the network, or a file of ours.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Ended {
    /// The end of the stream.
    #[error("the peer has closed the connection")]
    HungUp,
    /// The system says that the connection is gone; in its words.
    #[error("the connection broke: {0}")]
    Network(String),
    /// What the peer sent is no stream of messages.
    #[error(transparent)]
    Broke(#[from] WireError),
    /// Megabytes wait for a peer that takes nothing.
    #[error("the peer does not read what we send")]
    NotReading,
}
