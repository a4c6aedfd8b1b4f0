//! Chapter 12: one connection as a task.
//!
//! The task owns the socket. It turns what arrives into [`Heard`] and sends what an [`Order`]
//! says; what any of it means is decided elsewhere.
//!
//! Payload goes straight from the socket into the 16 KiB buffers of its blocks: a vectored read has
//! a place for each header and block that should come next, in their order, and only what comes
//! otherwise is copied. Going out, bytes that are in memory are fetched at once, and several blocks
//! go to the system in one call; what is not in memory is read by somebody else, for this task never
//! waits for a disk (see [`Source`]).
//!
//! Both directions are bounded. The channel of [`Heard`] is: while it is full the socket is not
//! read, and the peer's TCP slows down. Uploads are: the connection says how many bytes it can
//! take ([`Heard::Room`]), and takes no more.

mod incoming;
mod outgoing;
mod pool;
mod source;
mod stream;
mod task;

use blocks::BlockBuf;
use messages::{BlockRequest, Ended, Message};

pub use incoming::Incoming;
pub use pool::Pool;
pub use source::{FileSpan, Source};
pub use stream::{Cipher, Encrypted, Stream};
pub use task::{Setup, run};

/// Payload bytes that a connection takes before it has sent the first of them.
pub const UPLOAD_ROOM: u64 = 512 * 1024;

/// What both ends have agreed on beyond BEP 3, with the reserved bits of their handshakes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// The ids of messages of later BEPs that are passed on whole.
    pub later: &'static [u8],
    /// A choke forgets nothing: each request is answered, by its block or by a word (BEP 6).
    pub choke_forgets_nothing: bool,
}

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
    /// Payload came that is of no use: nobody has asked for it, or not any more.
    Wasted {
        /// Which it is; `None` of what has come of blocks that never became whole, which is told at the
        /// end.
        block: Option<BlockRequest>,
        /// How many bytes.
        bytes: u64,
    },
    /// So many more payload bytes can be taken for sending.
    Room(u64),
    /// An upload cannot be read, and is dropped: nothing of it was sent. Its bytes are room again.
    Unsent(BlockRequest),
    /// The connection has ended; the last that is heard of it.
    Closed(Ended),
}

/// What a connection is to do.
#[derive(Debug)]
pub enum Order {
    /// Send a message. A request is remembered, so that its answer is known.
    Send(Message),
    /// The peer has said that it will not send this block, which was asked of it (BEP 6).
    Rejected(BlockRequest),
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
