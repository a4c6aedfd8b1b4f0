//! Chapter 21: the fast extension (BEP 6).
//!
//! In BEP 3 a choke drops every request, without a word; who wants nothing more of a block says
//! `cancel`, and may get it all the same; and who has nothing says nothing. With this extension each
//! request is answered exactly once, by its block or by a word:
//!
//! ```text
//! 00 00 00 0d   10   00 00 00 07  00 00 40 00  00 00 40 00     reject: not this block
//! 00 00 00 05   11   00 00 00 2a                               allowed fast: this piece, choked or not
//! 00 00 00 05   0d   00 00 00 2a                               suggest: you might take this piece
//! 00 00 00 01   0e                                             have all
//! 00 00 00 01   0f                                             have none
//! ```
//!
//! Both sides say in their handshake that they speak it
//! ([`Reserved::fast`](handshake::Reserved::fast)); one alone changes nothing.
//!
//! [`Fast`] is one of the five messages. [`allowed_fast`] computes the pieces that a peer gets even
//! while it is choked. [`TakenBack`] remembers the requests that were cancelled and are not answered
//! yet. None of them opens a socket.
//!
//! ```
//! use fast::Fast;
//! use messages::{BlockRequest, Message};
//!
//! let block = BlockRequest { piece: 7, offset: 16_384, len: 16_384 };
//! let mut bytes = Vec::new();
//! Message::from(Fast::Reject(block)).encode(&mut bytes);
//! assert_eq!(bytes[..5], [0, 0, 0, 13, 16]);
//! assert_eq!(Fast::read(16, &bytes[5..], 100), Ok(Some(Fast::Reject(block))));
//! ```

mod allowed;
mod message;
mod taken_back;

pub use allowed::{ALLOWED, allowed_fast};
pub use message::{Fast, FastError, IDS};
pub use taken_back::{MOST_TAKEN_BACK, TakenBack};
