//! Who to ask for peers, and where else the files are.

use bencode::Value;

use crate::fields::Fields;
use crate::limits::{MAX_URL, MAX_URLS};
use crate::warnings::{Warnings, quoted};

// ANCHOR: announce
/// The trackers in tiers. `announce-list` (BEP 12) wins over `announce` (BEP 3), which alone is
/// one tier.
pub(crate) fn announce(torrent: Fields<'_, '_>, warnings: &mut Warnings) -> Vec<Vec<String>> {
    let mut urls = Urls::new("announce-list", warnings);
    let mut tiers = Vec::new();
    for tier in torrent.get("announce-list").iter().flat_map(members) {
        // Some torrents have a plain list of URLs: each of them is a tier.
        tiers.push(members(&tier).filter_map(|url| urls.take(url)).collect());
    }
    tiers.retain(|tier: &Vec<String>| !tier.is_empty());
    if tiers.is_empty() {
        let announce = torrent.get("announce");
        tiers.extend(announce.and_then(|url| urls.take(url)).map(|url| vec![url]));
    }
    tiers
}
// ANCHOR_END: announce

/// The web seeds: one URL or a list of them (BEP 19).
pub(crate) fn web_seeds(torrent: Fields<'_, '_>, warnings: &mut Warnings) -> Vec<String> {
    let mut urls = Urls::new("url-list", warnings);
    let list = torrent.get("url-list");
    list.iter()
        .flat_map(members)
        .filter_map(|url| urls.take(url))
        .collect()
}

/// What a list holds; anything else stands for itself.
fn members<'d, 'a>(value: &Value<'d, 'a>) -> impl Iterator<Item = Value<'d, 'a>> + use<'d, 'a> {
    let alone = value.list().is_none().then_some(*value);
    value.list().into_iter().flatten().chain(alone)
}

/// The URLs taken so far.
struct Urls<'w> {
    field: &'static str,
    seen: Vec<String>,
    warnings: &'w mut Warnings,
}

impl<'w> Urls<'w> {
    fn new(field: &'static str, warnings: &'w mut Warnings) -> Urls<'w> {
        Urls {
            field,
            seen: Vec::new(),
            warnings,
        }
    }

    /// The URL, unless it was there before or is none.
    fn take(&mut self, value: Value<'_, '_>) -> Option<String> {
        let field = self.field;
        let Some(bytes) = value.as_bytes() else {
            self.warnings
                .add(|| format!("something in \"{field}\" is no URL; it is left out"));
            return None;
        };
        let url = bytes.trim_ascii();
        if url.is_empty() {
            return None;
        }
        let usable = url.len() <= MAX_URL && !url.iter().any(|byte| byte.is_ascii_control());
        let Some(url) = std::str::from_utf8(url).ok().filter(|_| usable) else {
            self.warnings
                .add(|| format!("{} in \"{field}\" is no URL; it is left out", quoted(bytes)));
            return None;
        };
        if self.seen.iter().any(|seen| seen == url) {
            return None;
        }
        if self.seen.len() == MAX_URLS {
            self.warnings
                .add(|| format!("\"{field}\" has more than {MAX_URLS} URLs; the rest is left out"));
            return None;
        }
        self.seen.push(url.to_owned());
        Some(url.to_owned())
    }
}
