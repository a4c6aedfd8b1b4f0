//! A magnet link, taken apart and put together (BEP 9, BEP 53).

use std::collections::BTreeSet;
use std::fmt;

use metainfo::{InfoHash, Metainfo};
use tracker::{PeerAddr, percent_encode};

use crate::limits::{MAX_LINK, MAX_SOURCES, MAX_URL};

mod error;
mod escape;
mod parse;
mod selected;
mod topic;

pub use error::{MagnetError, Skipped, Why};
pub use selected::{Selected, SelectedError};

// ANCHOR: magnet
/// What a magnet link says. One of the two hashes is always there, in a link that was read.
///
/// ```
/// use magnet::Magnet;
///
/// let link = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&dn=a+talk&so=0,2-4";
/// let magnet: Magnet = link.parse().unwrap();
/// assert_eq!(magnet.name.as_deref(), Some("a talk"));
/// assert!(magnet.selected.as_ref().unwrap().contains(3));
/// assert_eq!(magnet.to_string().parse(), Ok(magnet), "what is written is read again");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Magnet {
    /// `xt=urn:btih:`, the SHA-1 of the `info` dictionary.
    pub info_hash_v1: Option<InfoHash>,
    /// `xt=urn:btmh:`, its SHA-256 (BEP 52). Of a hybrid torrent both are there.
    pub info_hash_v2: Option<[u8; 32]>,
    /// `dn`, a name to show until the torrent's own is known. A stranger's text.
    pub name: Option<String>,
    /// `tr`, the trackers, each once. A tier each, if they become a torrent's.
    pub trackers: Vec<String>,
    /// `x.pe`, peers to call at once, each once.
    pub peers: Vec<PeerAddr>,
    /// `ws`, HTTP servers that hold the files (BEP 19), each once.
    pub web_seeds: Vec<String>,
    /// `so`, the files that are wanted (BEP 53); all, if it is not there.
    pub selected: Option<Selected>,
}
// ANCHOR_END: magnet

impl Magnet {
    /// The link of a torrent: its hashes, its name, its trackers and web seeds, as many of them as go
    /// into a link. A private torrent (BEP 27) has one too, but its peers give no metadata away.
    pub fn of(torrent: &Metainfo) -> Magnet {
        let mut magnet = Magnet {
            info_hash_v1: torrent.info_hash_v1,
            info_hash_v2: torrent.info_hash_v2,
            name: Some(torrent.name.clone()),
            ..Magnet::default()
        };
        let mut left = MAX_LINK - magnet.to_string().len();
        magnet.trackers = fitting(torrent.announce.iter().flatten(), &mut left);
        magnet.web_seeds = fitting(torrent.web_seeds.iter(), &mut left);
        magnet
    }
}

/// The first URLs, each once, that go into what is left of a link.
fn fitting<'a>(urls: impl Iterator<Item = &'a String>, left: &mut usize) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut fits = |url: &String| {
        let len = "&tr=".len() + percent_encode(url.as_bytes()).len();
        let fits = url.len() <= MAX_URL && len <= *left && seen.insert(url.clone());
        *left -= if fits { len } else { 0 };
        fits
    };
    let urls = urls.filter(|url| fits(url));
    urls.take(MAX_SOURCES).cloned().collect()
}

impl fmt::Display for Magnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parameters = Vec::new();
        if let Some(hash) = self.info_hash_v1 {
            parameters.push(format!("xt=urn:btih:{hash}"));
        }
        if let Some(hash) = self.info_hash_v2 {
            // The multihash of SHA-256: 0x12 is its number, 0x20 its length.
            parameters.push(format!("xt=urn:btmh:1220{}", hex::encode(hash)));
        }
        let text = |name: &str, value: &str| format!("{name}={}", percent_encode(value.as_bytes()));
        parameters.extend(self.name.iter().map(|name| text("dn", name)));
        parameters.extend(self.trackers.iter().map(|url| text("tr", url)));
        parameters.extend(self.web_seeds.iter().map(|url| text("ws", url)));
        // Brackets and colons mean nothing else in a query: a person can read them.
        let peer = |peer: &PeerAddr| readable(&text("x.pe", &peer.to_string()));
        parameters.extend(self.peers.iter().map(peer));
        parameters.extend(self.selected.iter().map(|files| format!("so={files}")));
        write!(f, "magnet:?{}", parameters.join("&"))
    }
}

/// A peer's address with its brackets and its colons.
fn readable(escaped: &str) -> String {
    let pairs = [("%3A", ":"), ("%5B", "["), ("%5D", "]")];
    let mut text = escaped.to_owned();
    for (escaped, sign) in pairs {
        text = text.replace(escaped, sign);
    }
    text
}

#[cfg(test)]
mod tests;
