//! What we tell a tracker, and the URL that says it.

use metainfo::InfoHash;
use peer_id::PeerId;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::percent_encode;

// ANCHOR: request
/// One announce: what a tracker is told (BEP 3, "trackers").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnounceRequest {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Who we are.
    pub peer_id: PeerId,
    /// The TCP port at which other peers reach us.
    pub port: u16,
    /// Bytes sent to peers since `started`.
    pub uploaded: u64,
    /// Bytes received from peers since `started`.
    pub downloaded: u64,
    /// Bytes still missing; 0 makes us a seeder.
    pub left: u64,
    /// What has happened, if anything has.
    pub event: Option<AnnounceEvent>,
    /// How many peers we would like to hear of; none asked for, a tracker chooses,
    /// often 50.
    pub numwant: Option<u32>,
    /// A random number by which a tracker knows us again when our address has
    /// changed (BEP 7).
    pub key: u32,
    /// What the tracker's last reply gave as `tracker id`, to be given back.
    pub tracker_id: Option<Vec<u8>>,
}

/// The moments of a download that a tracker hears of; between them an announce has
/// no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnnounceEvent {
    /// The first announce.
    Started,
    /// The download has just become complete. Not sent when it was complete from
    /// the start.
    Completed,
    /// We are leaving.
    Stopped,
    /// We have what we chose, which is not everything, and fetch nothing more: a partial seed says
    /// so with every announce (BEP 21).
    Paused,
}
// ANCHOR_END: request

impl AnnounceEvent {
    /// The word for it in the URL.
    pub fn as_str(self) -> &'static str {
        match self {
            AnnounceEvent::Started => "started",
            AnnounceEvent::Completed => "completed",
            AnnounceEvent::Stopped => "stopped",
            AnnounceEvent::Paused => "paused",
        }
    }
}

/// Why an announce URL is none that we can use.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum UrlError {
    /// A UDP tracker (BEP 15).
    #[error("{host} is a UDP tracker, and UDP trackers are not built yet")]
    Udp {
        /// The tracker's host.
        host: String,
    },
    /// Something other than HTTP, HTTPS and UDP.
    #[error("the tracker's URL begins with `{scheme}:`, and only http and https are built")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// One that is no place for a scrape (BEP 48).
    #[error(
        "the tracker {host} takes no scrape: the last part of its URL does not begin with `announce`"
    )]
    NoScrape {
        /// The tracker's host.
        host: String,
    },
    /// No URL at all.
    #[error("the tracker's URL cannot be read: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
}

// ANCHOR: announce_url
/// The URL that announces `request` to the tracker at `announce`.
///
/// An announce URL may have a query already (private trackers put a key there),
/// which is kept. The URL is put together as text: helpers that build queries take
/// text for their values, and an info-hash is no text.
///
/// # Errors
///
/// When `announce` is not an HTTP or HTTPS URL.
pub fn announce_url(announce: &str, request: &AnnounceRequest) -> Result<String, UrlError> {
    // ANCHOR: yours_announce_url (chapter 4, "Build it")
    let base = parse_base(announce)?;
    let mut url = base.as_str().to_string();
    url.push_str(match base.query() {
        None => "?",
        Some(query) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    });
    url += &format!("info_hash={}", percent_encode(&request.info_hash.0));
    url += &format!("&peer_id={}", percent_encode(&request.peer_id.0));
    url += &format!("&port={}", request.port);
    url += &format!("&uploaded={}", request.uploaded);
    url += &format!("&downloaded={}", request.downloaded);
    url += &format!("&left={}", request.left);
    url += &format!("&compact=1&key={:08X}", request.key);
    if let Some(event) = request.event {
        url += &format!("&event={}", event.as_str());
    }
    if let Some(numwant) = request.numwant {
        url += &format!("&numwant={numwant}");
    }
    if let Some(id) = &request.tracker_id {
        url += &format!("&trackerid={}", percent_encode(id));
    }
    Ok(url)
    // ANCHOR_END: yours_announce_url
}
// ANCHOR_END: announce_url

/// The announce URL from the torrent, checked, without its fragment (which is never sent).
pub(crate) fn parse_base(announce: &str) -> Result<Url, UrlError> {
    let mut url = Url::parse(announce.trim()).map_err(|error| UrlError::Invalid {
        reason: error.to_string(),
    })?;
    match url.scheme() {
        "http" | "https" => {
            url.set_fragment(None);
            Ok(url)
        }
        "udp" => Err(UrlError::Udp {
            host: url.host_str().unwrap_or("the tracker").to_string(),
        }),
        scheme => Err(UrlError::Scheme {
            scheme: scheme.chars().take(20).collect(),
        }),
    }
}

#[cfg(test)]
mod tests;
