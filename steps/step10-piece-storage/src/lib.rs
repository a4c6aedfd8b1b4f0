//! Pieces on disk as soon as they are whole.
//!
//! A whole piece is verified in memory first; only then does it reach a file, in one write for each
//! file it touches. Nothing is read back. [`Storage`] does this for the client, [`Checker`] looks
//! at what is on disk already.
//!
//! Everything here blocks: the client runs it on a thread of its own, and asks by [`Job`].

#![forbid(unsafe_code)]

mod checker;
mod create;
mod error;
mod folder;
mod handles;
mod job;
mod store;
mod transfer;

#[cfg(test)]
mod testing;

pub use checker::{Checker, PieceState};
pub use error::{DiskError, Doing};
pub use handles::OPEN_FILES;
pub use job::{BlockBuf, Done, Job, Serve, block_buf};
pub use store::Storage;
