//! What a tracker answers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bencode::{Document, Kind, Limits, Mode, Options, Value};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::{DEFAULT_INTERVAL, MAX_INTERVAL, MAX_REPLY, MAX_TRACKER_ID, MIN_INTERVAL};
use crate::peers::read_peers;
use crate::{Retry, printable, retry};

// ANCHOR: reply
/// A tracker's reply to an announce (BEP 3, BEP 7, BEP 23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnounceReply {
    /// When to announce again: what the tracker asks for, within
    /// [`MIN_INTERVAL`](crate::limits::MIN_INTERVAL) and
    /// [`MAX_INTERVAL`](crate::limits::MAX_INTERVAL).
    pub interval: Duration,
    /// The soonest to announce again when we need more peers, within the same
    /// bounds.
    pub min_interval: Option<Duration>,
    /// To be given back in the next announce.
    pub tracker_id: Option<Vec<u8>>,
    /// How many seeders the tracker knows of.
    pub complete: Option<u32>,
    /// How many others it knows of.
    pub incomplete: Option<u32>,
    /// Our own address, as the tracker sees it (BEP 24).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ip: Option<IpAddr>,
    /// Peers to connect to, each once, at most
    /// [`MAX_PEERS`](crate::limits::MAX_PEERS). We may be among them.
    pub peers: Vec<SocketAddr>,
    /// Something the tracker wants a person to know; the reply is good all the
    /// same.
    pub warning: Option<String>,
}
// ANCHOR_END: reply

/// Why a reply is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ReplyError {
    /// The tracker refused.
    #[error("the tracker refused: {reason}{}", and_wish(*.retry))]
    Failure {
        /// Its words.
        reason: String,
        /// When it wants to be asked again, if it says so.
        retry: Option<Retry>,
    },
    /// A web page.
    #[error(
        "the tracker's answer is a web page: the announce URL may be wrong, or the tracker gone"
    )]
    Html,
    /// Nothing.
    #[error("the tracker's answer is empty")]
    Empty,
    /// More than a reply can be.
    #[error("the tracker's answer is longer than {MAX_REPLY} bytes")]
    TooLong,
    /// Bytes that are not bencode.
    #[error("the tracker's answer is not bencoded: {reason}")]
    NotBencode {
        /// Where it goes wrong, and how.
        reason: String,
    },
    /// Bencode, but no dictionary.
    #[error("the tracker's answer is not a dictionary")]
    NotADictionary,
    /// To a scrape: the torrent is not among those that it tells of.
    #[error("the tracker does not know the torrent")]
    UnknownTorrent,
}

/// The rest of a sentence about a refusal.
pub(crate) fn and_wish(retry: Option<Retry>) -> String {
    retry.map_or_else(String::new, |retry| format!("; {retry}"))
}

/// A reply of ten thousand peers stays well inside.
const LIMITS: Limits = Limits {
    max_depth: 32,
    max_size: MAX_REPLY,
    max_values: 100_000,
};

// ANCHOR: parse_reply
/// Reads a tracker's reply.
///
/// It is read leniently: a tracker that forgets to sort its keys still knows our
/// peers. Whatever is odd in it is dropped, as long as the whole can be read.
///
/// # Errors
///
/// When the tracker refuses ([`ReplyError::Failure`]), or when this is not a
/// tracker's reply.
pub fn parse_reply(body: &[u8]) -> Result<AnnounceReply, ReplyError> {
    let document = decode(body)?;
    let reply = document.root();
    if let Some(refusal) = refusal(reply) {
        return Err(refusal);
    }
    let bytes = |key: &str| reply.get(key)?.as_bytes();
    let number = |key: &str| reply.get(key)?.as_int();
    let count = |key: &str| u32::try_from(number(key)?).ok();
    Ok(AnnounceReply {
        interval: number("interval").map_or(DEFAULT_INTERVAL, within_bounds),
        min_interval: number("min interval").map(within_bounds),
        tracker_id: bytes("tracker id")
            .filter(|id| id.len() <= MAX_TRACKER_ID)
            .map(<[u8]>::to_vec),
        complete: count("complete"),
        incomplete: count("incomplete"),
        external_ip: bytes("external ip").and_then(ip_of),
        peers: read_peers(reply),
        warning: bytes("warning message").map(printable),
    })
}

/// Reads an answer, which is a dictionary.
pub(crate) fn decode(body: &[u8]) -> Result<Document<'_>, ReplyError> {
    check_form(body)?;
    let options = Options {
        mode: Mode::Lenient,
        limits: LIMITS,
    };
    let document = options
        .decode(body)
        .map_err(|error| ReplyError::NotBencode {
            reason: error.to_string(),
        })?;
    match document.root().kind() {
        Kind::Dict => Ok(document),
        _ => Err(ReplyError::NotADictionary),
    }
}

/// What the tracker says, if it refuses.
pub(crate) fn refusal(reply: Value<'_, '_>) -> Option<ReplyError> {
    let reason = reply.get("failure reason")?;
    let words = reason.as_bytes().map(printable);
    let words = words.filter(|words| !words.is_empty());
    Some(ReplyError::Failure {
        reason: words.unwrap_or_else(|| "it does not say why".to_string()),
        retry: retry::of_reply(reply),
    })
}
// ANCHOR_END: parse_reply

/// An address of 4 or 16 bytes.
fn ip_of(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

/// Seconds as a tracker gives them, any number, as a time that we are willing to wait.
fn within_bounds(seconds: i64) -> Duration {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    Duration::from_secs(seconds).clamp(MIN_INTERVAL, MAX_INTERVAL)
}

/// Names the common wrong answers for what they are.
fn check_form(body: &[u8]) -> Result<(), ReplyError> {
    if body.len() > MAX_REPLY {
        return Err(ReplyError::TooLong);
    }
    match body.trim_ascii_start().first() {
        None => Err(ReplyError::Empty),
        Some(b'<') => Err(ReplyError::Html),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
