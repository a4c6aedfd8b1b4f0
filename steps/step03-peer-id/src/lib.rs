//! Peer ids (BEP 20): the 20 bytes by which one peer names itself to another.
//!
//! A client chooses its peer id anew each time it starts. By custom the first bytes name the
//! client and its version, and the rest is random. Nothing but custom: a peer id proves nothing,
//! and it is good for statistics and for a line on the screen.
//!
//! ```
//! use peer_id::PeerId;
//!
//! let id = PeerId(*b"-TR4060-k8hj0wgej6ch");
//! assert_eq!(id.client().unwrap().to_string(), "Transmission 4.0.6");
//! ```

mod azureus;
mod custom;
mod mainline;
mod parse;
mod shadow;

#[cfg(test)]
mod tests;

use std::fmt;

pub use parse::ParsePeerIdError;
use rand::{Rng, RngExt};

#[derive(serde::Serialize, serde::Deserialize)]
// ANCHOR: peer_id
/// The 20 bytes by which a peer names itself (BEP 3).
///
/// Displayed as text, with `%` and two hex digits for each byte that is not printable ASCII; the
/// same form is read back by [`str::parse`], like plain text of 20 bytes and 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 20]);

impl PeerId {
    /// A new peer id for this run of the program: `-KO0100-` and twelve random letters or digits.
    ///
    /// It is chosen once a run. Two peers with one id look like one peer, and the second of them
    /// is turned away; and an id kept from one run to the next would tell who was online when.
    pub fn generate(rng: &mut impl Rng) -> PeerId {
        // ANCHOR: yours_generate (chapter 3, "Build it")
        let mut id = [0; 20];
        id[..8].copy_from_slice(&azureus::our_prefix());
        id[8..].fill_with(|| LETTERS[rng.random_range(0..LETTERS.len())]);
        PeerId(id)
        // ANCHOR_END: yours_generate
    }
}
// ANCHOR_END: peer_id

impl PeerId {
    // ANCHOR: client
    /// The client that uses this id, as far as it can be told.
    ///
    /// The fixed beginnings of single clients come first, for some of them look like one of the
    /// common styles.
    pub fn client(&self) -> Option<Client> {
        custom::recognise(&self.0)
            .or_else(|| azureus::recognise(&self.0))
            .or_else(|| mainline::recognise(&self.0))
            .or_else(|| shadow::recognise(&self.0))
    }
    // ANCHOR_END: client
}

/// What the random part is made of: no byte that must be escaped in a URL.
const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A client and its version, as a peer id tells them. Displayed as `Transmission 4.0.6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client's name.
    pub name: String,
    /// Its version, empty if the id tells none.
    pub version: String,
}

impl Client {
    pub(crate) fn new(name: &str, version: impl Into<String>) -> Client {
        Client {
            name: name.to_owned(),
            version: version.into(),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.version.is_empty() {
            write!(f, " {}", self.version)?;
        }
        Ok(())
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            match byte {
                b'%' => f.write_str("%25")?,
                0x21..=0x7e => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}
