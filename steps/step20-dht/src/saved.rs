//! The table as bytes, to be kept over a restart.
//!
//! Canonical bencode, one dictionary:
//!
//! | key | value |
//! | --- | --- |
//! | `format` | 1 |
//! | `id` | our id among IPv4's nodes; left out if there is none |
//! | `id6` | and among IPv6's |
//! | `nodes` | nodes of IPv4 that were not bad, 26 bytes each, as in a datagram |
//! | `nodes6` | nodes of IPv6, 38 bytes each |

use bencode::{Limits, Mode, Options, Value};
use bendy::encoding::{Encoder, Error as EncodeError, SingleItemEncoder};
use thiserror::Error;

use crate::krpc::{contacts, read_contacts};
use crate::limits::{MAX_SAVED, MAX_SAVED_BYTES};
use crate::{Contact, Id};

/// The only format there is.
const FORMAT: i64 = 1;

/// What of a node is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Its id among IPv4's nodes.
    pub id: Option<Id>,
    /// Its id among IPv6's.
    pub id6: Option<Id>,
    /// Nodes of IPv4, at most [`MAX_SAVED`].
    pub nodes: Vec<Contact>,
    /// Nodes of IPv6, at most [`MAX_SAVED`].
    pub nodes6: Vec<Contact>,
}

/// Why saved bytes cannot be used. Nothing is lost but the time to begin anew.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SavedError {
    /// They are no bencode.
    #[error("the saved nodes of the DHT are damaged: {0}; delete them, and the node begins anew")]
    Damaged(#[from] bencode::Error),
    /// Something is missing, or too much is there.
    #[error(
        "the saved nodes of the DHT are damaged: `{key}` is not what it should be; delete them, and the \
         node begins anew"
    )]
    Key {
        /// The key.
        key: &'static str,
    },
    /// Another program, or a later version of this one, has written them.
    #[error(
        "the saved nodes of the DHT have format {format}, and this version reads {FORMAT}; delete them, \
         and the node begins anew"
    )]
    Format {
        /// The format.
        format: i64,
    },
}

impl Saved {
    /// The bytes. The same nodes give the same bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder
            .emit_with(|item| self.encode_into(item))
            .and_then(|()| encoder.get_output())
            .expect("the keys are sorted, and nothing is nested deeply")
    }

    fn encode_into(&self, item: SingleItemEncoder<'_>) -> Result<(), EncodeError> {
        item.emit_dict(|mut dict| {
            dict.emit_pair(b"format", FORMAT)?;
            for (key, id) in [(&b"id"[..], self.id), (b"id6", self.id6)] {
                if let Some(id) = id {
                    dict.emit_pair_with(key, |item| item.emit_bytes(&id.0))?;
                }
            }
            for (key, nodes) in [(&b"nodes"[..], &self.nodes), (b"nodes6", &self.nodes6)] {
                let bytes = contacts(nodes.iter().take(MAX_SAVED));
                dict.emit_pair_with(key, |item| item.emit_bytes(&bytes))?;
            }
            Ok(())
        })
    }

    /// Reads the bytes.
    ///
    /// # Errors
    ///
    /// When somebody else has written them, or something has happened to them.
    pub fn decode(bytes: &[u8]) -> Result<Saved, SavedError> {
        let options = Options {
            mode: Mode::Strict,
            limits: Limits {
                max_depth: 2,
                max_size: MAX_SAVED_BYTES,
                max_values: 64,
            },
        };
        let document = options.decode(bytes)?;
        let root = document.root();
        let format = root.get("format").and_then(Value::as_int);
        match format.ok_or(SavedError::Key { key: "format" })? {
            FORMAT => {}
            format => return Err(SavedError::Format { format }),
        }
        let saved = Saved {
            id: id(root, "id")?,
            id6: id(root, "id6")?,
            nodes: nodes::<26>(root, "nodes")?,
            nodes6: nodes::<38>(root, "nodes6")?,
        };
        let is_v6 = |node: &Contact| node.addr.is_ipv6();
        match saved.nodes6.iter().all(is_v6) {
            true => Ok(saved),
            false => Err(SavedError::Key { key: "nodes6" }),
        }
    }
}

fn id(root: Value<'_, '_>, key: &'static str) -> Result<Option<Id>, SavedError> {
    let Some(value) = root.get(key) else {
        return Ok(None);
    };
    let bytes = value.as_bytes().and_then(|bytes| bytes.try_into().ok());
    Ok(Some(Id(bytes.ok_or(SavedError::Key { key })?)))
}

fn nodes<const N: usize>(
    root: Value<'_, '_>,
    key: &'static str,
) -> Result<Vec<Contact>, SavedError> {
    let bytes = root.get(key).and_then(Value::as_bytes);
    let bytes = bytes.filter(|bytes| bytes.len() % N == 0 && bytes.len() <= N * MAX_SAVED);
    Ok(read_contacts::<N>(bytes.ok_or(SavedError::Key { key })?).collect())
}

#[cfg(test)]
mod tests;
