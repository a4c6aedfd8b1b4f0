//! Pieces on disk as soon as they are whole.
//!
//! A whole piece is verified in memory first; only then does it reach a file, in one write for each
//! file it touches. Nothing is read back. [`Storage`] does this for the client, [`Checker`] looks
//! at what is on disk already.
//!
//! Everything here blocks: the client runs a [`Disk`] on a thread of its own, and asks by [`Job`].
//! Only [`read_now`] never waits: whoever keeps the [`Handles`] that come with an answer reads what
//! is in memory without asking.

#![forbid(unsafe_code)]

mod checker;
mod create;
mod disk;
mod error;
mod folder;
mod handles;
mod hashes;
mod job;
mod names;
mod pieces;
mod seen;
mod store;
mod sync;
mod transfer;
mod watch;

#[cfg(test)]
mod testing;

pub use checker::{Checker, PieceState};
pub use disk::Disk;
pub use error::{DiskError, Doing};
pub use handles::{Handles, OPEN_FILES};
pub use hashes::Hashes;
pub use job::{Done, Job, Stored};
pub use names::Names;
pub use pieces::pieces_of;
pub use seen::{Change, Changed, Looks};
pub use store::Storage;
pub use transfer::read_now;
pub use watch::{LOOKS, Settled};
