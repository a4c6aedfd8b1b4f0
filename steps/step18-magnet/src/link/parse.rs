//! From a text to a link.

use std::str::FromStr;

use metainfo::InfoHash;
use metainfo::text::is_obeyed;
use tracker::{PeerAddr, PeerAddrError, printable};

use super::error::Why;
use super::escape::{decode, decode_name};
use super::topic::{Topic, topic};
use super::{Magnet, MagnetError, Skipped};
use crate::limits::{MAX_LINK, MAX_SOURCES, MAX_URL};

impl FromStr for Magnet {
    type Err = MagnetError;

    fn from_str(text: &str) -> Result<Magnet, MagnetError> {
        let (magnet, _) = Magnet::parse(text)?;
        Ok(magnet)
    }
}

impl Magnet {
    /// Reads a link. What it is about must be clear; a tracker, a peer or a web seed that is none is
    /// left out, and told. Parameters that we do not know are nothing to us.
    ///
    /// # Errors
    ///
    /// When it is no link to a torrent, names two of them, or selects files in a way that cannot be
    /// understood. The error says what is wrong, and where.
    pub fn parse(text: &str) -> Result<(Magnet, Vec<Skipped>), MagnetError> {
        let text = text.trim();
        if text.len() > MAX_LINK {
            let bytes = text.len();
            return Err(MagnetError::TooLong { bytes });
        }
        let query = query(text)?;
        let mut reading = Reading::default();
        let mut offset = text.len() - query.len();
        for parameter in query.split('&') {
            // Copied out of a page's source, `&` has become `&amp;`.
            let pair = parameter.strip_prefix("amp;").unwrap_or(parameter);
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            reading.take(offset, name, value)?;
            offset += parameter.len() + 1;
        }
        reading.finish()
    }
}

/// What follows `magnet:?`.
fn query(text: &str) -> Result<&str, MagnetError> {
    let start = text.split_at_checked("magnet:?".len());
    match start.filter(|(start, _)| start.eq_ignore_ascii_case("magnet:?")) {
        Some((_, query)) => Ok(query),
        None => Err(MagnetError::NoMagnet {
            start: shown(text, 20),
        }),
    }
}

/// The first characters of a stranger's text.
fn shown(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most).collect();
    printable(start.as_bytes())
}

/// A link that has been read in part.
#[derive(Default)]
struct Reading {
    magnet: Magnet,
    skipped: Vec<Skipped>,
    /// The first hash that cannot be used: it matters if no other can.
    bad_hash: Option<MagnetError>,
}

impl Reading {
    // ANCHOR: take
    /// Takes one parameter, which begins at `offset`.
    fn take(&mut self, offset: usize, name: &str, value: &str) -> Result<(), MagnetError> {
        let magnet = &mut self.magnet;
        match without_number(name).to_ascii_lowercase().as_str() {
            "xt" => return self.topic(offset, value),
            "dn" if magnet.name.is_none() && !value.is_empty() => {
                let name = decode_name(value);
                magnet.name = Some(String::from_utf8_lossy(&name).into_owned());
            }
            "tr" => skip(
                &mut self.skipped,
                offset,
                add(&mut magnet.trackers, url(value)),
            ),
            "ws" => skip(
                &mut self.skipped,
                offset,
                add(&mut magnet.web_seeds, url(value)),
            ),
            "x.pe" => skip(
                &mut self.skipped,
                offset,
                add(&mut magnet.peers, peer(value)),
            ),
            "so" if magnet.selected.is_none() => {
                let text = String::from_utf8_lossy(&decode(value)).into_owned();
                let selected = text.parse();
                let selected = selected.map_err(|error| MagnetError::Selected { offset, error })?;
                magnet.selected = Some(selected);
            }
            _ => {}
        }
        Ok(())
    }
    // ANCHOR_END: take

    /// Takes a hash: the first that can be used counts, and another must not contradict it.
    fn topic(&mut self, offset: usize, value: &str) -> Result<(), MagnetError> {
        let decoded = decode(value);
        let text = String::from_utf8_lossy(&decoded);
        let found = match topic(&text) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(why) => {
                let hash = shown(&text, 80);
                let skipped = Why::Hash(hash.clone(), why);
                skip(&mut self.skipped, offset, Err(skipped));
                let error = MagnetError::Hash { offset, hash, why };
                self.bad_hash.get_or_insert(error);
                return Ok(());
            }
        };
        let (first, second) = match found {
            Topic::V1(hash) => {
                let first = *self.magnet.info_hash_v1.get_or_insert(hash);
                (first.to_string(), hash.to_string())
            }
            Topic::V2(hash) => {
                let first = *self.magnet.info_hash_v2.get_or_insert(hash);
                (hex::encode(first), hex::encode(hash))
            }
        };
        if first == second {
            return Ok(());
        }
        Err(MagnetError::TwoTorrents {
            first,
            second,
            offset,
        })
    }

    fn finish(self) -> Result<(Magnet, Vec<Skipped>), MagnetError> {
        let hashes: (Option<InfoHash>, _) = (self.magnet.info_hash_v1, self.magnet.info_hash_v2);
        match hashes {
            (None, None) => Err(self.bad_hash.unwrap_or(MagnetError::NoTopic)),
            _ => Ok((self.magnet, self.skipped)),
        }
    }
}

/// A parameter that is there several times may be numbered: `tr.1`, `tr.2`. The number means nothing.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

/// Notes what could not be taken; a bounded number of notes.
fn skip(skipped: &mut Vec<Skipped>, offset: usize, taken: Result<(), Why>) {
    if let Err(why) = taken
        && skipped.len() < MAX_SOURCES
    {
        skipped.push(Skipped { offset, why });
    }
}

/// Adds one to a list, unless it is there already.
fn add<T: PartialEq>(list: &mut Vec<T>, one: Result<T, Why>) -> Result<(), Why> {
    let one = one?;
    if list.contains(&one) {
        return Ok(());
    }
    if list.len() >= MAX_SOURCES {
        return Err(Why::TooMany);
    }
    list.push(one);
    Ok(())
}

/// A URL, as a torrent file would have it: text in one line, of any scheme.
fn url(value: &str) -> Result<String, Why> {
    let bytes = decode(value);
    let bytes = bytes.trim_ascii();
    if bytes.len() > MAX_URL {
        return Err(Why::LongUrl);
    }
    let is_text = !bytes.is_empty() && !bytes.iter().any(u8::is_ascii_control);
    let text = std::str::from_utf8(bytes).ok().filter(|_| is_text);
    let text = text.ok_or_else(|| Why::Url(printable(bytes)))?;
    Ok(text.to_owned())
}

fn peer(value: &str) -> Result<PeerAddr, Why> {
    let text = String::from_utf8_lossy(&decode(value)).into_owned();
    // No name of a host is longer than 253 bytes (RFC 1035).
    let text: String = text.trim().chars().take(300).collect();
    // No address has in it what a terminal obeys, and the error would repeat it.
    if text.chars().any(is_obeyed) {
        let error = PeerAddrError::Host(printable(text.as_bytes()));
        return Err(Why::Peer(error));
    }
    text.parse().map_err(Why::Peer)
}
