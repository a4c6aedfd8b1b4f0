//! The info-hash: the 20 bytes that name a torrent.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

#[derive(serde::Serialize, serde::Deserialize)]
// ANCHOR: info_hash
/// The SHA-1 of the `info` dictionary, byte for byte as it stands in the torrent file (BEP 3).
/// Shown as 40 hex digits, and read from them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHash(pub [u8; 20]);

impl InfoHash {
    /// The info-hash of an `info` dictionary, given its original bytes.
    pub fn of(info: &[u8]) -> InfoHash {
        // ANCHOR: yours_of (chapter 2, "The info-hash, wrongly")
        InfoHash(Sha1::digest(info).into())
        // ANCHOR_END: yours_of
    }
}
// ANCHOR_END: info_hash

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InfoHash({self})")
    }
}

/// A text that is no info-hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an info-hash is 40 hex digits")]
pub struct ParseInfoHashError;

impl FromStr for InfoHash {
    type Err = ParseInfoHashError;

    fn from_str(text: &str) -> Result<InfoHash, ParseInfoHashError> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseInfoHashError)?;
        Ok(InfoHash(bytes))
    }
}
