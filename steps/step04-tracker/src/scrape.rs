//! Scrape (BEP 48): how many have a torrent, asked of a tracker without an announce. Nobody is named, and
//! nobody is entered.

use metainfo::InfoHash;
use serde::{Deserialize, Serialize};

use crate::announce::parse_base;
use crate::reply::{decode, refusal};
use crate::{ReplyError, UrlError, host_of, percent_encode};

/// What a tracker knows of a torrent. What it does not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Peers that have everything: `complete`.
    pub seeders: Option<u32>,
    /// Peers that still lack something: `incomplete`.
    pub leechers: Option<u32>,
    /// How many have ever come to have everything, as far as the tracker remembers: `downloaded`.
    pub completed: Option<u32>,
}

impl Counts {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Counts::default()
    }

    /// These, and from the others what is not known here.
    pub fn or(self, others: Counts) -> Counts {
        Counts {
            seeders: self.seeders.or(others.seeders),
            leechers: self.leechers.or(others.leechers),
            completed: self.completed.or(others.completed),
        }
    }

    /// The larger of each number.
    pub fn max(self, others: Counts) -> Counts {
        Counts {
            seeders: self.seeders.max(others.seeders),
            leechers: self.leechers.max(others.leechers),
            completed: self.completed.max(others.completed),
        }
    }
}

/// The word that a tracker's URL has in it, and what stands in its place for a scrape.
const ANNOUNCE: &str = "announce";
const SCRAPE: &str = "scrape";

/// The URL that asks the tracker with this announce URL about a torrent. The last part of the path has to begin
/// with `announce`, in the place of which `scrape` is put; all else stays.
///
/// # Errors
///
/// When the announce URL is none of HTTP or HTTPS, or does not look so: then the tracker takes no scrape.
pub fn scrape_url(announce: &str, info_hash: InfoHash) -> Result<String, UrlError> {
    let mut url = parse_base(announce)?;
    let path = url.path().to_owned();
    let (folders, last) = path.rsplit_once('/').unwrap_or(("", &path));
    let Some(rest) = last.strip_prefix(ANNOUNCE) else {
        return Err(UrlError::NoScrape {
            host: host_of(announce),
        });
    };
    url.set_path(&format!("{folders}/{SCRAPE}{rest}"));
    let between = match url.query() {
        None => "?",
        Some(query) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let asked = percent_encode(&info_hash.0);
    Ok(format!("{url}{between}info_hash={asked}"))
}

/// Reads what a tracker answers to a scrape of one torrent, leniently, as [`parse_reply`](crate::parse_reply)
/// does.
///
/// # Errors
///
/// When the tracker refuses, or does not know the torrent, or when this is not a tracker's answer.
pub fn parse_scrape(body: &[u8], info_hash: InfoHash) -> Result<Counts, ReplyError> {
    let document = decode(body)?;
    let reply = document.root();
    if let Some(refusal) = refusal(reply) {
        return Err(refusal);
    }
    let files = reply.get("files");
    let file = files.and_then(|files| files.get(&info_hash.0[..]));
    let file = file.ok_or(ReplyError::UnknownTorrent)?;
    let count = |key: &str| u32::try_from(file.get(key)?.as_int()?).ok();
    Ok(Counts {
        seeders: count("complete"),
        leechers: count("incomplete"),
        completed: count("downloaded"),
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const HASH: InfoHash = InfoHash([b'h'; 20]);
    const ASKED: &str = "info_hash=hhhhhhhhhhhhhhhhhhhh";

    fn url(announce: &str) -> Result<String, UrlError> {
        scrape_url(announce, HASH)
    }

    #[test]
    fn announce_becomes_scrape_and_all_else_stays() {
        for (announce, scrape) in [
            ("http://t.example/announce", "http://t.example/scrape?"),
            ("http://t.example/x/announce", "http://t.example/x/scrape?"),
            (
                "https://t.example:99/announce.php",
                "https://t.example:99/scrape.php?",
            ),
            (
                "http://t.example/announce?key=a%20b",
                "http://t.example/scrape?key=a%20b&",
            ),
            (
                "http://t.example/announce?x=2/4",
                "http://t.example/scrape?x=2/4&",
            ),
            (
                "http://t.example/announce/announce#x",
                "http://t.example/announce/scrape?",
            ),
        ] {
            assert_eq!(url(announce), Ok(format!("{scrape}{ASKED}")));
        }
        let host = "t.example".to_owned();
        for announce in [
            "http://t.example/",
            "http://t.example/a",
            "http://t.example/announce/x",
            "http://t.example/xannounce",
            "http://t.example/%61nnounce",
        ] {
            assert_eq!(
                url(announce),
                Err(UrlError::NoScrape { host: host.clone() })
            );
        }
        assert!(matches!(
            url("udp://t.example:1/announce"),
            Err(UrlError::Udp { .. })
        ));
        assert!(matches!(url("announce"), Err(UrlError::Invalid { .. })));
    }

    fn counts(seeders: u32, leechers: u32, completed: u32) -> Counts {
        Counts {
            seeders: Some(seeders),
            leechers: Some(leechers),
            completed: Some(completed),
        }
    }

    #[test]
    fn the_counts_of_our_torrent_are_read_whatever_stands_beside_them() {
        let body = b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1ee\
                     20:hhhhhhhhhhhhhhhhhhhhd8:completei5e10:downloadedi50e10:incompletei10e4:name1:xee\
                     5:flagsd20:min_request_intervali900eee";
        assert_eq!(parse_scrape(body, HASH), Ok(counts(5, 10, 50)));
        let some = b"d5:filesd20:hhhhhhhhhhhhhhhhhhhhd8:completei-1e10:incompletei10eeee";
        let said = parse_scrape(some, HASH).unwrap();
        assert_eq!(
            (said.seeders, said.leechers, said.completed),
            (None, Some(10), None)
        );
    }

    #[test]
    fn whoever_refuses_or_does_not_know_it_says_so() {
        let error = |body: &[u8]| parse_scrape(body, HASH).unwrap_err().to_string();
        assert_eq!(
            error(b"d14:failure reason4:Busye"),
            "the tracker refused: Busy"
        );
        for body in [
            &b"d5:filesdee"[..],
            b"de",
            b"d5:filesi1ee",
            b"d5:filesd1:hdeee",
        ] {
            assert_eq!(error(body), "the tracker does not know the torrent");
        }
        assert!(error(b"<html>").contains("web page"));
        assert!(error(b"le").contains("not a dictionary"));
    }

    #[test]
    fn what_two_say_is_taken_together() {
        let some = Counts {
            seeders: Some(3),
            ..Counts::default()
        };
        assert_eq!(some.or(counts(1, 2, 9)), counts(3, 2, 9));
        assert_eq!(counts(1, 2, 9).max(some), counts(3, 2, 9));
        assert!(Counts::default().is_empty() && !some.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let _ = parse_scrape(&body, HASH);
        }
    }
}
