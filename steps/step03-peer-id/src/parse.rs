//! Reading a peer id as a person writes it.

use std::str::FromStr;

use crate::PeerId;

/// A text that is no peer id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsePeerIdError {
    /// The bytes the text stands for.
    pub bytes: usize,
}

impl std::fmt::Display for ParsePeerIdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.bytes;
        write!(
            f,
            "a peer id has 20 bytes, this has {bytes}; write it as text, with %XX for other bytes, \
             or as 40 hex digits"
        )
    }
}

impl std::error::Error for ParsePeerIdError {}

impl FromStr for PeerId {
    type Err = ParsePeerIdError;

    /// Takes 40 hex digits, or 20 bytes of text in which `%` and two hex digits stand for a byte.
    fn from_str(text: &str) -> Result<PeerId, ParsePeerIdError> {
        let bytes = match hex(text) {
            Some(bytes) if bytes.len() == 20 => bytes,
            _ => unescape(text.as_bytes()),
        };
        let error = ParsePeerIdError { bytes: bytes.len() };
        bytes.try_into().map(PeerId).map_err(|_| error)
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(hex_byte).collect();
    bytes.filter(|_| rest.is_empty())
}

fn hex_byte(pair: &[u8; 2]) -> Option<u8> {
    let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
    Some((high? * 16 + low?) as u8)
}

/// Puts bytes for their `%XX`. A `%` with anything else behind it stands for itself.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escaped = after.first_chunk().filter(|_| *first == b'%');
        if let Some(byte) = escaped.and_then(hex_byte) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}
