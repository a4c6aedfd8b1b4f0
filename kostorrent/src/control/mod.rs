//! Speaking to a running kostorrent from another terminal.
//!
//! Every process that works on torrents listens at a socket of its own, in a folder that is its
//! user's alone: `folder` finds it, `server` is the running side, `client` the asking one, and
//! `protocol` what they say: one JSON object a line.
//!
//! The sockets are Unix's: tokio has them already, their folder's mode says who may open them, and
//! a dead one shows by refusing. Elsewhere nothing listens yet, and a client says so.

#![cfg_attr(not(unix), allow(dead_code))]

mod client;
#[cfg(unix)]
mod folder;
mod protocol;
mod server;

pub(crate) use client::{Running, ask, running};
pub(crate) use protocol::{Ask, Said, Standing, State};
pub(crate) use server::{Asked, Server};

/// Why there is no speaking.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// A folder for the sockets is not to be trusted.
    #[cfg(unix)]
    #[error("{0} is not a folder that only you may open: move it away")]
    Folder(std::path::PathBuf),
    /// The system refuses.
    #[cfg(unix)]
    #[error("{path}: {cause}")]
    System {
        /// What was to be used.
        path: std::path::PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Nobody listens there: its process is dead.
    #[cfg(unix)]
    #[error("nobody listens there any more")]
    Dead,
    /// Nothing of use came back in time.
    #[cfg(unix)]
    #[error("it did not answer: {0}")]
    Silent(std::io::Error),
    /// What came back is no answer, or one that says no.
    #[error("{0}")]
    Refused(String),
    /// There are no sockets of this kind.
    #[cfg(not(unix))]
    #[error("on this system a running kostorrent cannot be spoken to yet")]
    Nowhere,
}
