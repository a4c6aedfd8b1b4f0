//! What a client asks its tracker.

use metainfo::InfoHash;

use crate::lab::tracker::http::Request;
use crate::lab::tracker::request::pairs;

/// One announce, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The target of the HTTP request.
    pub target: String,
    /// Whether the answer may be compressed.
    pub takes_gzip: bool,
    /// The parameters, unescaped, in their order; empty when they cannot be read.
    pub pairs: Vec<(String, Vec<u8>)>,
    /// Why they cannot be read.
    pub unreadable: Option<String>,
}

impl Asked {
    pub(super) fn new(request: Request) -> Asked {
        let (_, query) = request.target.split_once('?').unwrap_or_default();
        let (pairs, unreadable) = match pairs(query) {
            Ok(pairs) => (pairs, None),
            Err(why) => (Vec::new(), Some(why.to_string())),
        };
        Asked {
            target: request.target,
            takes_gzip: request.takes_gzip,
            pairs,
            unreadable,
        }
    }

    /// A parameter, the first of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &value[..])
    }

    /// A parameter that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// A parameter that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// The event; empty for a regular announce.
    pub fn event(&self) -> String {
        let event = self.text("event").unwrap_or_default();
        if event == "empty" {
            String::new()
        } else {
            event
        }
    }

    /// The torrent it is about.
    pub fn info_hash(&self) -> Option<InfoHash> {
        Some(InfoHash(self.get("info_hash")?.try_into().ok()?))
    }

    /// The path, without what was asked.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&*self.target, |(path, _)| path)
    }
}
