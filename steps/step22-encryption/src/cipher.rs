//! What is done to every byte on its way.

use std::fmt;

use rc4::{KeyInit, Rc4, StreamCipher};

use crate::limits::DISCARDED;

/// What is done to the bytes of one direction.
#[derive(Debug)]
pub enum Cipher {
    /// Nothing.
    Plain,
    /// Each byte is mixed with the next byte of a keystream.
    Rc4(Box<Keystream>),
}

impl Cipher {
    /// Turns bytes that were read into what was meant, or what is meant into bytes to send: RC4 does
    /// the same both ways. The bytes have to come in their order, each once.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        match self {
            Cipher::Plain => {}
            Cipher::Rc4(keystream) => keystream.apply(bytes),
        }
    }

    /// Whether [`apply`](Cipher::apply) changes nothing. Such a connection may send straight from the
    /// page cache.
    pub fn is_plain(&self) -> bool {
        matches!(self, Cipher::Plain)
    }
}

// ANCHOR: keystream
/// RC4 with a key of 20 bytes, without its first 1,024 bytes.
///
/// RC4 is broken: TLS has forbidden it (RFC 7465). Here it hides what a connection is from who looks
/// at bytes in passing, and no more is claimed.
pub struct Keystream(Rc4);

impl Keystream {
    /// A new one, at its beginning.
    ///
    /// # Panics
    ///
    /// Never: RC4 takes keys of 1 to 256 bytes.
    pub fn new(key: [u8; 20]) -> Keystream {
        let mut rc4 = Rc4::new_from_slice(&key).expect("RC4 takes keys of 1 to 256 bytes");
        rc4.apply_keystream(&mut [0; DISCARDED]);
        Keystream(rc4)
    }

    /// Mixes the next bytes of the stream into these.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        self.0.apply_keystream(bytes);
    }
}
// ANCHOR_END: keystream

impl fmt::Debug for Keystream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keystream(…)")
    }
}

#[cfg(test)]
mod tests;
