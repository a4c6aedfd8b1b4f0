//! How to decode: how strictly, and within which limits.

use crate::decoder::Decoder;
use crate::{Document, Error};

/// How much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only canonical bencode, in which every value has exactly one spelling.
    Strict,
    /// Also what libtorrent takes; each [`Quirk`](crate::Quirk) is reported.
    Lenient,
}

// ANCHOR: limits
/// What an input may claim at most. Past a limit decoding stops with an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many lists and dictionaries may be open at once.
    pub max_depth: usize,
    /// How many bytes the input may have. Never more than `u32::MAX`, whatever is set here.
    pub max_size: usize,
    /// How many values the input may hold, dictionary keys included. Each takes 16 bytes of memory.
    pub max_values: usize,
}

impl Limits {
    /// Enough for a torrent file of 64 MiB with 100,000 files.
    ///
    /// The most elaborate torrents spend about 34 values on a file. Four million values are 64 MiB
    /// of memory, and that is the most a decoded document takes.
    pub const DEFAULT: Limits = Limits {
        max_depth: 2048,
        max_size: 64 * 1024 * 1024,
        max_values: 4 * 1024 * 1024,
    };
}
// ANCHOR_END: limits

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}

/// How to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much is forgiven.
    pub mode: Mode,
    /// What an input may claim at most.
    pub limits: Limits,
}

impl Options {
    /// The given mode, with [`Limits::DEFAULT`].
    pub fn new(mode: Mode) -> Options {
        Options {
            mode,
            limits: Limits::DEFAULT,
        }
    }

    /// Decodes one value that fills the whole input.
    ///
    /// # Errors
    ///
    /// As [`decode`](crate::decode) and [`decode_lenient`](crate::decode_lenient).
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Document<'a>, Error> {
        Decoder::new(input, *self).run()
    }
}
