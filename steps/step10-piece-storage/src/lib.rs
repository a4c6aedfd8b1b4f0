//! Pieces on disk as soon as they are whole.
//!
//! A whole piece is verified in memory first; only then does it reach a file, in one write for each
//! file it touches. Nothing is read back. [`Storage`] does this for the client, [`Checker`] looks
//! at what is on disk already.
//!
//! Files that nobody wants are not made. What comes along of them, because pieces do not end where
//! files do, is kept in one part file (see [`Setup`], [`Parts`]).
//!
//! Everything here blocks: the client runs a [`Disk`] on a thread of its own, and asks by [`Job`].
//! Only [`read_now`] never waits: whoever keeps the [`Handles`] that come with an answer reads what
//! is in memory without asking.

#![forbid(unsafe_code)]

mod allocate;
#[cfg(feature = "blocking")]
pub mod blocking;
mod checker;
mod create;
mod disk;
mod error;
mod folder;
mod handles;
mod hashes;
mod job;
mod known;
mod names;
mod parts;
mod seen;
mod setup;
mod space;
mod store;
mod sync;
mod transfer;
mod watch;

#[cfg(test)]
mod testing;

pub use allocate::{Allocate, Allocated};
pub use checker::{Checker, PieceState};
pub use disk::Disk;
pub use error::{DiskError, Doing};
pub use handles::{Handles, OPEN_FILES};
pub use hashes::Hashes;
pub use job::{Chosen, Done, Job, Stored};
pub use names::Names;
pub use parts::{Parts, part_file_name};
pub use seen::{Change, Changed, Looks};
pub use setup::{FileUse, Setup};
pub use space::{free_space, space_of};
pub use store::Storage;
pub use sync::ToSync;
pub use transfer::read_now;
pub use watch::{LOOKS, Settled};
