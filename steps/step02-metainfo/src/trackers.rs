//! Who to ask for peers, and where else the files are.

use std::collections::HashSet;

use bencode::Value;

use crate::Warning;
use crate::fields::Fields;
use crate::limits::{MAX_URL, MAX_URLS};
use crate::warnings::{Excerpt, Warnings};

// ANCHOR: announce
/// The trackers in tiers. `announce-list` (BEP 12) wins over `announce` (BEP 3), which alone is
/// one tier.
pub(crate) fn announce(torrent: Fields<'_, '_>, warnings: &mut Warnings) -> Vec<Vec<String>> {
    // ANCHOR: yours_announce (chapter 2, "The trackers")
    let mut urls = Urls::new("announce-list", warnings);
    let mut tiers = Vec::new();
    for tier in torrent.get("announce-list").iter().flat_map(members) {
        if urls.too_many {
            break;
        }
        // Some torrents have a plain list of URLs: each of them is a tier.
        let tier = urls.take_all(&tier);
        if !tier.is_empty() {
            tiers.push(tier);
        }
    }
    if tiers.is_empty() {
        let announce = torrent.get("announce");
        tiers.extend(announce.and_then(|url| urls.take(url)).map(|url| vec![url]));
    }
    tiers
    // ANCHOR_END: yours_announce
}
// ANCHOR_END: announce

/// The web seeds: one URL or a list of them (BEP 19).
pub(crate) fn web_seeds(torrent: Fields<'_, '_>, warnings: &mut Warnings) -> Vec<String> {
    let mut urls = Urls::new("url-list", warnings);
    let list = torrent.get("url-list");
    list.map(|list| urls.take_all(&list)).unwrap_or_default()
}

/// What a list holds; anything else stands for itself.
fn members<'d, 'a>(value: &Value<'d, 'a>) -> impl Iterator<Item = Value<'d, 'a>> + use<'d, 'a> {
    let alone = value.list().is_none().then_some(*value);
    value.list().into_iter().flatten().chain(alone)
}

/// The URLs taken so far.
struct Urls<'w> {
    field: &'static str,
    seen: HashSet<String>,
    /// There were more than [`MAX_URLS`]: nothing is read any more.
    too_many: bool,
    warnings: &'w mut Warnings,
}

impl<'w> Urls<'w> {
    fn new(field: &'static str, warnings: &'w mut Warnings) -> Urls<'w> {
        Urls {
            field,
            seen: HashSet::new(),
            too_many: false,
            warnings,
        }
    }

    /// The URLs of a list, or the one that stands alone.
    fn take_all(&mut self, list: &Value<'_, '_>) -> Vec<String> {
        let mut taken = Vec::new();
        for url in members(list) {
            if self.too_many {
                break;
            }
            taken.extend(self.take(url));
        }
        taken
    }

    /// The URL, unless it was there before or is none.
    fn take(&mut self, value: Value<'_, '_>) -> Option<String> {
        let field = self.field;
        let Some(bytes) = value.as_bytes() else {
            self.warnings.add(|| Warning::NoUrl { field, raw: None });
            return None;
        };
        let url = bytes.trim_ascii();
        if url.is_empty() {
            return None;
        }
        let usable = url.len() <= MAX_URL && !url.iter().any(|byte| byte.is_ascii_control());
        let Some(url) = std::str::from_utf8(url).ok().filter(|_| usable) else {
            let raw = Some(Excerpt::of(bytes));
            self.warnings.add(|| Warning::NoUrl { field, raw });
            return None;
        };
        if self.seen.contains(url) {
            return None;
        }
        if self.seen.len() == MAX_URLS {
            self.too_many = true;
            self.warnings.add(|| Warning::TooManyUrls { field });
            return None;
        }
        self.seen.insert(url.to_owned());
        Some(url.to_owned())
    }
}
