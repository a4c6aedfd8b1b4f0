//! The message `ut_pex`: whom somebody has met, and whom he has lost (BEP 11).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use bencode::Value;
use bendy::encoding::{Encoder, Error as EncodeError};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracker::{compact_v4, compact_v6};

use crate::contact::dialable;
use crate::limits::MAX_MESSAGE;
use crate::{Contact, Flags};

/// The name under which peers agree on a number for this message (BEP 10).
pub const NAME: &str = "ut_pex";

// ANCHOR: message
/// What a peer tells: what has changed since its last message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PexMessage {
    /// Peers that it is connected to now, each once.
    pub added: Vec<Contact>,
    /// Peers that it has told of, and is not connected to any more.
    pub dropped: Vec<SocketAddr>,
}
// ANCHOR_END: message

/// Why bytes are no such message.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum PexError {
    /// It is too long to be read.
    #[error("a peer exchange message of {length} bytes; at most {MAX_MESSAGE} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is not bencoded.
    #[error("a peer exchange message that is not bencoded: {problem}")]
    Bencode {
        /// What is wrong with it.
        problem: String,
    },
    /// It is bencoded, and no dictionary.
    #[error("a peer exchange message that is no dictionary")]
    NoDictionary,
}

impl PexMessage {
    // ANCHOR: decode
    /// Reads the body of a message: what stands behind the number that was agreed on.
    ///
    /// What is missing is empty; what is of another kind, too. Of a list with some bytes too many the
    /// last ones are dropped, and flags that are not as many as the peers say nothing. Nobody is left
    /// in it twice, nor where nobody can be (port 0, multicast), nor both added and dropped: such a one
    /// counts as dropped.
    ///
    /// # Errors
    ///
    /// When it is no dictionary, or longer than [`MAX_MESSAGE`].
    pub fn decode(body: &[u8]) -> Result<PexMessage, PexError> {
        // ANCHOR: yours_decode (chapter 19, "The message")
        if body.len() > MAX_MESSAGE {
            let length = body.len();
            return Err(PexError::TooLong { length });
        }
        let document = bencode::decode_lenient(body).map_err(|error| PexError::Bencode {
            problem: error.to_string(),
        })?;
        let root = document.root();
        if root.dict().is_none() {
            return Err(PexError::NoDictionary);
        }
        let dropped_v4 = compact_v4(bytes(root, "dropped"));
        let dropped = dropped_v4.chain(compact_v6(bytes(root, "dropped6")));
        let mut seen = BTreeSet::new();
        let dropped: Vec<SocketAddr> = dropped
            .filter_map(dialable)
            .filter(|&addr| seen.insert(addr))
            .collect();
        let v4: Vec<SocketAddr> = compact_v4(bytes(root, "added")).collect();
        let v6: Vec<SocketAddr> = compact_v6(bytes(root, "added6")).collect();
        let v4 = with_flags(v4, bytes(root, "added.f"));
        let v6 = with_flags(v6, bytes(root, "added6.f"));
        let added = v4.into_iter().chain(v6).filter_map(|contact| {
            let addr = dialable(contact.addr)?;
            seen.insert(addr).then_some(Contact { addr, ..contact })
        });
        let added = added.collect();
        Ok(PexMessage { added, dropped })
        // ANCHOR_END: yours_decode
    }
    // ANCHOR_END: decode

    // ANCHOR: encode
    /// The body of the message. Lists that are empty are left out.
    ///
    /// # Panics
    ///
    /// Never: the keys are in order.
    pub fn encode(&self) -> Vec<u8> {
        let (v4, v6): (Vec<Contact>, Vec<Contact>) = self
            .added
            .iter()
            .partition(|contact| contact.addr.is_ipv4());
        let (gone_v4, gone_v6): (Vec<SocketAddr>, Vec<SocketAddr>) =
            self.dropped.iter().partition(|addr| addr.is_ipv4());
        let lists = [
            ("added", compact(v4.iter().map(|contact| contact.addr))),
            (
                "added.f",
                v4.iter().map(|contact| contact.flags.0).collect(),
            ),
            ("added6", compact(v6.iter().map(|contact| contact.addr))),
            (
                "added6.f",
                v6.iter().map(|contact| contact.flags.0).collect(),
            ),
            ("dropped", compact(gone_v4.into_iter())),
            ("dropped6", compact(gone_v6.into_iter())),
        ];
        encode(&lists).expect("keys in order are bencoded")
    }
    // ANCHOR_END: encode

    /// Whether it tells nothing.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.dropped.is_empty()
    }
}

/// A list of the dictionary, or nothing.
fn bytes<'a>(root: Value<'a, '_>, key: &str) -> &'a [u8] {
    let value = root.get(key).and_then(|value| value.as_bytes());
    value.unwrap_or_default()
}

/// Each peer with its flags, if there are as many.
fn with_flags(peers: Vec<SocketAddr>, flags: &[u8]) -> Vec<Contact> {
    let flags = match flags.len() == peers.len() {
        true => flags.to_vec(),
        false => vec![0; peers.len()],
    };
    let pairs = peers.into_iter().zip(flags);
    let contacts = pairs.map(|(addr, flags)| Contact {
        addr,
        flags: Flags(flags),
    });
    contacts.collect()
}

/// Addresses in compact form: 6 bytes each, or 18.
fn compact(addrs: impl Iterator<Item = SocketAddr>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for addr in addrs {
        match addr {
            SocketAddr::V4(addr) => bytes.extend(addr.ip().octets()),
            SocketAddr::V6(addr) => bytes.extend(addr.ip().octets()),
        }
        bytes.extend(addr.port().to_be_bytes());
    }
    bytes
}

fn encode(lists: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.emit_dict(|mut dict| {
        for (key, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            dict.emit_pair_with(key.as_bytes(), |encoder| encoder.emit_bytes(list))?;
        }
        Ok(())
    })?;
    encoder.get_output()
}

#[cfg(test)]
mod tests;
