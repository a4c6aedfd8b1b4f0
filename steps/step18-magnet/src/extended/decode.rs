//! From a peer's bytes to its extension handshake.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bencode::{Limits, Mode, Options, Value};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracker::printable;

use super::ExtendedHandshake;
use crate::limits::{MAX_EXTENSION_NAME, MAX_EXTENSIONS, MAX_HANDSHAKE};

/// Why an `extended` message says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ExtendedError {
    /// There is not even an id in it.
    #[error("the peer sent an `extended` message without anything in it")]
    Empty,
    /// No handshake is so long.
    #[error(
        "the peer's extension handshake has {bytes} bytes; more than {MAX_HANDSHAKE} are not read"
    )]
    TooLong {
        /// Its length in bytes, without the id.
        bytes: usize,
    },
    /// It is no bencode.
    #[error("the peer's extension handshake cannot be read: {problem}")]
    Bencode {
        /// Where and why not.
        problem: String,
    },
    /// It is another value.
    #[error("the peer's extension handshake is no dictionary")]
    NoDictionary,
}

const DECODE: Options = Options {
    mode: Mode::Lenient,
    limits: Limits {
        max_depth: 16,
        max_size: MAX_HANDSHAKE,
        max_values: 4 * 1024,
    },
};

impl ExtendedHandshake {
    // ANCHOR: decode
    /// Reads the dictionary of an extension handshake: what follows the id.
    ///
    /// Real clients write many things. Keys in any order and unknown ones are taken, and what a key
    /// cannot mean is as if it were not there: one odd value does not cost the rest.
    ///
    /// # Errors
    ///
    /// When it is no dictionary in bencode, or longer than [`MAX_HANDSHAKE`].
    pub fn decode(bytes: &[u8]) -> Result<ExtendedHandshake, ExtendedError> {
        if bytes.len() > MAX_HANDSHAKE {
            let bytes = bytes.len();
            return Err(ExtendedError::TooLong { bytes });
        }
        let document = DECODE
            .decode(bytes)
            .map_err(|error| ExtendedError::Bencode {
                problem: error.to_string(),
            })?;
        let root = document.root();
        root.dict().ok_or(ExtendedError::NoDictionary)?;
        let number = |key: &str| root.get(key)?.as_int();
        Ok(ExtendedHandshake {
            extensions: root.get("m").map(extensions).unwrap_or_default(),
            metadata_size: number("metadata_size")
                .and_then(|size| u64::try_from(size).ok())
                .filter(|&size| size > 0),
            client: root.get("v").and_then(client),
            port: number("p")
                .and_then(|port| u16::try_from(port).ok())
                .filter(|&port| port > 0),
            requests: number("reqq").and_then(|requests| u32::try_from(requests).ok()),
            upload_only: number("upload_only").map(|flag| flag != 0),
            your_ip: root.get("yourip").and_then(address),
            ipv4: root.get("ipv4").and_then(v4),
            ipv6: root.get("ipv6").and_then(v6),
        })
    }
    // ANCHOR_END: decode
}

// ANCHOR: extensions
/// The numbers by names. What is no number of one byte is no extension; of a name that is there twice
/// the first counts.
fn extensions(m: Value<'_, '_>) -> BTreeMap<String, u8> {
    let mut extensions = BTreeMap::new();
    for (name, id) in m.dict().into_iter().flatten() {
        let name = std::str::from_utf8(name).ok();
        let name = name.filter(|name| name.len() <= MAX_EXTENSION_NAME);
        let id = id.as_int().and_then(|id| u8::try_from(id).ok());
        if let (Some(name), Some(id)) = (name, id)
            && extensions.len() < MAX_EXTENSIONS
        {
            extensions.entry(name.to_owned()).or_insert(id);
        }
    }
    extensions
}
// ANCHOR_END: extensions

/// A name fit for a terminal.
fn client(value: Value<'_, '_>) -> Option<String> {
    let text = printable(value.as_bytes()?);
    (!text.is_empty()).then_some(text)
}

fn v4(value: Value<'_, '_>) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = value.as_bytes()?.try_into().ok()?;
    Some(octets.into())
}

fn v6(value: Value<'_, '_>) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = value.as_bytes()?.try_into().ok()?;
    Some(octets.into())
}

fn address(value: Value<'_, '_>) -> Option<IpAddr> {
    let v4 = v4(value).map(IpAddr::V4);
    v4.or_else(|| v6(value).map(IpAddr::V6))
}
