//! Chapter 12: one connection as a task.
//!
//! The task owns the socket. It turns what arrives into [`Heard`] and sends what an [`Order`]
//! says; what any of it means is decided elsewhere.
//!
//! Payload goes straight from the socket into the 16 KiB buffer of its block: a vectored read
//! fills the rest of that buffer first, and only what follows lands in a scratch buffer and is
//! copied. Going out, it never enters the program where the system can send a file by itself
//! (sendfile on Linux).
//!
//! Both directions are bounded. The channel of [`Heard`] is: while it is full the socket is not
//! read, and the peer's TCP slows down. Uploads are: the connection says how many bytes it can
//! take ([`Heard::Room`]), and takes no more.

mod incoming;
mod outgoing;
mod pool;
mod task;

use std::fs::File;
use std::io;
use std::sync::Arc;

use blocks::BlockBuf;
use messages::{BlockRequest, Message};

pub use pool::Pool;
pub use task::run;

/// Payload bytes that a connection takes before it has sent the first of them.
pub const UPLOAD_ROOM: u64 = 512 * 1024;

/// What a connection has to tell.
#[derive(Debug)]
pub enum Heard {
    /// The peer sent a message; never `piece`.
    Message(Message),
    /// A block that was asked for is whole.
    Block {
        /// Which.
        block: BlockRequest,
        /// Its bytes, at the front of the buffer.
        data: BlockBuf,
    },
    /// So many more payload bytes can be taken for sending.
    Room(u64),
    /// The connection has ended; the last that is heard of it. Why, for a person.
    Closed(String),
}

/// What a connection is to do.
#[derive(Debug)]
pub enum Order {
    /// Send a message. A request is remembered, so that its answer is known.
    Send(Message),
    /// Send a `piece` message with bytes from files.
    Upload {
        /// Which block.
        block: BlockRequest,
        /// Where its bytes are, in order; as many as the block has.
        spans: Vec<FileSpan>,
    },
    /// End the connection. What has not been sent is dropped.
    Close,
}

/// Bytes of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileSpan {
    /// The file's number; `None` stands for padding, which is zeros on no disk (BEP 47).
    pub file: Option<usize>,
    /// Where they begin.
    pub offset: u64,
    /// How many.
    pub len: u64,
}

/// The files that uploads come from, the same for all connections.
///
/// A file is opened when its bytes are about to be sent, not when they are ordered: what waits
/// holds no file open, however many files a block lies in and however many peers wait.
pub trait Files {
    /// A file by its number, open to be read.
    ///
    /// # Errors
    ///
    /// When it cannot be opened. That ends the connection.
    fn open(&self, file: usize) -> io::Result<Arc<File>>;

    /// Hears that an open file could not be read, or is shorter than it was. That ends the
    /// connection.
    fn unreadable(&self, file: usize, error: &io::Error);
}
