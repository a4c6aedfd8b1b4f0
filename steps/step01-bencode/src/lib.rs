//! Bencode (BEP 3): reading it, with the place of every value in the input kept.
//!
//! Bencode has four kinds of value. A byte string is `4:spam`, an integer is `i42e`, a list is
//! `l4:spami42ee`, a dictionary is `d3:bar4:spam3:fooi42ee`. Torrent files and the replies of
//! trackers are written in it.
//!
//! [`decode`] reads one value that fills its whole input, and returns a [`Document`]. Nothing is
//! copied out of the input: a [`Value`] knows the bytes it was written with, and hands them out
//! with [`Value::raw`]. That matters, because a torrent is named by the SHA-1 of the *original*
//! bytes of one of its values.
//!
//! ```
//! let document = bencode::decode(b"d4:name5:hello4:sizei12ee").unwrap();
//! let root = document.root();
//! assert_eq!(root.get("name").unwrap().as_str(), Some("hello"));
//! assert_eq!(root.get("size").unwrap().as_int(), Some(12));
//! assert_eq!(root.get("size").unwrap().raw(), b"i12e");
//! assert_eq!(root.get("size").unwrap().span(), 20..24);
//! ```
//!
//! The decoder does not call itself: a list in a list in a list, 100,000 deep, is an [`Error`] and
//! not a crash. [`Limits`] bound the memory that any input can claim.

mod canonical;
mod decoder;
mod error;
mod options;
mod value;

pub use error::{Error, Flaw, Problem, Quirk};
pub use options::{Limits, Mode, Options};
pub use value::{Children, Dict, Document, Kind, List, Value};

/// Decodes canonical bencode: one value, and nothing after it.
///
/// Dictionary keys must be sorted and unique, numbers without leading zeros (BEP 3). The limits
/// are [`Limits::DEFAULT`].
///
/// # Errors
///
/// [`Error`] says at which byte the input stops being canonical bencode, and why.
pub fn decode(input: &[u8]) -> Result<Document<'_>, Error> {
    Options::new(Mode::Strict).decode(input)
}

/// Decodes bencode as real programs write it.
///
/// This takes what libtorrent takes: unsorted and repeated keys, leading zeros, `-0`, and bytes
/// after the value. [`Document::quirks`] lists what was forgiven. The limits are
/// [`Limits::DEFAULT`].
///
/// # Errors
///
/// [`Error`] says at which byte the input stops making sense, and why.
pub fn decode_lenient(input: &[u8]) -> Result<Document<'_>, Error> {
    Options::new(Mode::Lenient).decode(input)
}
