//! Peer ids (BEP 20): the 20 bytes by which one peer names itself to another.
//!
//! A peer id is chosen anew each time a client starts. By custom its first bytes name the client
//! and its version, and the rest is random.

use rand::{Rng, RngExt};

/// The 20 bytes by which a peer names itself (BEP 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 20]);

impl PeerId {
    /// A new peer id for this run of the program: `-KT0100-` and twelve random letters or digits.
    pub fn generate(rng: &mut impl Rng) -> PeerId {
        let mut id = *b"-KT0100-............";
        for byte in &mut id[8..] {
            *byte = ALPHABET[rng.random_range(0..ALPHABET.len())];
        }
        PeerId(id)
    }

    /// The client that uses this id, as far as it can be told.
    pub fn client(&self) -> Option<Client> {
        None
    }
}

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A client and its version, as a peer id tells them. Displayed as `Transmission 4.0.6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client's name.
    pub name: String,
    /// Its version, empty if the id has none.
    pub version: String,
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if !self.version.is_empty() {
            write!(f, " {}", self.version)?;
        }
        Ok(())
    }
}

/// As text where it is text, other bytes as `%` and two hex digits.
impl std::fmt::Display for PeerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

impl std::fmt::Debug for PeerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PeerId({self})")
    }
}
